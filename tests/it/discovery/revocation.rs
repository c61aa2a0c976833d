//! `/api/token/revoke` (RFC 7009).

use std::time::Duration;

use serde_json::json;

use super::introspection::{ask, with_resource_server};
use super::{JANE, userinfo};
use crate::support::app::{NEW_PASSWORD, PASSWORD, TestApp};
use crate::support::http::{Answer, Request};

const PATH: &str = "/api/token/revoke";

fn revoke(app: &TestApp, pairs: &[(&str, &str)]) -> Answer {
    let answer = app.send(&Request::post(PATH).form(pairs));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    answer
}

fn refresh(app: &TestApp, token: &str) -> Answer {
    let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
    app.send(&Request::post("/api/token").form(&form))
}

/// Assertion 47, and RFC 7009, 2.1: with either token the whole session ends, whatever the hint says,
/// and the audit log has it. Other sessions stay.
#[test]
fn either_token_ends_its_session_and_no_other() {
    let app = with_resource_server();
    let (kept, _) = app.tokens(JANE, PASSWORD);
    for hint in ["access_token", "refresh_token", "something else"] {
        for by_access in [true, false] {
            let (access, token) = app.tokens(JANE, PASSWORD);
            let given = if by_access { &access } else { &token };
            let answer = revoke(&app, &[("token", given), ("token_type_hint", hint)]);
            assert_eq!(answer.status, 200);
            userinfo(&app, &access).refusal(401);
            assert_eq!(refresh(&app, &token).json()["error"], "invalid_grant");
            assert_eq!(ask(&app, &access).json(), json!({ "active": false }));
            assert_eq!(ask(&app, &token).json(), json!({ "active": false }));
        }
    }
    assert_eq!(userinfo(&app, &kept).status, 200);
    let audited: i64 = app.query(
        "SELECT count(*) FROM audit WHERE event = 'session.revoke' AND outcome = 'ok' \
         AND client = '127.0.0.1' AND account_id IS NOT NULL",
    );
    assert_eq!(audited, 6);
}

/// An application that has lost an answer still has the token before: it can sign the member out
/// with that one.
#[test]
fn a_refresh_token_that_was_used_still_ends_its_session() {
    let app = TestApp::with_jane();
    let (_, first) = app.tokens(JANE, PASSWORD);
    let rotated = refresh(&app, &first);
    app.advance(Duration::from_mins(10));
    assert_eq!(revoke(&app, &[("token", &first)]).status, 200);
    userinfo(&app, &rotated.text_of("access_token")).refusal(401);
    let next = rotated.text_of("refresh_token");
    assert_eq!(refresh(&app, &next).json()["error"], "invalid_grant");
}

/// Assertion 47, and RFC 7009, 2.2: that a token is unknown is no error, since the caller has what it
/// wanted; and what is not there leaves nothing in the audit log.
#[test]
fn an_unknown_or_dead_token_is_answered_like_a_good_one() {
    let app = TestApp::with_jane();
    let (access, token) = app.tokens(JANE, PASSWORD);
    let good = revoke(&app, &[("token", &token)]).comparable();
    assert_eq!(good.status, 200);
    let long = "x".repeat(10_000);
    for dead in [token.as_str(), &access, "unknown", "%", "🗝", &long] {
        assert_eq!(revoke(&app, &[("token", dead)]).comparable(), good);
    }
    let audited: i64 = app.query("SELECT count(*) FROM audit WHERE event = 'session.revoke'");
    assert_eq!(audited, 1);
}

/// Assertion 43: what is in a mail is no token of a session, and is not used up here.
#[test]
fn links_and_login_tokens_are_left_alone() {
    let app = TestApp::with_jane();
    let link = app.reset_token(JANE);
    assert_eq!(revoke(&app, &[("token", &link)]).status, 200);
    let login = app.complete(&link, NEW_PASSWORD).text_of("Value");
    assert_eq!(revoke(&app, &[("token", &login)]).status, 200);
    assert_eq!(app.exchange(&login, "5").status, 200);
}

/// Assertion 40: RFC 6749's error form, for a request that is none.
#[test]
fn a_request_without_a_token_is_an_invalid_request() {
    let app = TestApp::with_jane();
    let token = ("token", "x");
    for request in [
        Request::post(PATH).form(&[]),
        Request::post(PATH).form(&[("token", "")]),
        Request::post(PATH).form(&[token, token]),
        Request::post(PATH).json(&json!({ "token": "x" })),
        Request::post(PATH),
    ] {
        let answer = app.send(&request);
        assert_eq!(answer.status, 400, "{request:?}");
        assert_eq!(answer.json()["error"], "invalid_request");
        assert!(answer.json()["error_description"].is_string());
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
}
