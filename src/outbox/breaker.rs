//! Whether a relay is worth trying: a state machine without clock or network.
//!
//! A relay that fails again and again, whatever the letter, is down: sending it the whole queue would
//! only wear out the letters' own retries. From then on one letter at a time probes it, each after a
//! longer wait. When one gets through, the others follow with growing parallelism, as in TCP's slow
//! start: a relay that has just come up is not run over by what has piled up.

use std::time::Duration;

use super::schedule::{Blame, Policy};
use crate::clock::Timestamp;

/// After how many failures in a row a relay is down.
pub const PATIENCE: u32 = 5;

/// The longest wait between two probes. A probe costs one connection, and mail waits for it.
pub const LONGEST_PROBE_WAIT: Duration = Duration::from_mins(5);

/// What is known about one relay.
#[derive(Clone, Debug)]
pub struct Breaker {
    /// The most attempts at the same time.
    most: usize,
    /// Failures in a row.
    failures: u32,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Works, with so many attempts at the same time.
    Closed { window: usize },
    /// Is down.
    Open {
        since: Timestamp,
        probe_at: Timestamp,
        /// How many probes have failed.
        step: u32,
        /// Whether one is under way.
        probing: bool,
    },
}

/// What an attempt says about the relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// It answers: it took the letter, or refused this one.
    Works,
    /// It fails whatever the letter.
    Fails(Blame),
    /// Nothing certain: the conversation broke off in the middle.
    Unclear,
}

/// What a signal has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is down now, or still.
    Down,
    /// It works again.
    Up,
}

/// Leave to make an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admission {
    /// Whether it is the one attempt that finds out.
    pub is_probe: bool,
}

impl Breaker {
    /// A relay that is taken to work, with up to `most` attempts at the same time.
    pub fn new(most: usize) -> Self {
        let most = most.max(1);
        Self {
            most,
            failures: 0,
            state: State::Closed { window: most },
        }
    }

    /// How many attempts there may be at the same time.
    pub fn window(&self, now: Timestamp) -> usize {
        match self.state {
            State::Closed { window } => window,
            State::Open {
                probe_at, probing, ..
            } => usize::from(!probing && is_due(probe_at, now)),
        }
    }

    /// Since when it is down; none while it works.
    pub fn down_since(&self) -> Option<Timestamp> {
        match self.state {
            State::Closed { .. } => None,
            State::Open { since, .. } => Some(since),
        }
    }

    /// When the next probe is due; none while it works.
    pub fn next_probe(&self) -> Option<Timestamp> {
        match self.state {
            State::Closed { .. } => None,
            State::Open { probe_at, .. } => Some(probe_at),
        }
    }

    /// Leave to make an attempt now. Every one must be answered by [`Self::note`] or [`Self::abandon`].
    pub fn admit(&mut self, now: Timestamp) -> Option<Admission> {
        match &mut self.state {
            State::Closed { .. } => Some(Admission { is_probe: false }),
            State::Open {
                probe_at, probing, ..
            } if !*probing && is_due(*probe_at, now) => {
                *probing = true;
                Some(Admission { is_probe: true })
            }
            State::Open { .. } => None,
        }
    }

    /// Takes leave back that led to no outcome.
    pub fn abandon(&mut self, admission: Admission) {
        if let (true, State::Open { probing, .. }) = (admission.is_probe, &mut self.state) {
            *probing = false;
        }
    }

    /// Learns from an attempt. `jitter` is a random number in `0.0..1.0`, so that several servers do not
    /// probe together.
    pub fn note(
        &mut self,
        admission: Admission,
        signal: Signal,
        policy: &Policy,
        now: Timestamp,
        jitter: f64,
    ) -> Option<Change> {
        match (&mut self.state, signal) {
            (State::Closed { window }, Signal::Works) => {
                self.failures = 0;
                *window = (*window + 1).min(self.most);
                None
            }
            (State::Closed { .. }, Signal::Unclear) => None,
            (State::Closed { .. }, Signal::Fails(blame)) => {
                self.failures += 1;
                if self.failures < PATIENCE && blame != Blame::Credentials {
                    return None;
                }
                self.state = State::Open {
                    since: now,
                    probe_at: now.after(wait(0, policy, jitter)),
                    step: 0,
                    probing: false,
                };
                Some(Change::Down)
            }
            // Whoever started before it was down has nothing new to say, but for success.
            (State::Open { .. }, Signal::Works) => {
                self.failures = 0;
                self.state = State::Closed { window: 1 };
                Some(Change::Up)
            }
            (State::Open { .. }, _) if !admission.is_probe => None,
            (
                State::Open {
                    probe_at,
                    step,
                    probing,
                    ..
                },
                _,
            ) => {
                *probing = false;
                *step = step.saturating_add(1);
                *probe_at = now.after(wait(*step, policy, jitter));
                Some(Change::Down)
            }
        }
    }
}

/// Whether it is time for a probe. A time further ahead than the longest wait was set before the clock was
/// stepped back, and binds nobody.
fn is_due(probe_at: Timestamp, now: Timestamp) -> bool {
    probe_at <= now || probe_at > now.after(LONGEST_PROBE_WAIT)
}

/// The wait before the probe behind `step` failed ones: it doubles from the first retry's, and at least
/// half of it always passes.
fn wait(step: u32, policy: &Policy, jitter: f64) -> Duration {
    policy
        .first_retry
        .saturating_mul(1 << step.min(31))
        .min(policy.max_retry)
        .min(LONGEST_PROBE_WAIT)
        .mul_f64(0.5 + jitter / 2.0)
}
