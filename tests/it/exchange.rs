//! One-time login tokens, and the sessions that they are exchanged for.

use std::time::Duration;

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};

use crate::support::app::{NEW_PASSWORD, PASSWORD, START, TestApp, USERS, email};
use crate::support::http::{Answer, Request};
use crate::support::jwt::{Parts, SigningKey};
use crate::support::parallel::all_at_once;

const JANE: &str = "jane@example.com";
const REFUSED: &str = "The token is invalid, has expired or was used before.";

/// Another login token for Jane, whatever has gone out before.
fn login_token(app: &TestApp) -> String {
    app.advance(Duration::from_secs(61));
    let token = app.login_token(JANE, NEW_PASSWORD);
    app.next_mail();
    token
}

/// The claims, as an application that knows the served keys only gets them from a common library.
fn verified(app: &TestApp, token: &str) -> Parts {
    let jwks = app.send(&Request::get("/.well-known/jwks.json"));
    let jwks: JwkSet = serde_json::from_slice(&jwks.body).expect("a key set");
    let header = jsonwebtoken::decode_header(token).expect("a header");
    let key = jwks
        .find(&header.kid.expect("a key's id"))
        .expect("a served key");
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_audience(&["https://id.readmit.test"]);
    validation.set_issuer(&["https://id.readmit.test"]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    // The deployment's clock stands still, wherever the library's is.
    validation.validate_exp = false;
    let key = DecodingKey::from_jwk(key).expect("a usable key");
    jsonwebtoken::decode::<Value>(token, &key, &validation).expect("a good signature");
    Parts::of(token)
}

/// Fails unless this is the access token that Jane should get.
fn check_access_token(app: &TestApp, token: &str, client_id: &str, lifetime: i64) {
    let parts = verified(app, token);
    assert_eq!(parts.header["typ"], "at+jwt");
    let account: String = app.query("SELECT id FROM accounts");
    let session: String = app.query("SELECT id FROM sessions ORDER BY created_at DESC LIMIT 1");
    let now = app.now().seconds();
    let jti = parts.claims["jti"].as_str().expect("an id");
    assert_eq!(jti.len(), 22);
    assert_eq!(
        parts.claims,
        json!({
            "iss": "https://id.readmit.test",
            "aud": "https://id.readmit.test",
            "sub": account,
            "client_id": client_id,
            "sid": session,
            "email": JANE,
            "business_id": 7,
            "jti": jti,
            "iat": now,
            "exp": now + lifetime,
        })
    );
}

/// Contract, section 3: what `completePasswordReset` hands over lives for five minutes.
#[test]
fn a_login_token_lives_for_five_minutes() {
    let app = TestApp::with_jane();
    let token = app.login_token(JANE, NEW_PASSWORD);
    let parts = Parts::of(&token);
    assert_eq!(parts.header["typ"], "login+jwt");
    assert_eq!(parts.claims["aud"], "exchange");
    assert_eq!(parts.claims["email"], JANE);
    assert_eq!(parts.claims["business_id"], 7);
    assert_eq!(parts.claims["exp"], START.seconds() + 300);

    app.next_mail();
    app.advance(Duration::from_millis(299_999));
    let in_time = app.exchange(&token, "60");
    assert_eq!(in_time.status, 200, "{}", in_time.text());

    let token = login_token(&app);
    app.advance(Duration::from_mins(5));
    assert_eq!(app.exchange(&token, "60").refusal(401), REFUSED);
}

/// Assertion 23, for login tokens: the row's own expiry counts too, and a clock that goes back
/// revives nothing that was used.
#[test]
fn a_login_token_is_no_better_than_its_row() {
    let app = TestApp::with_jane();
    let token = app.login_token(JANE, NEW_PASSWORD);
    let key = SigningKey::of(&app.folder().join("keys"));
    let prolonged = key.sign(&Parts::of(&token).claim("exp", json!(START.seconds() + 9999)));
    app.next_mail();
    app.advance(Duration::from_mins(5));
    assert_eq!(app.exchange(&prolonged, "60").refusal(401), REFUSED);

    let token = login_token(&app);
    assert_eq!(app.exchange(&token, "60").status, 200);
    app.clock.step_back(Duration::from_mins(4));
    assert_eq!(app.exchange(&token, "60").refusal(401), REFUSED);
}

/// Contract, section 6, and RFC 9068 for the token.
#[test]
fn an_exchange_gives_a_session_of_the_asked_length() {
    let app = TestApp::with_jane();
    let token = app.login_token(JANE, NEW_PASSWORD);
    let answer = app.exchange(&token, "1440");
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let grant = answer.json();
    let access = grant["token"].as_str().expect("an access token");
    let refresh = grant["refresh_token"].as_str().expect("a refresh token");
    assert_eq!(
        grant,
        json!({ "token": access, "token_type": "bearer", "expires_in": 86400, "refresh_token": refresh })
    );
    assert_eq!(refresh.len(), 43);
    check_access_token(&app, access, JANE, 86400);
    let lasts: i64 = app.query("SELECT (expires_at - created_at) / 86400000 FROM sessions");
    assert_eq!(lasts, 15);
}

/// Contract, section 6: 1 to 10080 minutes, and no longer than the configuration allows.
#[test]
fn the_asked_length_is_capped_by_the_configuration() {
    let app = TestApp::builder()
        .set("tokens.max_exchange", "2h")
        .start()
        .and_jane();
    for (minutes, seconds) in [("1", 60), ("120", 7200), ("121", 7200), ("10080", 7200)] {
        let token = login_token(&app);
        let grant = app.exchange(&token, minutes).json();
        assert_eq!(grant["expires_in"], seconds, "{minutes}");
        let access = grant["token"].as_str().expect("an access token");
        check_access_token(&app, access, JANE, seconds);
        app.advance(Duration::from_secs(1));
    }
    let token = login_token(&app);
    for minutes in [
        "",
        "0",
        "-1",
        "10081",
        "1.5",
        "60m",
        "1e3",
        "99999999999999999999",
    ] {
        let answer = app.exchange(&token, minutes);
        let errors = answer.envelope(400)["Errors"].clone();
        assert_eq!(errors[0]["PropertyName"], "validForInMinutes", "{minutes}");
    }
    let target = format!("{USERS}/exchange?token={token}");
    app.send(&Request::post(&target)).refusal(400);
    let target = format!("{USERS}/exchange?validForInMinutes=60");
    let missing = app.send(&Request::post(&target)).envelope(400);
    assert_eq!(missing["Errors"][0]["PropertyName"], "token");
    assert_eq!(app.exchange(&token, "60").status, 200);
}

/// Contract, section 4: the other way to an access token, for the application that asks.
#[test]
fn a_sign_in_gives_an_access_token_for_its_client() {
    let app = TestApp::with_jane();
    let grant = app.sign_in("JANE@example.com", PASSWORD).json();
    assert_eq!(grant["expires_in"], 3600);
    let access = grant["access_token"].as_str().expect("an access token");
    check_access_token(&app, access, JANE, 3600);

    app.advance(Duration::from_secs(1));
    let form = [
        ("grant_type", "password"),
        ("username", JANE),
        ("password", PASSWORD),
    ];
    let request = Request::post("/api/token").form(&form);
    let grant = app.send(&request.header("client_id", "portal")).json();
    let access = grant["access_token"].as_str().expect("an access token");
    check_access_token(&app, access, "portal", 3600);
}

/// Assertion 44: one conditional update decides, whoever races, and one session is all there is.
#[test]
fn of_a_hundred_exchanges_at_once_one_succeeds() {
    let app = TestApp::with_jane();
    let token = app.login_token(JANE, NEW_PASSWORD);
    let answers = all_at_once(&[(); 100], |()| app.exchange(&token, "60"));
    let (won, lost): (Vec<&Answer>, Vec<_>) =
        answers.iter().partition(|answer| answer.status == 200);
    assert_eq!((won.len(), lost.len()), (1, 99));
    for answer in lost {
        assert_eq!(answer.refusal(401), REFUSED);
    }
    let sessions: i64 = app.query("SELECT count(*) FROM sessions");
    let refresh_tokens: i64 = app.query("SELECT count(*) FROM refresh_tokens");
    assert_eq!((sessions, refresh_tokens), (1, 1));
}

/// Assertion 44: that a token was used is on disk, not in memory.
#[test]
fn a_replay_after_a_restart_fails() {
    let mut app = TestApp::with_jane();
    let used = app.login_token(JANE, NEW_PASSWORD);
    assert_eq!(app.exchange(&used, "60").status, 200);
    app.next_mail();
    let fresh = login_token(&app);
    app.restart();
    assert_eq!(app.exchange(&used, "60").refusal(401), REFUSED);
    assert_eq!(app.exchange(&fresh, "60").status, 200);
    app.restart();
    assert_eq!(app.exchange(&fresh, "60").refusal(401), REFUSED);
}

/// Assertion 14: whatever is wrong with a login token, the answer has the same bytes and headers.
#[test]
fn every_bad_login_token_is_refused_in_the_same_words() {
    let app = TestApp::with_jane();
    let used = app.login_token(JANE, NEW_PASSWORD);
    app.next_mail();
    assert_eq!(app.exchange(&used, "60").status, 200);
    let expired = login_token(&app);
    app.advance(Duration::from_mins(5));
    let superseded = login_token(&app);
    let open = login_token(&app);
    let forged = SigningKey::new().sign(&Parts::of(&open));
    let reset = app.reset_token(JANE);
    let access = app.sign_in(JANE, NEW_PASSWORD).json();
    let access = access["access_token"].as_str().expect("a token");

    let reference = app.exchange("nonsense", "60").comparable();
    assert_eq!(reference.refusal(401), REFUSED);
    let refuse = |what: &str, token: &str| {
        assert_eq!(app.exchange(token, "60").comparable(), reference, "{what}");
    };
    refuse("used", &used);
    refuse("expired", &expired);
    refuse("superseded", &superseded);
    refuse("forged", &forged);
    refuse("a reset token", &reset);
    refuse("an access token", access);
    refuse("with a blank behind it", &format!("{open} "));
    assert_eq!(app.exchange(&open, "60").status, 200);

    let of_suspended = login_token(&app);
    app.suspend(JANE);
    refuse("of a suspended account", &of_suspended);
    app.wait(app.admin().reactivate(email(JANE), app.now()))
        .expect("the account is reactivated");
    refuse("from before the suspension", &of_suspended);
    let of_reset = login_token(&app);
    app.wait(app.admin().require_reset(email(JANE), app.now()))
        .expect("a reset is required");
    refuse("from before a required reset", &of_reset);
    let of_removed = login_token(&app);
    app.wait(app.admin().remove_account(email(JANE), app.now()))
        .expect("the account is removed");
    refuse("of a removed account", &of_removed);
}

/// Assertion 25, for login tokens: bound to account and version of the credentials even where nobody
/// thinks of revoking them.
#[test]
fn a_login_token_is_bound_to_account_and_credentials() {
    let app = TestApp::with_jane();
    let bob = app.add_person("bob@example.com", "Bob", Some(7), Some(PASSWORD));
    let token = app.login_token(JANE, NEW_PASSWORD);
    let key = SigningKey::of(&app.folder().join("keys"));
    let turned = key.sign(&Parts::of(&token).claim("sub", json!(bob.to_string())));
    // Equal versions, so that nothing but the account tells the two apart.
    app.sql()
        .execute_batch("UPDATE accounts SET credential_version = 2")
        .expect("the accounts change");
    assert_eq!(app.exchange(&turned, "60").refusal(401), REFUSED);

    let set = |what: &str| {
        let sql = format!("UPDATE accounts SET {what}");
        app.sql().execute_batch(&sql).expect("the accounts change");
    };
    for (change, back) in [
        (
            "credential_version = credential_version + 1",
            "credential_version = credential_version - 1",
        ),
        ("suspended_at = 1", "suspended_at = NULL"),
        ("must_reset_password = 1", "must_reset_password = 0"),
    ] {
        set(change);
        assert_eq!(app.exchange(&token, "60").refusal(401), REFUSED, "{change}");
        set(back);
    }
    assert_eq!(app.exchange(&token, "60").status, 200);
}

/// Assertion 12, for the exchange: a database that is locked costs no token, and tells nothing of
/// one that is good.
#[test]
fn an_exchange_that_could_not_be_stored_uses_nothing_up() {
    let app = TestApp::builder()
        .set("storage.busy_timeout", "20ms")
        .start()
        .and_jane();
    let token = app.login_token(JANE, NEW_PASSWORD);
    app.settled_outbox();
    let sql = app.sql();
    sql.execute_batch("BEGIN IMMEDIATE").expect("the lock");
    let answer = app.exchange(&token, "60");
    answer.refusal(503);
    assert!(answer.header("retry-after").is_some());
    sql.execute_batch("ROLLBACK").expect("the lock is given up");
    assert_eq!(app.exchange(&token, "60").status, 200);
}
