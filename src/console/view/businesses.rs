//! Locations.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Row, Table};

use crate::business::{Business, Colour, PortalUrl};
use crate::console::model::Model;
use crate::text::inert;

pub(super) fn draw(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let [about, body] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(area);
    let shown = model.shown_businesses();
    let text = match model.businesses.len() {
        0 => "no businesses yet; add one with `readmit business add`".to_owned(),
        count if model.filter().is_empty() => format!("Businesses: {count}"),
        _ if shown.is_empty() => "nothing like that; Esc takes the filter away".to_owned(),
        _ => format!(
            "Businesses: {}  with “{}”",
            shown.len(),
            inert(model.filter())
        ),
    };
    frame.render_widget(Line::raw(text), about);
    // The one that is selected stays on the screen.
    let height = usize::from(body.height.saturating_sub(1)).max(1);
    let top = (model.business + 1).saturating_sub(height);
    let rows = shown
        .into_iter()
        .enumerate()
        .skip(top)
        .map(|(place, business)| {
            let style = if place == model.business {
                model.theme.selected
            } else {
                Style::new()
            };
            Row::new(cells(business)).style(style)
        });
    let widths = [
        Constraint::Length(6),
        Constraint::Fill(2),
        Constraint::Fill(3),
        Constraint::Fill(2),
        Constraint::Length(6),
        Constraint::Length(10),
    ];
    let heads = ["ID", "NAME", "PORTAL", "SENDER", "LOCALE", "COLOUR"];
    let table = Table::new(rows, widths).header(Row::new(heads).style(model.theme.head));
    frame.render_widget(table, body);
}

/// A colour as the terminal draws it, before its name.
pub(super) fn swatch(colour: &Colour) -> Line<'static> {
    let channel = |at: usize| {
        let digits = colour.as_str().get(at..at + 2).unwrap_or("00");
        u8::from_str_radix(digits, 16).unwrap_or(0)
    };
    let drawn = Color::Rgb(channel(1), channel(3), channel(5));
    Line::from(vec![
        Span::styled("  ", Style::new().bg(drawn)),
        Span::raw(format!(" {colour}")),
    ])
}

fn cells(business: &Business) -> [Line<'static>; 6] {
    let text = |text: Option<String>| Line::raw(inert(&text.unwrap_or_default()));
    [
        Line::raw(business.id.to_string()),
        Line::raw(inert(&business.name)),
        // One without a portal of its own has the pages that readmit serves.
        Line::raw(
            business
                .portal_url
                .as_ref()
                .map_or("hosted pages", PortalUrl::as_str)
                .to_owned(),
        ),
        text(business.sender_address.as_ref().map(ToString::to_string)),
        text(business.locale.as_ref().map(ToString::to_string)),
        business.colour.as_ref().map(swatch).unwrap_or_default(),
    ]
}
