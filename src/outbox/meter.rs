//! What the outbox has done since the start, for whoever measures.

use std::time::Duration;

use super::Needless;
use super::schedule::Cause;
use crate::meter::{Counter, Histogram, Spread};

/// The upper bounds of the histogram of delays, in milliseconds.
pub const BOUNDS: [u64; 14] = [
    10, 25, 50, 100, 250, 500, 1_000, 5_000, 30_000, 60_000, 300_000, 3_600_000, 21_600_000,
    86_400_000,
];

/// Counters that many tasks share.
#[derive(Debug)]
pub struct Meter {
    begun: Counter,
    retried: Counter,
    dropped: [Counter; Needless::CLASSES.len()],
    dead: [Counter; Cause::CLASSES.len()],
    /// Of what was sent, in milliseconds.
    delays: Histogram,
}

impl Default for Meter {
    fn default() -> Self {
        Self {
            begun: Counter::default(),
            retried: Counter::default(),
            dropped: Default::default(),
            dead: Default::default(),
            delays: Histogram::new(&BOUNDS),
        }
    }
}

/// The counters at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Messages taken up for the first time.
    pub begun: u64,
    /// Failed attempts after which the message waits for another.
    pub retried: u64,
    /// Messages for which there was nothing to send.
    pub dropped: u64,
    /// The same by reason.
    pub dropped_by: [(&'static str, u64); Needless::CLASSES.len()],
    /// Messages given up, by class.
    pub dead: [(&'static str, u64); Cause::CLASSES.len()],
    /// Messages that a relay took, by the time from their intake to its consent, in milliseconds.
    pub delays: Spread,
}

impl Meter {
    pub(super) fn begun(&self) {
        self.begun.add();
    }

    pub(super) fn sent(&self, delay: Duration) {
        let millis = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        self.delays.observe(millis);
    }

    pub(super) fn retried(&self) {
        self.retried.add();
    }

    pub(super) fn dropped(&self, why: &Needless) {
        self.dropped[why.class()].add();
    }

    pub(super) fn dead(&self, cause: Cause) {
        let class = cause.class();
        if let Some(index) = Cause::CLASSES.iter().position(|known| *known == class) {
            self.dead[index].add();
        }
    }

    /// The counters now.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            begun: self.begun.get(),
            retried: self.retried.get(),
            dropped: self.dropped.iter().map(Counter::get).sum(),
            dropped_by: std::array::from_fn(|at| (Needless::CLASSES[at], self.dropped[at].get())),
            dead: std::array::from_fn(|at| (Cause::CLASSES[at], self.dead[at].get())),
            delays: self.delays.spread(),
        }
    }
}
