//! Moving within a view, into a page and back, and what of a view is shown.

use super::{Effect, Model, edit, reading, templates};
use crate::console::model::{Open, Overlay, Tab};
use crate::console::query::Query;
use crate::console::update::reading::reload;
use crate::console::view;
use crate::outbox::State;

pub(super) fn step(model: &mut Model, by: isize) -> Vec<Effect> {
    if by.unsigned_abs() == 1
        && let Some(Open::History(versions)) = &mut model.open
    {
        versions.step(by);
        model.scrolled = 0;
        return reload(model);
    }
    if model.open.is_some() {
        let lines = u16::try_from(by.unsigned_abs()).unwrap_or(u16::MAX);
        model.scrolled = if by < 0 {
            model.scrolled.saturating_sub(lines)
        } else {
            let most = view::page_length(model).saturating_sub(view::page_height(model));
            let most = u16::try_from(most).unwrap_or(u16::MAX);
            model.scrolled.saturating_add(lines).min(most)
        };
        return Vec::new();
    }
    let height = model.height();
    let more = match model.tab {
        Tab::Links => model.links.step(by, height),
        Tab::Outbox => {
            model.outbox_follow &= by < 0 && model.outbox.selected == 0;
            model.outbox.step(by, height)
        }
        Tab::Accounts => model.accounts.step(by, height),
        Tab::Audit => {
            model.audit_follow &= by < 0 && model.audit.selected == 0;
            model.audit.step(by, height)
        }
        Tab::Templates => return templates::step(model, by),
        Tab::Businesses => {
            let last = model.shown_businesses().len().saturating_sub(1);
            model.business = model.business.saturating_add_signed(by).min(last);
            false
        }
        Tab::Overview => false,
    };
    if more { reload(model) } else { Vec::new() }
}

pub(super) fn to_end(model: &mut Model, last: bool) -> Vec<Effect> {
    if model.open.is_some() {
        return step(model, if last { isize::MAX } else { isize::MIN });
    }
    let height = model.height();
    let more = match model.tab {
        Tab::Links => model.links.move_to_end(last, height),
        Tab::Outbox => {
            model.outbox_follow &= !last;
            model.outbox.move_to_end(last, height)
        }
        Tab::Accounts => model.accounts.move_to_end(last, height),
        Tab::Audit => {
            model.audit_follow &= !last;
            model.audit.move_to_end(last, height)
        }
        Tab::Templates | Tab::Businesses => {
            return step(model, if last { isize::MAX } else { isize::MIN });
        }
        Tab::Overview => false,
    };
    if more { reload(model) } else { Vec::new() }
}

pub(super) fn open(model: &mut Model) -> Vec<Effect> {
    if model.open.is_some() {
        return Vec::new();
    }
    let query = match model.tab {
        Tab::Links => model
            .links
            .current()
            .map(|row| Query::Person(row.link.account_id)),
        Tab::Outbox => model.outbox.current().map(|row| Query::Message(row.id)),
        Tab::Accounts => model.accounts.current().map(|row| Query::Person(row.id)),
        Tab::Audit => model.audit.current().and_then(|row| {
            let person = row.email.as_ref().and(row.account_id);
            person.map(Query::Person)
        }),
        Tab::Templates => return templates::open(model),
        Tab::Businesses if !model.read_only => return edit(model),
        Tab::Overview | Tab::Businesses => None,
    };
    model.scrolled = 0;
    model.opening = query.is_some();
    query.map(Effect::Read).into_iter().collect()
}

pub(super) fn back(model: &mut Model) -> Vec<Effect> {
    if std::mem::take(&mut model.opening) | model.open.take().is_some() {
        return reload(model);
    }
    if model.tab == Tab::Templates && model.templates.fold() {
        return templates::look(model);
    }
    if !model.filter().is_empty() {
        model.filter_mut().clear();
        return reading::restart(model);
    }
    model.marked.clear();
    Vec::new()
}

pub(super) fn filter(model: &mut Model) -> Vec<Effect> {
    model.open = None;
    model.overlay = Some(Overlay::Filter(view::line(model.filter())));
    Vec::new()
}

pub(super) fn toggle(model: &mut Model) -> Vec<Effect> {
    if let Some(Open::History(versions)) = &mut model.open {
        versions.turn();
        return reload(model);
    }
    match model.tab {
        Tab::Templates => {
            model.templates.html = !model.templates.html;
            return Vec::new();
        }
        Tab::Links => model.links_over = !model.links_over,
        Tab::Outbox => {
            model.outbox_state = match model.outbox_state {
                None => Some(State::Dead),
                Some(State::Dead) => Some(State::Queued),
                Some(State::Queued) => Some(State::Sending),
                Some(State::Sending) => Some(State::Sent),
                Some(State::Sent) => Some(State::Dropped),
                Some(State::Dropped) => None,
            };
            model.marked.clear();
        }
        _ => return Vec::new(),
    }
    reading::restart(model)
}

pub(super) fn follow(model: &mut Model) -> Vec<Effect> {
    match model.tab {
        Tab::Outbox => model.outbox_follow = !model.outbox_follow,
        Tab::Audit => model.audit_follow = !model.audit_follow,
        _ => return Vec::new(),
    }
    reload(model)
}

pub(super) fn mark(model: &mut Model) -> Vec<Effect> {
    if model.open.is_some() {
        return Vec::new();
    }
    if let Some(row) = model.outbox.current() {
        let id = row.id;
        if !model.marked.remove(&id) {
            model.marked.insert(id);
        }
    }
    step(model, 1)
}
