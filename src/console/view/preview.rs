//! What comes of a template, and the panes that it stands in.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Padding, Paragraph, Wrap};

use crate::console::model::Model;
use crate::console::query::Judged;
use crate::text::{inert, inert_line};

/// What the line between two panes takes, with a blank behind it.
pub(super) const RULE: u16 = 2;

/// The right one of two panes beside each other.
pub(super) fn half(width: u16) -> u16 {
    width.saturating_sub(RULE) / 2
}

/// How many lines the preview has.
pub(in crate::console) fn preview_length(model: &Model) -> u16 {
    let preview = model.editor.as_ref().map(|it| &it.judged);
    let lines = match preview.and_then(|judged| judged.preview.as_ref()) {
        Some(preview) if model.templates.html => preview.html.len(),
        Some(preview) => preview.text.len(),
        None => 0,
    };
    u16::try_from(lines).unwrap_or(u16::MAX)
}

/// Draws a line on the left; the rest.
pub(super) fn right_of_rule(model: &Model, frame: &mut Frame<'_>, area: Rect) -> Rect {
    let rule = Block::new()
        .borders(Borders::LEFT)
        .border_style(model.theme.dim)
        .padding(Padding::left(1));
    let inner = rule.inner(area);
    frame.render_widget(rule, area);
    inner
}

/// Two panes beside each other.
pub(super) fn beside(model: &Model, frame: &mut Frame<'_>, area: Rect) -> [Rect; 2] {
    let right = Constraint::Length(half(area.width) + RULE);
    let [left, right] = Layout::horizontal([Constraint::Min(0), right]).areas(area);
    [left, right_of_rule(model, frame, right)]
}

/// What a mail looks like; of an earlier text, if so.
pub(super) fn draw_preview(
    model: &Model,
    judged: &Judged,
    (outdated, scrolled): (bool, u16),
    frame: &mut Frame<'_>,
    area: Rect,
) {
    let theme = &model.theme;
    let [head, subject, body] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(2),
        Constraint::Min(0),
    ])
    .areas(area);
    let mut title = vec![Span::styled(
        if model.templates.html {
            "Preview: HTML"
        } else {
            "Preview: text"
        },
        theme.accent,
    )];
    if outdated {
        title.push(Span::styled("  before the mistake", theme.warn));
    }
    frame.render_widget(Line::from(title), head);
    let Some(preview) = &judged.preview else {
        let text = "it cannot be filled in";
        frame.render_widget(Line::styled(text, theme.bad), subject);
        return;
    };
    let text = format!("Subject: {}", inert(&preview.subject));
    frame.render_widget(Line::styled(text, theme.dim), subject);
    let lines = if model.templates.html {
        &preview.html
    } else {
        &preview.text
    };
    let shown = lines.iter().skip(usize::from(scrolled));
    let shown = shown.take(usize::from(body.height));
    let text: Vec<_> = shown.map(|line| Line::raw(inert_line(line))).collect();
    let style = if outdated { theme.dim } else { Style::new() };
    let text = Paragraph::new(text).wrap(Wrap { trim: false });
    frame.render_widget(text.style(style), body);
}
