//! What the writer has done since the start.

use crate::meter::{Counter, DURATIONS, Histogram};

/// Upper bounds of how many jobs share a commit.
const GROUPS: [u64; 9] = [1, 2, 4, 8, 16, 32, 64, 128, 256];

/// The writer's counters.
#[derive(Debug)]
pub struct Meter {
    /// How many jobs shared a commit.
    pub groups: Histogram,
    /// How long a group took from its first statement to the end of its sync, in microseconds.
    pub commits: Histogram,
    /// Groups that the disk or another process did not let through.
    pub failed: Counter,
    /// Jobs that were refused because too many waited.
    pub refused: Counter,
}

impl Default for Meter {
    fn default() -> Self {
        Self {
            groups: Histogram::new(&GROUPS),
            commits: Histogram::new(&DURATIONS),
            failed: Counter::default(),
            refused: Counter::default(),
        }
    }
}
