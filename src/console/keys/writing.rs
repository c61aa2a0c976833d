//! Every key around templates. In the editor all others write.

use crossterm::event::{KeyCode, KeyModifiers};

use super::Scope::{Editor, History, Templates};
use super::table::{act, ctrl, key, look, named};
use super::{Binding, Command, Key};

const fn alt(code: KeyCode) -> Key {
    Key(code, KeyModifiers::ALT)
}

/// See the module.
pub(super) const WRITING: &[Binding] = &[
    act(
        Command::Edit,
        &[key('e')],
        Templates,
        "edit",
        "change the template here",
    ),
    act(
        Command::EditOutside,
        &[key('E')],
        Templates,
        "$EDITOR",
        "change the template in $VISUAL or $EDITOR",
    ),
    look(
        Command::Part,
        &[key('p')],
        Templates,
        "part",
        "look at the next part: subject, text, HTML",
    ),
    look(
        Command::Toggle,
        &[key('t')],
        Templates,
        "preview",
        "preview the text, or the HTML drawn as text",
    ),
    look(
        Command::History,
        &[key('v')],
        Templates,
        "versions",
        "see the versions, and what each changed",
    ),
    act(
        Command::SendTest,
        &[key('m')],
        Templates,
        "test mail",
        "send the mail with sample values to an address",
    ),
    act(
        Command::Language,
        &[key('n')],
        Templates,
        "language",
        "write the mail in another language, such as pt-BR",
    ),
    act(
        Command::RollBack,
        &[key('r')],
        History,
        "put back",
        "put the version into force; 0 takes the template back",
    ),
    look(
        Command::Toggle,
        &[key('t')],
        History,
        "compare with",
        "compare with: the one before, in force, built in",
    ),
    act(
        Command::Save,
        &[ctrl('s')],
        Editor,
        "save",
        "save the template and put it into force",
    ),
    look(
        Command::Back,
        &[named(KeyCode::Esc)],
        Editor,
        "leave",
        "leave the editor; asks if something is not saved",
    ),
    look(
        Command::Toggle,
        &[ctrl('t')],
        Editor,
        "preview",
        "preview the text, or the HTML drawn as text",
    ),
    act(
        Command::SendTest,
        &[ctrl('e')],
        Editor,
        "test mail",
        "send the mail as it is written to an address, as a test",
    ),
    act(
        Command::EditOutside,
        &[ctrl('o')],
        Editor,
        "$EDITOR",
        "go on in $VISUAL or $EDITOR",
    ),
    look(
        Command::Undo,
        &[ctrl('z'), ctrl('u')],
        Editor,
        "undo",
        "undo",
    ),
    look(
        Command::Redo,
        &[ctrl('y'), ctrl('r')],
        Editor,
        "redo",
        "redo",
    ),
    look(
        Command::Find,
        &[ctrl('f')],
        Editor,
        "find",
        "find a text while you type it",
    ),
    look(
        Command::FindNext,
        &[ctrl('g'), named(KeyCode::F(3))],
        Editor,
        "",
        "find it again",
    ),
    look(
        Command::SelectAll,
        &[ctrl('a')],
        Editor,
        "",
        "select everything; Shift and the arrows select some",
    ),
    look(
        Command::Copy,
        &[ctrl('c')],
        Editor,
        "",
        "copy what is selected",
    ),
    look(
        Command::Cut,
        &[ctrl('x')],
        Editor,
        "",
        "cut what is selected",
    ),
    look(
        Command::Paste,
        &[ctrl('v')],
        Editor,
        "",
        "paste what was copied or cut",
    ),
    look(
        Command::PreviewDown,
        &[alt(KeyCode::Down)],
        Editor,
        "",
        "scroll the preview down",
    ),
    look(
        Command::PreviewUp,
        &[alt(KeyCode::Up)],
        Editor,
        "",
        "scroll the preview up",
    ),
    look(
        Command::Palette,
        &[ctrl('p')],
        Editor,
        "commands",
        "find a command by a few of its letters",
    ),
    look(
        Command::Help,
        &[named(KeyCode::F(1))],
        Editor,
        "help",
        "show or hide this help",
    ),
];
