//! What lies over a view.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear, Paragraph, Wrap};

use super::form;
use crate::console::keys::{Binding, Scope, bindings, scope};
use crate::console::model::{Model, Overlay, Question};
use crate::console::palette;
use crate::text::inert;

pub(super) fn draw(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let theme = &model.theme;
    match &model.overlay {
        None | Some(Overlay::Filter(_) | Overlay::Find(_)) => {}
        Some(Overlay::Help(scrolled)) => {
            let inner = open(
                model,
                frame,
                area,
                area.height,
                "Help: j and k scroll, any other key closes",
            );
            frame.render_widget(Paragraph::new(help(model)).scroll((*scrolled, 0)), inner);
        }
        Some(Overlay::Palette(input, selected)) => {
            let hits = palette::find(model, &input.lines().concat());
            let inner = open(
                model,
                frame,
                area,
                16,
                "Commands: type a few letters, Enter does it",
            );
            let [field, list] =
                Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(inner);
            frame.render_widget(input, field);
            let top = (selected + 1).saturating_sub(usize::from(list.height));
            let lines = hits.iter().enumerate().skip(top).map(|(place, binding)| {
                let line = entry(model, binding);
                if place == *selected {
                    line.style(theme.selected)
                } else {
                    line
                }
            });
            frame.render_widget(Paragraph::new(lines.collect::<Vec<_>>()), list);
        }
        Some(Overlay::Confirm(act)) => {
            let inner = open(model, frame, area, 7, "Are you sure?");
            let lines = vec![
                Line::raw(inert(&act.question())),
                Line::default(),
                Line::styled("y does it, n or Esc does not", theme.accent),
            ];
            frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: true }), inner);
        }
        Some(Overlay::Link(email, link, shown)) => {
            let inner = open(model, frame, area, 12, "A link was made");
            let mut lines = vec![
                Line::raw(format!(
                    "For {email}. It was handed to this terminal's clipboard; not every terminal takes it."
                )),
                Line::default(),
                Line::styled(
                    "s shows or hides it, c copies again, Enter closes",
                    theme.accent,
                ),
            ];
            if *shown {
                lines.push(Line::default());
                lines.push(Line::raw(inert(link)));
            }
            frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }), inner);
        }
        Some(Overlay::Form(settings)) => {
            let inner = open(
                model,
                frame,
                area,
                // A line a setting, what is to be said about them, and the frame.
                u16::try_from(settings.fields().count()).unwrap_or(0) + form::NOTES + 2,
                "Settings: ^S saves, Esc leaves, ↑ and ↓ move",
            );
            form::draw(model, settings, frame, inner);
        }
        Some(Overlay::Leave) => {
            let inner = open(model, frame, area, 5, "What was written is not saved");
            let lines = vec![
                Line::raw("It is in force only when it is saved."),
                Line::default(),
                Line::styled(
                    "s saves it, d throws it away, Esc goes on writing",
                    theme.accent,
                ),
            ];
            frame.render_widget(Paragraph::new(lines), inner);
        }
        Some(Overlay::Ask(question, input)) => {
            let title = match question {
                Question::File => "Write what is shown to this new file: Enter does it",
                Question::TestMail(_, None) => "Send a test to this address: Enter does it",
                Question::TestMail(_, Some(_)) => {
                    "Send a test of what is written to this address: Enter does it"
                }
                Question::Language => "Write the mail in this language, like pt-BR: Enter does it",
            };
            let inner = open(model, frame, area, 4, title);
            frame.render_widget(input, inner);
        }
    }
}

/// Clears room in the middle and draws a frame around it; what is within.
fn open(
    model: &Model,
    frame: &mut Frame<'_>,
    area: Rect,
    height: u16,
    title: &'static str,
) -> Rect {
    let (width, height) = (area.width.min(76), height.min(area.height));
    let place = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    };
    let block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(model.theme.dim)
        .title(Span::styled(format!(" {title} "), model.theme.accent));
    let inner = block.inner(place);
    frame.render_widget(Clear, place);
    frame.render_widget(block, place);
    inner
}

fn entry(model: &Model, binding: &Binding) -> Line<'static> {
    let keys: Vec<_> = binding.keys.iter().map(|key| key.name()).collect();
    Line::from(vec![
        Span::styled(format!(" {:>12}  ", keys.join(" ")), model.theme.accent),
        Span::raw(binding.label),
    ])
}

/// What can be done here comes first.
fn help(model: &Model) -> Vec<Line<'static>> {
    let here = scope(model);
    let others = [
        Scope::Everywhere,
        Scope::Links,
        Scope::Templates,
        Scope::Editor,
        Scope::History,
        Scope::Outbox,
        Scope::Person,
        Scope::Businesses,
        Scope::Audit,
    ];
    let others = others.into_iter().filter(|scope| Some(*scope) != here);
    let mut lines = Vec::new();
    for scope in here.into_iter().chain(others) {
        lines.push(Line::styled(scope.title(), model.theme.head));
        let of_scope = bindings().filter(|binding| binding.scope == scope);
        let allowed = of_scope.filter(|binding| !(binding.acts && model.read_only));
        lines.extend(allowed.map(|binding| entry(model, binding)));
        lines.push(Line::default());
    }
    lines
}
