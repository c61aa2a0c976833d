//! What the outbox has done since the start, for whoever measures.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::Serialize;

use super::schedule::Cause;

/// The upper bounds of the histogram's buckets, in milliseconds; what took longer is in no bucket, and
/// in the count.
pub const BOUNDS: [u64; 14] = [
    10, 25, 50, 100, 250, 500, 1_000, 5_000, 30_000, 60_000, 300_000, 3_600_000, 21_600_000,
    86_400_000,
];

/// How the reasons begin for which there is nothing to send, and under what each is counted. The last stands
/// for all others.
const DROPS: [(&str, &str); 13] = [
    ("no account has this address", "unknown_address"),
    ("the account is suspended", "suspended"),
    ("suppressed since", "suppressed"),
    ("there is no such business", "unknown_business"),
    ("the account was removed", "removed"),
    ("the account must choose a new password", "must_reset"),
    ("the account has a password already", "has_password"),
    (
        "a link that is still unused was sent just before",
        "cooling_down",
    ),
    ("the account has as many unused links", "too_many_links"),
    ("the account has as many unused codes", "too_many_codes"),
    ("the link was used or revoked", "link_over"),
    ("the code was used or revoked", "code_over"),
    ("", "other"),
];

/// Counters that many tasks share.
#[derive(Debug, Default)]
pub struct Meter {
    begun: AtomicU64,
    sent: AtomicU64,
    retried: AtomicU64,
    dropped: [AtomicU64; DROPS.len()],
    dead: [AtomicU64; Cause::CLASSES.len()],
    delays: [AtomicU64; BOUNDS.len()],
    delay_sum: AtomicU64,
}

/// The counters at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Snapshot {
    /// Messages taken up for the first time.
    pub begun: u64,
    /// Messages that a relay took.
    pub sent: u64,
    /// Failed attempts after which the message waits for another.
    pub retried: u64,
    /// Messages for which there was nothing to send.
    pub dropped: u64,
    /// The same by reason.
    pub dropped_by: [(&'static str, u64); DROPS.len()],
    /// Messages given up, by class.
    pub dead: [(&'static str, u64); Cause::CLASSES.len()],
    /// Sent messages by the time from the intake to the relay's consent: upper bound in milliseconds, and
    /// how many took no longer than that and longer than the bound before.
    pub delays: [(u64, u64); BOUNDS.len()],
    /// The sum of those times, in milliseconds.
    pub delay_sum: u64,
}

fn add(counter: &AtomicU64, number: u64) {
    counter.fetch_add(number, Ordering::Relaxed);
}

fn get(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

impl Meter {
    pub(super) fn begun(&self) {
        add(&self.begun, 1);
    }

    pub(super) fn sent(&self, delay: Duration) {
        add(&self.sent, 1);
        let millis = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        if let Some(bucket) = BOUNDS.iter().position(|bound| millis <= *bound) {
            add(&self.delays[bucket], 1);
        }
        add(&self.delay_sum, millis);
    }

    pub(super) fn retried(&self) {
        add(&self.retried, 1);
    }

    pub(super) fn dropped(&self, why: &str) {
        if let Some(place) = DROPS.iter().position(|(start, _)| why.starts_with(start)) {
            add(&self.dropped[place], 1);
        }
    }

    pub(super) fn dead(&self, cause: Cause) {
        let class = cause.class();
        if let Some(index) = Cause::CLASSES.iter().position(|known| *known == class) {
            add(&self.dead[index], 1);
        }
    }

    /// The counters now.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            begun: get(&self.begun),
            sent: get(&self.sent),
            retried: get(&self.retried),
            dropped: self.dropped.iter().map(get).sum(),
            dropped_by: std::array::from_fn(|at| (DROPS[at].1, get(&self.dropped[at]))),
            dead: std::array::from_fn(|at| (Cause::CLASSES[at], get(&self.dead[at]))),
            delays: std::array::from_fn(|at| (BOUNDS[at], get(&self.delays[at]))),
            delay_sum: get(&self.delay_sum),
        }
    }
}
