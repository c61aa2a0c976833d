//! What is read when, and what becomes of it.

use std::time::Duration;

use super::{Effect, Model, editor, show, templates};
use crate::clock::Timestamp;
use crate::console::model::{Open, Tab};
use crate::console::query::{Answer, Query};
use crate::console::versions::Versions;

/// How often the overview is read at most while much happens, and at least while nothing does.
const OVERVIEW_EVERY: Duration = Duration::from_secs(2);
const OVERVIEW_IDLE: Duration = Duration::from_secs(15);

/// What a console begins with.
pub fn start(model: &mut Model) -> Vec<Effect> {
    reload(model)
}

/// Reads what the view shows.
pub(super) fn reload(model: &mut Model) -> Vec<Effect> {
    let mut effects = Vec::new();
    match &model.open {
        Some(Open::Person(person)) => effects.push(Effect::Read(Query::Person(person.account.id))),
        Some(Open::Message(shown)) => effects.push(Effect::Read(Query::Message(shown.message.id))),
        Some(Open::History(versions)) => effects.push(Effect::Read(versions.query())),
        None => {}
    }
    let query = match model.tab {
        Tab::Overview if model.now >= model.overview_due => {
            model.overview_due = model.now.after(OVERVIEW_EVERY);
            model.overview_stale = false;
            Some(Query::Overview)
        }
        Tab::Overview => {
            model.overview_stale = true;
            None
        }
        Tab::Links => {
            let (all, search) = (model.links_over, model.links_search());
            let place = model.links.ask();
            place.map(|place| Query::Links { place, all, search })
        }
        Tab::Outbox => {
            let filter = model.outbox_filter();
            if model.outbox_follow {
                model.outbox.follow();
            }
            let place = model.outbox.ask();
            place.map(|place| Query::Outbox { place, filter })
        }
        Tab::Accounts => {
            let search = model.accounts_search();
            let place = model.accounts.ask();
            place.map(|place| Query::Accounts { place, search })
        }
        Tab::Audit => {
            let filter = model.audit_filter();
            if model.audit_follow {
                model.audit.follow();
            }
            let place = model.audit.ask();
            place.map(|place| Query::Audit { place, filter })
        }
        Tab::Templates => {
            effects.extend(templates::look(model));
            Some(Query::Templates)
        }
        Tab::Businesses => Some(Query::Businesses),
    };
    effects.extend(query.map(Effect::Read));
    effects
}

/// Reads the view's list from its beginning: what it is filtered by has changed.
pub(super) fn restart(model: &mut Model) -> Vec<Effect> {
    match model.tab {
        Tab::Links => model.links.follow(),
        Tab::Outbox => model.outbox.follow(),
        Tab::Accounts => model.accounts.follow(),
        Tab::Audit => model.audit.follow(),
        Tab::Businesses => model.business = 0,
        Tab::Overview | Tab::Templates => {}
    }
    reload(model)
}

pub(super) fn tick(model: &mut Model, now: Timestamp) -> Vec<Effect> {
    let before = std::mem::replace(&mut model.now, now);
    let wait = if model.overview_stale {
        Duration::ZERO
    } else {
        OVERVIEW_IDLE
    };
    let overview = model.tab == Tab::Overview && now >= model.overview_due.after(wait);
    // A link that has just expired belongs to another part of the list.
    let expired = model.tab == Tab::Links
        && model.links.rows.iter().any(|row| {
            row.link.state == "pending"
                && row.link.expires_at <= now
                && row.link.expires_at > before
        });
    if overview || expired {
        reload(model)
    } else {
        Vec::new()
    }
}

/// Takes what was read, and reads again if something has changed meanwhile.
pub(super) fn accept(model: &mut Model, answer: Answer) -> Vec<Effect> {
    let height = model.height();
    let again = match answer {
        Answer::Overview(overview) => {
            model.overview = Some(*overview);
            false
        }
        Answer::Links(page, place) => model.links.accept(page, &place, height),
        Answer::Outbox(page, place) => model.outbox.accept(page, &place, height),
        Answer::Accounts(page, place) => model.accounts.accept(page, &place, height),
        Answer::Audit(page, place) => model.audit.accept(page, &place, height),
        Answer::Businesses(all, rules) => {
            model.rules = Some(rules);
            model.businesses = all;
            let last = model.shown_businesses().len().saturating_sub(1);
            model.business = model.business.min(last);
            false
        }
        Answer::Person(person) => {
            show(model, person.map(Open::Person));
            false
        }
        Answer::Templates(businesses, saved) => {
            model.businesses = businesses;
            model.templates.saved = saved;
            model.templates.known = true;
            false
        }
        Answer::Template(shown) => {
            model.templates.shown = shown;
            return templates::settle(model);
        }
        Answer::Draft(revision, judged) => {
            let again = match &mut model.editor {
                Some(editor) => editor.accept(revision, *judged),
                None => false,
            };
            return if again {
                editor::judge(model)
            } else {
                Vec::new()
            };
        }
        Answer::History(place, version, against, history) => {
            let newest = history.versions.first().map_or(0, |it| it.version);
            let selected = version.unwrap_or(newest);
            // Somebody may have gone on to another version while this one was compared.
            if let Some(Open::History(open)) = &mut model.open {
                open.history.versions = history.versions;
                if (open.selected, open.against) == (selected, against) {
                    open.history.difference = history.difference;
                }
                return Vec::new();
            }
            let versions = Versions {
                place,
                history: *history,
                selected,
                against,
            };
            show(model, Some(Open::History(Box::new(versions))));
            false
        }
        Answer::Message(shown) => {
            show(model, shown.map(Open::Message));
            false
        }
    };
    if again { reload(model) } else { Vec::new() }
}

pub(super) fn failed(model: &mut Model, query: &Query, why: &str) -> Vec<Effect> {
    match query {
        Query::Links { .. } => model.links.settle(),
        Query::Outbox { .. } => model.outbox.settle(),
        Query::Accounts { .. } => model.accounts.settle(),
        Query::Audit { .. } => model.audit.settle(),
        Query::Template { .. } => std::mem::take(&mut model.templates.reading),
        Query::Draft { .. } => {
            if let Some(editor) = &mut model.editor {
                editor.settle();
            }
            false
        }
        Query::Overview
        | Query::Businesses
        | Query::Templates
        | Query::History { .. }
        | Query::Person(_)
        | Query::Message(_) => false,
    };
    model.complain(format!("it could not be read: {why}"));
    Vec::new()
}
