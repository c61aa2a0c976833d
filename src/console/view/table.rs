//! Lists, all drawn alike: a line about what is shown, the heads of the columns, the rows.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Cell, Row as TableRow, Table};

use crate::console::list::{List, Row};
use crate::console::model::Model;
use crate::text::inert;

/// From so many columns on there is room for everything.
pub(super) const WIDE: u16 = 110;

/// When a column is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    Always,
    /// Where there is room.
    Wide,
}

/// A list to be drawn.
pub(super) struct Shape<'a, T: Row, const N: usize> {
    pub(super) list: &'a List<T>,
    /// What is shown: `pending links`.
    pub(super) what: String,
    /// What to say when there is nothing, and what would change that.
    pub(super) nothing: &'static str,
    pub(super) columns: [(&'static str, Constraint, Shown); N],
    pub(super) row: &'a dyn Fn(&T) -> [(String, Style); N],
}

pub(super) fn draw<T: Row, const N: usize>(
    model: &Model,
    frame: &mut Frame<'_>,
    area: Rect,
    shape: &Shape<'_, T, N>,
) {
    let [about, body] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(area);
    frame.render_widget(about_line(model, shape), about);
    if shape.list.rows.is_empty() {
        let text = if !shape.list.known {
            "reading …"
        } else if model.filter().is_empty() {
            shape.nothing
        } else {
            "nothing like that; Esc takes the filter away"
        };
        let [_, line] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(body);
        frame.render_widget(Line::styled(text, model.theme.dim), line);
        return;
    }
    let has_room = |place: usize| shape.columns[place].2 == Shown::Always || body.width >= WIDE;
    let shown = shape.list.rows.iter().enumerate().skip(shape.list.top);
    let rows = shown.take(usize::from(body.height)).map(|(place, row)| {
        let selected = place == shape.list.selected;
        let cells = (shape.row)(row).into_iter().enumerate();
        let cells = cells.filter(|(place, _)| has_room(*place));
        let cells = cells.map(|(_, (text, style))| {
            // The colours of the selected row are for all of it.
            let style = if selected { Style::new() } else { style };
            Cell::from(Span::styled(inert(&text), style))
        });
        let style = if selected {
            model.theme.selected
        } else {
            Style::new()
        };
        TableRow::new(cells).style(style)
    });
    let columns = shape.columns.into_iter().enumerate();
    let (heads, widths): (Vec<_>, Vec<_>) = columns
        .filter(|(place, _)| has_room(*place))
        .map(|(_, (head, width, _))| (head, width))
        .unzip();
    let table = Table::new(rows, widths).header(TableRow::new(heads).style(model.theme.head));
    frame.render_widget(table, body);
}

fn about_line<'a, T: Row, const N: usize>(model: &Model, shape: &Shape<'_, T, N>) -> Line<'a> {
    let list = shape.list;
    let mut spans = vec![Span::raw(shape.what.clone())];
    if !list.rows.is_empty() {
        let count = if list.before || list.after {
            format!("{}+", list.rows.len())
        } else {
            list.rows.len().to_string()
        };
        spans.push(Span::styled(format!(": {count}"), model.theme.dim));
    }
    if !model.filter().is_empty() {
        let filter = format!("  with “{}”", inert(model.filter()));
        spans.push(Span::styled(filter, model.theme.warn));
    }
    Line::from(spans)
}
