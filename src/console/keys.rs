//! Which key means what, where. The help, the line at the bottom and the palette are made from this table,
//! so that none of them can say anything else than what is done.

mod table;
mod writing;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use self::table::BINDINGS;
use self::writing::WRITING;
use super::model::{Model, Open, Tab};

/// What a key means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is described in the table")]
pub enum Command {
    Quit,
    Help,
    Palette,
    NextTab,
    PreviousTab,
    Go(Tab),
    Down,
    Up,
    PageDown,
    PageUp,
    First,
    Last,
    Open,
    Back,
    Filter,
    Toggle,
    Follow,
    Theme,
    Mark,
    MarkShown,
    Revoke,
    Resend,
    MakeLink,
    Suspend,
    RequireReset,
    EndSessions,
    TotpOff,
    Retry,
    Cancel,
    Edit,
    EditOutside,
    Export,
    Part,
    Language,
    SendTest,
    History,
    RollBack,
    Save,
    Undo,
    Redo,
    Find,
    FindNext,
    SelectAll,
    Cut,
    Copy,
    Paste,
    PreviewDown,
    PreviewUp,
}

/// Where a key has its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In every view.
    Everywhere,
    /// On the list of reset links.
    Links,
    /// On the tree of templates.
    Templates,
    /// While a template is changed: everything else is text.
    Editor,
    /// On the versions of a template.
    History,
    /// On the outbox, and on one message.
    Outbox,
    /// Where a person is selected or shown.
    Person,
    /// On the list of locations.
    Businesses,
    /// On the audit log.
    Audit,
}

impl Scope {
    /// What help calls it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Everywhere => "Everywhere",
            Self::Links => "Reset links",
            Self::Templates => "Templates",
            Self::Editor => "Editing a template",
            Self::History => "A template's versions",
            Self::Outbox => "Outbox",
            Self::Person => "Accounts",
            Self::Businesses => "Businesses",
            Self::Audit => "Audit",
        }
    }
}

/// A key, with the modifiers that must be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key(KeyCode, KeyModifiers);

impl Key {
    fn is(self, event: KeyEvent) -> bool {
        // Shift is in the character already.
        let held = event.modifiers.difference(KeyModifiers::SHIFT);
        self.0 == event.code && self.1 == held
    }

    /// How the key is written.
    pub fn name(self) -> String {
        let name = match self.0 {
            KeyCode::Char(' ') => "space".to_owned(),
            KeyCode::Char(c) => c.to_string(),
            KeyCode::Up => "↑".to_owned(),
            KeyCode::Down => "↓".to_owned(),
            KeyCode::PageUp => "PgUp".to_owned(),
            KeyCode::PageDown => "PgDn".to_owned(),
            KeyCode::BackTab => "S-Tab".to_owned(),
            code => code.to_string(),
        };
        if self.1.contains(KeyModifiers::CONTROL) {
            format!("^{name}")
        } else if self.1.contains(KeyModifiers::ALT) {
            format!("M-{name}")
        } else {
            name
        }
    }
}

/// A line of the table.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// What is meant.
    pub command: Command,
    /// The keys that mean it; the first stands in the line at the bottom.
    pub keys: &'static [Key],
    /// Where.
    pub scope: Scope,
    /// In a word or two, for the line at the bottom.
    pub short: &'static str,
    /// For the help and the palette.
    pub label: &'static str,
    /// Whether it changes something, which a console that only looks does not.
    pub acts: bool,
}

/// Every line of the table, most special first.
pub(super) fn bindings() -> impl Iterator<Item = &'static Binding> {
    WRITING.iter().chain(BINDINGS)
}

/// Where the model stands.
pub(super) fn scope(model: &Model) -> Option<Scope> {
    if model.editor.is_some() {
        return Some(Scope::Editor);
    }
    match (&model.open, model.tab) {
        (Some(Open::Person(_)), _) | (None, Tab::Accounts) => Some(Scope::Person),
        (Some(Open::Message(_)), _) | (None, Tab::Outbox) => Some(Scope::Outbox),
        (Some(Open::History(_)), _) => Some(Scope::History),
        (None, Tab::Links) => Some(Scope::Links),
        (None, Tab::Templates) => Some(Scope::Templates),
        (None, Tab::Businesses) => Some(Scope::Businesses),
        (None, Tab::Audit) => Some(Scope::Audit),
        (None, Tab::Overview) => None,
    }
}

/// What has a meaning where the model stands, most special first.
pub(super) fn available(model: &Model) -> impl Iterator<Item = &'static Binding> {
    let scope = scope(model);
    let read_only = model.read_only;
    let editing = scope == Some(Scope::Editor);
    let (overview, page) = (scope.is_none(), model.open.is_some());
    let versions = scope == Some(Scope::History);
    bindings().filter(move |binding| {
        let here = Some(binding.scope) == scope || (binding.scope == Scope::Everywhere && !editing);
        let idle = match binding.command {
            Command::Filter => overview || versions,
            Command::Open => overview || page,
            Command::Back => overview,
            _ => false,
        };
        here && !idle && !(binding.acts && read_only)
    })
}

/// What the key means where the model stands.
pub(super) fn command(model: &Model, event: KeyEvent) -> Option<Command> {
    available(model)
        .find(|binding| binding.keys.iter().any(|key| key.is(event)))
        .map(|binding| binding.command)
}
