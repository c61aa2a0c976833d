//! The versions of a template, and what one of them changes.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::{or_dash, time};
use crate::console::model::Model;
use crate::console::query::Against;
use crate::console::versions::Versions;
use crate::text::{inert, inert_line};

/// How many versions are on the screen at once.
const ROWS: usize = 6;

/// How many lines the difference takes.
pub(super) fn length(model: &Model, versions: &Versions) -> usize {
    let width = usize::from(model.size.0.max(1));
    let lines = versions.history.difference.iter();
    lines
        .map(|line| Span::raw(line).width().div_ceil(width).max(1))
        .sum()
}

/// How many lines there are for it.
pub(super) fn height(model: &Model, versions: &Versions) -> usize {
    // The first and the last two lines of the screen, title, heads, and what it is compared with.
    const AROUND: usize = 3 + 2 + 2;
    usize::from(model.size.1).saturating_sub(AROUND + rows(versions))
}

/// How many versions are on the screen.
fn rows(versions: &Versions) -> usize {
    // The last line stands for having no template at the place.
    (versions.history.versions.len() + 1).min(ROWS)
}

pub(super) fn draw(model: &Model, versions: &Versions, frame: &mut Frame<'_>, area: Rect) {
    let theme = &model.theme;
    let all = &versions.history.versions;
    let rows = rows(versions);
    let height = u16::try_from(rows).unwrap_or(u16::MAX);
    let [title, head, list, about, body] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Length(height),
        Constraint::Length(2),
        Constraint::Min(0),
    ])
    .areas(area);
    let text = format!("Versions of the {}", versions.place);
    frame.render_widget(Line::styled(text, theme.accent), title);
    let heads = "VERSION  SAVED                BY              BYTES  NOTE";
    frame.render_widget(Line::styled(heads, theme.head), head);
    let selected = all.iter().position(|it| it.version == versions.selected);
    let selected = selected.unwrap_or(all.len());
    let top = (selected + 1).saturating_sub(rows);
    let lines = all.iter().map(|version| {
        let bytes = version
            .bytes
            .map_or_else(|| "back".to_owned(), |bytes| bytes.to_string());
        let mark = if version.current { '*' } else { ' ' };
        format!(
            "{mark}{:>6}  {}  {:<14}  {bytes:>5}  {}",
            version.version,
            time(version.at),
            inert(&version.actor),
            or_dash(version.note.as_ref()),
        )
    });
    let none = "      0  none at this place: the next one in the order stands in".to_owned();
    let lines = lines.chain(std::iter::once(none)).enumerate().skip(top);
    for (y, (place, text)) in (list.y..list.bottom()).zip(lines) {
        let row = Rect {
            y,
            height: 1,
            ..list
        };
        let mut line = Line::raw(text);
        if place == selected {
            line = line.style(theme.selected);
        }
        frame.render_widget(line, row);
    }
    let with = match versions.against {
        Against::Before => "the version before",
        Against::InForce => "the one in force",
        Against::BuiltIn => "the built-in one",
    };
    let about_line = Line::from(vec![
        Span::styled(
            format!("Version {} against {with}", versions.selected),
            theme.accent,
        ),
        Span::styled("  (* is in force)", theme.dim),
    ]);
    frame.render_widget(
        about_line,
        Rect {
            y: about.y + 1,
            height: 1,
            ..about
        },
    );
    let difference = &versions.history.difference;
    if difference.is_empty() {
        frame.render_widget(Line::styled("no difference", theme.dim), body);
        return;
    }
    let lines: Vec<_> = difference
        .iter()
        .map(|line| {
            let style = match line.chars().next() {
                Some('+') => theme.good,
                Some('-') => theme.bad,
                Some('@') => theme.accent,
                _ => theme.dim,
            };
            Line::styled(inert_line(line), style)
        })
        .collect();
    let text = Paragraph::new(lines).wrap(ratatui::widgets::Wrap { trim: false });
    frame.render_widget(text.scroll((model.scrolled, 0)), body);
}
