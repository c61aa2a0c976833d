//! By what is counted: the client, the submitted address, the submitted location.

use std::time::Duration;

use serde_json::json;

use super::{ask, reset};
use crate::support::app::{Builder, PASSWORD, TestApp, USERS};
use crate::support::http::{Answer, Request};
use crate::support::visitor::Visitor;

fn limited() -> Builder {
    TestApp::builder()
        .set("limits.enabled", "true")
        .set("http.trusted_proxies", "127.0.0.1")
}

/// What became of each request, oldest first.
fn fates(app: &TestApp) -> Vec<String> {
    let reason = |reason: Option<String>| reason.unwrap_or_else(|| "sent".to_owned());
    let settled = app.settled_outbox().into_iter();
    settled.map(|message| reason(message.reason)).collect()
}

/// Assertion 51: whoever asks too often for one address is answered as ever, to the byte, from
/// wherever the requests come, and whoever the address belongs to. What was not sent can be seen.
#[test]
fn past_the_limit_of_an_address_requests_are_taken_and_dropped() {
    const TOO_OFTEN: &str = "too much mail was asked for to this address";
    let app = limited()
        .set("limits.reset_email", "2/1h")
        .set("reset.cooldown", "0s")
        .start()
        .and_jane();
    let spellings = ["jane@example.com", "JANE@example.com", "jane@Example.COM"];
    let jane = spellings.map(|address| ask(&app, "192.0.2.1", address).comparable());
    let elsewhere = ask(&app, "192.0.2.2", spellings[0]).comparable();
    let nobody = [(); 3].map(|()| ask(&app, "192.0.2.3", "nobody@example.com").comparable());
    jane[0].envelope(200);
    for answer in jane.iter().chain([&elsewhere]).chain(&nobody) {
        assert_eq!(*answer, jane[0]);
    }
    let unknown = "no account has this address";
    assert_eq!(
        fates(&app),
        [
            "sent", "sent", TOO_OFTEN, TOO_OFTEN, unknown, unknown, TOO_OFTEN
        ]
    );
    assert_eq!(app.smtp.mails().len(), 2);
    app.advance(Duration::from_mins(30));
    ask(&app, "192.0.2.1", spellings[0]).envelope(200);
    assert_eq!(fates(&app).last().map(String::as_str), Some("sent"));
}

/// Assertion 51, for codes. The cool-down of an address comes before it, and is told.
#[test]
fn the_limit_of_an_address_for_codes_is_silent_too() {
    let app = limited().set("limits.otp_email", "1/1h").start().and_jane();
    let ask = || {
        let query = "email=jane@example.com&businessId=7";
        app.send(&Request::get(&format!("{USERS}/sendOtp?{query}")))
    };
    let first = ask().comparable();
    first.envelope(200);
    app.next_mail();
    ask().refusal(429);
    app.advance(Duration::from_mins(1));
    assert_eq!(ask().comparable(), first);
    assert_eq!(app.settled_outbox().len(), 2);
    assert_eq!(app.smtp.mails().len(), 1);
}

/// The hosted pages ask within the same limits.
#[test]
fn the_pages_are_silent_about_an_address_as_the_api_is() {
    let app = limited()
        .set("limits.reset_email", "1/1h")
        .start()
        .and_hosted();
    ask(&app, "192.0.2.1", "jane@example.com").envelope(200);
    let visitor = Visitor::at(&app, 7);
    let sent = visitor.send("forgot", &[("email", "jane@example.com")]);
    assert_eq!(sent.status, 303);
    assert_eq!(app.settled_outbox().len(), 2);
    assert_eq!(app.smtp.mails().len(), 1);
}

/// A limit by location is told: it says nothing about any account.
#[test]
fn a_location_has_a_quota_of_its_own() {
    let app = limited()
        .set("limits.reset_business", "2/10s")
        .without_worker()
        .start();
    let ask = |client: &str, business: i64| {
        let body = json!({ "email": "nobody@example.com", "businessId": business });
        app.send(&reset(client, &body))
    };
    ask("192.0.2.1", 7).envelope(200);
    ask("192.0.2.2", 7).envelope(200);
    let refused = ask("192.0.2.3", 7);
    refused.refusal(429);
    assert_eq!(refused.header("retry-after"), Some("5"));
    assert_eq!(
        refused.header("ratelimit"),
        Some(r#""reset_business";r=0;t=5"#)
    );
    ask("192.0.2.3", 8).envelope(200);
    super::ask(&app, "192.0.2.3", "nobody@example.com").envelope(200);
}

fn sign_in(app: &TestApp, client: &str, username: &str) -> Answer {
    let form = [
        ("grant_type", "password"),
        ("username", username),
        ("password", PASSWORD),
    ];
    let request = Request::post("/api/token").form(&form);
    app.send(&request.header("x-forwarded-for", client))
}

/// Where an administrator wants it, an address has a quota of sign-ins from everywhere together, known
/// or not.
#[test]
fn an_address_can_have_a_quota_of_sign_ins() {
    let app = limited()
        .set("limits.sign_in_email", "1/10s")
        .start()
        .and_jane();
    for address in ["jane@example.com", "nobody@example.com"] {
        assert_ne!(sign_in(&app, "192.0.2.1", address).status, 429);
        let refused = sign_in(&app, "192.0.2.2", &address.to_uppercase());
        assert_eq!(refused.status, 429, "{}", refused.text());
        assert_eq!(refused.header("retry-after"), Some("10"));
    }
    // What is no address has no quota of the kind.
    assert_eq!(sign_in(&app, "192.0.2.3", "jane").status, 400);
    assert_eq!(sign_in(&app, "192.0.2.3", "jane").status, 400);
}

/// A portal that refreshes often must not use up what its members sign in with.
#[test]
fn refreshes_have_a_quota_of_their_own() {
    let app = limited()
        .set("limits.sign_in", "1/1h")
        .set("limits.refresh", "2/1h")
        .start()
        .and_jane();
    let (access, refresh) = app.tokens("jane@example.com", PASSWORD);
    assert_eq!(app.sign_in("jane@example.com", PASSWORD).status, 429);
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh.as_str()),
        ("client_id", "jane@example.com"),
    ];
    let refresh = Request::post("/api/token").form(&form);
    app.send(&refresh).text_of("access_token");
    let carry = Request::post(&format!("{USERS}/token/refresh")).bearer(&access);
    app.send(&carry).envelope(200);
    app.send(&carry).refusal(429);
    assert_eq!(app.send(&refresh).status, 429);
}

/// Every request counts together, malformed and unknown ones too, so that there is no way to ask without
/// end; but an operator is always told that the server lives.
#[test]
fn all_requests_of_a_client_have_a_quota_together() {
    let app = limited().set("limits.any", "4/1h").start();
    let requests = [
        Request::get("/.well-known/jwks.json"),
        Request::post(&format!("{USERS}/startPasswordReset")).body("application/json", "{"),
        Request::get("/p/7/sign-in"),
        Request::get("/nothing"),
    ];
    for request in &requests {
        assert_ne!(app.send(request).status, 429);
    }
    for request in &requests {
        let refused = app.send(request);
        assert_eq!(refused.status, 429);
        assert_eq!(refused.header("retry-after"), Some("900"));
        assert_eq!(refused.header("ratelimit"), Some(r#""any";r=0;t=900"#));
    }
    assert_eq!(app.send(&Request::get("/readyz")).status, 429);
    assert_eq!(app.send(&Request::get("/healthz")).status, 200);
    let other = Request::get("/.well-known/jwks.json").header("x-forwarded-for", "192.0.2.1");
    assert_eq!(app.send(&other).status, 200);
}
