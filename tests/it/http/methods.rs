//! Methods that an address does not answer to.

use super::{COMPLETE_RESET, EXCHANGE, START_RESET, TOKEN, oauth_error};
use crate::support::app::{NEW_PASSWORD, TestApp};
use crate::support::http::{Answer, Request};

const POSTED: [&str; 4] = [START_RESET, COMPLETE_RESET, EXCHANGE, TOKEN];
const SHOWN: [&str; 5] = [
    "/.well-known/jwks.json",
    "/healthz",
    "/readyz",
    "/docs",
    "/openapi.json",
];
const OTHERS: [&str; 6] = ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"];

fn refused(answer: &Answer, path: &str, method: &str) {
    assert_eq!(answer.status, 405, "{method} {path}");
    let allowed = if POSTED.contains(&path) {
        "POST"
    } else {
        "GET, HEAD"
    };
    assert_eq!(answer.header("allow"), Some(allowed), "{method} {path}");
    if method == "HEAD" {
        assert!(answer.body.is_empty(), "{path}");
    } else if path == TOKEN {
        assert_eq!(oauth_error(answer, 405), "invalid_request", "{method}");
    } else {
        let words = "This address does not answer to this method.";
        assert_eq!(answer.refusal(405), words, "{method} {path}");
    }
}

/// Assertion 85, and RFC 9110, 15.5.6: the answer says what would have been possible. TRACE does not
/// echo what it was sent.
#[test]
fn a_method_that_is_not_listed_is_refused() {
    let app = TestApp::start();
    let try_all = |path: &str, methods: &[&str]| {
        for method in methods {
            let request = Request::new(method, path).header("x-probe", "echo-me");
            let answer = app.send(&request);
            refused(&answer, path, method);
            assert!(!answer.headers.iter().any(|(_, value)| value == "echo-me"));
            assert!(!answer.body.windows(7).any(|text| text == b"echo-me"));
        }
    };
    for path in POSTED {
        try_all(path, &["GET", "HEAD"]);
        try_all(path, &OTHERS);
    }
    for path in SHOWN {
        try_all(path, &["POST"]);
        try_all(path, &OTHERS);
    }
}

#[test]
fn head_is_answered_like_get_without_a_body() {
    let app = TestApp::start();
    for path in SHOWN {
        let head = app.send(&Request::new("HEAD", path));
        let get = app.send(&Request::get(path));
        assert_eq!((head.status, get.status), (200, 200), "{path}");
        assert!(head.body.is_empty() && !get.body.is_empty(), "{path}");
        for name in ["content-type", "cache-control", "content-security-policy"] {
            assert_eq!(head.header(name), get.header(name), "{path} {name}");
        }
    }
}

/// Assertion 33. Mail scanners and browsers fetch whatever looks like a link, before a person does.
#[test]
fn looking_at_a_token_does_not_use_it_up() {
    let app = TestApp::with_jane();
    let link = app.reset_token("jane@example.com");
    for method in ["GET", "HEAD", "OPTIONS"] {
        for target in [
            format!("{COMPLETE_RESET}?Token={link}&Password=a+password+by+prefetch"),
            format!("{COMPLETE_RESET}?token={link}"),
            format!("{START_RESET}?email=jane@example.com"),
        ] {
            let answer = app.send(&Request::new(method, &target).header("purpose", "prefetch"));
            let path = target.split('?').next().unwrap_or_default();
            refused(&answer, path, method);
        }
        let page = app.send(&Request::new(
            method,
            &format!("/reset-password?token={link}"),
        ));
        assert_eq!(page.status, 404);
    }
    let confirmed = app.complete(&link, NEW_PASSWORD).envelope(200);
    let login = confirmed["Value"].as_str().expect("a token");
    for method in ["GET", "HEAD", "OPTIONS"] {
        let target = format!("{EXCHANGE}?token={login}&validForInMinutes=5");
        refused(&app.send(&Request::new(method, &target)), EXCHANGE, method);
    }
    assert_eq!(app.exchange(login, "5").status, 200);
    assert_eq!(app.settled_outbox().len(), 2, "a link and a notice");
}
