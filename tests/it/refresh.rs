//! Refresh tokens.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::support::app::{NEW_PASSWORD, PASSWORD, TestApp, email};
use crate::support::http::{Answer, Request};
use crate::support::jwt::Parts;
use crate::support::parallel::all_at_once;

const JANE: &str = "jane@example.com";

fn refresh(app: &TestApp, token: &str) -> Answer {
    app.send(
        &Request::post("/api/token")
            .form(&[("grant_type", "refresh_token"), ("refresh_token", token)]),
    )
}

fn is_refused(answer: &Answer) -> bool {
    answer.status == 400 && answer.json()["error"] == "invalid_grant"
}

fn userinfo(app: &TestApp, access: &str) -> Answer {
    app.send(&Request::get("/api/userinfo").bearer(access))
}

/// Assertion 45: each use gives the next token, the session stays the same, and nothing of a token
/// but its hash is at rest.
#[test]
fn a_refresh_gives_the_next_token_of_the_same_session() {
    let app = TestApp::with_jane();
    let (_, mut token) = app.tokens(JANE, PASSWORD);
    for _ in 0..3 {
        app.advance(Duration::from_mins(30));
        let answer = refresh(&app, &token);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let next = answer.text_of("refresh_token");
        assert_ne!(next, token);
        assert_eq!(userinfo(&app, &answer.text_of("access_token")).status, 200);
        token = next;
    }
    assert_eq!(app.query::<i64>("SELECT count(*) FROM sessions"), 1);
    assert_eq!(app.query::<i64>("SELECT count(*) FROM refresh_tokens"), 4);
    let unused: Vec<u8> = app.query("SELECT hash FROM refresh_tokens WHERE used_at IS NULL");
    assert_eq!(unused, Sha256::digest(&token).as_slice());
    for file in std::fs::read_dir(app.folder()).expect("the folder") {
        let path = file.expect("an entry").path();
        if path.is_file() {
            let bytes = std::fs::read(&path).expect("a file");
            let found = bytes
                .windows(token.len())
                .any(|part| part == token.as_bytes());
            assert!(!found, "{} has the token", path.display());
        }
    }
}

/// Assertion 45: a token that is used twice was stolen from somebody: the whole session ends, with
/// the tokens that the thief or the victim got, and the audit log says so.
#[test]
fn a_token_used_twice_ends_its_session() {
    let app = TestApp::with_jane();
    let (_, first) = app.tokens(JANE, PASSWORD);
    let answer = refresh(&app, &first);
    let (access, second) = (
        answer.text_of("access_token"),
        answer.text_of("refresh_token"),
    );
    app.advance(Duration::from_secs(10));
    assert!(is_refused(&refresh(&app, &first)));
    assert!(is_refused(&refresh(&app, &second)));
    assert_eq!(userinfo(&app, &access).status, 401);
    let noted: i64 = app.query(
        "SELECT count(*) FROM audit WHERE event = 'session.refresh' AND outcome = 'refused' \
         AND detail LIKE '%used twice%'",
    );
    assert_eq!(noted, 1);
}

/// Assertion 45: whoever did not get the answer may try again for a moment; then the token of the
/// lost answer is dead, so that there are never two.
#[test]
fn a_lost_answer_can_be_asked_for_again_within_the_grace_period() {
    let app = TestApp::with_jane();
    let (_, first) = app.tokens(JANE, PASSWORD);
    let lost = refresh(&app, &first).text_of("refresh_token");
    app.advance(Duration::from_secs(9));
    let second = refresh(&app, &first).text_of("refresh_token");
    assert!(is_refused(&refresh(&app, &lost)));
    refresh(&app, &second).text_of("refresh_token");
}

/// Assertion 45: the grace period counts from the first use, or whoever has an old token could keep it
/// alive by using it again and again. It is over at the same moment after a restart.
#[test]
fn the_grace_period_is_not_drawn_out_by_its_use() {
    let mut app = TestApp::with_jane();
    let (_, first) = app.tokens(JANE, PASSWORD);
    refresh(&app, &first).text_of("refresh_token");
    app.advance(Duration::from_secs(6));
    let second = refresh(&app, &first).text_of("refresh_token");
    app.advance(Duration::from_secs(4));
    app.restart();
    assert!(is_refused(&refresh(&app, &first)));
    assert!(is_refused(&refresh(&app, &second)), "the session has ended");
}

/// Assertion 45: where no grace is wanted, the second use is a theft at once.
#[test]
fn without_a_grace_period_every_second_use_ends_the_session() {
    let app = TestApp::builder()
        .set("tokens.refresh_grace", "0s")
        .start()
        .and_jane();
    let (_, first) = app.tokens(JANE, PASSWORD);
    let second = refresh(&app, &first).text_of("refresh_token");
    assert!(is_refused(&refresh(&app, &first)));
    assert!(is_refused(&refresh(&app, &second)));
}

/// Assertion 45: a theft in one session says nothing of the others, and nothing of other members.
#[test]
fn a_reuse_ends_no_other_session() {
    let app = TestApp::with_jane();
    app.add_person("bob@example.com", "Bob", None, Some(PASSWORD));
    let (_, stolen) = app.tokens(JANE, PASSWORD);
    let (_, other) = app.tokens(JANE, PASSWORD);
    let (_, bob) = app.tokens("bob@example.com", PASSWORD);
    refresh(&app, &stolen).text_of("refresh_token");
    app.advance(Duration::from_mins(1));
    assert!(is_refused(&refresh(&app, &stolen)));
    refresh(&app, &other).text_of("refresh_token");
    refresh(&app, &bob).text_of("refresh_token");
}

/// Assertion 45: within the grace period, too, a token whose successor was used is a stolen one.
#[test]
fn the_grace_period_ends_when_the_next_token_is_used() {
    let app = TestApp::with_jane();
    let (_, first) = app.tokens(JANE, PASSWORD);
    let second = refresh(&app, &first).text_of("refresh_token");
    let third = refresh(&app, &second).text_of("refresh_token");
    assert!(is_refused(&refresh(&app, &first)));
    assert!(is_refused(&refresh(&app, &third)));
}

/// Assertion 45: refreshing does not move the end of the session.
#[test]
fn a_session_ends_fifteen_days_after_the_sign_in_however_often_it_is_refreshed() {
    let app = TestApp::with_jane();
    let (_, mut token) = app.tokens(JANE, PASSWORD);
    for _ in 0..14 {
        app.advance(Duration::from_hours(24));
        token = refresh(&app, &token).text_of("refresh_token");
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
    let token = by("portal", &password).text_of("refresh_token");
    let again = [
        ("grant_type", "refresh_token"),
        ("refresh_token", token.as_str()),
    ];
    assert!(is_refused(&by("shop", &again)));
    assert!(is_refused(&refresh(&app, &token)));
    let next = by("portal", &again).text_of("refresh_token");

    // The default client is the email address, said or unsaid.
    let (_, default) = app.tokens(JANE, PASSWORD);
    assert!(is_refused(&by(
        "portal",
        &[("grant_type", "refresh_token"), ("refresh_token", &default)]
    )));
    let default = by(
        JANE,
        &[("grant_type", "refresh_token"), ("refresh_token", &default)],
    )
    .text_of("refresh_token");
    refresh(&app, &default).text_of("refresh_token");
    let again = [
        ("grant_type", "refresh_token"),
        ("refresh_token", next.as_str()),
        ("client_id", "portal"),
    ];
    app.send(&Request::post("/api/token").form(&again))
        .text_of("refresh_token");
}

/// A session that began with a link or a code goes on like any other.
#[test]
fn the_refresh_token_of_an_exchange_is_one_like_any_other() {
    let app = TestApp::with_jane();
    let login = app.login_token(JANE, NEW_PASSWORD);
    let token = app.exchange(&login, "10080").text_of("refresh_token");
    app.advance(Duration::from_hours(15 * 24 - 1));
    let answer = refresh(&app, &token);
    assert_eq!(userinfo(&app, &answer.text_of("access_token")).status, 200);
    assert_eq!(answer.json()["expires_in"], 3600);
    let claims = Parts::of(&answer.text_of("access_token")).claims;
    assert_eq!(
        (&claims["client_id"], &claims["business_id"]),
        (&json!(JANE), &json!(7))
    );
    app.advance(Duration::from_hours(1));
    assert!(is_refused(&refresh(&app, &answer.text_of("refresh_token"))));
}

/// Assertion 46: whatever shuts an account out or changes its password ends its refresh tokens.
#[test]
fn suspension_reset_and_password_change_end_refresh_tokens() {
    let app = TestApp::with_jane();
    let (_, token) = app.tokens(JANE, PASSWORD);
    app.suspend(JANE);
    assert!(is_refused(&refresh(&app, &token)));
    app.wait(app.admin().reactivate(email(JANE), app.now()))
        .expect("reactivated");
    assert!(is_refused(&refresh(&app, &token)));

    let (_, token) = app.tokens(JANE, PASSWORD);
    app.login_token(JANE, NEW_PASSWORD);
    assert!(is_refused(&refresh(&app, &token)));

    let token = app.sign_in(JANE, NEW_PASSWORD).text_of("refresh_token");
    app.wait(app.admin().require_reset(email(JANE), app.now()))
        .expect("required");
    assert!(is_refused(&refresh(&app, &token)));

    app.next_mail();
    app.login_token(JANE, PASSWORD);
    let (_, token) = app.tokens(JANE, PASSWORD);
    app.wait(app.admin().revoke_sessions(email(JANE), app.now()))
        .expect("revoked");
    assert!(is_refused(&refresh(&app, &token)));
    let (_, token) = app.tokens(JANE, PASSWORD);
    app.wait(app.admin().remove_account(email(JANE), app.now()))
        .expect("removed");
    assert!(is_refused(&refresh(&app, &token)));
}

/// Assertion 46: a refresh that races a reset leaves nothing behind that works afterwards.
#[test]
fn nothing_that_is_refreshed_while_a_reset_completes_outlives_it() {
    for round in 0..8 {
        let app = TestApp::with_jane();
        let (_, token) = app.tokens(JANE, PASSWORD);
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

/// Assertion 45: of many uses at the same time all may be tries of a client that got no answer, and
/// all are answered; but one token is left that works, never two, whoever has the others.
#[test]
fn many_uses_at_the_same_time_leave_one_token_that_works() {
    let app = TestApp::with_jane();
    let (_, token) = app.tokens(JANE, PASSWORD);
    let answers = all_at_once(&[(); 50], |()| refresh(&app, &token));
    let tokens: BTreeSet<_> = answers
        .iter()
        .map(|answer| answer.text_of("refresh_token"))
        .collect();
    assert_eq!(tokens.len(), 50);
    let unused: i64 = app.query("SELECT count(*) FROM refresh_tokens WHERE used_at IS NULL");
    assert_eq!(unused, 1);
    let good = tokens
        .iter()
        .filter(|next| refresh(&app, next).status == 200);
    assert_eq!(good.count(), 1);
}

/// Assertion 40: what is wrong with a refresh token is not said: unknown, used, expired, of another
/// client, of a session that has ended or of somebody who is shut out, the answer is the same to the
/// byte, in the form of RFC 6749, 5.2.
#[test]
fn every_bad_token_is_refused_in_the_same_words() {
    let app = TestApp::with_jane();
    let (access, first) = app.tokens(JANE, PASSWORD);
    let (_, unused) = app.tokens(JANE, PASSWORD);
    refresh(&app, &first);
    app.advance(Duration::from_mins(1));
    let used = refresh(&app, &first).comparable();
    assert!(is_refused(&used));
    assert_eq!(used.header("cache-control"), Some("no-store"));
    assert_eq!(used.json().as_object().map(serde_json::Map::len), Some(2));
    assert!(used.json()["error_description"].is_string());
    for token in ["x", "%", "🗝", " ", access.as_str(), &"x".repeat(5000)] {
        assert_eq!(refresh(&app, token).comparable(), used);
    }
    assert_eq!(refresh(&app, &format!(" {unused}")).comparable(), used);
    let elsewhere = Request::post("/api/token")
        .header("client_id", "shop")
        .form(&[("grant_type", "refresh_token"), ("refresh_token", &unused)]);
    assert_eq!(app.send(&elsewhere).comparable(), used);
    refresh(&app, &unused).text_of("refresh_token");

    let (_, expired) = app.tokens(JANE, PASSWORD);
    app.advance(Duration::from_hours(15 * 24));
    assert_eq!(refresh(&app, &expired).comparable(), used);
    let (_, shut_out) = app.tokens(JANE, PASSWORD);
    app.suspend(JANE);
    assert_eq!(refresh(&app, &shut_out).comparable(), used);

    let without = app.send(
        &Request::post("/api/token")
            .form(&[("grant_type", "refresh_token"), ("refresh_token", "")]),
    );
    assert_eq!(without.status, 400);
    assert_eq!(without.json()["error"], "invalid_request");
    assert_eq!(without.header("cache-control"), Some("no-store"));
}
