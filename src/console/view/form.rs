//! The form of a location's settings.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;
use ratatui::widgets::{Paragraph, Wrap};

use super::businesses::swatch;
use crate::console::form::Form;
use crate::console::model::Model;
use crate::text::inert;

pub(super) fn draw(model: &Model, form: &Form, frame: &mut Frame<'_>, area: Rect) {
    let theme = &model.theme;
    let [fields, notes] =
        Layout::vertical([Constraint::Length(10), Constraint::Min(0)]).areas(area);
    let rows = Layout::vertical([Constraint::Length(1); 10]).split(fields);
    let mut wrong = None;
    for (place, (field, row)) in form.fields().zip(rows.iter()).enumerate() {
        let [label, input] =
            Layout::horizontal([Constraint::Length(17), Constraint::Min(0)]).areas(*row);
        let selected = place == form.selected;
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
        } else {
            frame.render_widget(Line::raw(inert(&field.input.lines().concat())), input);
        }
        if let Some(why) = field.wrong.filter(|_| selected || wrong.is_none()) {
            wrong = Some(format!("{}: {why}", field.label));
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
