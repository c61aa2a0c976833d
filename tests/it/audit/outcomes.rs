//! Assertion 79: every authentication outcome, with time, actor, address, factor and reason.

use std::time::Duration;

use serde_json::json;

use crate::support::app::{NEW_PASSWORD, PASSWORD, START, TestApp, USERS};
use crate::support::http::Request;

const JANE: &str = "jane@example.com";

/// The newest entry in words, and how many entries of this kind there are.
fn newest(app: &TestApp) -> String {
    app.query(
        "SELECT concat_ws(' | ', event, outcome, actor, coalesce(client, '-'), \
         CASE WHEN account_id IS NULL THEN 'nobody' ELSE 'jane' END, coalesce(detail, '-')) \
         FROM audit ORDER BY id DESC LIMIT 1",
    )
}

fn count(app: &TestApp) -> i64 {
    app.query("SELECT count(*) FROM audit")
}

fn refresh(app: &TestApp, token: &str, client: Option<&str>) {
    let mut form = vec![("grant_type", "refresh_token"), ("refresh_token", token)];
    form.extend(client.map(|client| ("client_id", client)));
    app.send(&Request::post("/api/token").form(&form));
}

/// A refresh is one, whether the session goes on or why not.
#[test]
fn every_refresh_is_recorded() {
    let app = TestApp::with_jane();
    let (_, first) = app.tokens(JANE, PASSWORD);
    let mut seen = count(&app);
    let mut expect = |token: &str, client, expected: &str| {
        refresh(&app, token, client);
        assert_eq!(newest(&app), expected);
        seen += 1;
        assert_eq!(count(&app), seen, "{expected}");
    };
    expect(
        "no-such-token",
        None,
        "session.refresh | refused | anonymous | 127.0.0.1 | nobody | unknown refresh token",
    );
    expect(
        &first,
        Some("another"),
        "session.refresh | refused | anonymous | 127.0.0.1 | jane | refresh token of another client",
    );
    expect(
        &first,
        None,
        "session.refresh | ok | member | 127.0.0.1 | jane | -",
    );
    app.advance(Duration::from_mins(1));
    expect(
        &first,
        None,
        "session.refresh | refused | anonymous | 127.0.0.1 | jane | a refresh token was used twice; its \
         session has ended",
    );
    // With its session, a token is gone.
    expect(
        &first,
        None,
        "session.refresh | refused | anonymous | 127.0.0.1 | nobody | unknown refresh token",
    );
    let at: i64 = app.query("SELECT at FROM audit ORDER BY id DESC LIMIT 1");
    assert_eq!(at, START.after(Duration::from_mins(1)).millis());
}

/// So is a try with a link or a one-time token that is none.
#[test]
fn tries_with_what_is_used_or_forged_are_recorded() {
    let app = TestApp::with_jane();
    let token = app.reset_token(JANE);
    let invalid_link = |whom: &str| {
        format!(
            "password.reset | refused | anonymous | 127.0.0.1 | {whom} | invalid, expired or used link"
        )
    };
    let invalid_token = |whom: &str| {
        format!(
            "session.exchange | refused | anonymous | 127.0.0.1 | {whom} | invalid, expired or used token"
        )
    };
    app.complete("forged", NEW_PASSWORD).refusal(400);
    assert_eq!(newest(&app), invalid_link("nobody"));
    let login = app.complete(&token, NEW_PASSWORD).envelope(200)["Value"].clone();
    let login = login.as_str().expect("a token");
    assert_eq!(
        newest(&app),
        "password.reset | ok | member | 127.0.0.1 | jane | -"
    );
    app.complete(&token, NEW_PASSWORD).refusal(400);
    assert_eq!(newest(&app), invalid_link("jane"));

    app.exchange("forged", "5").refusal(401);
    assert_eq!(newest(&app), invalid_token("nobody"));
    assert_eq!(app.exchange(login, "5").status, 200);
    assert_eq!(
        newest(&app),
        "session.exchange | ok | member | 127.0.0.1 | jane | -"
    );
    app.exchange(login, "5").refusal(401);
    assert_eq!(newest(&app), invalid_token("jane"));
}

/// And a code, right or wrong.
#[test]
fn codes_are_recorded() {
    let app = TestApp::with_jane();
    let verify = |otp: &str| {
        let body = json!({ "Email": JANE, "Otp": otp, "BusinessId": 7 });
        app.send(&Request::post(&format!("{USERS}/verifyOtp")).json(&body));
    };
    verify("000000");
    assert_eq!(
        newest(&app),
        "otp.verify | refused | anonymous | 127.0.0.1 | jane | wrong code"
    );
}
