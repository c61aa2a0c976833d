//! Where the second factor is asked for, and how often it may be guessed at.

use std::time::Duration;

use serde_json::json;

use super::{DUE, JANE, access, code, code_at, enrol, exchange, post, sign_in};
use crate::support::app::{PASSWORD, TestApp, USERS};
use crate::support::http::{Answer, Request};
use crate::support::parallel::all_at_once;
use crate::support::smtp::Mail;

fn enrolled() -> (TestApp, String, Vec<String>, String) {
    let app = TestApp::with_jane();
    let token = access(&app.sign_in(JANE, PASSWORD));
    let (secret, recovery) = enrol(&app, &token);
    (app, secret, recovery, token)
}

fn mailed(app: &TestApp) -> Mail {
    let target = format!("{USERS}/sendOtp?email={JANE}&businessId=7");
    app.send(&Request::get(&target)).envelope(200);
    app.next_mail()
}

fn verify(app: &TestApp, mail: &Mail) -> Answer {
    let subject = mail.header("Subject").expect("a subject");
    let body = json!({ "Email": JANE, "Otp": subject[..6], "BusinessId": 7 });
    app.send(&Request::post(&format!("{USERS}/verifyOtp")).json(&body))
}

/// What the device needs to know stands in the URI, for whatever reads it by its parameters.
#[test]
fn the_uri_tells_a_device_all_it_needs() {
    let app = TestApp::with_jane();
    let token = access(&app.sign_in(JANE, PASSWORD));
    let uri = post(&app, "start", &token, None).envelope(200)["Value"].clone();
    let uri = url::Url::parse(uri.as_str().expect("a URI")).expect("a URI");
    assert_eq!((uri.scheme(), uri.host_str()), ("otpauth", Some("totp")));
    let value = |name: &str| {
        let found = uri.query_pairs().find(|(given, _)| given == name);
        found.map(|(_, value)| value.into_owned())
    };
    assert_eq!(value("issuer").as_deref(), Some("Canal House"));
    assert_eq!(value("algorithm").as_deref(), Some("SHA1"));
    assert_eq!(value("digits").as_deref(), Some("6"));
    assert_eq!(value("period").as_deref(), Some("30"));
    // 160 bits (RFC 4226, section 4, R6).
    let first = value("secret").expect("a secret");
    assert_eq!(first.len(), 32);
    // Nothing is asked for yet; starting again makes another secret, and the first is worth nothing.
    access(&app.sign_in(JANE, PASSWORD));
    let again = post(&app, "start", &token, None).envelope(200)["Value"].clone();
    assert!(!again.as_str().expect("a URI").contains(&first));
    let body = json!({ "Totp": code(&app, &first) });
    let refused = post(&app, "confirm", &token, Some(&body)).envelope(400);
    assert_eq!(refused["Errors"][0]["PropertyName"], "Totp");
    access(&app.sign_in(JANE, PASSWORD));
}

/// Contract, section 6: neither a code by mail nor its link stands in for the device, and neither is used
/// up by who has only that.
#[test]
fn codes_and_magic_links_lead_to_the_second_factor_too() {
    let (app, secret, recovery, _) = enrolled();
    let link = mailed(&app).token();
    assert_eq!(app.exchange(&link, "5").refusal(401), DUE);
    assert_eq!(exchange(&app, &link, "000000").refusal(401), DUE);
    assert_eq!(exchange(&app, &link, &recovery[0]).status, 200);
    app.advance(Duration::from_mins(1));
    let answer = verify(&app, &mailed(&app)).envelope(200);
    let login = answer["Value"].as_str().expect("a token");
    assert_eq!(app.exchange(login, "5").refusal(401), DUE);
    assert_eq!(exchange(&app, login, &recovery[0]).refusal(401), DUE);
    assert_eq!(exchange(&app, login, &code(&app, &secret)).status, 200);
    exchange(&app, login, &recovery[1]).refusal(401);
}

/// Assertion 14: the second factor is spoken of only to who has the right password; to others the account
/// is like one that does not exist.
#[test]
fn a_wrong_password_learns_nothing_of_a_second_factor() {
    let (app, secret, _, _) = enrolled();
    let right = code(&app, &secret);
    let refused = sign_in(&app, "a wrong guess", &right).comparable();
    assert_eq!(app.sign_in(JANE, "a wrong guess").comparable(), refused);
    let nobody = app.sign_in("nobody@example.com", "a wrong guess");
    assert_eq!(nobody.comparable(), refused);
    app.suspend(JANE);
    assert_eq!(sign_in(&app, PASSWORD, &right).comparable(), refused);
    app.wait(
        app.admin()
            .reactivate(crate::support::app::email(JANE), app.now()),
    )
    .expect("it is reactivated");
    // The code was not used up by any of this.
    access(&sign_in(&app, PASSWORD, &right));
}

/// The same code from ten places at the same moment opens one session.
#[test]
fn one_code_opens_one_session() {
    let (app, secret, _, _) = enrolled();
    let right = code(&app, &secret);
    let answers = all_at_once(&[(); 10], |()| sign_in(&app, PASSWORD, &right));
    let came_in = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(came_in, 1);
}

/// RFC 6238, 5.2: one step of skew, and no step before one that was used.
#[test]
fn a_device_may_be_a_step_off_and_none_goes_back() {
    let (app, secret, _, _) = enrolled();
    let step = Duration::from_secs(30);
    app.advance(3 * step);
    let now = app.now();
    let at = |time| code_at(time, &secret);
    for far in [now.before(2 * step), now.after(2 * step)] {
        assert_eq!(sign_in(&app, PASSWORD, &at(far)).json()["error"], DUE);
    }
    access(&sign_in(&app, PASSWORD, &at(now.before(step))));
    access(&sign_in(&app, PASSWORD, &at(now.after(step))));
    assert_eq!(sign_in(&app, PASSWORD, &at(now)).json()["error"], DUE);
}

/// A session that was opened with the second factor is refreshed without it.
#[test]
fn a_refresh_does_not_ask_again() {
    let (app, secret, _, _) = enrolled();
    let opened = sign_in(&app, PASSWORD, &code(&app, &secret)).json();
    let refresh = opened["refresh_token"].as_str().expect("a token");
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh),
        ("client_id", JANE),
    ];
    access(&app.send(&Request::post("/api/token").form(&form)));
}

/// A stolen session must not be a place to guess the password or the device's code at: wrong ones count
/// with those at sign-in, and wait.
#[test]
fn wrong_tries_to_switch_it_off_have_to_wait() {
    let (app, secret, recovery, token) = enrolled();
    let body = |password: &str, code: &str| json!({ "Password": password, "Totp": code });
    for n in 0..5 {
        let wrong = if n % 2 == 0 {
            body("a wrong guess", &recovery[0])
        } else {
            body(PASSWORD, "000000")
        };
        post(&app, "disable", &token, Some(&wrong)).refusal(400);
    }
    let right = body(PASSWORD, &recovery[0]);
    let refused = post(&app, "disable", &token, Some(&right));
    assert_eq!(refused.header("retry-after"), Some("1"));
    refused.refusal(429);
    let right_code = code(&app, &secret);
    assert_eq!(sign_in(&app, PASSWORD, &right_code).status, 429);
    app.advance(Duration::from_secs(1));
    post(&app, "disable", &token, Some(&right)).envelope(200);
    // The right one has wiped the count.
    for _ in 0..5 {
        assert_eq!(app.sign_in(JANE, "a wrong guess").status, 400);
    }
}

/// Who reads the member's mail gets no new guesses at the device with each code: the count ends with the
/// second factor, not with the first.
#[test]
fn a_code_by_mail_gives_no_new_guesses_at_the_device() {
    let (app, _, recovery, _) = enrolled();
    let token = app.login_token(JANE, PASSWORD);
    app.next_mail();
    for _ in 0..4 {
        exchange(&app, &token, "000000").refusal(401);
    }
    verify(&app, &mailed(&app)).envelope(200);
    exchange(&app, &token, "000000").refusal(429);
    app.advance(Duration::from_secs(1));
    assert_eq!(exchange(&app, &token, &recovery[0]).status, 200);
}
