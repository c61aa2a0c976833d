//! The form of a location's settings.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;
use ratatui::widgets::{Paragraph, Wrap};

use super::businesses::swatch;
use crate::console::form::Form;
use crate::console::model::Model;
use crate::text::inert;

/// How many lines there are for what is wrong, and for the colour.
pub(super) const NOTES: u16 = 5;

pub(super) fn draw(model: &Model, form: &Form, frame: &mut Frame<'_>, area: Rect) {
    let theme = &model.theme;
    let [fields, notes] =
        Layout::vertical([Constraint::Min(0), Constraint::Length(NOTES)]).areas(area);
    let height = usize::from(fields.height).max(1);
    // The one that is typed in stays in sight.
    let top = (form.selected + 1).saturating_sub(height);
    let mut wrong = None;
    for (place, field) in form.fields().enumerate() {
        let selected = place == form.selected;
        if let Some(why) = field.wrong.as_ref().filter(|_| selected || wrong.is_none()) {
            wrong = Some(format!("{}: {why}", field.label));
        }
        if !(top..top + height).contains(&place) {
            continue;
        }
        let row = Rect {
            y: fields.y + u16::try_from(place - top).unwrap_or(0),
            height: 1,
            ..fields
        };
        let [label, input] =
            Layout::horizontal([Constraint::Length(17), Constraint::Min(0)]).areas(row);
        let style = match (&field.wrong, selected) {
            (Some(_), _) => theme.bad,
            (None, true) => theme.accent,
            (None, false) => theme.dim,
        };
        let mark = if field.wrong.is_some() { '!' } else { ' ' };
        let text = format!("{mark}{:>14}  ", field.label);
        frame.render_widget(Line::styled(text, style), label);
        if selected {
            frame.render_widget(field.input, input);
        } else if field.shown.is_empty() {
            frame.render_widget(Line::styled(field.hint, theme.dim), input);
        } else {
            frame.render_widget(Line::raw(inert(&field.shown)), input);
        }
    }
    let colour = form.colour();
    let mut lines = vec![Line::default()];
    if let Some(wrong) = wrong {
        lines.push(Line::styled(wrong, theme.bad));
    }
    if let Some(colour) = &colour {
        lines.push(swatch(colour));
        lines.extend(
            colour
                .advice()
                .map(|advice| Line::styled(advice, theme.warn)),
        );
    }
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }), notes);
}
