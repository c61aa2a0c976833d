//! What every answer has, and what none has.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::{FORM, JSON, START_RESET, TOKEN};
use crate::support::app::{PASSWORD, TestApp};
use crate::support::http::{Answer, Request};

/// Fails unless the answer has what all answers have.
pub(super) fn check(answer: &Answer) {
    let has = |name: &str, value: &str| {
        let given = answer.header(name).unwrap_or_default();
        assert_eq!(given, value, "{name} of {}", answer.status);
    };
    has("x-content-type-options", "nosniff");
    has("referrer-policy", "no-referrer");
    has("x-frame-options", "DENY");
    has("cache-control", "no-store");
    has("vary", "Origin");
    let policy = answer.header("content-security-policy").unwrap_or_default();
    assert!(policy.starts_with("default-src 'none'; "), "{policy}");
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(
        !policy.contains('*') && !policy.contains("unsafe-eval"),
        "{policy}"
    );
    let id = answer.header("x-request-id").expect("a request id");
    assert_eq!(id.len(), 12, "{id}");
    for name in ["server", "x-powered-by", "via", "set-cookie"] {
        assert_eq!(answer.header(name), None, "{name} of {}", answer.status);
    }
    for (name, value) in &answer.headers {
        let of_us = format!("{name}: {value}").to_ascii_lowercase();
        // Random letters can spell anything.
        let words = if name == "x-request-id" {
            0
        } else {
            usize::MAX
        };
        for word in [
            env!("CARGO_PKG_VERSION"),
            "readmit",
            "hyper",
            "poem",
            "rust",
        ]
        .into_iter()
        .take(words)
        {
            assert!(!of_us.contains(word), "{of_us}");
        }
        let only = answer
            .headers
            .iter()
            .filter(|(other, _)| other == name)
            .count();
        assert_eq!(only, 1, "{name}");
    }
}

/// Assertion 85, for every status that a request alone can bring about. A panic's 500 and a slow
/// body's 408 have tests of their own.
#[test]
fn every_answer_has_the_headers_that_keep_browsers_careful() {
    let app = TestApp::builder()
        .set("limits.enabled", "true")
        .set("limits.exchange", "1/1h")
        .start()
        .and_jane();
    let sign_in = [
        ("grant_type", "password"),
        ("username", "jane@example.com"),
        ("password", PASSWORD),
    ];
    let portal = "https://canal.test";
    let exchange = "/api/sys/users/exchange?token=x&validForInMinutes=5";
    let requests = [
        (
            200,
            Request::post(START_RESET).json(&json!({ "email": "jane@example.com" })),
        ),
        (200, Request::post(TOKEN).form(&sign_in)),
        (200, Request::get("/docs")),
        (200, Request::get("/openapi.json")),
        (200, Request::get("/healthz")),
        (200, Request::get("/readyz")),
        (200, Request::get("/.well-known/jwks.json")),
        (200, Request::new("HEAD", "/docs")),
        (
            204,
            Request::new("OPTIONS", TOKEN)
                .header("origin", portal)
                .header("access-control-request-method", "POST"),
        ),
        (400, Request::post(START_RESET).body(JSON, "{")),
        (400, Request::post(TOKEN).body(FORM, "")),
        (401, Request::post(exchange)),
        (429, Request::post(exchange)),
        (404, Request::get("/")),
        (404, Request::get("/api/nothing")),
        (405, Request::new("TRACE", "/docs")),
        (405, Request::get(TOKEN)),
        (405, Request::get(START_RESET).header("origin", portal)),
        (
            413,
            Request::post(START_RESET).body(JSON, vec![b' '; 20_000]),
        ),
        (413, Request::post(TOKEN).body(FORM, vec![b'x'; 20_000])),
        (415, Request::post(START_RESET).body("text/plain", "x")),
    ];
    let mut ids = HashSet::new();
    for (status, request) in requests {
        let answer = app.send(&request);
        assert_eq!(answer.status, status, "{request:?}");
        check(&answer);
        let id = answer.header("x-request-id").expect("a request id");
        assert!(ids.insert(id.to_owned()), "{id} twice");
    }
}

/// An unknown address is answered with the envelope wherever it is, and however it is spelt.
#[test]
fn an_unknown_address_is_answered_with_the_envelope() {
    let app = TestApp::start();
    for target in [
        "/",
        "/api",
        "/api/",
        "/api/nothing",
        "/api/sys/users",
        "/api/sys/users/",
        "/api/sys/users/startpasswordreset",
        "/api/sys/users/startPasswordReset/",
        "/api/sys/users//startPasswordReset",
        "/api/sys/users/../users/startPasswordReset",
        "/API/TOKEN",
        "/api/token/",
        "/api/token/x",
        "/docs/",
        "/docs/x",
        "/metrics",
        "/%ff",
        "/api/%00",
        "/api/%",
        "/api/sys/users/%73tartPasswordReset%2f",
        "/.well-known/",
        "/readmit.toml",
        "/..%2f..%2fetc/passwd",
    ] {
        for method in ["GET", "POST"] {
            let answer = app.send(&Request::new(method, target));
            let status = if answer.status == 400 { 400 } else { 404 };
            let words = answer.refusal(status);
            assert!(!words.contains("etc"), "{target}: {words}");
            assert_eq!(answer.json()["Errors"], Value::Null, "{target}");
            check(&answer);
        }
    }
    assert!(app.outbox().is_empty());
}
