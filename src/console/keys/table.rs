//! Every key.

use crossterm::event::{KeyCode, KeyModifiers};

use super::Scope::{self, Audit, Businesses, Everywhere, Links, Outbox, Person};
use super::{Binding, Command, Key};
use crate::console::model::Tab;

pub(super) const fn key(c: char) -> Key {
    Key(KeyCode::Char(c), KeyModifiers::NONE)
}

pub(super) const fn ctrl(c: char) -> Key {
    Key(KeyCode::Char(c), KeyModifiers::CONTROL)
}

pub(super) const fn named(code: KeyCode) -> Key {
    Key(code, KeyModifiers::NONE)
}

pub(super) const fn look(
    command: Command,
    keys: &'static [Key],
    scope: Scope,
    short: &'static str,
    label: &'static str,
) -> Binding {
    Binding {
        command,
        keys,
        scope,
        short,
        label,
        acts: false,
    }
}

pub(super) const fn act(
    command: Command,
    keys: &'static [Key],
    scope: Scope,
    short: &'static str,
    label: &'static str,
) -> Binding {
    Binding {
        command,
        keys,
        scope,
        short,
        label,
        acts: true,
    }
}

/// Every key.
pub(in crate::console) const BINDINGS: &[Binding] = &[
    look(
        Command::Toggle,
        &[key('t')],
        Links,
        "over too",
        "show used, expired and revoked links too",
    ),
    act(
        Command::Revoke,
        &[key('x')],
        Links,
        "revoke",
        "revoke the link",
    ),
    act(
        Command::Resend,
        &[key('r')],
        Links,
        "resend",
        "mail a new link in place of this one",
    ),
    act(
        Command::MakeLink,
        &[key('m')],
        Links,
        "for telephone",
        "make a link to be told by telephone, and copy it",
    ),
    look(
        Command::Toggle,
        &[key('t')],
        Outbox,
        "state",
        "one state only: dead, queued, sending, sent, dropped, all",
    ),
    look(
        Command::Follow,
        &[key('f')],
        Outbox,
        "follow",
        "stay with the newest message",
    ),
    act(
        Command::Retry,
        &[key('r')],
        Outbox,
        "retry",
        "send the marked messages anew, or at once",
    ),
    act(
        Command::Cancel,
        &[key('x')],
        Outbox,
        "cancel",
        "cancel the marked messages that wait",
    ),
    look(
        Command::Mark,
        &[key(' ')],
        Outbox,
        "mark",
        "mark the message, or take the mark away",
    ),
    look(
        Command::MarkShown,
        &[key('a')],
        Outbox,
        "mark all",
        "mark all messages in memory, or take all marks away",
    ),
    act(
        Command::Suspend,
        &[key('s')],
        Person,
        "suspend",
        "shut the person out, or let them in again",
    ),
    act(
        Command::RequireReset,
        &[key('p')],
        Person,
        "require reset",
        "require a new password",
    ),
    act(
        Command::EndSessions,
        &[key('e')],
        Person,
        "end sessions",
        "end every session of the person",
    ),
    act(
        Command::TotpOff,
        &[key('o')],
        Person,
        "2FA off",
        "switch two-factor authentication off",
    ),
    act(
        Command::MakeLink,
        &[key('m')],
        Person,
        "link",
        "make a reset link to be told by telephone, and copy it",
    ),
    act(
        Command::Edit,
        &[key('e')],
        Businesses,
        "edit",
        "change the settings",
    ),
    look(
        Command::Follow,
        &[key('f')],
        Audit,
        "follow",
        "stay with the newest entry",
    ),
    look(
        Command::Export,
        &[key('w')],
        Audit,
        "write file",
        "write what is shown to a file, as JSON Lines",
    ),
    look(
        Command::Open,
        &[named(KeyCode::Enter), key('l'), named(KeyCode::Right)],
        Everywhere,
        "open",
        "open what is selected",
    ),
    look(
        Command::Back,
        &[named(KeyCode::Esc), key('h'), named(KeyCode::Left)],
        Everywhere,
        "back",
        "go back; take the filter away",
    ),
    look(
        Command::Filter,
        &[key('/')],
        Everywhere,
        "filter",
        "filter the list while you type",
    ),
    look(
        Command::Palette,
        &[key(':'), ctrl('p')],
        Everywhere,
        "commands",
        "find a command by a few of its letters",
    ),
    look(
        Command::Help,
        &[key('?'), named(KeyCode::F(1))],
        Everywhere,
        "help",
        "show or hide this help",
    ),
    look(
        Command::Quit,
        &[key('q'), ctrl('c')],
        Everywhere,
        "quit",
        "leave the console",
    ),
    look(
        Command::NextTab,
        &[named(KeyCode::Tab)],
        Everywhere,
        "",
        "next view",
    ),
    look(
        Command::PreviousTab,
        &[named(KeyCode::BackTab)],
        Everywhere,
        "",
        "previous view",
    ),
    look(
        Command::Go(Tab::Overview),
        &[key('1')],
        Everywhere,
        "",
        "go to Overview",
    ),
    look(
        Command::Go(Tab::Links),
        &[key('2')],
        Everywhere,
        "",
        "go to Reset links",
    ),
    look(
        Command::Go(Tab::Templates),
        &[key('3')],
        Everywhere,
        "",
        "go to Templates",
    ),
    look(
        Command::Go(Tab::Outbox),
        &[key('4')],
        Everywhere,
        "",
        "go to Outbox",
    ),
    look(
        Command::Go(Tab::Accounts),
        &[key('5')],
        Everywhere,
        "",
        "go to Accounts",
    ),
    look(
        Command::Go(Tab::Businesses),
        &[key('6')],
        Everywhere,
        "",
        "go to Businesses",
    ),
    look(
        Command::Go(Tab::Audit),
        &[key('7')],
        Everywhere,
        "",
        "go to Audit",
    ),
    look(
        Command::Down,
        &[named(KeyCode::Down), key('j')],
        Everywhere,
        "",
        "down",
    ),
    look(
        Command::Up,
        &[named(KeyCode::Up), key('k')],
        Everywhere,
        "",
        "up",
    ),
    look(
        Command::PageDown,
        &[named(KeyCode::PageDown), ctrl('d')],
        Everywhere,
        "",
        "a page down",
    ),
    look(
        Command::PageUp,
        &[named(KeyCode::PageUp), ctrl('u')],
        Everywhere,
        "",
        "a page up",
    ),
    look(
        Command::First,
        &[named(KeyCode::Home), key('g')],
        Everywhere,
        "",
        "to the first",
    ),
    look(
        Command::Last,
        &[named(KeyCode::End), key('G')],
        Everywhere,
        "",
        "to the last",
    ),
    look(
        Command::Theme,
        &[ctrl('t')],
        Everywhere,
        "",
        "other colours",
    ),
];
