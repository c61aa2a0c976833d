//! Messages, and one of them with its history.

use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::table::{self, Shape, Shown};
use super::{heading, or_dash, pair, short_time, span, time};
use crate::console::act::messages;
use crate::console::model::Model;
use crate::outbox::{self, Listed, State};
use crate::text::inert;

pub(super) fn draw(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let mut what = match model.outbox_state {
        None => "Messages".to_owned(),
        Some(state) => format!("Messages that are {state}"),
    };
    if model.outbox_follow {
        what.push_str(", following the newest");
    }
    if !model.marked.is_empty() {
        what = format!("{} marked of: {what}", messages(model.marked.len()));
    }
    let shape = Shape {
        list: &model.outbox,
        what,
        nothing: "no messages here; t shows those in other states",
        columns: [
            ("", Constraint::Length(1), Shown::Always),
            ("ID", Constraint::Length(8), Shown::Always),
            ("QUEUED", Constraint::Length(11), Shown::Wide),
            ("KIND", Constraint::Length(13), Shown::Always),
            ("STATE", Constraint::Length(8), Shown::Always),
            ("TO", Constraint::Fill(3), Shown::Always),
            ("TRIES", Constraint::Length(5), Shown::Wide),
            ("NEXT", Constraint::Length(8), Shown::Always),
            ("WHY", Constraint::Fill(3), Shown::Always),
        ],
        row: &|row| cells(model, row),
    };
    table::draw(model, frame, area, &shape);
}

pub(super) fn state_style(model: &Model, state: State) -> Style {
    match state {
        State::Sent => model.theme.good,
        State::Dead => model.theme.bad,
        State::Queued | State::Sending => model.theme.warn,
        State::Dropped => model.theme.dim,
    }
}

fn next(model: &Model, row: &Listed) -> String {
    match row.next_attempt_at {
        Some(at) if at > model.now => span(at.since(model.now)),
        Some(_) => "now".to_owned(),
        None => String::new(),
    }
}

fn why(row: &Listed) -> String {
    let why = row.reason.as_ref().or(row.last_reply.as_ref());
    why.cloned().unwrap_or_default()
}

fn cells(model: &Model, row: &Listed) -> [(String, Style); 9] {
    let (plain, dim) = (Style::new(), model.theme.dim);
    let marked = model.marked.contains(&row.id);
    [
        ((if marked { "*" } else { "" }).to_owned(), model.theme.warn),
        (row.id.to_string(), dim),
        (short_time(row.created_at, model.now), dim),
        (row.kind.to_string(), plain),
        (row.state.to_string(), state_style(model, row.state)),
        (row.recipient.clone(), plain),
        (row.attempts.to_string(), dim),
        (next(model, row), dim),
        (why(row), dim),
    ]
}

/// A message in one line, for other pages.
pub(super) fn summary(model: &Model, row: &Listed) -> Line<'static> {
    Line::from(vec![
        Span::styled(
            format!("  {:<11}  ", short_time(row.created_at, model.now)),
            model.theme.dim,
        ),
        Span::raw(format!("{:<13}  ", row.kind)),
        Span::styled(format!("{:<8}  ", row.state), state_style(model, row.state)),
        Span::styled(inert(&why(row)), model.theme.dim),
    ])
}

/// All about one message.
pub(super) fn page<'a>(model: &'a Model, shown: &'a outbox::Shown) -> Vec<Line<'a>> {
    let row = &shown.message;
    let state = Span::styled(row.state.to_string(), state_style(model, row.state));
    let mut lines = vec![
        heading(model, format!("Message {}", row.id)),
        Line::default(),
        pair(model, "kind", row.kind.to_string()),
        pair(model, "state", state),
        pair(model, "to", inert(&row.recipient)),
        pair(model, "business", or_dash(row.business_id.as_ref())),
        pair(model, "asked from", or_dash(row.client.as_ref())),
        pair(model, "message id", inert(&row.message_id)),
        pair(model, "queued", time(row.created_at)),
        pair(model, "attempts", row.attempts.to_string()),
    ];
    let mut add = |label, value: Option<String>| {
        if let Some(value) = value {
            lines.push(pair(model, label, value));
        }
    };
    add(
        "next attempt",
        row.next_attempt_at
            .map(|at| format!("{} ({})", time(at), next(model, row))),
    );
    add("sent anew", row.renewed_at.map(time));
    add("finished", row.finished_at.map(time));
    add("reason", row.reason.as_deref().map(inert));
    lines.push(Line::default());
    lines.push(heading(model, "What was tried"));
    if shown.history.is_empty() {
        lines.push(Line::styled("  nothing yet", model.theme.dim));
    }
    for tried in &shown.history {
        let style = if tried.stage.is_none() {
            model.theme.good
        } else {
            model.theme.warn
        };
        let said = [
            tried.code.map(|code| code.to_string()),
            tried.enhanced.clone(),
            Some(tried.text.clone()),
        ];
        let said: Vec<String> = said.into_iter().flatten().collect();
        lines.push(Line::from(vec![
            Span::styled(
                format!("  {:>2}  {}  ", tried.attempt, time(tried.at)),
                model.theme.dim,
            ),
            Span::raw(format!("{}  ", or_dash(tried.relay.as_ref()))),
            Span::styled(or_dash(tried.stage.as_ref()), model.theme.dim),
        ]));
        lines.push(Line::styled(
            format!("      {}", inert(&said.join(" "))),
            style,
        ));
    }
    lines
}
