//! What answers say of limits: `Retry-After`, `RateLimit` and `RateLimit-Policy`
//! (draft-ietf-httpapi-ratelimit-headers-11).

use std::time::Duration;

use serde_json::json;

use super::ask;
use crate::support::app::{Builder, PASSWORD, TestApp, USERS};
use crate::support::http::{Answer, Request};

fn limited() -> Builder {
    TestApp::builder().set("limits.enabled", "true")
}

fn said(answer: &Answer) -> [Option<&str>; 3] {
    ["retry-after", "ratelimit", "ratelimit-policy"].map(|name| answer.header(name))
}

/// Assertion 53. The fields name no caller: their one text is the limit's name.
#[test]
fn a_refusal_says_which_limit_and_until_when() {
    let app = limited()
        .set("limits.reset", "2/10s")
        .set("limits.exchange", "1/1500ms")
        .set("http.trusted_proxies", "127.0.0.1")
        .without_worker()
        .start();
    let jane = "jane@example.com";
    for _ in 0..2 {
        ask(&app, "192.0.2.1", jane).envelope(200);
    }
    app.advance(Duration::from_millis(500));
    let refused = ask(&app, "192.0.2.1", jane);
    let policy = Some(r#""reset";q=2;w=10"#);
    assert_eq!(
        said(&refused),
        [Some("5"), Some(r#""reset";r=0;t=5"#), policy]
    );
    let whole: Vec<String> = refused
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    for personal in ["192.0.2.1", "jane", "127.0.0.1"] {
        assert!(!whole.join("\n").contains(personal), "{whole:?}");
    }

    // The draft has whole seconds only: another window is not told.
    let exchange = Request::post(&format!("{USERS}/exchange?token=x&validForInMinutes=5"));
    assert_eq!(
        said(&app.send(&exchange)),
        [
            None,
            Some(r#""exchange";r=0;t=2"#),
            Some(r#""exchange";q=1"#)
        ]
    );
    assert_eq!(
        said(&app.send(&exchange)),
        [
            Some("2"),
            Some(r#""exchange";r=0;t=2"#),
            Some(r#""exchange";q=1"#)
        ]
    );
}

/// What is left is told where it can tell nothing about an account.
#[test]
fn an_admitted_answer_says_what_is_left() {
    let app = limited().set("limits.exchange", "3/1m").start();
    let exchange = Request::post(&format!("{USERS}/exchange?token=x&validForInMinutes=5"));
    for left in [2, 1, 0] {
        let answer = app.send(&exchange);
        assert_eq!(answer.status, 401);
        let limit = format!(r#""exchange";r={left};t=60"#);
        let policy = r#""exchange";q=3;w=60"#;
        assert_eq!(said(&answer), [None, Some(limit.as_str()), Some(policy)]);
    }
    // Nothing is left of a limit that is off, and nothing said.
    let app = TestApp::start();
    assert_eq!(said(&app.send(&exchange)), [None; 3]);
}

type Ask<'a> = &'a dyn Fn(&str) -> Answer;

/// Assertions 11 and 14 hold with limits, too: answers that could be compared are the same to the byte,
/// the first and the next one, so they name the quota and not what is left of it.
#[test]
fn answers_that_could_be_compared_have_no_count() {
    let app = limited()
        .set("otp.cooldown", "0s")
        .without_worker()
        .start()
        .and_jane();
    let wrong_password = |address: &str| app.sign_in(address, "wrong").comparable();
    let code = |address: &str| {
        let body = json!({ "Email": address, "Otp": "000000", "BusinessId": 7 });
        let request = Request::post(&format!("{USERS}/verifyOtp")).json(&body);
        app.send(&request).comparable()
    };
    let send_code = |address: &str| {
        let target = format!("{USERS}/sendOtp?email={address}&businessId=7");
        app.send(&Request::get(&target)).comparable()
    };
    let link = |address: &str| ask(&app, "", address).comparable();
    let all: [(Ask<'_>, &str); 4] = [
        (&link, r#""reset";q=120;w=60"#),
        (&send_code, r#""otp";q=240;w=60"#),
        (&code, r#""verify";q=240;w=60"#),
        (&wrong_password, r#""sign_in";q=300;w=60"#),
    ];
    for (ask, policy) in all {
        let first = ask("jane@example.com");
        assert_eq!(said(&first), [None, None, Some(policy)]);
        assert_eq!(ask("nobody@example.com"), first);
        assert_eq!(ask("jane@example.com"), first);
    }
}

/// Assertion 53, where what makes somebody wait is kept in the database.
#[test]
fn every_wait_is_told_in_the_same_field() {
    let app = limited().without_worker().start().and_jane();
    for _ in 0..5 {
        assert_eq!(app.sign_in("jane@example.com", "wrong").status, 400);
    }
    let held_back = app.sign_in("jane@example.com", PASSWORD);
    assert_eq!(held_back.status, 429);
    assert_eq!(
        said(&held_back),
        [Some("1"), Some(r#""wait";r=0;t=1"#), None]
    );

    let code = Request::get(&format!("{USERS}/sendOtp?email=a@example.com&businessId=7"));
    app.send(&code).envelope(200);
    let cooling = app.send(&code);
    assert_eq!(
        said(&cooling),
        [Some("60"), Some(r#""wait";r=0;t=60"#), None]
    );
}

/// A portal reads its answers in a browser, which shows it but the headers that it may see.
#[test]
fn a_portal_may_read_them() {
    let app = limited().without_worker().start().and_jane();
    let answer = app.send(
        &Request::post(&format!("{USERS}/startPasswordReset"))
            .json(&json!({ "email": "jane@example.com" }))
            .header("origin", "https://canal.test"),
    );
    let exposed = answer
        .header("access-control-expose-headers")
        .expect("what a portal may read");
    for name in ["retry-after", "ratelimit", "ratelimit-policy"] {
        assert!(exposed.split(", ").any(|it| it == name), "{exposed}");
    }
}
