//! The cap on messages a second.

use std::time::Duration;

use readmit::outbox::pace::Pace;

/// The moments, in milliseconds, at which somebody who never tires is let through within `span`.
fn moments(rate: u32, share: f64, step: Duration, span: Duration) -> Vec<u128> {
    let mut pace = Pace::new(rate);
    let (mut now, mut moments) = (Duration::from_secs(1000), Vec::new());
    let end = now + span;
    while now < end {
        while pace.take(now, share).is_ok() {
            moments.push(now.as_millis());
            assert!(moments.len() < 10_000, "no pace at all");
        }
        now += step;
    }
    moments
}

/// Assertion 68: the cap holds over any second, at its start too; and it is made use of.
#[test]
fn no_second_sees_more_than_the_rate() {
    for rate in [1, 2, 7, 50, 400] {
        for step in [1, 3, 20] {
            let moments = moments(
                rate,
                1.0,
                Duration::from_millis(step),
                Duration::from_secs(5),
            );
            let within = |start: u128| {
                let later = moments.iter().filter(|at| **at >= start);
                later.take_while(|at| **at < start + 1000).count()
            };
            let most = moments.iter().map(|at| within(*at)).max().unwrap_or(0);
            let rate = rate as usize;
            assert!(most <= rate, "{most} in a second at {rate}, step {step}");
            let least = rate * 5 * 9 / 10;
            assert!(moments.len() >= least, "{} of {rate}", moments.len());
        }
    }
}

/// Idle time is not saved up for a burst.
#[test]
fn an_idle_hour_allows_no_burst() {
    let mut pace = Pace::new(100);
    let later = Duration::from_hours(1);
    let at_once = (0..100)
        .take_while(|_| pace.take(later, 1.0).is_ok())
        .count();
    assert!(at_once <= 2, "{at_once}");
}

#[test]
fn whoever_comes_too_early_is_told_how_long_to_wait() {
    let mut pace = Pace::new(10);
    let now = Duration::from_secs(1000);
    pace.take(now, 1.0).expect("the first");
    let wait = pace.take(now, 1.0).expect_err("too early");
    assert!(wait <= Duration::from_millis(102), "{wait:?}");
    pace.take(now + wait, 1.0).expect("the second");
}

#[test]
fn a_share_of_the_rate_is_that_much_less() {
    let span = Duration::from_secs(5);
    let half = moments(100, 0.5, Duration::from_millis(1), span).len();
    assert!((225..=260).contains(&half), "{half}");
}
