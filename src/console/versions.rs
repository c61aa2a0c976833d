//! The versions of a template while they are looked at.

use super::query::{Against, History, Query};
use crate::templates::Place;

/// The versions of a template, and what the selected one changes.
#[derive(Debug)]
pub struct Versions {
    /// Of which template.
    pub place: Place,
    /// What was read of them last.
    pub history: History,
    /// The selected one; 0 is to have none at that place.
    pub selected: i64,
    /// What it is compared with.
    pub against: Against,
}

impl Versions {
    /// Selects a version further down, which is an older one; below the first is to have none.
    pub(super) fn step(&mut self, by: isize) {
        let versions = self.history.versions.iter();
        let all: Vec<i64> = versions.map(|it| it.version).chain([0]).collect();
        let here = all.iter().position(|it| *it == self.selected);
        let there = here.unwrap_or(0).saturating_add_signed(by);
        self.selected = all[there.min(all.len() - 1)];
    }

    /// Compares with something else.
    pub(super) fn turn(&mut self) {
        self.against = match self.against {
            Against::Before => Against::InForce,
            Against::InForce => Against::BuiltIn,
            Against::BuiltIn => Against::Before,
        };
    }

    /// What is read to show it.
    pub(super) fn query(&self) -> Query {
        Query::History {
            place: self.place.clone(),
            version: Some(self.selected),
            against: self.against,
        }
    }
}
