//! The second factor over HTTP: switched on by the member, asked for wherever somebody comes in.

mod commands;
mod entry;
mod failures;

use std::time::Duration;

use aws_lc_rs::hmac;
use readmit::clock::Timestamp;
use serde_json::json;

use crate::support::app::{NEW_PASSWORD, PASSWORD, TestApp, USERS};
use crate::support::http::{Answer, Request};

const JANE: &str = "jane@example.com";
const DUE: &str = "two_factor_auth_check";

/// The code of RFC 6238 for a secret in base32, by nothing of the program's own.
pub(crate) fn code(app: &TestApp, secret: &str) -> String {
    code_at(app.now(), secret)
}

fn code_at(now: Timestamp, secret: &str) -> String {
    let secret = data_encoding::BASE32_NOPAD
        .decode(secret.as_bytes())
        .expect("base32");
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &secret);
    let step = u64::try_from(now.seconds() / 30).expect("a step");
    let mac = hmac::sign(&key, &step.to_be_bytes());
    let mac = mac.as_ref();
    let at = usize::from(mac[19] & 15);
    let word = u32::from_be_bytes(mac[at..at + 4].try_into().expect("four bytes")) & 0x7fff_ffff;
    format!("{:06}", word % 1_000_000)
}

fn access(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["access_token"]
        .as_str()
        .expect("a token")
        .to_owned()
}

fn post(app: &TestApp, path: &str, access: &str, body: Option<&serde_json::Value>) -> Answer {
    let mut request = Request::post(&format!("{USERS}/totp/{path}"))
        .header("authorization", &format!("Bearer {access}"));
    if let Some(body) = body {
        request = request.json(body);
    }
    app.send(&request)
}

/// Switches it on for Jane, and returns the secret and the recovery codes.
pub(crate) fn enrol(app: &TestApp, access: &str) -> (String, Vec<String>) {
    let started = post(app, "start", access, None).envelope(200);
    let uri = started["Value"].as_str().expect("a URI");
    assert!(
        uri.starts_with("otpauth://totp/Canal%20House:jane%40example.com?"),
        "{uri}"
    );
    let (_, secret) = uri.split_once("secret=").expect("a secret");
    let secret = secret.split('&').next().expect("a secret").to_owned();
    let confirmed = post(
        app,
        "confirm",
        access,
        Some(&json!({ "Totp": code(app, &secret) })),
    );
    let codes = confirmed.envelope(200)["Value"]
        .as_str()
        .expect("codes")
        .to_owned();
    let codes: Vec<String> = codes.split(' ').map(str::to_owned).collect();
    assert_eq!(codes.len(), 10);
    app.advance(Duration::from_secs(30));
    (secret, codes)
}

fn sign_in(app: &TestApp, password: &str, totp: &str) -> Answer {
    app.send(&Request::post("/api/token").form(&[
        ("grant_type", "password"),
        ("username", JANE),
        ("password", password),
        ("totp", totp),
    ]))
}

fn exchange(app: &TestApp, token: &str, totp: &str) -> Answer {
    app.send(&Request::post(&format!(
        "{USERS}/exchange?token={token}&validForInMinutes=5&totp={totp}"
    )))
}

/// Contract, section 4: the code is asked for only where the password is right, and each works once.
#[test]
fn a_sign_in_asks_for_the_code() {
    let app = TestApp::with_jane();
    let (secret, recovery) = enrol(&app, &access(&app.sign_in(JANE, PASSWORD)));
    assert_eq!(app.sign_in(JANE, PASSWORD).json()["error"], DUE);
    assert_eq!(
        sign_in(&app, "a wrong guess", &code(&app, &secret)).json()["error"],
        "invalid_grant"
    );
    assert_eq!(sign_in(&app, PASSWORD, "000000").json()["error"], DUE);
    let right = code(&app, &secret);
    access(&sign_in(&app, PASSWORD, &right));
    assert_eq!(sign_in(&app, PASSWORD, &right).json()["error"], DUE);
    access(&sign_in(&app, PASSWORD, &recovery[0]));
    assert_eq!(sign_in(&app, PASSWORD, &recovery[0]).json()["error"], DUE);
}

/// Contract, section 6, and assertion 32: `exchange` asks for it too, after a reset as well, and the
/// token stays usable meanwhile.
#[test]
fn an_exchange_asks_for_the_code_after_a_reset_too() {
    let app = TestApp::with_jane();
    let (secret, _) = enrol(&app, &access(&app.sign_in(JANE, PASSWORD)));
    let token = app.login_token(JANE, NEW_PASSWORD);
    app.next_mail();
    assert_eq!(app.exchange(&token, "5").refusal(401), DUE);
    assert_eq!(exchange(&app, &token, "123").refusal(401), DUE);
    assert_eq!(exchange(&app, &token, &code(&app, &secret)).status, 200);
    exchange(&app, &token, &code(&app, &secret)).refusal(401);
    let refused: i64 = app.query(
        "SELECT count(*) FROM audit WHERE event = 'session.exchange' AND outcome = 'refused' \
         AND detail = 'a second factor is due'",
    );
    assert_eq!(refused, 2);
}

/// Wrong codes have to wait like wrong passwords do; a missing one is no guess.
#[test]
fn wrong_codes_have_to_wait() {
    let app = TestApp::with_jane();
    let (secret, _) = enrol(&app, &access(&app.sign_in(JANE, PASSWORD)));
    let token = app.login_token(JANE, PASSWORD);
    app.next_mail();
    for _ in 0..10 {
        assert_eq!(app.exchange(&token, "5").status, 401);
    }
    for _ in 0..5 {
        assert_eq!(exchange(&app, &token, "000000").status, 401);
    }
    let right = code(&app, &secret);
    let refused = exchange(&app, &token, &right);
    assert_eq!(refused.header("retry-after"), Some("1"));
    refused.refusal(429);
    assert_eq!(sign_in(&app, PASSWORD, &right).status, 429);
    app.advance(Duration::from_secs(1));
    assert_eq!(exchange(&app, &token, &right).status, 200);
}

/// Switching it off takes the password and a code; everything takes a signed-in member.
#[test]
fn it_is_switched_off_with_password_and_code() {
    let app = TestApp::with_jane();
    let token = access(&app.sign_in(JANE, PASSWORD));
    for path in ["start", "confirm", "disable"] {
        post(&app, path, "x", Some(&json!({}))).refusal(401);
    }
    let body = json!({ "Totp": "000000" });
    post(&app, "confirm", &token, Some(&body)).refusal(400);
    let (secret, recovery) = enrol(&app, &token);
    post(&app, "start", &token, None).refusal(400);
    let wrong = json!({ "Password": "a wrong guess", "Totp": code(&app, &secret) });
    let wrong = post(&app, "disable", &token, Some(&wrong)).envelope(400);
    assert_eq!(wrong["Errors"][0]["PropertyName"], "Password");
    let wrong = json!({ "Password": PASSWORD, "Totp": "000000" });
    let wrong = post(&app, "disable", &token, Some(&wrong)).envelope(400);
    assert_eq!(wrong["Errors"][0]["PropertyName"], "Totp");
    let right = json!({ "Password": PASSWORD, "Totp": recovery[3] });
    post(&app, "disable", &token, Some(&right)).envelope(200);
    access(&app.sign_in(JANE, PASSWORD));
}
