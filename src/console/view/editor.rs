//! A template while it is changed: the text, what comes of it beside it, and what is wrong with it below.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

use super::preview::{beside, draw_preview};
use crate::console::editor::Editor;
use crate::console::model::Model;
use crate::text::{inert, is_active};

/// How many lines there are for what is wrong.
const FAULTS: u16 = 4;

pub(super) fn draw(model: &Model, editor: &Editor, frame: &mut Frame<'_>, area: Rect) {
    let theme = &model.theme;
    let [head, body, faults] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Min(0),
        Constraint::Length(FAULTS),
    ])
    .areas(area);
    let state = if editor.is_changed() {
        Span::styled("  changed, not saved", theme.warn)
    } else {
        match &editor.from {
            Some(from) if *from == editor.place => Span::styled("  as it is in force", theme.good),
            Some(from) => Span::styled(format!("  begins with that of {from}"), theme.dim),
            None => Span::styled("  begins with the built-in one", theme.dim),
        }
    };
    let place = Span::styled(editor.place.to_string(), theme.accent);
    frame.render_widget(Line::from(vec![place, state]), head);
    let [left, right] = beside(model, frame, body);
    let [title, text] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(left);
    let (line, column) = editor.position();
    let title_line = Line::from(vec![
        Span::styled("Source", theme.accent),
        Span::styled(format!("  line {line}, column {column}"), theme.dim),
    ]);
    frame.render_widget(title_line, title);
    frame.render_widget(&editor.text, text);
    disarm(frame, text);
    let look = (editor.outdated, editor.scrolled);
    draw_preview(model, &editor.judged, look, frame, right);
    let said: Vec<_> = if editor.judged.faults.is_empty() {
        vec![Line::styled("nothing is wrong with it", theme.good)]
    } else {
        let all = editor.judged.faults.iter();
        all.map(|fault| Line::styled(format!("! {}", inert(fault)), theme.bad))
            .collect()
    };
    let said = Paragraph::new(said).wrap(Wrap { trim: true });
    frame.render_widget(said, faults);
}

/// The text keeps what turns the direction of writing; the terminal is not shown it.
fn disarm(frame: &mut Frame<'_>, area: Rect) {
    let buffer = frame.buffer_mut();
    for position in area.positions() {
        let cell = &mut buffer[position];
        if cell.symbol().chars().any(is_active) {
            let rest: String = cell.symbol().chars().filter(|c| !is_active(*c)).collect();
            cell.set_symbol(if rest.is_empty() { " " } else { &rest });
        }
    }
}
