//! Wrong guesses have to wait.

mod shared;

use std::time::Duration;

use crate::support::app::{PASSWORD, TestApp};
use crate::support::http::{Answer, Request};
use crate::support::parallel::all_at_once;

const JANE: &str = "jane@example.com";

fn guess_from(app: &TestApp, client: &str, email: &str, password: &str) -> Answer {
    app.send(
        &Request::post("/api/token")
            .header("x-forwarded-for", client)
            .form(&[
                ("grant_type", "password"),
                ("username", email),
                ("password", password),
            ]),
    )
}

fn behind_a_proxy() -> TestApp {
    TestApp::builder()
        .set("http.trusted_proxies", "127.0.0.1")
        .start()
        .and_jane()
}

/// Four guesses are free; then each has to wait twice as long as the one before, whether there is an
/// account or not, and up to a quarter of an hour.
#[test]
fn guesses_wait_longer_each_time_and_alike_for_everybody() {
    let app = TestApp::with_jane();
    for email in [JANE, "who@example.com"] {
        for _ in 0..5 {
            assert_eq!(app.sign_in(email, "a wrong guess").status, 400);
        }
        for seconds in [1, 2, 4, 8] {
            let answer = app.sign_in(email, "a wrong guess");
            assert_eq!(answer.status, 429);
            assert_eq!(answer.json()["error"], "temporarily_unavailable");
            assert_eq!(
                answer.header("retry-after"),
                Some(seconds.to_string().as_str())
            );
            app.advance(Duration::from_secs(seconds));
            assert_eq!(app.sign_in(email, "a wrong guess").status, 400);
        }
    }
    for _ in 0..10 {
        app.advance(Duration::from_mins(15));
        app.sign_in(JANE, "a wrong guess");
    }
    let longest = app.sign_in(JANE, "a wrong guess");
    assert_eq!(longest.header("retry-after"), Some("900"));
}

/// Assertion 54: the wait outlives a restart. The right password after it starts anew.
#[test]
fn a_wait_outlives_a_restart_and_ends_with_a_success() {
    let mut app = TestApp::with_jane();
    for _ in 0..5 {
        app.sign_in(JANE, "a wrong guess");
    }
    app.restart();
    assert_eq!(app.sign_in(JANE, PASSWORD).status, 429);
    app.advance(Duration::from_secs(1));
    assert_eq!(app.sign_in(JANE, PASSWORD).status, 200);
    assert_eq!(app.sign_in(JANE, "a wrong guess").status, 400);
    assert_eq!(app.sign_in(JANE, PASSWORD).status, 200);
}

/// A stranger cannot lock a member out: the wait is theirs alone. A subscriber's IPv6 network is one.
#[test]
fn a_stranger_locks_nobody_else_out() {
    let app = behind_a_proxy();
    for _ in 0..5 {
        guess_from(&app, "2001:db8::1", JANE, "a wrong guess");
    }
    assert_eq!(guess_from(&app, "2001:db8::2", JANE, PASSWORD).status, 429);
    assert_eq!(
        guess_from(&app, "2001:db8:0:1::1", JANE, PASSWORD).status,
        200
    );
    assert_eq!(guess_from(&app, "192.0.2.1", JANE, PASSWORD).status, 200);
    assert_eq!(
        guess_from(&app, "2001:db8::1", "bob@example.com", "x").status,
        400
    );
}

/// Assertion 39: the spelling of an address is no way around the count.
#[test]
fn spellings_of_an_address_share_the_count() {
    let app = TestApp::with_jane();
    for email in [
        JANE,
        "JANE@example.com",
        "Jane@Example.com",
        "jane@EXAMPLE.com",
        "jAne@example.com",
    ] {
        assert_eq!(app.sign_in(email, "a wrong guess").status, 400);
    }
    assert_eq!(app.sign_in("janE@example.com", PASSWORD).status, 429);
}

/// What has been quiet for a day is forgotten.
#[test]
fn guesses_of_long_ago_are_removed() {
    let app = TestApp::with_jane();
    app.sign_in(JANE, "a wrong guess");
    app.advance(Duration::from_hours(25));
    crate::support::wait::wait_until("the row is removed", || {
        app.advance(Duration::from_mins(1));
        (app.query::<i64>("SELECT count(*) FROM guesses") == 0).then_some(())
    });
}

/// Many guesses that are let in at the same moment have all read the count before the first is
/// written. Only as many are answered as could have been one after the other; the rest wait, and the
/// right password among them is told to nobody.
#[test]
fn guesses_at_the_same_moment_are_no_way_around_the_wait() {
    let app = TestApp::builder()
        .set("password.queue", 64)
        .start()
        .and_jane();
    let mut guesses = vec!["a wrong guess"; 30];
    guesses.push(PASSWORD);
    let statuses = all_at_once(&guesses, |guess| app.sign_in(JANE, guess).status);
    let wrong = statuses.iter().filter(|&&status| status == 400).count();
    // The right one may be among the first, and then wipes what was counted before it.
    assert!(wrong <= 10, "{statuses:?}");
    assert!(statuses.contains(&429), "{statuses:?}");
}
