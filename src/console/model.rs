//! Everything that the console knows. What is on the screen follows from it alone.

use std::collections::BTreeSet;

use ratatui_textarea::TextArea;

use super::act::Act;
use super::editor::Editor;
use super::form::Form;
use super::list::List;
use super::query::{Overview, Person};
use super::theme::{Theme, ThemeName};
use super::tree::{Branch, Tree};
use super::versions::Versions;
use crate::accounts::Account;
use crate::business::{Business, PortalUrl, Rules};
use crate::clock::Timestamp;
use crate::email::EmailAddress;
use crate::outbox::{self, Shown, State};
use crate::templates::{Mail, Part};
use crate::{audit, reset};

/// A view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "their titles say it")]
pub enum Tab {
    Overview,
    Links,
    Templates,
    Outbox,
    Accounts,
    Businesses,
    Audit,
}

impl Tab {
    /// In their order on the screen.
    pub const ALL: [Self; 7] = [
        Self::Overview,
        Self::Links,
        Self::Templates,
        Self::Outbox,
        Self::Accounts,
        Self::Businesses,
        Self::Audit,
    ];

    /// What it is called.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Links => "Reset links",
            Self::Templates => "Templates",
            Self::Outbox => "Outbox",
            Self::Accounts => "Accounts",
            Self::Businesses => "Businesses",
            Self::Audit => "Audit",
        }
    }

    /// The view so many further on, around the end.
    #[must_use]
    pub fn turn(self, by: usize) -> Self {
        let here = Self::ALL.iter().position(|tab| *tab == self).unwrap_or(0);
        Self::ALL[(here + by) % Self::ALL.len()]
    }
}

/// A page that is open over a list.
#[derive(Debug)]
pub enum Open {
    /// All about one person.
    Person(Box<Person>),
    /// One message, with its history.
    Message(Box<Shown>),
    /// The versions of a template.
    History(Box<Versions>),
}

/// What lies over the view and takes the keys.
pub enum Overlay {
    /// Every key, scrolled so far.
    Help(u16),
    /// A command is looked for: what was typed, and which of the hits is selected.
    Palette(TextArea<'static>, usize),
    /// An act is to be confirmed.
    Confirm(Act),
    /// A link was made: for whom, the link, and whether it is to be seen.
    Link(EmailAddress, String, bool),
    /// A line is asked for.
    Ask(Question, TextArea<'static>),
    /// A text is looked for in the editor while something is typed.
    Find(TextArea<'static>),
    /// What was written is not saved: what is to become of it?
    Leave,
    /// The settings of a location are changed.
    Form(Box<Form>),
    /// The list is filtered while something is typed.
    Filter(TextArea<'static>),
}

/// What a line is asked for.
#[derive(Clone, Debug)]
pub enum Question {
    /// A file to write the audit log to.
    File,
    /// Who gets a test of a mail, with a draft of one of its parts.
    TestMail(Mail, Option<(Part, String)>),
    /// A language that a template is to be written for.
    Language,
}

/// What was said last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The sentence.
    pub text: String,
    /// Whether it is bad news.
    pub bad: bool,
}

/// See the module.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Model {
    /// The time; what counts down counts down to it.
    pub now: Timestamp,
    /// Columns and lines of the terminal.
    pub size: (u16, u16),
    /// The view.
    pub tab: Tab,
    /// The page over the view's list.
    pub open: Option<Open>,
    /// Whether a page was asked for that is not read yet.
    pub(super) opening: bool,
    /// How far that page is scrolled.
    pub scrolled: u16,
    /// What lies over all.
    pub overlay: Option<Overlay>,
    /// The last notice.
    pub notice: Option<Notice>,
    /// The colours.
    pub theme: Theme,
    /// Whether it only looks.
    pub read_only: bool,
    /// Under whose name it acts.
    pub who: String,
    /// Acts under way.
    pub busy: usize,
    /// The overview, once it is read.
    pub overview: Option<Overview>,
    /// From when on it is read again, and whether something has changed since it was read.
    pub(super) overview_due: Timestamp,
    pub(super) overview_stale: bool,
    /// Reset links.
    pub links: List<reset::Row>,
    /// Whether links are shown that can no longer be used.
    pub links_over: bool,
    /// Messages.
    pub outbox: List<outbox::Listed>,
    /// The only state shown.
    pub outbox_state: Option<State>,
    /// Whether the newest message stays selected.
    pub outbox_follow: bool,
    /// The marked messages.
    pub marked: BTreeSet<i64>,
    /// People.
    pub accounts: List<Account>,
    /// The audit log.
    pub audit: List<audit::Listed>,
    /// Whether the newest entry stays selected.
    pub audit_follow: bool,
    /// The tree of templates.
    pub templates: Tree,
    /// The template that is being changed; it takes the keys.
    pub editor: Option<Box<Editor>>,
    /// Locations: they are few.
    pub businesses: Vec<Business>,
    /// The selected one of those that are shown.
    pub business: usize,
    /// What their settings may be, once it is read.
    pub(super) rules: Option<Rules>,
    filters: [String; Tab::ALL.len()],
}

impl Model {
    /// A console that has read nothing yet.
    pub fn new(
        now: Timestamp,
        size: (u16, u16),
        who: String,
        theme: ThemeName,
        read_only: bool,
    ) -> Self {
        Self {
            now,
            size,
            tab: Tab::Overview,
            open: None,
            opening: false,
            scrolled: 0,
            overlay: None,
            notice: None,
            theme: Theme::new(theme),
            read_only,
            who,
            busy: 0,
            overview: None,
            overview_due: now,
            overview_stale: false,
            links: List::default(),
            links_over: false,
            outbox: List::default(),
            outbox_state: None,
            outbox_follow: true,
            marked: BTreeSet::new(),
            accounts: List::default(),
            audit: List::default(),
            audit_follow: true,
            templates: Tree::default(),
            editor: None,
            businesses: Vec::new(),
            business: 0,
            rules: None,
            filters: Default::default(),
        }
    }

    /// How many rows of a list have room.
    pub fn height(&self) -> usize {
        usize::from(self.size.1.saturating_sub(super::view::CHROME))
    }

    /// What the view's list is filtered by.
    pub fn filter(&self) -> &str {
        &self.filters[self.tab as usize]
    }

    pub(super) fn filter_mut(&mut self) -> &mut String {
        &mut self.filters[self.tab as usize]
    }

    /// Which messages are shown.
    pub(super) fn outbox_filter(&self) -> outbox::Filter {
        let text = &self.filters[Tab::Outbox as usize];
        outbox::Filter {
            states: self.outbox_state.into_iter().collect(),
            recipient: (!text.is_empty()).then(|| text.clone()),
            ..outbox::Filter::default()
        }
    }

    /// Which entries are shown: words like `actor:jo` for one column, others for all.
    pub fn audit_filter(&self) -> audit::Filter {
        let mut filter = audit::Filter::default();
        let mut rest = Vec::new();
        for word in self.filters[Tab::Audit as usize].split_whitespace() {
            let (place, text) = match word.split_once(':') {
                Some(("actor", text)) => (&mut filter.actor, text),
                Some(("account", text)) => (&mut filter.email, text),
                Some(("kind", text)) => (&mut filter.event, text),
                _ => {
                    rest.push(word);
                    continue;
                }
            };
            *place = (!text.is_empty()).then(|| text.to_owned());
        }
        filter.anywhere = (!rest.is_empty()).then(|| rest.join(" "));
        filter
    }

    /// The locations whose number, name or portal holds what the view is filtered by.
    pub fn shown_businesses(&self) -> Vec<&Business> {
        let wanted = self.filter().to_lowercase();
        let fits = |business: &&Business| {
            let portal = business.portal_url.as_ref().map(PortalUrl::as_str);
            wanted.is_empty()
                || business.id.to_string() == wanted
                || business.name.to_lowercase().contains(&wanted)
                || portal.is_some_and(|url| url.to_lowercase().contains(&wanted))
        };
        self.businesses.iter().filter(fits).collect()
    }

    /// The lines of the tree of templates.
    pub fn branches(&self) -> Vec<Branch> {
        self.templates
            .branches(&self.shown_businesses(), self.filter())
    }

    pub(super) fn links_search(&self) -> String {
        self.filters[Tab::Links as usize].clone()
    }

    pub(super) fn accounts_search(&self) -> String {
        self.filters[Tab::Accounts as usize].clone()
    }

    /// The person that is shown or selected.
    pub(super) fn person(&self) -> Option<&Account> {
        match &self.open {
            Some(Open::Person(person)) => Some(&person.account),
            Some(Open::Message(_) | Open::History(_)) => None,
            None => (self.tab == Tab::Accounts).then(|| self.accounts.current())?,
        }
    }

    pub(super) fn say(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice {
            text: text.into(),
            bad: false,
        });
    }

    pub(super) fn complain(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice {
            text: text.into(),
            bad: true,
        });
    }
}
