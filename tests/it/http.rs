//! The HTTP surface: what a request may look like, and what every answer has.

mod body_limits;
mod connections;
mod cors;
mod docs;
mod exchange;
mod fuzz;
mod headers;
mod limits;
mod methods;
mod openapi;
mod panics;
mod parsing;
mod passwords;
mod probes;
mod properties;
mod token_endpoint;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

use crate::support::app::TestApp;
use crate::support::http::{Answer, Request};

const START_RESET: &str = "/api/sys/users/startPasswordReset";
const COMPLETE_RESET: &str = "/api/sys/users/completePasswordReset";
const EXCHANGE: &str = "/api/sys/users/exchange";
const TOKEN: &str = "/api/token";
const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// Posts these bytes as JSON to an endpoint for users.
fn post_json(app: &TestApp, path: &str, body: impl Into<Vec<u8>>) -> Answer {
    app.send(&Request::post(path).body(JSON, body))
}

/// One entry of `Errors`.
#[derive(Debug, PartialEq)]
struct Problem {
    property: String,
    message: String,
    attempted: Option<String>,
}

/// The problems that the envelope of a 400 lists. Each has all its keys, in order.
fn problems(answer: &Answer) -> Vec<Problem> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let envelope = answer.envelope(400);
    assert_eq!(envelope["WasSuccessful"], false, "{envelope}");
    assert_eq!(envelope["Value"], Value::Null, "{envelope}");
    let errors = envelope["Errors"].as_array().expect("errors");
    assert!(!errors.is_empty(), "{envelope}");
    let (_, listed) = answer.text().split_once("\"Errors\":[{").expect("errors");
    let places = ["PropertyName", "Message", "AttemptedValue"].map(|key| {
        let key = format!("\"{key}\":");
        listed.find(&key).expect("every key")
    });
    assert!(places.is_sorted() && places[0] == 0, "{listed}");
    errors
        .iter()
        .map(|error| Problem {
            property: text(&error["PropertyName"]).expect("a name"),
            message: text(&error["Message"]).expect("a message"),
            attempted: text(&error["AttemptedValue"]),
        })
        .collect()
}

/// The properties that a 400 complains of, in order.
fn complaints(answer: &Answer) -> Vec<String> {
    let problems = problems(answer);
    problems.into_iter().map(|p| p.property).collect()
}

/// The error code of OAuth's answer. Fails unless the answer has the form of RFC 6749, 5.2, and is
/// kept by no cache.
fn oauth_error(answer: &Answer, status: u16) -> String {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(
        answer.header("content-type"),
        Some("application/json; charset=utf-8")
    );
    let body = answer.json();
    let keys: Vec<_> = body.as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["error", "error_description"], "{body}");
    assert!(body["error_description"].is_string(), "{body}");
    body["error"].as_str().expect("a code").to_owned()
}

/// The claims of a token, unverified.
fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).expect("three parts");
    let json = URL_SAFE_NO_PAD.decode(payload).expect("base64url");
    serde_json::from_slice(&json).expect("claims")
}
