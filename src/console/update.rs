//! What follows from a message: the next model, and what is to be done outside. Nothing is done here.

mod acts;
mod editor;
mod mouse;
mod moves;
mod overlay;
mod reading;
mod templates;

use crossterm::event::{KeyEvent, MouseEvent};

use self::acts::act_on;
use self::mouse::point;
use self::moves::{back, filter, follow, mark, open, step, to_end, toggle};
use self::overlay::overlay_key;
pub use self::reading::start;
use self::reading::{accept, reload, tick};
use super::act::{Act, Done};
use super::form::Form;
use super::keys::{self, Command};
use super::model::{Model, Open, Overlay, Question, Tab};
use super::query::{Answer, Query};
use super::theme::{Theme, ThemeName};
use super::view;
use crate::audit;
use crate::business::Business;
use crate::clock::Timestamp;
use crate::templates::Place;

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
    /// Somebody has left their own editor: what was written, or why nothing was.
    Written(Result<String, String>),
    /// The audit log was written to a file, so many entries of it.
    Exported(Result<(String, usize), String>),
}

/// Something to be done outside.
#[derive(Debug)]
pub enum Effect {
    /// Read this.
    Read(Query),
    /// Do this.
    Act(Act),
    /// Open this template's draft in somebody's own editor.
    Outside(Place, String),
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
            // HTML is drawn as wide as there is room.
            templates::resized(model)
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
                Ok(Done::Saved(place, source, version)) => {
                    templates::saved(model, &place, source, version);
                }
                Ok(Done::Overtaken(place, source)) => {
                    templates::overtaken(model, &place, source);
                }
                Err(why) => model.complain(why),
            }
            // Our own connection's changes are no news to the watch in every case; better twice than never.
            reload(model)
        }
        Message::Written(written) => editor::written(model, written),
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
        None if model.editor.is_some() => editor::write(model, key),
        None => Vec::new(),
    }
}

/// Carries a command out, whether a key or the palette gave it.
fn run(model: &mut Model, command: Command) -> Vec<Effect> {
    if model.editor.is_some() && !matches!(command, Command::Help | Command::Palette) {
        return editor::run(model, command);
    }
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
                Overlay::Ask(Question::File, view::line(&format!("audit-{name}.jsonl"))),
            )
        }
        Command::Edit if model.tab == Tab::Templates => templates::edit(model),
        Command::Edit => edit(model),
        Command::EditOutside => templates::edit_outside(model),
        Command::Part => templates::turn_part(model),
        Command::Language => templates::ask_language(model),
        Command::SendTest => templates::ask_address(model),
        Command::History => templates::history(model),
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

fn edit(model: &mut Model) -> Vec<Effect> {
    let shown = model.shown_businesses();
    if let (Some(business), Some(rules)) = (shown.get(model.business), model.rules) {
        let form = Form::new(Business::clone(business), rules);
        model.overlay = Some(Overlay::Form(Box::new(form)));
    }
    Vec::new()
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
