//! What is on the screen: drawn from the model, and from nothing else.
//!
//! Every text that somebody else may have written goes through [`crate::text::inert`] on its way here.

mod accounts;
mod audit;
mod businesses;
mod editor;
mod form;
mod history;
mod links;
mod outbox;
mod overlay;
mod overview;
mod preview;
mod table;
mod templates;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Paragraph, Wrap};
use ratatui_textarea::TextArea;

pub(super) use self::preview::preview_length;
pub(super) use self::templates::{preview_width, top_branch};
use super::keys;
use super::model::{Model, Open, Overlay, Tab};
use crate::clock::Timestamp;
use crate::text::inert;

/// How many lines of the screen are no rows of a list.
pub(super) const CHROME: u16 = 5;

/// The line of the screen on which a list's first row stands.
pub(super) const FIRST_ROW: u16 = 3;

/// The smallest terminal that it is drawn on.
const SMALLEST: (u16, u16) = (80, 24);

/// Draws the model.
pub fn view(model: &Model, frame: &mut Frame<'_>) {
    let area = frame.area();
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        let text = format!(
            "The console needs {} columns and {} lines; this terminal has {} and {}. \
             Make it larger, or press q to leave.",
            SMALLEST.0, SMALLEST.1, area.width, area.height
        );
        let text = Paragraph::new(text).wrap(Wrap { trim: true });
        frame.render_widget(text, area);
        return;
    }
    let [tabs, body, notice, keys] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Min(0),
        Constraint::Length(1),
        Constraint::Length(1),
    ])
    .areas(area);
    frame.render_widget(tab_line(model), tabs);
    match (&model.open, model.tab) {
        _ if model.editor.is_some() => {
            if let Some(editor) = &model.editor {
                editor::draw(model, editor, frame, body);
            }
        }
        (Some(Open::History(versions)), _) => history::draw(model, versions, frame, body),
        (Some(Open::Person(person)), _) => page(model, frame, body, accounts::page(model, person)),
        (Some(Open::Message(shown)), _) => page(model, frame, body, outbox::page(model, shown)),
        (None, Tab::Overview) => overview::draw(model, frame, body),
        (None, Tab::Links) => links::draw(model, frame, body),
        (None, Tab::Templates) => templates::draw(model, frame, body),
        (None, Tab::Outbox) => outbox::draw(model, frame, body),
        (None, Tab::Accounts) => accounts::draw(model, frame, body),
        (None, Tab::Businesses) => businesses::draw(model, frame, body),
        (None, Tab::Audit) => audit::draw(model, frame, body),
    }
    overlay::draw(model, frame, body);
    match &model.overlay {
        Some(Overlay::Filter(input)) => input_line(model, filter_hint(model), input, frame, notice),
        Some(Overlay::Find(input)) => {
            let hint = if model.notice.is_some() {
                "not there: "
            } else {
                "find: "
            };
            input_line(model, hint, input, frame, notice);
        }
        _ => draw_notice(model, frame, notice),
    }
    frame.render_widget(key_line(model, keys.width), keys);
}

/// A text of one line to be typed.
pub(super) fn line(text: &str) -> TextArea<'static> {
    let mut input = TextArea::new(vec![text.to_owned()]);
    input.set_cursor_line_style(Style::new());
    input.move_cursor(ratatui_textarea::CursorMove::End);
    input
}

/// How the tab stands in the first line. All of them have room in the smallest terminal.
fn tab_text(model: &Model, number: usize, tab: Tab) -> String {
    let title = match tab {
        Tab::Links if model.size.0 < 90 => "Links",
        tab => tab.title(),
    };
    format!(" {number} {title} ")
}

/// The tab at this column of the first line.
pub(super) fn tab_at(model: &Model, column: u16) -> Option<Tab> {
    let mut end = 0;
    Tab::ALL.into_iter().zip(1..).find_map(|(tab, number)| {
        end += tab_text(model, number, tab).len();
        (usize::from(column) < end).then_some(tab)
    })
}

fn tab_line(model: &Model) -> Line<'static> {
    let theme = &model.theme;
    let mut spans: Vec<_> = Tab::ALL
        .into_iter()
        .zip(1..)
        .map(|(tab, number)| {
            let style = if tab == model.tab {
                theme.accent.add_modifier(Modifier::REVERSED)
            } else {
                theme.dim
            };
            Span::styled(tab_text(model, number, tab), style)
        })
        .collect();
    if model.busy > 0 {
        spans.push(Span::styled("…", theme.warn));
    }
    Line::from(spans)
}

/// A notice that is longer than a line takes those above it.
fn draw_notice(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    const MOST: usize = 4;
    let line = notice_line(model);
    // Words that go to the next line as a whole leave some room behind.
    let width = usize::from(area.width.max(1));
    let needed = (line.width() + line.width() / 10)
        .div_ceil(width)
        .clamp(1, MOST);
    let needed = u16::try_from(needed).unwrap_or(1);
    let place = Rect {
        y: area.bottom().saturating_sub(needed),
        height: needed,
        ..area
    };
    frame.render_widget(Clear, place);
    let text = Paragraph::new(line).wrap(Wrap { trim: true });
    frame.render_widget(text, place);
}

fn notice_line(model: &Model) -> Line<'_> {
    match &model.notice {
        Some(notice) if notice.bad => {
            Line::styled(format!("! {}", inert(&notice.text)), model.theme.bad)
        }
        Some(notice) => Line::styled(inert(&notice.text), model.theme.good),
        None => Line::default(),
    }
}

fn filter_hint(model: &Model) -> &'static str {
    match model.tab {
        Tab::Audit => "filter (actor:… account:… kind:…, or any text): ",
        _ => "filter: ",
    }
}

fn input_line(
    model: &Model,
    hint: &'static str,
    input: &TextArea<'static>,
    frame: &mut Frame<'_>,
    area: Rect,
) {
    let [label, field] = Layout::horizontal([
        Constraint::Length(u16::try_from(hint.chars().count()).unwrap_or(0)),
        Constraint::Min(0),
    ])
    .areas(area);
    frame.render_widget(Line::styled(hint, model.theme.accent), label);
    frame.render_widget(input, field);
}

/// The keys that mean something here, as many as have room.
fn key_line(model: &Model, width: u16) -> Line<'static> {
    let theme = &model.theme;
    let mut spans = Vec::new();
    let mut used = 0;
    if model.read_only {
        let mark = "read-only  ";
        used += mark.len();
        spans.push(Span::styled(mark, theme.warn));
    }
    // The way to all the others comes first, so that it always has room.
    let is_help = |binding: &&keys::Binding| binding.command == keys::Command::Help;
    let help = keys::available(model).filter(is_help);
    let others = keys::available(model).filter(|binding| !is_help(binding));
    for binding in help.chain(others).filter(|it| !it.short.is_empty()) {
        let Some(key) = binding.keys.first() else {
            continue;
        };
        let (key, label) = (key.name(), format!(" {}  ", binding.short));
        used += key.chars().count() + label.chars().count();
        if used > usize::from(width) {
            break;
        }
        spans.push(Span::styled(key, theme.accent));
        spans.push(Span::styled(label, theme.dim));
    }
    Line::from(spans)
}

/// How many lines the open page has.
pub(super) fn page_length(model: &Model) -> usize {
    match &model.open {
        Some(Open::Person(person)) => accounts::page(model, person).len(),
        Some(Open::Message(shown)) => outbox::page(model, shown).len(),
        Some(Open::History(versions)) => history::length(model, versions),
        None => 0,
    }
}

/// How many of them have room.
pub(super) fn page_height(model: &Model) -> usize {
    match &model.open {
        Some(Open::History(versions)) => history::height(model, versions),
        _ => usize::from(model.size.1.saturating_sub(3)),
    }
}

fn page(model: &Model, frame: &mut Frame<'_>, area: Rect, lines: Vec<Line<'_>>) {
    frame.render_widget(Paragraph::new(lines).scroll((model.scrolled, 0)), area);
}

/// A label and what it stands before.
fn pair<'a>(model: &Model, label: &'static str, value: impl Into<Span<'a>>) -> Line<'a> {
    Line::from(vec![
        Span::styled(format!("{label:>15}  "), model.theme.dim),
        value.into(),
    ])
}

fn heading(model: &Model, text: impl Into<String>) -> Line<'static> {
    Line::styled(text.into(), model.theme.accent)
}

/// Date and time in UTC, to the second.
fn time(at: Timestamp) -> String {
    at.calendar().strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// The time of day, and the date where it is another than today's.
fn short_time(at: Timestamp, now: Timestamp) -> String {
    let day = |at: Timestamp| at.millis().div_euclid(86_400_000);
    let form = if day(at) == day(now) {
        "%H:%M:%S"
    } else {
        "%m-%d %H:%M"
    };
    at.calendar().strftime(form).to_string()
}

/// A span of time by its two largest units: `4m 09s`.
fn span(between: std::time::Duration) -> String {
    let seconds = between.as_secs();
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        3600..86400 => format!("{}h {:02}m", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{}d {:02}h", seconds / 86400, seconds % 86400 / 3600),
    }
}

/// A text that may be absent, made safe to show.
fn or_dash(text: Option<&impl ToString>) -> String {
    text.map_or_else(|| "-".to_owned(), |text| inert(&text.to_string()))
}
