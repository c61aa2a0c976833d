//! Refresh tokens.

use std::time::Duration;

use serde_json::Value;

use crate::support::app::{NEW_PASSWORD, PASSWORD, TestApp, email};
use crate::support::http::{Answer, Request};
use crate::support::parallel::all_at_once;

const JANE: &str = "jane@example.com";

fn refresh(app: &TestApp, token: &str) -> Answer {
    app.send(
        &Request::post("/api/token")
            .form(&[("grant_type", "refresh_token"), ("refresh_token", token)]),
    )
}

fn text(answer: &Answer, name: &str) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()[name].as_str().expect("a text").to_owned()
}

fn signed_in(app: &TestApp) -> (String, String) {
    let answer = app.sign_in(JANE, PASSWORD);
    (
        text(&answer, "access_token"),
        text(&answer, "refresh_token"),
    )
}

fn is_refused(answer: &Answer) -> bool {
    answer.status == 400 && answer.json()["error"] == "invalid_grant"
}

fn userinfo(app: &TestApp, access: &str) -> Answer {
    let bearer = format!("Bearer {access}");
    app.send(&Request::get("/api/userinfo").header("authorization", &bearer))
}

/// Assertion 45: each use gives the next token, the session stays the same, and nothing of a token
/// but its hash is at rest.
#[test]
fn a_refresh_gives_the_next_token_of_the_same_session() {
    let app = TestApp::with_jane();
    let (_, mut token) = signed_in(&app);
    for _ in 0..3 {
        app.advance(Duration::from_mins(30));
        let answer = refresh(&app, &token);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let next = text(&answer, "refresh_token");
        assert_ne!(next, token);
        assert_eq!(userinfo(&app, &text(&answer, "access_token")).status, 200);
        token = next;
    }
    assert_eq!(app.query::<i64>("SELECT count(*) FROM sessions"), 1);
    let hashes: i64 = app.query("SELECT count(*) FROM refresh_tokens WHERE length(hash) = 32");
    assert_eq!(hashes, 4);
}

/// Assertion 45: a token that is used twice was stolen from somebody: the whole session ends, with
/// the tokens that the thief or the victim got, and the audit log says so.
#[test]
fn a_token_used_twice_ends_its_session() {
    let app = TestApp::with_jane();
    let (_, first) = signed_in(&app);
    let answer = refresh(&app, &first);
    let (access, second) = (
        text(&answer, "access_token"),
        text(&answer, "refresh_token"),
    );
    app.advance(Duration::from_secs(10));
    assert!(is_refused(&refresh(&app, &first)));
    assert!(is_refused(&refresh(&app, &second)));
    assert_eq!(userinfo(&app, &access).status, 401);
    let noted: i64 = app.query(
        "SELECT count(*) FROM audit WHERE event = 'session.refresh' AND outcome = 'refused'",
    );
    assert_eq!(noted, 1);
}

/// Assertion 45: whoever did not get the answer may try again for a moment; then the token of the
/// lost answer is dead, so that there are never two.
#[test]
fn a_lost_answer_can_be_asked_for_again_within_the_grace_period() {
    let app = TestApp::with_jane();
    let (_, first) = signed_in(&app);
    let lost = text(&refresh(&app, &first), "refresh_token");
    app.advance(Duration::from_secs(9));
    let second = text(&refresh(&app, &first), "refresh_token");
    assert!(is_refused(&refresh(&app, &lost)));
    text(&refresh(&app, &second), "refresh_token");
}

/// Assertion 45: within the grace period, too, a token whose successor was used is a stolen one.
#[test]
fn the_grace_period_ends_when_the_next_token_is_used() {
    let app = TestApp::with_jane();
    let (_, first) = signed_in(&app);
    let second = text(&refresh(&app, &first), "refresh_token");
    let third = text(&refresh(&app, &second), "refresh_token");
    assert!(is_refused(&refresh(&app, &first)));
    assert!(is_refused(&refresh(&app, &third)));
}

/// Assertion 45: refreshing does not move the end of the session.
#[test]
fn a_session_ends_fifteen_days_after_the_sign_in_however_often_it_is_refreshed() {
    let app = TestApp::with_jane();
    let (_, mut token) = signed_in(&app);
    for _ in 0..14 {
        app.advance(Duration::from_hours(24));
        token = text(&refresh(&app, &token), "refresh_token");
    }
    app.advance(Duration::from_hours(24));
    assert!(is_refused(&refresh(&app, &token)));
}

/// Contract, section 4: a refresh comes from the client that signed in.
#[test]
fn a_token_is_bound_to_its_client() {
    let app = TestApp::with_jane();
    let by = |client: &str, pairs: &[(&str, &str)]| {
        app.send(
            &Request::post("/api/token")
                .header("client_id", client)
                .form(pairs),
        )
    };
    let password = [
        ("grant_type", "password"),
        ("username", JANE),
        ("password", PASSWORD),
    ];
    let token = text(&by("portal", &password), "refresh_token");
    let again = [
        ("grant_type", "refresh_token"),
        ("refresh_token", token.as_str()),
    ];
    assert!(is_refused(&by("shop", &again)));
    assert!(is_refused(&refresh(&app, &token)));
    let next = text(&by("portal", &again), "refresh_token");

    // The default client is the email address, said or unsaid.
    let (_, default) = signed_in(&app);
    assert!(is_refused(&by(
        "portal",
        &[("grant_type", "refresh_token"), ("refresh_token", &default)]
    )));
    let default = text(
        &by(
            JANE,
            &[("grant_type", "refresh_token"), ("refresh_token", &default)],
        ),
        "refresh_token",
    );
    text(&refresh(&app, &default), "refresh_token");
    let again = [
        ("grant_type", "refresh_token"),
        ("refresh_token", next.as_str()),
        ("client_id", "portal"),
    ];
    text(
        &app.send(&Request::post("/api/token").form(&again)),
        "refresh_token",
    );
}

/// Assertion 46: whatever shuts an account out or changes its password ends its refresh tokens.
#[test]
fn suspension_reset_and_password_change_end_refresh_tokens() {
    let app = TestApp::with_jane();
    let (_, token) = signed_in(&app);
    app.suspend(JANE);
    assert!(is_refused(&refresh(&app, &token)));
    app.wait(app.admin().reactivate(email(JANE), app.now()))
        .expect("reactivated");
    assert!(is_refused(&refresh(&app, &token)));

    let (_, token) = signed_in(&app);
    app.login_token(JANE, NEW_PASSWORD);
    assert!(is_refused(&refresh(&app, &token)));

    let token = text(&app.sign_in(JANE, NEW_PASSWORD), "refresh_token");
    app.wait(app.admin().require_reset(email(JANE), app.now()))
        .expect("required");
    assert!(is_refused(&refresh(&app, &token)));
}

/// Assertion 46: a refresh that races a reset leaves nothing behind that works afterwards.
#[test]
fn nothing_that_is_refreshed_while_a_reset_completes_outlives_it() {
    for round in 0..8 {
        let app = TestApp::with_jane();
        let (_, token) = signed_in(&app);
        let link = app.reset_token(JANE);
        let answers = all_at_once(&[0, 1, 2, 3], |turn| {
            if *turn == round % 4 {
                app.complete(&link, NEW_PASSWORD)
            } else {
                refresh(&app, &token)
            }
        });
        for answer in answers.iter().filter(|answer| answer.status == 200) {
            if let Value::String(next) = &answer.json()["refresh_token"] {
                assert!(is_refused(&refresh(&app, next)));
            }
        }
        let left: i64 = app.query("SELECT count(*) FROM refresh_tokens");
        assert_eq!(left, 0);
    }
}

/// Assertion 45: of many uses at the same time at most one token is left that works.
#[test]
fn parallel_uses_leave_one_token_at_most() {
    let app = TestApp::with_jane();
    let (_, token) = signed_in(&app);
    let tries: Vec<u32> = (0..30).collect();
    let answers = all_at_once(&tries, |_| refresh(&app, &token));
    assert!(answers.iter().all(|answer| answer.status == 200));
    let unused: i64 = app.query("SELECT count(*) FROM refresh_tokens WHERE used_at IS NULL");
    assert_eq!(unused, 1);
}

/// What is no token of ours is refused in the same words as one that is over.
#[test]
fn every_bad_token_is_refused_in_the_same_words() {
    let app = TestApp::with_jane();
    let (access, first) = signed_in(&app);
    refresh(&app, &first);
    app.advance(Duration::from_mins(1));
    let used = refresh(&app, &first).comparable();
    assert!(is_refused(&used));
    for token in ["x", "%", "🗝", access.as_str(), &"x".repeat(5000)] {
        assert_eq!(refresh(&app, token).comparable(), used);
    }
}
