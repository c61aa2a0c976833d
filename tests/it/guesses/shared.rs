//! One count for all that can be guessed at, and what it must not tell or do.

use std::time::Duration;

use serde_json::json;

use super::{JANE, behind_a_proxy, guess_from};
use crate::support::app::{NEW_PASSWORD, PASSWORD, TestApp, USERS, email};
use crate::support::http::{Answer, Request};

const WRONG: &str = "a wrong guess";

fn access(app: &TestApp) -> String {
    let signed_in = app.sign_in(JANE, PASSWORD).json();
    let token = signed_in["access_token"].as_str().expect("a token");
    token.to_owned()
}

fn change_password(app: &TestApp, access: &str, current: &str) -> Answer {
    let body = json!({ "CurrentPassword": current, "NewPassword": NEW_PASSWORD });
    let request = Request::post(&format!("{USERS}/changePassword")).json(&body);
    app.send(&request.header("authorization", &format!("Bearer {access}")))
}

fn verify(app: &TestApp, code: &str) -> Answer {
    let body = json!({ "Email": JANE, "Otp": code, "BusinessId": 7 });
    app.send(&Request::post(&format!("{USERS}/verifyOtp")).json(&body))
}

/// Assertions 13 and 14: on the Nth try as on the first, an address with a member behind it is answered
/// with the same bytes as one without, as one that is shut out, and as one without a password.
#[test]
fn the_nth_guess_is_answered_alike_for_everybody() {
    let app = TestApp::with_jane();
    app.add_person("sam@example.com", "Sam", Some(7), Some(PASSWORD));
    app.suspend("sam@example.com");
    app.add_person("nina@example.com", "Nina", Some(7), None);
    app.add_person("ruth@example.com", "Ruth", Some(7), Some(PASSWORD));
    app.wait(
        app.admin()
            .require_reset(email("ruth@example.com"), app.now()),
    )
    .expect("a reset is required");
    let others = ["nobody", "sam", "nina", "ruth"].map(|name| format!("{name}@example.com"));
    let mut statuses = Vec::new();
    for _ in 0..12 {
        let expected = app.sign_in(JANE, WRONG).comparable();
        for other in &others {
            assert_eq!(app.sign_in(other, WRONG).comparable(), expected, "{other}");
        }
        statuses.push(expected.status);
        app.advance(Duration::from_millis(700));
    }
    assert_eq!(statuses[..5], [400; 5]);
    assert!(statuses[5..].contains(&400) && statuses[5..].contains(&429));
    // The right password of one who is shut out waits like any other guess.
    assert_eq!(app.sign_in("sam@example.com", PASSWORD).status, 429);
}

/// Passwords at the two places that take them and one-time codes are one count: changing from one to
/// another gives no new guesses.
#[test]
fn password_sign_in_password_change_and_codes_share_the_count() {
    let app = TestApp::with_jane();
    let access = access(&app);
    assert_eq!(app.sign_in(JANE, WRONG).status, 400);
    change_password(&app, &access, WRONG).refusal(400);
    verify(&app, "000000").refusal(400);
    change_password(&app, &access, WRONG).refusal(400);
    assert_eq!(app.sign_in(JANE, WRONG).status, 400);
    for refused in [
        change_password(&app, &access, PASSWORD),
        verify(&app, "000000"),
    ] {
        assert_eq!(refused.header("retry-after"), Some("1"));
        refused.refusal(429);
    }
    assert_eq!(app.sign_in(JANE, PASSWORD).status, 429);
    app.advance(Duration::from_secs(1));
    change_password(&app, &access, PASSWORD).envelope(200);
    // The right one has wiped the count.
    for _ in 0..5 {
        assert_eq!(app.sign_in(JANE, WRONG).status, 400);
    }
}

/// A guess that comes during the wait is not looked at, and makes the wait no longer.
#[test]
fn a_guess_during_the_wait_is_not_counted() {
    let app = TestApp::with_jane();
    for _ in 0..5 {
        app.sign_in(JANE, WRONG);
    }
    for _ in 0..20 {
        let refused = app.sign_in(JANE, WRONG);
        assert_eq!(refused.header("retry-after"), Some("1"));
        assert_eq!(refused.status, 429);
    }
    app.advance(Duration::from_secs(1));
    assert_eq!(app.sign_in(JANE, PASSWORD).status, 200);
}

/// A clock that was a year ahead and is set right makes nobody wait for a year; what was counted stands.
#[test]
fn a_clock_that_is_stepped_back_prolongs_no_wait() {
    let app = TestApp::with_jane();
    for _ in 0..5 {
        app.sign_in(JANE, WRONG);
    }
    app.clock.step_back(Duration::from_hours(365 * 24));
    assert_eq!(app.sign_in(JANE, WRONG).status, 400);
    let refused = app.sign_in(JANE, PASSWORD);
    assert_eq!(refused.header("retry-after"), Some("2"));
    app.clock.step_back(Duration::from_secs(1));
    let refused = app.sign_in(JANE, PASSWORD);
    assert_eq!(refused.header("retry-after"), Some("3"));
    app.advance(Duration::from_secs(3));
    assert_eq!(app.sign_in(JANE, PASSWORD).status, 200);
}

/// Assertion 49: one network in whatever form its address is written.
#[test]
fn a_network_is_the_same_in_every_form() {
    let app = behind_a_proxy();
    for client in [
        "192.0.2.1",
        "::ffff:192.0.2.1",
        "::FFFF:C000:201",
        "192.0.2.1",
        "0:0:0:0:0:ffff:192.0.2.1",
    ] {
        assert_eq!(
            guess_from(&app, client, JANE, WRONG).status,
            400,
            "{client}"
        );
    }
    assert_eq!(guess_from(&app, "192.0.2.1", JANE, PASSWORD).status, 429);
    assert_eq!(guess_from(&app, "192.0.2.2", JANE, PASSWORD).status, 200);
    // Who comes in elsewhere does not shorten the wait of the one who guesses.
    assert_eq!(guess_from(&app, "192.0.2.1", JANE, PASSWORD).status, 429);
}

/// After a day of quiet the first guess is the first again, also before anybody has tidied up.
#[test]
fn a_day_of_quiet_starts_the_count_anew() {
    let app = TestApp::builder().without_worker().start().and_jane();
    for _ in 0..5 {
        app.sign_in(JANE, WRONG);
    }
    app.advance(Duration::from_hours(24) + Duration::from_secs(2));
    for _ in 0..5 {
        assert_eq!(app.sign_in(JANE, WRONG).status, 400);
    }
    assert_eq!(app.sign_in(JANE, WRONG).status, 429);
}
