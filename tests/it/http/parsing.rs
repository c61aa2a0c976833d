//! JSON bodies: which are taken, and in which words the others are refused.

use serde_json::{Value, json};

use super::{COMPLETE_RESET, FORM, JSON, START_RESET, complaints, post_json, problems};
use crate::support::app::TestApp;
use crate::support::http::Request;

/// Assertion 1. A list of addresses as `email` is how a reset mail once went to a thief too.
#[test]
fn an_email_that_is_not_one_mailbox_is_refused_and_nothing_is_queued() {
    let app = TestApp::with_jane();
    let bodies = [
        json!({}),
        json!({ "email": null }),
        json!({ "email": "" }),
        json!({ "email": " \t " }),
        json!({ "email": 7 }),
        json!({ "email": true }),
        json!({ "email": [] }),
        json!({ "email": ["jane@example.com"] }),
        json!({ "email": ["jane@example.com", "eve@example.com"] }),
        json!({ "email": { "address": "jane@example.com" } }),
        json!({ "email": "jane" }),
        json!({ "email": "jane@example.com,eve@example.com" }),
        json!({ "email": "jane@example.com eve@example.com" }),
        json!({ "email": "Jane <jane@example.com>" }),
        json!({ "email": "jane@example.com\u{0}" }),
        json!({ "email": "jane@example.com\r\nBcc: eve@example.com" }),
        json!({ "email": format!("{}@example.com", "j".repeat(255)) }),
    ];
    for body in bodies {
        assert_eq!(complaints(&app.start_reset(&body)), ["email"], "{body}");
    }
    assert!(app.outbox().is_empty());
}

/// Assertion 2. Whichever of two values counts, some other program on the way thinks the other one
/// does; so neither does.
#[test]
fn a_property_given_twice_is_refused_whatever_its_spelling() {
    let app = TestApp::with_jane();
    let link = app.reset_token("jane@example.com");
    let start = [
        r#"{"email":"jane@example.com","email":"jane@example.com"}"#,
        r#"{"email":"jane@example.com","\u0065mail":"eve@example.com"}"#,
        r#"{"email":"jane@example.com","Email":"eve@example.com"}"#,
        r#"{"EMAIL":"jane@example.com","businessId":7,"email":"eve@example.com"}"#,
        r#"{"email":null,"email":"jane@example.com"}"#,
        r#"{"email":"jane@example.com","Email":null}"#,
    ];
    for body in start {
        let found = problems(&post_json(&app, START_RESET, body));
        assert_eq!(found.len(), 1, "{body}");
        assert_eq!(found[0].property, "email");
        assert_eq!(found[0].message, "email is given more than once.");
        assert_eq!(found[0].attempted, None);
    }
    let business = r#"{"email":"jane@example.com","businessId":7,"BusinessID":8}"#;
    let refused = post_json(&app, START_RESET, business);
    assert_eq!(complaints(&refused), ["businessId"]);
    for (twice, name) in [
        (format!(r#""token":"{link}""#), "Token"),
        (
            r#""\u0050assword":"another fine password""#.to_owned(),
            "Password",
        ),
        (r#""businessId":7"#.to_owned(), "BusinessId"),
    ] {
        let body = format!(
            r#"{{"Token":"{link}","Password":"a fine new password","BusinessId":7,{twice}}}"#
        );
        assert_eq!(complaints(&post_json(&app, COMPLETE_RESET, body)), [name]);
    }
    assert_eq!(app.settled_outbox().len(), 1, "only the link was mailed");
    app.complete(&link, "a fine new password").envelope(200);
}

/// Assertion 3.
#[test]
fn a_business_is_a_positive_whole_number() {
    let app = TestApp::builder().without_worker().start();
    let body = |business: &str| format!(r#"{{"email":"a@example.com","businessId":{business}}}"#);
    let wrong = [
        r#""1""#,
        r#""""#,
        "1.5",
        "1.0",
        "0",
        "-1",
        "9223372036854775808",
        "1e3",
        "true",
        "[]",
        "[1]",
        "{}",
    ];
    for business in wrong {
        let found = problems(&post_json(&app, START_RESET, body(business)));
        assert_eq!(found.len(), 1, "{business}");
        assert_eq!(found[0].property, "businessId", "{business}");
        assert_eq!(
            found[0].message,
            "businessId must be a positive whole number."
        );
    }
    // No number that a computer holds: the parser gives up on it.
    let refused = post_json(&app, START_RESET, body("1e400")).refusal(400);
    assert_eq!(refused, "The request body is not valid JSON.");
    assert!(app.outbox().is_empty());

    for (body, business) in [
        (r#"{"email":"a@example.com"}"#.to_owned(), None),
        (body("null"), None),
        (body("1"), Some(1)),
        (body("9223372036854775807"), Some(i64::MAX)),
    ] {
        post_json(&app, START_RESET, body.as_str()).envelope(200);
        let queued = app.outbox().pop().expect("a message");
        let queued = queued.business_id.map(readmit::business::BusinessId::get);
        assert_eq!(queued, business, "{body}");
    }
}

/// Assertion 4. What a parser says may quote secrets, and tells what to attack.
#[test]
fn a_malformed_body_is_refused_in_our_own_words() {
    const EMPTY: &str = "The request body is empty.";
    const MALFORMED: &str = "The request body is not valid JSON.";
    const NO_OBJECT: &str = "The request body must be a JSON object.";
    let app = TestApp::start();
    let bodies: &[(&[u8], &str)] = &[
        (b"", EMPTY),
        (b" \r\n\t", EMPTY),
        (b"{", MALFORMED),
        (b"{]", MALFORMED),
        (b"email=jane@example.com", MALFORMED),
        (br#"{"email":"jane@example.com"} {}"#, MALFORMED),
        (br#"{"email":"jane@example.com",}"#, MALFORMED),
        (br#"{email:"jane@example.com"}"#, MALFORMED),
        (br"{'email':'jane@example.com'}", MALFORMED),
        (b"{\"email\":\"jane@example.com\xff\"}", MALFORMED),
        (b"{\"email\":\"jane@example.com\xc0\xaf\"}", MALFORMED),
        (b"{\"\xed\xa0\x80\":1}", MALFORMED),
        (b"{\"email\":\"jane@\0example.com\"}", MALFORMED),
        (b"{\"email\":\"jane@example.com\"}\0", MALFORMED),
        (b"\xef\xbb\xbf{\"email\":\"jane@example.com\"}", MALFORMED),
        (br#"{"email":"\ud800"}"#, MALFORMED),
        (br#"{"email":NaN}"#, MALFORMED),
        (b"null", NO_OBJECT),
        (b"true", NO_OBJECT),
        (b"7", NO_OBJECT),
        (b"-7", NO_OBJECT),
        (b"7.5", NO_OBJECT),
        (br#""jane@example.com""#, NO_OBJECT),
        (br#"["jane@example.com"]"#, NO_OBJECT),
    ];
    for path in [START_RESET, COMPLETE_RESET] {
        for (body, words) in bodies {
            let answer = post_json(&app, path, *body);
            let shown = String::from_utf8_lossy(body);
            assert_eq!(answer.refusal(400), *words, "{shown}");
            assert_eq!(answer.json()["Errors"], Value::Null, "{shown}");
        }
    }
    assert!(app.outbox().is_empty());
}

#[test]
fn a_content_type_other_than_json_is_refused() {
    let app = TestApp::builder().without_worker().start();
    let body = r#"{"email":"jane@example.com"}"#;
    let others = [
        "text/plain",
        "application/jsonp",
        "application/json-patch+json",
        "text/json",
        "json",
        "",
        "text/plain, application/json",
        FORM,
    ];
    for content_type in others {
        let answer = app.send(&Request::post(START_RESET).body(content_type, body));
        assert_eq!(
            answer.refusal(415),
            "The content type must be application/json.",
            "{content_type}"
        );
    }
    let none = Request::post(START_RESET);
    app.send(&none).envelope(415);
    let two = none.body(JSON, body).header("content-type", "text/plain");
    app.send(&two).envelope(415);
    assert!(app.outbox().is_empty());
    for content_type in ["application/json; charset=utf-8", "Application/JSON ;x=y"] {
        let request = Request::post(START_RESET).body(content_type, body);
        app.send(&request).envelope(200);
    }
}
