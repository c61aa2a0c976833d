//! The same at the token endpoint.

use std::time::Duration;

use super::{ADDRESSES, populated};
use crate::support::app::{NEW_PASSWORD, PASSWORD, TestApp};
use crate::support::hashing::{occupy, two_places};
use crate::support::http::Answer;

/// Sign-ins that are refused for different reasons, none of which may be told.
fn refused() -> Vec<(&'static str, &'static str)> {
    let [jane, nobody, sam, bob, nina, ruth, _] = ADDRESSES;
    vec![
        (jane, "a wrong password"),
        (nobody, PASSWORD),
        (sam, PASSWORD),
        (sam, "a wrong password"),
        (bob, "a wrong password"),
        (nina, PASSWORD),
        (ruth, "a wrong password"),
        ("no address at all", PASSWORD),
        ("j\u{430}ne@example.com", PASSWORD),
        ("' OR 1=1 --", PASSWORD),
    ]
}

fn alike(app: &TestApp, attempts: &[(&str, &str)]) -> Answer {
    let mut answers = attempts
        .iter()
        .map(|(username, password)| app.sign_in(username, password).comparable());
    let first = answers.next().expect("an answer");
    for (answer, attempt) in answers.zip(&attempts[1..]) {
        assert_eq!(answer, first, "{attempt:?}");
    }
    first
}

/// Assertion 14, with the words of RFC 6749, 5.2.
#[test]
fn a_refused_sign_in_is_answered_alike_whatever_the_reason() {
    let app = populated(TestApp::builder());
    let answer = alike(&app, &refused());
    assert_eq!(answer.status, 400);
    assert_eq!(
        answer.text(),
        r#"{"error":"invalid_grant","error_description":"The email address or the password is wrong."}"#
    );
    assert_eq!(app.sign_in(ADDRESSES[0], PASSWORD).status, 200);
}

/// Assertion 14: that a new password is required is told only to who knows the old one, and not of a
/// suspended account even to them.
#[test]
fn a_required_reset_is_told_only_with_the_right_password() {
    let app = populated(TestApp::builder());
    let told = app.sign_in(ADDRESSES[5], PASSWORD);
    assert_eq!(told.status, 400);
    assert_eq!(told.json()["error"], "must_reset_password");

    app.suspend(ADDRESSES[5]);
    let refused = app.sign_in(ADDRESSES[5], PASSWORD);
    assert_eq!(refused.json()["error"], "invalid_grant");
}

/// Assertions 12 and 14: while nothing can be written, nobody is let in and nobody is told apart,
/// the right password included.
#[test]
fn a_sign_in_is_refused_alike_while_the_database_is_locked() {
    let app = populated(TestApp::builder().set("storage.busy_timeout", "20ms"));
    let sql = app.sql();
    sql.execute_batch("BEGIN IMMEDIATE").expect("the lock");
    let mut attempts = refused();
    attempts.push((ADDRESSES[0], PASSWORD));
    let answer = alike(&app, &attempts);
    assert_eq!(answer.status, 503);
    assert_eq!(answer.json()["error"], "temporarily_unavailable");
    assert!(answer.header("retry-after").is_some());
    sql.execute_batch("ROLLBACK").expect("the lock is given up");
    assert_eq!(app.sign_in(ADDRESSES[0], PASSWORD).status, 200);
}

/// Assertions 13 and 14.
#[test]
fn the_nth_sign_in_is_answered_alike_whatever_the_reason() {
    let app = populated(
        TestApp::builder()
            .set("limits.enabled", true)
            .set("limits.sign_in", "2/1m"),
    );
    let series = |attempt: &(&str, &str)| {
        app.advance(Duration::from_mins(1));
        [(); 4].map(|()| app.sign_in(attempt.0, attempt.1).comparable())
    };
    let attempts = refused();
    let all: Vec<_> = attempts.iter().map(series).collect();
    for (answers, attempt) in all.iter().zip(&attempts) {
        assert_eq!(*answers, all[0], "{attempt:?}");
    }
    assert_eq!(
        all[0].each_ref().map(|answer| answer.status),
        [400, 400, 429, 429]
    );
    assert_eq!(all[0][2].header("retry-after"), Some("30"));
}

/// Assertions 15 and 87. Each of them asks for a hash: with no place left for one, each is turned
/// away. Somebody answered without a hash would be answered in no time, and so be told apart.
#[test]
fn every_sign_in_takes_a_hash_whoever_it_is_for() {
    let app = populated(two_places(TestApp::builder()));
    let mut attempts = refused();
    attempts.push((ADDRESSES[0], PASSWORD));
    attempts.push((ADDRESSES[5], PASSWORD));

    let full = occupy(&app);
    let answer = alike(&app, &attempts);
    assert_eq!(answer.status, 503);
    assert_eq!(answer.json()["error"], "temporarily_unavailable");
    assert!(answer.header("retry-after").is_some());
    drop(full);

    assert_eq!(app.sign_in(ADDRESSES[0], PASSWORD).status, 200);
    assert_eq!(alike(&app, &refused()).status, 400);
}

/// Assertion 15: a hash says what it cost, so that a raised cost shuts nobody out, and holds for every
/// password from then on.
#[test]
fn a_raised_cost_keeps_old_passwords_and_holds_for_new_ones() {
    let mut app = TestApp::with_jane();
    let cost = |app: &TestApp| {
        let hash: String = app.query("SELECT password_hash FROM accounts");
        hash.split('$').nth(3).expect("a cost").to_owned()
    };
    assert_eq!(cost(&app), "m=64,t=1,p=1");
    app.set("password.argon2_memory_kib", 128);
    app.set("password.argon2_iterations", 3);
    app.set("password.argon2_parallelism", 2);
    app.restart();
    assert_eq!(app.sign_in(ADDRESSES[0], PASSWORD).status, 200);
    assert_eq!(app.sign_in(ADDRESSES[0], NEW_PASSWORD).status, 400);
    app.login_token(ADDRESSES[0], NEW_PASSWORD);
    assert_eq!(cost(&app), "m=128,t=3,p=2");
    assert_eq!(app.sign_in(ADDRESSES[0], NEW_PASSWORD).status, 200);
}
