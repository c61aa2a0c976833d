//! Keys while a template is changed.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseEvent, MouseEventKind};

use super::{Effect, Model, Overlay, reading, templates};
use crate::console::act::Act;
use crate::console::keys::Command;
use crate::console::model::Question;
use crate::console::query::Query;
use crate::console::view;

/// What a key of the table means here.
pub(super) fn run(model: &mut Model, command: Command) -> Vec<Effect> {
    let Some(editor) = &mut model.editor else {
        return Vec::new();
    };
    let was = editor.text.lines().to_vec();
    let mut effects = Vec::new();
    match command {
        Command::Save => return save(model),
        Command::Back => return leave(model),
        Command::EditOutside => return go_outside(model),
        Command::SendTest => {
            let draft = Some((editor.place.part, editor.source()));
            let question = Question::TestMail(templates::mail(editor.place.clone()), draft);
            model.overlay = Some(Overlay::Ask(question, view::line("")));
            return Vec::new();
        }
        Command::Find => {
            editor.begin_search();
            model.overlay = Some(Overlay::Find(view::line("")));
            return Vec::new();
        }
        Command::FindNext => {
            if !editor.find_next() {
                model.complain("there is nothing to find; ^F looks for something");
            }
            return Vec::new();
        }
        Command::Toggle => {
            model.templates.html = !model.templates.html;
            editor.scrolled = 0;
        }
        Command::PreviewDown => {
            let most = view::preview_length(model);
            if let Some(editor) = &mut model.editor {
                editor.scrolled = editor.scrolled.saturating_add(1).min(most);
            }
            return Vec::new();
        }
        Command::PreviewUp => editor.scrolled = editor.scrolled.saturating_sub(1),
        Command::Undo => {
            editor.text.undo();
        }
        Command::Redo => {
            editor.text.redo();
        }
        Command::SelectAll => editor.text.select_all(),
        Command::Copy => {
            editor.text.copy();
            effects.push(Effect::Copy(editor.text.yank_text()));
        }
        Command::Cut => {
            editor.text.cut();
            effects.push(Effect::Copy(editor.text.yank_text()));
        }
        Command::Paste => {
            editor.text.paste();
        }
        _ => {}
    }
    effects.extend(changed(model, &was));
    effects
}

/// A key that writes, or that moves the cursor.
pub(super) fn write(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    // What the terminal reports as a key and no text should hold.
    let held = key.modifiers.contains(KeyModifiers::CONTROL);
    if matches!(key.code, KeyCode::Char(c) if c.is_control() && !held) {
        return Vec::new();
    }
    let Some(editor) = &mut model.editor else {
        return Vec::new();
    };
    if !editor.text.input(key) {
        return Vec::new();
    }
    editor.changed();
    model.notice = None;
    judge(model)
}

/// A turn of the wheel scrolls what the mouse is over: the text, or the preview on the right.
pub(super) fn wheel(model: &mut Model, mouse: MouseEvent) {
    const LINES: i16 = 3;
    let by = match mouse.kind {
        MouseEventKind::ScrollDown => LINES,
        MouseEventKind::ScrollUp => -LINES,
        _ => return,
    };
    let over_text = mouse.column < model.size.0 / 2;
    let most = view::preview_length(model);
    if let Some(editor) = &mut model.editor {
        if over_text {
            editor.text.scroll((by, 0));
        } else {
            editor.scrolled = editor.scrolled.saturating_add_signed(by).min(most);
        }
    }
}

/// Pasted text, as it is but for what no template may hold.
pub(super) fn paste(model: &mut Model, text: &str) -> Vec<Effect> {
    let Some(editor) = &mut model.editor else {
        return Vec::new();
    };
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let stays = |c: &char| matches!(c, '\n' | '\t') || !c.is_control();
    editor
        .text
        .insert_str(text.chars().filter(stays).collect::<String>());
    editor.changed();
    judge(model)
}

/// Has the text judged if it is another than it was.
fn changed(model: &mut Model, was: &[String]) -> Vec<Effect> {
    match &mut model.editor {
        Some(editor) if editor.text.lines() != was => {
            editor.changed();
            judge(model)
        }
        _ => Vec::new(),
    }
}

/// Asks what there is to say about the text.
pub(super) fn judge(model: &mut Model) -> Vec<Effect> {
    let columns = view::preview_width(model);
    let Some(editor) = &mut model.editor else {
        return Vec::new();
    };
    let Some(revision) = editor.ask() else {
        return Vec::new();
    };
    vec![Effect::Read(Query::Draft {
        place: editor.place.clone(),
        source: editor.source(),
        columns,
        revision,
    })]
}

fn save(model: &mut Model) -> Vec<Effect> {
    let Some(editor) = &model.editor else {
        return Vec::new();
    };
    if !editor.is_changed() {
        model.say("nothing was changed");
        return Vec::new();
    }
    let act = Act::SetTemplate {
        place: editor.place.clone(),
        source: editor.source(),
        before: editor.before().to_owned(),
    };
    model.busy += 1;
    vec![Effect::Act(act)]
}

/// What was written is not thrown away without a question.
fn leave(model: &mut Model) -> Vec<Effect> {
    if model.editor.as_ref().is_some_and(|it| it.is_changed()) {
        model.overlay = Some(Overlay::Leave);
        return Vec::new();
    }
    model.editor = None;
    reading::reload(model)
}

/// The answer to [`Overlay::Leave`]; none if it is none.
pub(super) fn answer(model: &mut Model, key: KeyEvent) -> Option<Vec<Effect>> {
    match key.code {
        KeyCode::Char('s') => Some(save(model)),
        KeyCode::Char('d') => {
            model.editor = None;
            model.say("what was written is thrown away");
            Some(reading::reload(model))
        }
        KeyCode::Esc => Some(Vec::new()),
        _ => None,
    }
}

/// Hands the text to somebody's own editor.
pub(super) fn go_outside(model: &mut Model) -> Vec<Effect> {
    match &model.editor {
        Some(editor) => vec![Effect::Outside(editor.place.clone(), editor.source())],
        None => Vec::new(),
    }
}

/// Takes what was written in somebody's own editor. It is not saved before somebody says so.
pub(super) fn written(model: &mut Model, written: Result<String, String>) -> Vec<Effect> {
    let Some(editor) = &mut model.editor else {
        return Vec::new();
    };
    match written {
        Err(why) => {
            model.complain(why);
            Vec::new()
        }
        Ok(text) if text.trim_end() == editor.source().trim_end() => {
            model.say("nothing was changed");
            Vec::new()
        }
        Ok(text) => {
            editor.replace(&text);
            model.say("not saved yet: ^S puts it into force");
            judge(model)
        }
    }
}
