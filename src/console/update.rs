//! What follows from a message: the next model, and what is to be done outside. Nothing is done here.

mod acts;
mod mouse;
mod overlay;
mod reading;

use crossterm::event::{KeyEvent, MouseEvent};

use self::acts::act_on;
use self::mouse::point;
use self::overlay::overlay_key;
pub use self::reading::start;
use self::reading::{accept, reload, tick};
use super::act::{Act, Done};
use super::form::Form;
use super::keys::{self, Command};
use super::model::{Model, Open, Overlay, Tab};
use super::query::{Answer, Query};
use super::theme::{Theme, ThemeName};
use super::view;
use crate::audit;
use crate::clock::Timestamp;
use crate::outbox::State;

/// Something that has happened.
pub enum Message {
    /// A key was pressed.
    Key(KeyEvent),
    /// Text was pasted.
    Paste(String),
    /// The mouse did something.
    Mouse(MouseEvent),
    /// The terminal has this many columns and lines now.
    Resized(u16, u16),
    /// It is so late.
    Tick(Timestamp),
    /// Somebody has changed the database.
    Changed(Timestamp),
    /// Something was read.
    Read(Answer),
    /// Something could not be read, and why.
    Unread(Query, String),
    /// An act has come to its end.
    Acted(Result<Done, String>),
    /// The audit log was written to a file, so many entries of it.
    Exported(Result<(String, u64), String>),
}

/// Something to be done outside.
#[derive(Debug)]
pub enum Effect {
    /// Read this.
    Read(Query),
    /// Do this.
    Act(Act),
    /// Hand this to the clipboard.
    Copy(String),
    /// Write these entries to a file of this name.
    Export(String, audit::Filter),
    /// Leave.
    Quit,
}

/// Takes a message in.
pub fn update(model: &mut Model, message: Message) -> Vec<Effect> {
    match message {
        Message::Key(key) => press(model, key),
        Message::Paste(text) => overlay::paste(model, &text),
        Message::Mouse(mouse) => point(model, mouse),
        Message::Resized(columns, lines) => {
            model.size = (columns, lines);
            let height = model.height();
            model.links.scroll(height);
            model.outbox.scroll(height);
            model.accounts.scroll(height);
            model.audit.scroll(height);
            Vec::new()
        }
        Message::Tick(now) => tick(model, now),
        Message::Changed(now) => {
            model.now = now;
            reload(model)
        }
        Message::Read(answer) => accept(model, answer),
        Message::Unread(query, why) => reading::failed(model, &query, &why),
        Message::Acted(done) => {
            model.busy = model.busy.saturating_sub(1);
            match done {
                Ok(Done::Said(text)) => model.say(text),
                Ok(Done::Link(email, link)) => {
                    model.overlay = Some(Overlay::Link(email, link.clone(), false));
                    return vec![Effect::Copy(link)];
                }
                Err(why) => model.complain(why),
            }
            // Our own connection's changes are no news to the watch in every case; better twice than never.
            reload(model)
        }
        Message::Exported(Ok((file, count))) => {
            model.say(format!("{count} entries written to {file}"));
            Vec::new()
        }
        Message::Exported(Err(why)) => {
            model.complain(why);
            Vec::new()
        }
    }
}

fn press(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    if key.kind == crossterm::event::KeyEventKind::Release {
        return Vec::new();
    }
    if model.overlay.is_some() {
        return overlay_key(model, key);
    }
    match keys::command(model, key) {
        Some(command) => {
            model.notice = None;
            run(model, command)
        }
        None => Vec::new(),
    }
}

/// Carries a command out, whether a key or the palette gave it.
fn run(model: &mut Model, command: Command) -> Vec<Effect> {
    let page = isize::try_from(model.height().max(2) - 1).unwrap_or(1);
    match command {
        Command::Quit => vec![Effect::Quit],
        Command::Help => open_overlay(model, Overlay::Help(0)),
        Command::Palette => open_overlay(model, Overlay::Palette(view::line(""), 0)),
        Command::NextTab => go(model, model.tab.turn(1)),
        Command::PreviousTab => go(model, model.tab.turn(Tab::ALL.len() - 1)),
        Command::Go(tab) => go(model, tab),
        Command::Down => step(model, 1),
        Command::Up => step(model, -1),
        Command::PageDown => step(model, page),
        Command::PageUp => step(model, -page),
        Command::First => to_end(model, false),
        Command::Last => to_end(model, true),
        Command::Open => open(model),
        Command::Back => back(model),
        Command::Filter => filter(model),
        Command::Toggle => toggle(model),
        Command::Follow => follow(model),
        Command::Theme => {
            model.theme = Theme::new(match model.theme.name {
                ThemeName::Dark => ThemeName::Light,
                ThemeName::Light => ThemeName::Sixteen,
                ThemeName::Sixteen => ThemeName::Plain,
                ThemeName::Plain => ThemeName::Dark,
            });
            Vec::new()
        }
        Command::Mark => mark(model),
        Command::MarkShown => {
            if model.marked.is_empty() {
                model.marked = model.outbox.rows.iter().map(|row| row.id).collect();
            } else {
                model.marked.clear();
            }
            Vec::new()
        }
        Command::Export => {
            let name = model.now.to_string().replace(':', "");
            open_overlay(
                model,
                Overlay::File(view::line(&format!("audit-{name}.jsonl"))),
            )
        }
        Command::Edit => edit(model),
        act => act_on(model, act),
    }
}

fn open_overlay(model: &mut Model, overlay: Overlay) -> Vec<Effect> {
    model.overlay = Some(overlay);
    Vec::new()
}

fn go(model: &mut Model, tab: Tab) -> Vec<Effect> {
    model.tab = tab;
    model.open = None;
    model.opening = false;
    model.scrolled = 0;
    reload(model)
}

fn step(model: &mut Model, by: isize) -> Vec<Effect> {
    if model.open.is_some() {
        let lines = u16::try_from(by.unsigned_abs()).unwrap_or(u16::MAX);
        model.scrolled = if by < 0 {
            model.scrolled.saturating_sub(lines)
        } else {
            let most = view::page_length(model).saturating_sub(model.height());
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
        Tab::Businesses => {
            let last = model.businesses.len().saturating_sub(1);
            model.business = model.business.saturating_add_signed(by).min(last);
            false
        }
        Tab::Overview => false,
    };
    if more { reload(model) } else { Vec::new() }
}

fn to_end(model: &mut Model, last: bool) -> Vec<Effect> {
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
        Tab::Businesses => return step(model, if last { isize::MAX } else { isize::MIN }),
        Tab::Overview => false,
    };
    if more { reload(model) } else { Vec::new() }
}

fn open(model: &mut Model) -> Vec<Effect> {
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
        Tab::Businesses if !model.read_only => return edit(model),
        Tab::Overview | Tab::Businesses => None,
    };
    model.scrolled = 0;
    model.opening = query.is_some();
    query.map(Effect::Read).into_iter().collect()
}

fn back(model: &mut Model) -> Vec<Effect> {
    if std::mem::take(&mut model.opening) | model.open.take().is_some() {
        return reload(model);
    }
    if !model.filter().is_empty() {
        model.filter_mut().clear();
        return reading::restart(model);
    }
    model.marked.clear();
    Vec::new()
}

fn edit(model: &mut Model) -> Vec<Effect> {
    if let Some(business) = model.businesses.get(model.business) {
        model.overlay = Some(Overlay::Form(Box::new(Form::new(business.clone()))));
    }
    Vec::new()
}

fn filter(model: &mut Model) -> Vec<Effect> {
    if matches!(
        model.tab,
        Tab::Links | Tab::Outbox | Tab::Accounts | Tab::Audit
    ) {
        model.open = None;
        model.overlay = Some(Overlay::Filter(view::line(model.filter())));
    }
    Vec::new()
}

fn toggle(model: &mut Model) -> Vec<Effect> {
    match model.tab {
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

fn follow(model: &mut Model) -> Vec<Effect> {
    match model.tab {
        Tab::Outbox => model.outbox_follow = !model.outbox_follow,
        Tab::Audit => model.audit_follow = !model.audit_follow,
        _ => return Vec::new(),
    }
    reload(model)
}

fn mark(model: &mut Model) -> Vec<Effect> {
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

/// Shows a page that is still wanted, or says that there is nothing to show any more.
fn show(model: &mut Model, page: Option<Open>) {
    if !std::mem::take(&mut model.opening) && model.open.is_none() {
        return;
    }
    model.open = page;
    if model.open.is_none() {
        model.complain("it was removed meanwhile");
    }
}
