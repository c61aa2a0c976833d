//! A template while it is changed.

use ratatui_textarea::{CursorMove, TextArea};

use super::query::{Judged, Template};
use super::theme::Theme;
use crate::templates::Place;

/// How many steps can be undone.
const STEPS: usize = 2000;

/// See the module.
pub struct Editor {
    /// Where it is to be saved.
    pub place: Place,
    /// Where the text came from; none if it was built in.
    pub from: Option<Place>,
    /// What is being written.
    pub(super) text: TextArea<'static>,
    /// What is in force at the place, as far as is known here.
    before: String,
    /// Counts the changes, so that it is known which of them was judged.
    revision: u64,
    asking: bool,
    /// Where the cursor was when something was begun to be looked for.
    origin: (u16, u16),
    /// What is to be said about it.
    pub judged: Judged,
    /// Whether the preview is that of an earlier text, since this one cannot be filled in.
    pub outdated: bool,
    /// How far the preview is scrolled.
    pub scrolled: u16,
}

impl Editor {
    pub(super) fn new(template: &Template, theme: &Theme) -> Self {
        let lines = template.source.lines().map(str::to_owned).collect();
        let mut text = TextArea::new(lines);
        text.set_max_histories(STEPS);
        text.set_wrap_mode(ratatui_textarea::WrapMode::WordOrGlyph);
        text.set_line_number_style(theme.dim);
        text.set_cursor_line_style(ratatui::style::Style::new());
        text.set_selection_style(theme.selected);
        text.set_search_style(theme.selected);
        Self {
            place: template.place.clone(),
            from: template.from.clone(),
            text,
            before: template.source.clone(),
            revision: 0,
            asking: false,
            origin: (0, 0),
            judged: template.judged.clone(),
            outdated: false,
            scrolled: 0,
        }
    }

    /// What stands there now, with one line end behind it.
    pub fn source(&self) -> String {
        format!("{}\n", self.text.lines().join("\n").trim_end())
    }

    /// What was in force when it was begun, or saved.
    pub(super) fn before(&self) -> &str {
        &self.before
    }

    /// Whether something would be lost.
    pub fn is_changed(&self) -> bool {
        self.source() != self.before
    }

    /// Puts another text in place of the whole, as one change that can be undone.
    pub(super) fn replace(&mut self, text: &str) {
        self.text.select_all();
        self.text.insert_str(text.trim_end());
        self.text.move_cursor(CursorMove::Top);
        self.changed();
    }

    /// Notes that something was changed.
    pub(super) fn changed(&mut self) {
        self.revision += 1;
    }

    /// Whether the text is to be judged now, and which it is. Another follows when that was answered.
    pub(super) fn ask(&mut self) -> Option<u64> {
        if self.asking {
            return None;
        }
        self.asking = true;
        Some(self.revision)
    }

    /// Takes what was said about a text; whether it must be asked again.
    pub(super) fn accept(&mut self, revision: u64, judged: Judged) -> bool {
        self.asking = false;
        self.outdated = judged.preview.is_none();
        // The last one that could be filled in is better to look at than nothing.
        let last = self.judged.preview.take();
        self.judged = judged;
        self.judged.preview = self.judged.preview.take().or(last);
        revision != self.revision
    }

    /// Notes that nothing could be said.
    pub(super) fn settle(&mut self) {
        self.asking = false;
    }

    /// Notes that this is in force now.
    pub(super) fn saved(&mut self, source: String) {
        self.before = source;
        self.from = Some(self.place.clone());
    }

    /// Notes that somebody else has saved this meanwhile.
    pub(super) fn overtaken(&mut self, source: String) {
        self.before = source;
    }

    /// Begins to look for something from the cursor on.
    pub(super) fn begin_search(&mut self) {
        let cursor = self.text.cursor();
        let place = |at: usize| u16::try_from(at).unwrap_or(u16::MAX);
        self.origin = (place(cursor.0), place(cursor.1));
    }

    /// Goes back to where that was begun.
    pub(super) fn leave_search(&mut self) {
        self.text
            .move_cursor(CursorMove::Jump(self.origin.0, self.origin.1));
    }

    /// Looks for a text, whatever its case; whether it is there.
    pub(super) fn find(&mut self, text: &str) -> bool {
        self.leave_search();
        let mut pattern = String::from("(?i)");
        for c in text.chars() {
            if c.is_ascii_punctuation() {
                pattern.push('\\');
            }
            pattern.push(c);
        }
        let pattern = if text.is_empty() { "" } else { &pattern };
        // Only letters, and punctuation that is escaped.
        let _ = self.text.set_search_pattern(pattern);
        text.is_empty() || self.text.search_forward(true)
    }

    /// Looks for the same once more; whether it is there.
    pub(super) fn find_next(&mut self) -> bool {
        self.text.search_forward(false)
    }

    /// Line and column of the cursor, from 1.
    pub(super) fn position(&self) -> (usize, usize) {
        let cursor = self.text.cursor();
        (cursor.0 + 1, cursor.1 + 1)
    }
}
