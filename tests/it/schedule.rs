//! When a message is tried again, and when it is given up: the whole rule as a table.

mod breaker;
mod classes;
mod pace;

use std::time::Duration;

use readmit::outbox::Kind;
use readmit::outbox::schedule::{Attempt, Cause, Policy, Verdict, decide};
use readmit::outbox::transport::{Failure, FailureKind};

const DAY: Duration = Duration::from_hours(24);
const FINAL: Verdict = Verdict::Dead(Cause::Refused);
const LINK_OVER: Verdict = Verdict::Dead(Cause::TooLate(Kind::Reset));
const NOTICE_OVER: Verdict = Verdict::Dead(Cause::TooLate(Kind::Changed));

/// The configuration's defaults.
const POLICY: Policy = Policy {
    first_retry: Duration::from_secs(30),
    max_retry: Duration::from_hours(1),
};

/// Every failure that may pass.
const PASSING: [FailureKind; 6] = [
    FailureKind::Deferred,
    FailureKind::Relay,
    FailureKind::Credentials,
    FailureKind::Tls,
    FailureKind::Timeout,
    FailureKind::Broken,
];

fn deferred(kind: Kind, number: u32, age: Duration, jitter: f64) -> Verdict {
    verdict(kind, number, age, FailureKind::Deferred, jitter)
}

fn verdict(kind: Kind, number: u32, age: Duration, failure: FailureKind, jitter: f64) -> Verdict {
    let attempt = Attempt {
        kind,
        number,
        age,
        failure: &of_kind(failure),
    };
    decide(&attempt, &POLICY, jitter)
}

/// A failure of which no more is known.
fn of_kind(kind: FailureKind) -> Failure {
    Failure {
        kind,
        stage: None,
        code: None,
        enhanced: None,
        text: String::new(),
    }
}

/// Assertion 65: the longest wait doubles up to `max_retry`, and the wait itself is that part of it
/// which the jitter says, so that mails that failed together do not come back together.
#[test]
fn the_wait_is_a_random_part_of_a_ceiling_that_doubles_up_to_its_limit() {
    let millis = Duration::from_millis;
    for (number, at_half, at_most) in [
        (1, 15_000, 29_970),
        (2, 30_000, 59_940),
        (3, 60_000, 119_880),
        (4, 120_000, 239_760),
        (7, 960_000, 1_918_080),
        // 30 s * 2^7 is over an hour.
        (8, 1_800_000, 3_596_400),
        (9, 1_800_000, 3_596_400),
    ] {
        for kind in [Kind::Reset, Kind::Changed] {
            for failure in PASSING {
                let wait = |jitter| verdict(kind, number, Duration::ZERO, failure, jitter);
                let case = format!("attempt {number}, {failure:?}");
                assert_eq!(wait(0.5), Verdict::Retry(millis(at_half)), "{case}");
                assert_eq!(wait(0.999), Verdict::Retry(millis(at_most)), "{case}");
            }
        }
    }
}

/// Assertion 65: no draw of the jitter makes a busy loop of a retry; nor does that lower bound break
/// the configured upper one.
#[test]
fn the_shortest_wait_is_a_second_or_what_the_configuration_allows() {
    for number in [1, 2, 30] {
        let wait = deferred(Kind::Reset, number, Duration::ZERO, 0.0);
        assert_eq!(wait, Verdict::Retry(Duration::from_secs(1)), "{number}");
    }
    let hasty = Policy {
        first_retry: Duration::from_millis(50),
        max_retry: Duration::from_millis(200),
    };
    for (number, longest) in [(1, 50), (2, 100), (3, 200), (9, 200)] {
        let attempt = Attempt {
            kind: Kind::Reset,
            number,
            age: Duration::ZERO,
            failure: &of_kind(FailureKind::Relay),
        };
        for jitter in [0.0, 0.5, 0.999] {
            let Verdict::Retry(wait) = decide(&attempt, &hasty, jitter) else {
                panic!("given up");
            };
            assert!(wait <= Duration::from_millis(longest), "{number}: {wait:?}");
        }
    }
}

/// A message that has failed for ever so long is scheduled like any other: nothing overflows.
#[test]
fn huge_numbers_of_attempts_and_ages_do_not_overflow() {
    for number in [32, 33, 64, 1_000_000, u32::MAX] {
        assert_eq!(
            deferred(Kind::Reset, number, Duration::ZERO, 0.5),
            Verdict::Retry(Duration::from_mins(30)),
            "{number}"
        );
        assert_eq!(
            deferred(Kind::Changed, number, Duration::MAX, 0.999),
            NOTICE_OVER
        );
    }
    let never = Policy {
        first_retry: Duration::MAX,
        max_retry: Duration::MAX,
    };
    let attempt = Attempt {
        kind: Kind::Reset,
        number: u32::MAX,
        age: DAY,
        failure: &of_kind(FailureKind::Timeout),
    };
    assert_eq!(decide(&attempt, &never, 0.5), LINK_OVER);
    // An attempt that was not counted is scheduled like the first one.
    assert_eq!(
        deferred(Kind::Reset, 0, Duration::ZERO, 0.5),
        Verdict::Retry(Duration::from_secs(15))
    );
}

/// Assertion 65: a refusal with 5xx is never tried again, whatever the message and its age.
#[test]
fn a_refusal_for_good_is_final() {
    for kind in [Kind::Reset, Kind::Changed] {
        for (number, age) in [(1, Duration::ZERO), (9, 2 * DAY), (u32::MAX, Duration::MAX)] {
            for jitter in [0.0, 0.5, 0.999] {
                let said = verdict(kind, number, age, FailureKind::Rejected, jitter);
                assert_eq!(said, FINAL, "attempt {number} of {kind}");
            }
        }
    }
}

/// Assertion 67: a link is given up after a day and a notice after four: as soon as the next attempt
/// would come too late, so that nothing waits for an attempt that is never made.
#[test]
fn a_message_is_given_up_when_the_next_attempt_would_come_too_late() {
    let (moment, wait) = (Duration::from_millis(1), Duration::from_secs(15));
    for (kind, life, over) in [
        (Kind::Reset, DAY, LINK_OVER),
        (Kind::Changed, 4 * DAY, NOTICE_OVER),
    ] {
        for (age, expected) in [
            (life.saturating_sub(wait), Verdict::Retry(wait)),
            (life.saturating_sub(wait) + moment, over),
            (life, over),
            (life + DAY, over),
        ] {
            for failure in PASSING {
                let said = verdict(kind, 1, age, failure, 0.5);
                assert_eq!(said, expected, "{kind} at the age of {age:?}");
            }
        }
    }
    let third_day = deferred(Kind::Changed, 1, 2 * DAY, 0.5);
    assert_eq!(third_day, Verdict::Retry(wait), "a notice outlives a link");
}
