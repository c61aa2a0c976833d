//! `/api/token/introspect` (RFC 7662).

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;

use super::{HASH_OF_THE_SECRET, JANE};
use crate::support::app::{NEW_PASSWORD, PASSWORD, START, TestApp};
use crate::support::http::{Answer, Request};
use crate::support::jwt::Parts;

const PATH: &str = "/api/token/introspect";
const DEAD: &str = r#"{"active":false}"#;

pub(super) fn with_resource_server() -> TestApp {
    let server = format!("shop:{HASH_OF_THE_SECRET}");
    TestApp::builder()
        .set("introspection.resource_servers", server)
        .start()
        .and_jane()
}

fn ask_as(app: &TestApp, authorization: &str, token: &str) -> Answer {
    app.send(
        &Request::post(PATH)
            .header("authorization", authorization)
            .form(&[("token", token)]),
    )
}

fn basic(credentials: &str) -> String {
    format!("Basic {}", STANDARD.encode(credentials))
}

pub(super) fn ask(app: &TestApp, token: &str) -> Answer {
    let answer = ask_as(app, &basic("shop:the secret"), token);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    answer
}

#[track_caller]
fn refused(answer: &Answer) {
    assert_eq!(answer.status, 401, "{}", answer.text());
    assert_eq!(answer.json()["error"], "invalid_client");
    assert_eq!(answer.header("www-authenticate"), Some("Basic"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

/// Assertion 47: what a token is worth is told to resource servers alone; others could try tokens
/// that they found. No server is configured by default, and then nobody is one.
#[test]
fn only_a_resource_server_with_its_secret_is_answered() {
    let app = with_resource_server();
    let (access, _) = app.tokens(JANE, PASSWORD);
    refused(&app.send(&Request::post(PATH).form(&[("token", &access)])));
    let wrong = [
        "shop:a guess",
        "shop:",
        "shop",
        "",
        ":",
        ":the secret",
        "other:the secret",
        "Shop:the secret",
        "shop:the secret ",
        "shop:The secret",
    ];
    for credentials in wrong {
        refused(&ask_as(&app, &basic(credentials), &access));
    }
    // The hash that stands in the configuration is not the secret.
    let hash = format!("shop:{HASH_OF_THE_SECRET}");
    refused(&ask_as(&app, &basic(&hash), &access));
    for authorization in ["Basic", "Basic %", &format!("Bearer {access}")] {
        refused(&ask_as(&app, authorization, &access));
    }

    let closed = TestApp::with_jane();
    let (access, _) = closed.tokens(JANE, PASSWORD);
    for credentials in [":", "shop:the secret"] {
        refused(&ask_as(&closed, &basic(credentials), &access));
    }
}

/// RFC 6749, 2.3.1: name and secret are encoded as in a form before they go into Basic. Some
/// libraries do that, and some do not.
#[test]
fn credentials_may_be_encoded_as_in_a_form() {
    let app = with_resource_server();
    let (access, _) = app.tokens(JANE, PASSWORD);
    for credentials in [
        "shop:the secret",
        "shop:the+secret",
        "shop:the%20secret",
        "%73hop:the%20%73ecret",
    ] {
        let answer = ask_as(&app, &basic(credentials), &access);
        assert_eq!(answer.json()["active"], true, "{credentials}");
    }
}

/// RFC 7662, 2.2: what is said of a good token is what stands in it, or in its row.
#[test]
fn a_good_token_is_described() {
    let app = with_resource_server();
    app.advance(Duration::from_secs(90));
    let form = [
        ("grant_type", "password"),
        ("username", JANE),
        ("password", PASSWORD),
        ("client_id", "portal"),
    ];
    let grant = app.send(&Request::post("/api/token").form(&form));
    let access = grant.text_of("access_token");
    let claims = Parts::of(&access).claims;
    let now = START.seconds() + 90;
    let described = |kind: &str, lifetime: i64| {
        json!({
            "active": true,
            "token_type": kind,
            "iss": "https://id.readmit.test",
            "sub": claims["sub"],
            "username": JANE,
            "client_id": "portal",
            "sid": claims["sid"],
            "business_id": 7,
            "iat": now,
            "exp": now + lifetime,
        })
    };
    assert_eq!(ask(&app, &access).json(), described("access_token", 3600));
    let refresh = grant.text_of("refresh_token");
    let fifteen_days = 15 * 24 * 3600;
    assert_eq!(
        ask(&app, &refresh).json(),
        described("refresh_token", fifteen_days)
    );

    app.add_person("sam@example.com", "Sam", None, Some(PASSWORD));
    let (access, _) = app.tokens("sam@example.com", PASSWORD);
    let said = ask(&app, &access).json();
    assert!(said.get("business_id").is_none(), "{said}");
}

/// Assertions 43 and 47: of a token that is no good nothing is said, not even which kind of no good
/// it is.
#[test]
fn of_a_token_that_is_no_good_nothing_else_is_said() {
    let app = with_resource_server();
    let dead = |why: &str, token: &str| assert_eq!(ask(&app, token).text(), DEAD, "{why}");
    let (access, refresh) = app.tokens(JANE, PASSWORD);
    dead("unknown", "x");
    dead("long", &"x".repeat(10_000));
    dead("cut", &access[..access.len() - 1]);
    dead("lengthened", &format!("{refresh}A"));
    dead("its hash", HASH_OF_THE_SECRET);

    let rotated = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh.as_str()),
    ];
    let rotated = app.send(&Request::post("/api/token").form(&rotated));
    dead("used", &refresh);
    let (access, refresh) = (
        rotated.text_of("access_token"),
        rotated.text_of("refresh_token"),
    );
    app.advance(Duration::from_hours(1));
    dead("expired", &access);
    assert_eq!(ask(&app, &refresh).json()["active"], true);
    app.advance(Duration::from_hours(15 * 24 - 1));
    dead("expired", &refresh);

    let (access, refresh) = app.tokens(JANE, PASSWORD);
    let link = app.reset_token(JANE);
    dead("a reset token", &link);
    let login = app.complete(&link, NEW_PASSWORD).envelope(200)["Value"].clone();
    dead("a login token", login.as_str().expect("a token"));
    dead("of a session that a reset ended", &access);
    dead("of a session that a reset ended", &refresh);

    let (access, refresh) = app.tokens(JANE, NEW_PASSWORD);
    app.suspend(JANE);
    dead("of a suspended account", &access);
    dead("of a suspended account", &refresh);
}

/// RFC 6749, 5.2: what is missing is said to whoever may ask.
#[test]
fn a_question_without_a_token_is_an_invalid_request() {
    let app = with_resource_server();
    let post = || Request::post(PATH).header("authorization", &basic("shop:the secret"));
    let token = ("token", "x");
    for request in [
        post().form(&[]),
        post().form(&[("token", "")]),
        post().form(&[token, token]),
        post().json(&json!({ "token": "x" })),
        post(),
    ] {
        let answer = app.send(&request);
        assert_eq!(answer.status, 400, "{request:?}");
        assert_eq!(answer.json()["error"], "invalid_request");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
}
