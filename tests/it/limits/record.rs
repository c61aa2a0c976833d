//! Which limits bite, as other processes see it.

use std::time::Duration;

use readmit::limits::held_back;

use super::ask;
use crate::support::app::TestApp;
use crate::support::wait::wait_until;

/// A limit alone that holds a client back at once.
fn narrow() -> TestApp {
    TestApp::builder()
        .set("limits.enabled", true)
        .set("limits.reset", "2/1h")
        .set("http.trusted_proxies", "127.0.0.1")
        .start()
}

fn seen(app: &TestApp) -> Vec<(String, u64)> {
    let hour_ago = app.now().before(Duration::from_hours(1));
    held_back(&app.sql(), hour_ago).expect("the database is read")
}

/// Each minute the counts since the last are added up in the database, by the limit's name and without a
/// word of whom they are of. They go again when they are a day old.
#[test]
fn what_was_held_back_is_noted_by_the_minute_for_a_day() {
    let app = narrow();
    let overrun = |times: usize| {
        for n in 0..times {
            let expected = if n < 2 { 200 } else { 429 };
            assert_eq!(ask(&app, "192.0.2.7", "jane@example.com").status, expected);
        }
    };
    overrun(5);
    assert_eq!(seen(&app), []);
    app.advance(Duration::from_mins(1));
    let noted = |expected: u64| {
        wait_until("the limit is noted", || {
            (seen(&app) == [("reset".to_owned(), expected)]).then_some(())
        });
    };
    noted(3);
    assert_eq!(ask(&app, "192.0.2.7", "jane@example.com").status, 429);
    app.advance(Duration::from_mins(1));
    noted(4);
    let minutes = "SELECT count(*) FROM limited WHERE at % 60000 = 0";
    assert_eq!(app.query::<i64>(minutes), 2);

    app.advance(Duration::from_hours(1));
    noted(1);
    app.advance(Duration::from_hours(24));
    wait_until("what is a day old is removed", || {
        (app.query::<i64>("SELECT count(*) FROM limited") == 0).then_some(())
    });
}
