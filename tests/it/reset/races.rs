//! Completions at the same moment.

use std::time::Duration;

use super::{JANE, WEAK, another_token, is_refused};
use crate::support::app::{NEW_PASSWORD, PASSWORD, TestApp};
use crate::support::hashing::{two_places, while_hashing};
use crate::support::parallel::all_at_once;

/// Whether Jane signs in with this, after the wait that earlier guesses have brought.
fn works(app: &TestApp, password: &str) -> bool {
    app.advance(Duration::from_mins(15));
    app.sign_in(JANE, password).status == 200
}

/// Assertion 22. All hundred read the link as unused before the first is through; only the update in
/// the writing transaction can tell them apart.
#[test]
fn of_a_hundred_completions_at_once_one_succeeds_and_only_its_password_works() {
    let app = TestApp::with_jane();
    let token = app.reset_token(JANE);
    let passwords: Vec<String> = (0..100)
        .map(|number| format!("password number {number}"))
        .collect();
    let answers = all_at_once(&passwords, |password| app.complete(&token, password));

    let winners: Vec<&String> = answers
        .iter()
        .zip(&passwords)
        .filter(|(answer, _)| answer.status == 200)
        .map(|(_, password)| password)
        .collect();
    assert_eq!(winners.len(), 1);
    let refused = answers.iter().filter(|answer| is_refused(answer)).count();
    assert_eq!(refused, 99);

    let working: Vec<&String> = passwords
        .iter()
        .filter(|password| works(&app, password))
        .collect();
    assert_eq!(working, winners);
    assert!(!works(&app, PASSWORD));
    let notices: i64 = app.query("SELECT count(*) FROM outbox WHERE kind = 'changed'");
    assert_eq!(notices, 1);
    let logins: i64 = app.query("SELECT count(*) FROM login_tokens");
    assert_eq!(logins, 1);
}

/// Assertions 22 and 24: each link is used by nobody else, and still only one of them can win.
#[test]
fn of_several_links_completed_at_once_one_succeeds() {
    let app = TestApp::with_jane();
    let mut tokens = vec![app.reset_token(JANE)];
    tokens.push(another_token(&app, JANE));
    tokens.push(another_token(&app, JANE));
    let attempts: Vec<(&str, String)> = (0..30)
        .map(|number| {
            (
                tokens[number % 3].as_str(),
                format!("password number {number}"),
            )
        })
        .collect();
    let answers = all_at_once(&attempts, |(token, password)| app.complete(token, password));
    let count = |status| {
        answers
            .iter()
            .filter(|answer| answer.status == status)
            .count()
    };
    assert_eq!((count(200), count(400)), (1, 29));
    let working = attempts
        .iter()
        .filter(|(_, password)| works(&app, password))
        .count();
    assert_eq!(working, 1);
}

/// Assertion 28: tries that race are all counted, and none of them uses the link up.
#[test]
fn weak_passwords_at_once_are_all_counted() {
    let app = TestApp::with_jane();
    let token = app.reset_token(JANE);
    for answer in all_at_once(&[WEAK; 20], |password| app.complete(&token, password)) {
        assert!(answer.envelope(400)["Errors"].is_array());
    }
    let counted: i64 = app.query("SELECT refused_passwords FROM reset_tokens");
    assert_eq!(counted, 20);
    app.complete(&token, NEW_PASSWORD).envelope(200);
}

/// Assertion 24: requests that race through the worker make one link, as those that queue up do.
#[test]
fn a_hundred_requests_at_once_send_one_mail() {
    let app = TestApp::with_jane();
    let statuses = all_at_once(&[JANE; 100], |address| {
        app.start_reset(&serde_json::json!({ "email": address }))
            .status
    });
    assert_eq!(statuses, [200; 100]);
    let outbox = app.settled_outbox();
    assert_eq!(outbox.len(), 100);
    assert_eq!(app.smtp.mails().len(), 1);
    app.advance(Duration::from_secs(61));
    app.reset_token(JANE);
}

/// Assertion 25. A hash takes its time; what ends the link meanwhile counts, though the link was good
/// when the request was looked at first.
#[test]
fn a_link_that_ends_while_its_password_is_hashed_changes_nothing() {
    let app = two_places(TestApp::builder()).start().and_jane();
    let token = app.reset_token(JANE);
    let before: String = app.query("SELECT password_hash FROM accounts");
    let answer = while_hashing(
        &app,
        || app.complete(&token, NEW_PASSWORD),
        || app.suspend(JANE),
    );
    assert!(is_refused(&answer));
    let after: String = app.query("SELECT password_hash FROM accounts");
    assert_eq!(after, before);
    let notices: i64 = app.query("SELECT count(*) FROM outbox WHERE kind = 'changed'");
    assert_eq!(notices, 0);
}
