//! The tree of templates: location, mail, language.

use std::collections::HashSet;

use super::query::Template;
use crate::business::{Business, BusinessId};
use crate::locale::{Language, Locale};
use crate::templates::{Kind, Listed, Part, Place};

/// A line of the tree.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Node {
    /// A location; none is every one.
    Business(Option<BusinessId>),
    /// A mail of it.
    Mail(Option<BusinessId>, Kind),
    /// That mail in a language; none is every one.
    Language(Option<BusinessId>, Kind, Option<Locale>),
}

impl Node {
    /// How far it is indented.
    pub const fn depth(&self) -> usize {
        match self {
            Self::Business(_) => 0,
            Self::Mail(..) => 1,
            Self::Language(..) => 2,
        }
    }

    fn parent(&self) -> Option<Self> {
        match self {
            Self::Business(_) => None,
            Self::Mail(business, _) => Some(Self::Business(*business)),
            Self::Language(business, kind, _) => Some(Self::Mail(*business, *kind)),
        }
    }

    /// Whether a template of that place stands at it or beneath.
    fn holds(&self, place: &Place) -> bool {
        match self {
            Self::Business(business) => place.business == *business,
            Self::Mail(business, kind) => place.business == *business && place.kind == *kind,
            Self::Language(business, kind, locale) => {
                place.business == *business && place.kind == *kind && place.locale == *locale
            }
        }
    }
}

/// A line of the tree, to be drawn.
#[derive(Clone, Debug)]
pub struct Branch {
    /// What it stands for.
    pub node: Node,
    /// What it is called. Others have written it.
    pub label: String,
    /// Whether what is beneath is shown; none where nothing is.
    pub open: Option<bool>,
    /// The parts that have a template of their own at it or beneath.
    pub own: Vec<Part>,
    /// Whether one of them has failed.
    pub failed: bool,
}

/// The templates' view.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Tree {
    /// What was saved.
    pub saved: Vec<Listed>,
    /// Whether it was ever read.
    pub known: bool,
    open: HashSet<Node>,
    /// Languages that somebody wants to write for, and that stand nowhere yet.
    asked: HashSet<Node>,
    /// The selected line.
    pub selected: Node,
    /// Which part of the mail is looked at.
    pub part: Part,
    /// Whether the preview is that of the HTML.
    pub html: bool,
    /// What stands at the selected place, once it is read.
    pub shown: Option<Box<Template>>,
    pub(super) reading: bool,
    pub(super) stale: bool,
}

impl Default for Tree {
    fn default() -> Self {
        Self {
            saved: Vec::new(),
            known: false,
            open: HashSet::from([Node::Business(None)]),
            asked: HashSet::new(),
            selected: Node::Business(None),
            part: Part::Text,
            html: false,
            shown: None,
            reading: false,
            stale: false,
        }
    }
}

impl Tree {
    /// The lines that are to be seen, of the locations whose name or number holds the filter.
    pub fn branches(&self, businesses: &[&Business], filter: &str) -> Vec<Branch> {
        let mut branches = Vec::new();
        if filter.is_empty() {
            self.grow(&mut branches, None);
        }
        for business in businesses {
            self.grow(&mut branches, Some(business));
        }
        branches
    }

    fn grow(&self, branches: &mut Vec<Branch>, business: Option<&Business>) {
        let id = business.map(|business| business.id);
        let label = match business {
            Some(business) => format!("{} {}", business.id, business.name),
            None => "Every location".to_owned(),
        };
        let top = self.branch(Node::Business(id), label);
        let is_open = top.open == Some(true);
        branches.push(top);
        for kind in Kind::ALL.into_iter().filter(|_| is_open) {
            let mail = self.branch(Node::Mail(id, kind), kind.to_string());
            let is_open = mail.open == Some(true);
            branches.push(mail);
            if is_open {
                for locale in self.locales(business, kind) {
                    let label = locale
                        .as_ref()
                        .map_or_else(|| "every language".to_owned(), ToString::to_string);
                    branches.push(self.branch(Node::Language(id, kind, locale), label));
                }
            }
        }
    }

    fn branch(&self, node: Node, label: String) -> Branch {
        let is_leaf = matches!(node, Node::Language(..));
        let here: Vec<_> = self
            .saved
            .iter()
            .filter(|it| !it.taken_back && node.holds(&it.place))
            .collect();
        Branch {
            open: (!is_leaf).then(|| self.open.contains(&node)),
            own: Part::ALL
                .into_iter()
                .filter(|part| here.iter().any(|it| it.place.part == *part))
                .collect(),
            failed: here.iter().any(|it| it.failure.is_some()),
            node,
            label,
        }
    }

    /// Every language at first, then each that mail is written in, and those with a region that somebody
    /// uses.
    fn locales(&self, business: Option<&Business>, kind: Kind) -> Vec<Option<Locale>> {
        let id = business.map(|business| business.id);
        let mut locales: Vec<Locale> = Language::ALL.into_iter().map(Locale::from).collect();
        let saved = self.saved.iter().map(|it| &it.place);
        let here = saved.filter(|place| Node::Mail(id, kind).holds(place));
        locales.extend(here.filter_map(|place| place.locale.clone()));
        locales.extend(business.and_then(|business| business.locale.clone()));
        locales.extend(self.asked.iter().filter_map(|node| match node {
            Node::Language(business, of, locale) if (*business, *of) == (id, kind) => {
                locale.clone()
            }
            _ => None,
        }));
        locales.sort_by_key(ToString::to_string);
        locales.dedup();
        let others = locales.into_iter().map(Some);
        std::iter::once(None).chain(others).collect()
    }

    /// The place that is looked at, if it is one for a template.
    pub fn place(&self) -> Option<Place> {
        match &self.selected {
            Node::Language(business, kind, locale) => Some(Place {
                kind: *kind,
                part: self.part,
                business: *business,
                locale: locale.clone(),
            }),
            Node::Business(_) | Node::Mail(..) => None,
        }
    }

    /// What stands at the place that is looked at, if it was read.
    pub fn current(&self) -> Option<&Template> {
        let place = self.place()?;
        self.shown.as_deref().filter(|shown| shown.place == place)
    }

    /// Where the selected line is among these; the first if it is not there any more.
    pub fn position(&self, branches: &[Branch]) -> usize {
        let is_selected = |branch: &Branch| branch.node == self.selected;
        branches.iter().position(is_selected).unwrap_or(0)
    }

    pub(super) fn select(&mut self, branches: &[Branch], place: usize) {
        let place = place.min(branches.len().saturating_sub(1));
        if let Some(branch) = branches.get(place) {
            self.selected = branch.node.clone();
        }
    }

    /// Shows what is beneath the selected line, and goes there if it is shown already. False at a language.
    pub(super) fn unfold(&mut self, branches: &[Branch]) -> bool {
        if matches!(self.selected, Node::Language(..)) {
            return false;
        }
        if !self.open.insert(self.selected.clone()) {
            self.select(branches, self.position(branches) + 1);
        }
        true
    }

    /// Hides what is beneath the selected line, or goes to the line above it. False where neither can be.
    pub(super) fn fold(&mut self) -> bool {
        if self.open.remove(&self.selected) {
            return true;
        }
        let Some(parent) = self.selected.parent() else {
            return false;
        };
        self.selected = parent;
        true
    }

    /// Goes to a language that may not be among those shown; false where no mail is selected.
    pub(super) fn turn_to(&mut self, locale: Locale) -> bool {
        let (business, kind) = match self.selected {
            Node::Business(_) => return false,
            Node::Mail(business, kind) | Node::Language(business, kind, _) => (business, kind),
        };
        self.open.insert(Node::Business(business));
        self.open.insert(Node::Mail(business, kind));
        self.selected = Node::Language(business, kind, Some(locale));
        self.asked.insert(self.selected.clone());
        true
    }

    /// Looks at the next part; the preview goes along.
    pub(super) fn turn_part(&mut self) {
        self.part = match self.part {
            Part::Subject => Part::Text,
            Part::Text => Part::Html,
            Part::Html => Part::Subject,
        };
        self.html = self.part == Part::Html;
    }
}
