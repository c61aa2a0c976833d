//! The mouse.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

use super::{Effect, Model, go, open, step, templates};
use crate::console::model::Tab;
use crate::console::view;

/// A turn of the wheel, or a click on a view's title or on a row.
pub(super) fn point(model: &mut Model, mouse: MouseEvent) -> Vec<Effect> {
    if model.overlay.is_some() {
        return Vec::new();
    }
    if model.editor.is_some() {
        super::editor::wheel(model, mouse);
        return Vec::new();
    }
    match mouse.kind {
        MouseEventKind::ScrollDown => step(model, 3),
        MouseEventKind::ScrollUp => step(model, -3),
        MouseEventKind::Down(MouseButton::Left) if mouse.row == 0 => {
            match view::tab_at(model, mouse.column) {
                Some(tab) => go(model, tab),
                None => Vec::new(),
            }
        }
        MouseEventKind::Down(MouseButton::Left) if model.open.is_none() => {
            let Some(line) = mouse.row.checked_sub(view::FIRST_ROW) else {
                return Vec::new();
            };
            let line = usize::from(line);
            if line >= model.height() {
                return Vec::new();
            }
            // A click on what is selected opens it.
            let before = selected(model);
            if model.tab == Tab::Templates {
                if !templates::click(model, line) {
                    return Vec::new();
                }
                return if selected(model) == before {
                    open(model)
                } else {
                    templates::look(model)
                };
            }
            let hit = match model.tab {
                Tab::Links => model.links.click(line),
                Tab::Outbox => model.outbox.click(line),
                Tab::Accounts => model.accounts.click(line),
                Tab::Audit => model.audit.click(line),
                Tab::Businesses if line < model.shown_businesses().len() => {
                    let top = (model.business + 1).saturating_sub(model.height().max(1));
                    model.business = (top + line).min(model.shown_businesses().len() - 1);
                    true
                }
                _ => false,
            };
            if hit && selected(model) == before {
                return open(model);
            }
            Vec::new()
        }
        _ => Vec::new(),
    }
}

fn selected(model: &Model) -> usize {
    match model.tab {
        Tab::Links => model.links.selected,
        Tab::Outbox => model.outbox.selected,
        Tab::Accounts => model.accounts.selected,
        Tab::Audit => model.audit.selected,
        Tab::Templates => model.templates.position(&model.branches()),
        Tab::Businesses => model.business,
        Tab::Overview => 0,
    }
}
