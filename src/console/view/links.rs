//! Reset links.

use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::style::Style;

use super::table::{self, Shape, Shown};
use super::{or_dash, short_time, span};
use crate::clock::Timestamp;
use crate::console::model::Model;
use crate::outbox::State;
use crate::reset::Row;

/// Below so much time left the countdown wants to be seen.
const SOON: std::time::Duration = std::time::Duration::from_mins(5);

pub(super) fn draw(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let what = if model.links_over {
        "All reset links, pending first"
    } else {
        "Pending reset links"
    };
    let shape = Shape {
        list: &model.links,
        what: what.to_owned(),
        nothing: "no link can be used now; t shows used, expired and revoked ones",
        columns: [
            ("LEFT", Constraint::Length(9), Shown::Always),
            ("ACCOUNT", Constraint::Fill(3), Shown::Always),
            ("NAME", Constraint::Fill(2), Shown::Wide),
            ("BUSINESS", Constraint::Fill(2), Shown::Always),
            ("ASKED FROM", Constraint::Length(15), Shown::Always),
            ("SENT", Constraint::Length(11), Shown::Wide),
            ("MAIL", Constraint::Length(8), Shown::Always),
        ],
        row: &|row| cells(model, row),
    };
    table::draw(model, frame, area, &shape);
}

/// What is left of a link, or why nothing is.
pub(super) fn left(model: &Model, row: &Row) -> (String, Style) {
    let theme = &model.theme;
    if row.link.state != "pending" {
        return (row.link.state.to_owned(), theme.dim);
    }
    let left = row.link.expires_at.since(model.now);
    let style = if left < SOON { theme.warn } else { theme.good };
    (span(left), style)
}

pub(super) fn mail(model: &Model, row: &Row) -> (String, Style) {
    let theme = &model.theme;
    match row.mail {
        None if row.message.is_none() => ("by hand".to_owned(), theme.dim),
        None => ("-".to_owned(), theme.dim),
        Some(state) => (
            state.to_string(),
            match state {
                State::Sent => theme.good,
                State::Dead => theme.bad,
                _ => theme.warn,
            },
        ),
    }
}

fn cells(model: &Model, row: &Row) -> [(String, Style); 7] {
    let plain = Style::new();
    let dim = model.theme.dim;
    let business = row.business.clone();
    let business = business.or_else(|| row.link.business_id.map(|id| id.to_string()));
    [
        left(model, row),
        (row.link.email.to_string(), plain),
        (row.name.clone(), plain),
        (or_dash(business.as_ref()), plain),
        (or_dash(row.client.as_ref()), dim),
        (sent(model.now, row), dim),
        mail(model, row),
    ]
}

fn sent(now: Timestamp, row: &Row) -> String {
    short_time(row.link.issued_at, now)
}
