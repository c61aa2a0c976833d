//! What is ready waits too long for its turn: less is taken on.

use std::sync::Arc;
use std::time::Duration;

use readmit::clock::Clock;
use readmit::load::{LONG, Lateness, Overloaded, Pulse, Work};

use crate::support::app::TestApp;

/// While the cores are late a quarter of the places is filled, when they have been for long a sixteenth, and
/// all as soon as they are in time again; few are all filled whatever there is.
#[test]
fn the_later_the_cores_are_the_fewer_places_are_filled() {
    let app = TestApp::builder().set("http.max_in_flight", 512).start();
    let load = &app.app().load;
    let fill = |lateness| -> Vec<Work> {
        let all: Vec<Work> = std::iter::from_fn(|| load.begin(lateness).ok()).collect();
        assert_eq!(load.begin(lateness).map(drop), Err(Overloaded));
        all
    };
    let mut all = fill(Lateness::LateForLong);
    assert_eq!(all.len(), 32);
    all.extend(fill(Lateness::Late));
    assert_eq!(all.len(), 128);
    all.extend(fill(Lateness::OnTime));
    assert_eq!(all.len(), 512);
    drop(all);
    assert_eq!(fill(Lateness::Late).len(), 128, "places are given back");

    let app = TestApp::builder().set("http.max_in_flight", 3).start();
    let load = &app.app().load;
    let all: Vec<Work> = std::iter::from_fn(|| load.begin(Lateness::LateForLong).ok()).collect();
    assert_eq!(all.len(), 3);
}

/// How late a thread is shows while it is busy and until its next turn; one without requests is not late.
/// To be busy once is not to be late for long; to be so again and again is.
#[test]
fn a_busy_thread_is_late_and_an_idle_one_is_not() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let pulse = Arc::new(Pulse::default());
        let beating = tokio::spawn(Arc::clone(&pulse).beat());
        tokio::task::yield_now().await;
        busy();
        assert_eq!(pulse.lateness(), Lateness::OnTime, "nobody has asked");

        pulse.feel();
        tokio::task::yield_now().await;
        busy();
        assert_eq!(pulse.lateness(), Lateness::Late, "at once");

        let begun = Clock::System.uptime();
        while pulse.lateness() != Lateness::LateForLong {
            pulse.feel();
            busy();
            tokio::task::yield_now().await;
        }
        assert!(
            Clock::System.uptime() + BUSY * 2 >= begun + LONG,
            "for long"
        );

        // Without a further request the pulse stops, and what it last was is forgotten.
        while pulse.lateness() != Lateness::OnTime {
            assert!(!beating.is_finished());
            tokio::task::yield_now().await;
        }
        busy();
        assert_eq!(pulse.lateness(), Lateness::OnTime);
        let over = Clock::System.uptime() + LONG + BUSY;
        while Clock::System.uptime() < over {}

        let again = Clock::System.uptime();
        pulse.feel();
        tokio::task::yield_now().await;
        busy();
        assert_eq!(pulse.lateness(), Lateness::Late, "that was another time");
        // This beat comes, late as it is, and no further one.
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        assert_eq!(pulse.lateness(), Lateness::OnTime);
        pulse.feel();
        tokio::task::yield_now().await;
        busy();
        // Unless the machine itself held it up for long meanwhile.
        let held_up = Clock::System.uptime() >= again + LONG;
        assert!(
            pulse.lateness() == Lateness::Late || held_up,
            "not for long"
        );
        beating.abort();
    });
}

/// So long that a beat, which comes every two milliseconds, is late.
const BUSY: Duration = Duration::from_millis(20);

/// Holds the thread.
fn busy() {
    let until = Clock::System.uptime() + BUSY;
    while Clock::System.uptime() < until {
        std::hint::spin_loop();
    }
}
