//! People, and all about one of them.

use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::table::{self, Shape, Shown};
use super::{audit, heading, links, or_dash, outbox, pair, short_time, time};
use crate::accounts::Account;
use crate::console::model::Model;
use crate::console::query::Person;
use crate::text::inert;

pub(super) fn draw(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let shape = Shape {
        list: &model.accounts,
        what: "People, by address".to_owned(),
        nothing: "nobody yet; add somebody with `readmit user add`",
        columns: [
            ("EMAIL", Constraint::Fill(3), Shown::Always),
            ("NAME", Constraint::Fill(3), Shown::Always),
            ("BUSINESS", Constraint::Length(9), Shown::Always),
            ("STATUS", Constraint::Length(14), Shown::Always),
            ("CHANGED", Constraint::Length(11), Shown::Wide),
        ],
        row: &|row| cells(model, row),
    };
    table::draw(model, frame, area, &shape);
}

fn status(model: &Model, account: &Account) -> (&'static str, Style) {
    let theme = &model.theme;
    if account.suspended_at.is_some() {
        ("suspended", theme.bad)
    } else if account.must_reset_password || !account.has_password {
        ("must reset", theme.warn)
    } else {
        ("active", theme.good)
    }
}

fn cells(model: &Model, account: &Account) -> [(String, Style); 5] {
    let (plain, dim) = (Style::new(), model.theme.dim);
    let (status, style) = status(model, account);
    [
        (account.email.to_string(), plain),
        (account.name.clone(), plain),
        (or_dash(account.business_id.as_ref()), plain),
        (status.to_owned(), style),
        (short_time(account.updated_at, model.now), dim),
    ]
}

/// All about one person.
pub(super) fn page<'a>(model: &'a Model, person: &'a Person) -> Vec<Line<'a>> {
    let account = &person.account;
    let (status, style) = status(model, account);
    let business = match (&person.business, account.business_id) {
        (Some(name), Some(id)) => format!("{} ({id})", inert(name)),
        _ => or_dash(account.business_id.as_ref()),
    };
    let second_factor = match person.second_factor {
        Some(on) => format!(
            "on since {}, {} recovery codes left",
            time(on.since),
            on.recovery_codes
        ),
        None => "off".to_owned(),
    };
    let mut lines = vec![
        heading(model, inert(&account.name)),
        Line::default(),
        pair(model, "email", account.email.to_string()),
        pair(model, "id", account.id.to_string()),
        pair(model, "business", business),
        pair(model, "status", Span::styled(status, style)),
        pair(model, "two-factor", second_factor),
        pair(model, "added", time(account.created_at)),
        pair(model, "changed", time(account.updated_at)),
    ];
    section(
        model,
        &mut lines,
        "Open sessions",
        person.sessions.iter().map(|session| {
            Line::from(vec![
                Span::styled(
                    format!("  {:<11}  ", short_time(session.created_at, model.now)),
                    model.theme.dim,
                ),
                Span::raw(format!("{:<16}  ", inert(&session.client_id))),
                Span::raw(format!("from {:<15}  ", or_dash(session.client.as_ref()))),
                Span::styled(
                    format!("ends {}", short_time(session.expires_at, model.now)),
                    model.theme.dim,
                ),
            ])
        }),
    );
    section(
        model,
        &mut lines,
        "Reset links",
        person.links.iter().map(|row| {
            let ((left, style), (mail, mail_style)) =
                (links::left(model, row), links::mail(model, row));
            Line::from(vec![
                Span::styled(
                    format!("  {:<11}  ", short_time(row.link.issued_at, model.now)),
                    model.theme.dim,
                ),
                Span::styled(format!("{left:<9}  "), style),
                Span::styled(format!("mail {mail:<8}  "), mail_style),
                Span::raw(format!("from {}  ", or_dash(row.client.as_ref()))),
                Span::styled(
                    inert(row.link.revoked_why.as_deref().unwrap_or_default()),
                    model.theme.dim,
                ),
            ])
        }),
    );
    section(
        model,
        &mut lines,
        "Mail",
        person.mails.iter().map(|row| outbox::summary(model, row)),
    );
    section(
        model,
        &mut lines,
        "Audit trail",
        person.trail.iter().map(|row| audit::summary(model, row)),
    );
    lines
}

fn section<'a>(
    model: &Model,
    lines: &mut Vec<Line<'a>>,
    title: &'static str,
    rows: impl Iterator<Item = Line<'a>>,
) {
    lines.push(Line::default());
    lines.push(heading(model, title));
    let before = lines.len();
    lines.extend(rows);
    if lines.len() == before {
        lines.push(Line::styled("  none", model.theme.dim));
    }
}
