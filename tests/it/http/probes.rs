//! For operators and for applications that verify tokens.

use std::time::Duration;

use serde_json::json;

use super::claims;
use crate::support::app::{PASSWORD, TestApp};
use crate::support::http::Request;

#[test]
fn a_healthy_server_says_so() {
    let app = TestApp::start();
    let alive = app.send(&Request::get("/healthz"));
    assert_eq!(
        (alive.status, alive.json()),
        (200, json!({ "alive": true }))
    );
    let ready = app.send(&Request::get("/readyz"));
    assert_eq!(ready.status, 200);
    assert_eq!(
        ready.text(),
        r#"{"ready":true,"database":"ok","outbox":"ok","relay":"ok","backup":"off"}"#
    );
}

/// Mail that nobody picks up is what an operator wants to hear of. A message that waits for its time
/// is no such mail.
#[test]
fn a_server_whose_mail_is_not_picked_up_is_not_ready() {
    let mut app = TestApp::builder().without_worker().start().and_jane();
    app.ask_for_link("jane@example.com");
    let ready = |app: &TestApp| app.send(&Request::get("/readyz"));
    app.advance(Duration::from_mins(5));
    assert_eq!(ready(&app).status, 200);
    app.advance(Duration::from_millis(1));
    let stuck = ready(&app);
    assert_eq!(stuck.status, 503);
    assert_eq!(stuck.header("retry-after"), Some("2"));
    let report = stuck.json();
    assert_eq!(report["ready"], false);
    assert_eq!(report["database"], "ok");
    assert_eq!(
        report["outbox"],
        "a message has been due since 2027-01-15T08:00:00Z"
    );
    let alive = app.send(&Request::get("/healthz"));
    assert_eq!(alive.status, 200, "restarting the process would not help");
    // It still takes requests: they are on disk, and mailed when a worker comes.
    app.ask_for_link("jane@example.com");
    app.restart_with_worker();
    app.settled_outbox();
    assert_eq!(ready(&app).status, 200);
}

#[test]
fn a_server_without_its_database_is_not_ready() {
    let app = TestApp::builder()
        .set("storage.busy_timeout", "50ms")
        .start();
    let other = app.sql();
    other
        .execute_batch("BEGIN IMMEDIATE")
        .expect("the database can be held");
    let held = app.send(&Request::get("/readyz"));
    assert_eq!(held.status, 503);
    assert_ne!(held.json()["database"], "ok");
    assert_eq!(app.send(&Request::get("/healthz")).status, 200);
    other.execute_batch("ROLLBACK").expect("it is given back");
    assert_eq!(app.send(&Request::get("/readyz")).status, 200);
}

/// The public key that verifies what is signed, by the names of RFC 7518, 6.2, and no private part.
#[test]
fn the_public_keys_are_served() {
    let app = TestApp::with_jane();
    let answer = app.send(&Request::get("/.well-known/jwks.json"));
    assert_eq!(answer.status, 200);
    let set = answer.json();
    let keys = set["keys"].as_array().expect("keys");
    assert_eq!(keys.len(), 1);
    let key = keys[0].as_object().expect("a key");
    let names: Vec<_> = key.keys().map(String::as_str).collect();
    assert_eq!(names, ["alg", "crv", "kid", "kty", "use", "x", "y"]);
    assert_eq!(
        (&key["kty"], &key["crv"], &key["alg"], &key["use"]),
        (
            &json!("EC"),
            &json!("P-256"),
            &json!("ES256"),
            &json!("sig")
        )
    );

    let token = app.sign_in("jane@example.com", PASSWORD).json()["access_token"].clone();
    let token = token.as_str().expect("a token");
    let header = jsonwebtoken::decode_header(token).expect("a header");
    assert_eq!(header.kid.as_deref(), key["kid"].as_str());
    let set: jsonwebtoken::jwk::JwkSet = serde_json::from_value(answer.json()).expect("a key set");
    let found = set
        .find(key["kid"].as_str().expect("an id"))
        .expect("the key");
    let public = jsonwebtoken::DecodingKey::from_jwk(found).expect("a public key");
    let mut rules = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::ES256);
    rules.validate_exp = false;
    rules.validate_aud = false;
    let verified = jsonwebtoken::decode::<serde_json::Value>(token, &public, &rules);
    assert_eq!(verified.expect("it verifies").claims, claims(token));
}
