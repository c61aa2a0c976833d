//! Keys while something lies over the view.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui_textarea::TextArea;

use super::{Effect, Model, editor, reading, run, templates};
use crate::console::act::Act;
use crate::console::form::Form;
use crate::console::keys::{Command, bindings};
use crate::console::model::{Overlay, Question};
use crate::console::palette;
use crate::email::EmailAddress;

/// A key for what lies on top. What it does not take away stays.
pub(super) fn overlay_key(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    let Some(overlay) = model.overlay.take() else {
        return Vec::new();
    };
    let held = key.modifiers.contains(KeyModifiers::CONTROL);
    let stops = held && key.code == KeyCode::Char('c');
    match overlay {
        // What was typed is not thrown away by it, no more than by Esc.
        Overlay::Form(form) if stops => settings(model, form, KeyCode::Esc.into()),
        _ if stops => Vec::new(),
        Overlay::Help(scrolled) => help(model, scrolled, key),
        Overlay::Palette(input, selected) => command(model, input, selected, key),
        Overlay::Confirm(act) => match key.code {
            KeyCode::Char('y' | 'Y') => {
                model.busy += 1;
                model.marked.clear();
                vec![Effect::Act(act)]
            }
            KeyCode::Char('n' | 'N' | 'q') | KeyCode::Esc => {
                model.say("nothing was done");
                Vec::new()
            }
            _ => keep(model, Overlay::Confirm(act)),
        },
        Overlay::Link(email, link, shown) => match key.code {
            KeyCode::Char('s') => keep(model, Overlay::Link(email, link, !shown)),
            KeyCode::Char('c') => {
                let copy = Effect::Copy(link.clone());
                model.overlay = Some(Overlay::Link(email, link, shown));
                vec![copy]
            }
            KeyCode::Esc | KeyCode::Enter | KeyCode::Char('q') => Vec::new(),
            _ => keep(model, Overlay::Link(email, link, shown)),
        },
        Overlay::Ask(question, mut input) => match key.code {
            KeyCode::Esc => Vec::new(),
            KeyCode::Enter => {
                let typed = input.lines().concat().trim().to_owned();
                model.notice = None;
                match answered(model, &question, &typed) {
                    Ok(effects) => effects,
                    Err(why) => {
                        model.complain(why);
                        keep(model, Overlay::Ask(question, input))
                    }
                }
            }
            _ => {
                type_into(&mut input, key);
                keep(model, Overlay::Ask(question, input))
            }
        },
        Overlay::Find(mut input) => {
            match key.code {
                KeyCode::Enter => return Vec::new(),
                KeyCode::Esc => {
                    model.notice = None;
                    if let Some(editor) = &mut model.editor {
                        editor.leave_search();
                    }
                    return Vec::new();
                }
                _ => type_into(&mut input, key),
            }
            look_for(model, &input);
            keep(model, Overlay::Find(input))
        }
        Overlay::Leave => match editor::answer(model, key) {
            Some(effects) => effects,
            None => keep(model, Overlay::Leave),
        },
        Overlay::Form(form) => settings(model, form, key),
        Overlay::Filter(input) => filter(model, input, key),
    }
}

/// What follows from a line that was asked for, or what is wrong with it.
fn answered(model: &mut Model, question: &Question, typed: &str) -> Result<Vec<Effect>, String> {
    match question {
        Question::File if typed.is_empty() => Err("a file needs a name".to_owned()),
        Question::File => Ok(vec![Effect::Export(typed.to_owned(), model.audit_filter())]),
        Question::Language => templates::turn_to(model, typed),
        Question::TestMail(mail, draft) => {
            let to = EmailAddress::parse(typed).map_err(|error| error.to_string())?;
            model.busy += 1;
            let act = Act::SendTest(mail.clone(), draft.clone(), to);
            Ok(vec![Effect::Act(act)])
        }
    }
}

/// Looks for what is typed while it is typed.
fn look_for(model: &mut Model, input: &TextArea<'static>) {
    model.notice = None;
    let found = match &mut model.editor {
        Some(editor) => editor.find(&input.lines().concat()),
        None => true,
    };
    if !found {
        model.complain("it is not in the text");
    }
}

fn keep(model: &mut Model, overlay: Overlay) -> Vec<Effect> {
    model.overlay = Some(overlay);
    Vec::new()
}

/// A key for a text of one line.
fn type_into(input: &mut TextArea<'static>, key: KeyEvent) {
    let breaks_line =
        key.modifiers.contains(KeyModifiers::CONTROL) && key.code == KeyCode::Char('m');
    if !breaks_line {
        input.input(key);
    }
}

/// Pasted text goes where something is typed, and is nothing anywhere else: a line that a stranger wrote
/// must not press keys.
pub(super) fn paste(model: &mut Model, text: &str) -> Vec<Effect> {
    let line = crate::text::inert(text);
    match &mut model.overlay {
        Some(Overlay::Palette(input, _) | Overlay::Ask(_, input) | Overlay::Find(input)) => {
            input.insert_str(line);
            Vec::new()
        }
        None => editor::paste(model, text),
        Some(Overlay::Form(form)) => {
            form.type_in(|input| {
                input.insert_str(line);
            });
            Vec::new()
        }
        Some(Overlay::Filter(input)) => {
            input.insert_str(line);
            let text = input.lines().concat();
            *model.filter_mut() = text;
            reading::restart(model)
        }
        _ => Vec::new(),
    }
}

fn help(model: &mut Model, scrolled: u16, key: KeyEvent) -> Vec<Effect> {
    let most = u16::try_from(bindings().count()).unwrap_or(u16::MAX);
    let scrolled = match key.code {
        KeyCode::Down | KeyCode::Char('j') => scrolled.saturating_add(1),
        KeyCode::Up | KeyCode::Char('k') => scrolled.saturating_sub(1),
        KeyCode::PageDown | KeyCode::Char(' ') => scrolled.saturating_add(10),
        KeyCode::PageUp => scrolled.saturating_sub(10),
        _ => return Vec::new(),
    };
    keep(model, Overlay::Help(scrolled.min(most)))
}

fn command(
    model: &mut Model,
    mut input: TextArea<'static>,
    selected: usize,
    key: KeyEvent,
) -> Vec<Effect> {
    let hits = palette::find(model, &input.lines().concat());
    let last = hits.len().saturating_sub(1);
    let held = key.modifiers.contains(KeyModifiers::CONTROL);
    let selected = match key.code {
        KeyCode::Esc => return Vec::new(),
        KeyCode::Enter => {
            model.notice = None;
            return match hits.get(selected) {
                Some(binding) if binding.command != Command::Palette => run(model, binding.command),
                _ => Vec::new(),
            };
        }
        KeyCode::Down => selected.saturating_add(1).min(last),
        KeyCode::Up => selected.saturating_sub(1),
        KeyCode::Char('n') if held => selected.saturating_add(1).min(last),
        KeyCode::Char('p') if held => selected.saturating_sub(1),
        _ => {
            type_into(&mut input, key);
            0
        }
    };
    keep(model, Overlay::Palette(input, selected))
}

fn settings(model: &mut Model, mut form: Box<Form>, key: KeyEvent) -> Vec<Effect> {
    let held = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Char('s') if held => match form.changes() {
            Ok(Some((changes, login))) => {
                model.busy += 1;
                let act = Act::SetBusiness(form.id(), Box::new(changes), login);
                return vec![Effect::Act(act)];
            }
            Ok(None) => {
                model.say("nothing was changed");
                return Vec::new();
            }
            Err(why) => model.complain(why),
        },
        // What was typed is not thrown away by one key.
        KeyCode::Esc if form.is_changed() && !form.leaving => {
            form.leaving = true;
            model.complain("not saved: ^S saves it, Esc once more throws it away");
            model.overlay = Some(Overlay::Form(form));
            return Vec::new();
        }
        KeyCode::Esc => {
            model.notice = None;
            return Vec::new();
        }
        KeyCode::Down | KeyCode::Tab | KeyCode::Enter => form.step(1),
        KeyCode::Up | KeyCode::BackTab => form.step(-1),
        _ => form.type_in(|input| type_into(input, key)),
    }
    form.leaving = false;
    if !matches!(key.code, KeyCode::Char('s') if held) {
        model.notice = None;
    }
    keep(model, Overlay::Form(form))
}

fn filter(model: &mut Model, mut input: TextArea<'static>, key: KeyEvent) -> Vec<Effect> {
    match key.code {
        KeyCode::Enter => return Vec::new(),
        KeyCode::Esc => {
            model.filter_mut().clear();
            return reading::restart(model);
        }
        _ => type_into(&mut input, key),
    }
    let text = input.lines().concat();
    model.overlay = Some(Overlay::Filter(input));
    if text == model.filter() {
        return Vec::new();
    }
    *model.filter_mut() = text;
    reading::restart(model)
}
