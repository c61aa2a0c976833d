//! When a relay counts as down, how it is probed, and how mail comes back to it.

use std::time::Duration;

use readmit::clock::Timestamp;
use readmit::outbox::breaker::{Breaker, Change, LONGEST_PROBE_WAIT, PATIENCE, Signal};
use readmit::outbox::schedule::Blame;

use super::POLICY;
use crate::support::app::START;

const FAILS: Signal = Signal::Fails(Blame::Relay);

/// An attempt that begins and ends at this moment.
fn attempt(breaker: &mut Breaker, signal: Signal, now: Timestamp, jitter: f64) -> Option<Change> {
    let admission = breaker.admit(now).expect("leave to try");
    breaker.note(admission, signal, &POLICY, now, jitter)
}

/// A relay of eight lanes that has just been found to be down.
fn broken() -> Breaker {
    let mut breaker = Breaker::new(8);
    for _ in 1..PATIENCE {
        assert_eq!(attempt(&mut breaker, FAILS, START, 1.0), None);
        assert_eq!(breaker.window(START), 8);
    }
    let change = attempt(&mut breaker, FAILS, START, 1.0);
    assert_eq!(change, Some(Change::Down));
    breaker
}

#[test]
fn a_relay_is_down_after_failures_in_a_row_and_not_after_scattered_ones() {
    let breaker = broken();
    assert_eq!(breaker.down_since(), Some(START));
    assert_eq!(breaker.window(START), 0);
    assert!(breaker.clone().admit(START).is_none());

    let mut scattered = Breaker::new(8);
    for _ in 0..50 {
        for _ in 1..PATIENCE {
            attempt(&mut scattered, FAILS, START, 0.5);
        }
        // A letter that it refuses is an answer as good as any.
        attempt(&mut scattered, Signal::Works, START, 0.5);
    }
    assert_eq!(scattered.down_since(), None);
}

/// A conversation that broke off in the middle says nothing certain: it neither condemns nor acquits.
#[test]
fn an_unclear_end_neither_condemns_nor_acquits() {
    let mut breaker = Breaker::new(8);
    for _ in 0..50 {
        attempt(&mut breaker, Signal::Unclear, START, 0.5);
    }
    assert_eq!(breaker.down_since(), None);
    for _ in 1..PATIENCE {
        attempt(&mut breaker, FAILS, START, 0.5);
        attempt(&mut breaker, Signal::Unclear, START, 0.5);
    }
    let last = attempt(&mut breaker, FAILS, START, 0.5);
    assert_eq!(last, Some(Change::Down));
}

/// Refused credentials refuse every letter, and time does not mend them: the first one is enough.
#[test]
fn refused_credentials_hold_the_queue_at_once() {
    let mut breaker = Breaker::new(8);
    let signal = Signal::Fails(Blame::Credentials);
    assert_eq!(
        attempt(&mut breaker, signal, START, 0.5),
        Some(Change::Down)
    );
    assert_eq!(breaker.window(START), 0);
}

/// While it is down, one letter goes to it per step, and the steps grow up to five minutes.
#[test]
fn one_letter_probes_a_step_and_the_steps_grow() {
    let mut breaker = broken();
    let mut now = START;
    for wait in [30, 60, 120, 240, 300, 300] {
        let due = now.after(Duration::from_secs(wait));
        assert_eq!(breaker.next_probe(), Some(due));
        assert!(
            breaker
                .admit(due.before(Duration::from_millis(1)))
                .is_none()
        );
        assert_eq!(breaker.window(due), 1);
        let probe = breaker.admit(due).expect("the probe");
        assert!(probe.is_probe);
        assert!(breaker.admit(due).is_none(), "one at a time");
        assert_eq!(breaker.window(due), 0);
        assert_eq!(
            breaker.note(probe, FAILS, &POLICY, due, 1.0),
            Some(Change::Down)
        );
        now = due;
    }
    assert_eq!(
        breaker.down_since(),
        Some(START),
        "it was down all the time"
    );
    // Several servers must not probe together: at least half of the wait always passes.
    let mut early = broken();
    let due = early.next_probe().expect("a time");
    let probe = early.admit(due).expect("the probe");
    early.note(probe, FAILS, &POLICY, due, 0.0);
    assert_eq!(early.next_probe(), Some(due.after(Duration::from_secs(30))));
    assert!(LONGEST_PROBE_WAIT <= Duration::from_mins(5));
}

/// Attempts that were under way when it was found to be down have nothing new to say about that.
#[test]
fn a_late_failure_does_not_put_the_probe_off() {
    let mut breaker = Breaker::new(8);
    let late = breaker.admit(START).expect("leave");
    for _ in 0..PATIENCE {
        attempt(&mut breaker, FAILS, START, 1.0);
    }
    let due = breaker.next_probe().expect("a time");
    assert_eq!(breaker.note(late, FAILS, &POLICY, due, 1.0), None);
    assert_eq!(breaker.next_probe(), Some(due));
}

/// A probe that comes to nothing, because the server stops, is given back.
#[test]
fn a_probe_that_is_given_up_can_be_made_again() {
    let mut breaker = broken();
    let due = breaker.next_probe().expect("a time");
    let probe = breaker.admit(due).expect("the probe");
    breaker.abandon(probe);
    assert!(breaker.admit(due).is_some());
}

/// What has piled up does not run over a relay that has just come up.
#[test]
fn mail_comes_back_with_growing_parallelism() {
    let mut breaker = broken();
    let due = breaker.next_probe().expect("a time");
    assert_eq!(
        attempt(&mut breaker, Signal::Works, due, 0.5),
        Some(Change::Up)
    );
    let mut windows = vec![breaker.window(due)];
    for _ in 0..9 {
        attempt(&mut breaker, Signal::Works, due, 0.5);
        windows.push(breaker.window(due));
    }
    assert_eq!(windows, [1, 2, 3, 4, 5, 6, 7, 8, 8, 8]);
    assert_eq!((breaker.down_since(), breaker.next_probe()), (None, None));
}
