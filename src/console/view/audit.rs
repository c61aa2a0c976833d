//! The audit log.

use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::table::{self, Shape, Shown, WIDE};
use super::{or_dash, short_time};
use crate::audit::Listed;
use crate::console::model::Model;
use crate::text::inert;

pub(super) fn draw(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let what = if model.audit_follow {
        "Audit log, following the newest"
    } else {
        "Audit log"
    };
    let shape = Shape {
        list: &model.audit,
        what: what.to_owned(),
        nothing: "nothing has happened yet",
        columns: [
            ("WHEN", Constraint::Length(11), Shown::Always),
            ("ACTOR", Constraint::Length(14), Shown::Always),
            ("KIND", Constraint::Length(20), Shown::Always),
            ("", Constraint::Length(7), Shown::Always),
            ("ACCOUNT", Constraint::Fill(2), Shown::Always),
            ("FROM", Constraint::Length(15), Shown::Wide),
            ("DETAIL", Constraint::Fill(2), Shown::Wide),
        ],
        row: &|row| cells(model, row),
    };
    table::draw(model, frame, area, &shape);
}

/// Its account: the address, or the id of one that was removed.
fn whom(row: &Listed) -> String {
    match (&row.email, row.account_id) {
        (Some(email), _) => email.to_string(),
        (None, Some(id)) => id.to_string(),
        (None, None) => String::new(),
    }
}

fn outcome(model: &Model, row: &Listed) -> (String, Style) {
    let style = if row.outcome == "ok" {
        model.theme.good
    } else {
        model.theme.bad
    };
    (row.outcome.clone(), style)
}

fn cells(model: &Model, row: &Listed) -> [(String, Style); 7] {
    let (plain, dim) = (Style::new(), model.theme.dim);
    [
        (short_time(row.at, model.now), dim),
        (row.actor.clone(), plain),
        (row.event.clone(), plain),
        outcome(model, row),
        match (whom(row), &row.detail) {
            // Where the details have no column of their own, this one has room for them.
            (nobody, Some(detail)) if nobody.is_empty() && model.size.0 < WIDE => {
                (detail.clone(), dim)
            }
            (whom, _) => (whom, plain),
        },
        (row.client.clone().unwrap_or_default(), dim),
        (row.detail.clone().unwrap_or_default(), dim),
    ]
}

/// An entry in one line, for other pages.
pub(super) fn summary(model: &Model, row: &Listed) -> Line<'static> {
    let (outcome, style) = outcome(model, row);
    Line::from(vec![
        Span::styled(
            format!("  {:<11}  ", short_time(row.at, model.now)),
            model.theme.dim,
        ),
        Span::raw(format!("{:<13}  ", inert(&row.actor))),
        Span::raw(format!("{:<22}  ", inert(&row.event))),
        Span::styled(format!("{:<8}  ", inert(&outcome)), style),
        Span::styled(
            or_dash(row.client.as_ref().or(row.detail.as_ref())),
            model.theme.dim,
        ),
    ])
}
