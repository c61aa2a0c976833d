//! A list of which a stretch is in memory: the rows around the one that is selected.

use crate::accounts::Account;
use crate::store::{Page, Place};
use crate::{audit, outbox, reset};

/// How many rows are read to each side of the selected one.
pub(super) const REACH: usize = 200;

/// How near the end of the stretch the next one is asked for.
const MARGIN: usize = 60;

/// What a list can hold.
pub trait Row {
    /// What a row is found again by.
    type Key: Clone + PartialEq;

    /// The row's key.
    fn key(&self) -> Self::Key;
}

impl Row for reset::Row {
    type Key = reset::PageKey;

    fn key(&self) -> Self::Key {
        self.key
    }
}

impl Row for outbox::Listed {
    type Key = i64;

    fn key(&self) -> Self::Key {
        self.id
    }
}

impl Row for audit::Listed {
    type Key = i64;

    fn key(&self) -> Self::Key {
        self.id
    }
}

impl Row for Account {
    type Key = String;

    fn key(&self) -> Self::Key {
        self.email.key().to_owned()
    }
}

/// See the module.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct List<T: Row> {
    /// The rows in memory.
    pub rows: Vec<T>,
    /// Which of them is selected.
    pub selected: usize,
    /// Which of them is the first on the screen.
    pub top: usize,
    /// Whether there are more behind the last.
    pub after: bool,
    /// Whether there are more before the first.
    pub before: bool,
    /// Whether it was ever read.
    pub known: bool,
    /// Where the next reading is to be, if not around the selected row.
    jump: Option<Place<T::Key>>,
    reading: bool,
    /// Whether something has changed since the reading that is under way began.
    stale: bool,
}

impl<T: Row> Default for List<T> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            selected: 0,
            top: 0,
            after: false,
            before: false,
            known: false,
            jump: Some(Place::Start),
            reading: false,
            stale: false,
        }
    }
}

impl<T: Row> List<T> {
    /// The selected row.
    pub fn current(&self) -> Option<&T> {
        self.rows.get(self.selected)
    }

    /// Asks for the rows anew; where to read, unless a reading is under way, which another will follow.
    pub(super) fn ask(&mut self) -> Option<Place<T::Key>> {
        if self.reading {
            self.stale = true;
            return None;
        }
        self.reading = true;
        let around = self.current().map(|row| Place::At(row.key()));
        Some(self.jump.clone().or(around).unwrap_or(Place::Start))
    }

    /// Takes what was read; whether it is to be read again.
    pub(super) fn accept(&mut self, page: Page<T>, place: &Place<T::Key>, height: usize) -> bool {
        if self.jump.as_ref() == Some(place) {
            self.jump = None;
        }
        // Where somebody moved to while it was read.
        let here = self.current().map(Row::key);
        let moved = match (&here, place) {
            (Some(key), Place::At(asked)) if key != asked => {
                page.rows.iter().position(|row| row.key() == *key)
            }
            _ => None,
        };
        let above = self.selected - self.top.min(self.selected);
        self.rows = page.rows;
        (self.before, self.after) = (page.before, page.after);
        self.selected = moved
            .unwrap_or(page.at)
            .min(self.rows.len().saturating_sub(1));
        self.top = self.selected.saturating_sub(above);
        self.known = true;
        self.scroll(height);
        self.settle()
    }

    /// Notes that a reading has come to its end; whether another must follow.
    pub(super) fn settle(&mut self) -> bool {
        self.reading = false;
        std::mem::take(&mut self.stale)
    }

    /// Selects the row so many further down; whether rows must be read.
    pub(super) fn step(&mut self, by: isize, height: usize) -> bool {
        let last = self.rows.len().saturating_sub(1);
        self.selected = self.selected.saturating_add_signed(by).min(last);
        self.scroll(height);
        (self.before && self.selected < MARGIN)
            || (self.after && self.selected + MARGIN > self.rows.len())
    }

    /// Selects the first or the last row of all; whether rows must be read.
    pub(super) fn move_to_end(&mut self, last: bool, height: usize) -> bool {
        let more = if last { self.after } else { self.before };
        if more {
            self.jump = Some(if last { Place::End } else { Place::Start });
        } else {
            let by = if last { isize::MAX } else { isize::MIN };
            self.step(by, height);
        }
        more
    }

    /// Reads from the beginning next time, and stays there.
    pub(super) fn follow(&mut self) {
        self.jump = Some(Place::Start);
    }

    /// Selects the row at this place on the screen; whether there is one.
    pub(super) fn click(&mut self, line: usize) -> bool {
        let there = self.top + line;
        let exists = there < self.rows.len();
        if exists {
            self.selected = there;
        }
        exists
    }

    /// Keeps the selected row on the screen.
    pub(super) fn scroll(&mut self, height: usize) {
        let height = height.max(1);
        if self.selected < self.top {
            self.top = self.selected;
        } else if self.selected >= self.top + height {
            self.top = self.selected + 1 - height;
        }
        // No empty lines at the end while there are rows above.
        let most = self.rows.len().saturating_sub(height);
        self.top = self.top.min(most);
    }
}
