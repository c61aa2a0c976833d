//! `/api/token` in OAuth's terms.

use super::{FORM, JSON, TOKEN, claims, oauth_error};
use crate::support::app::{NEW_PASSWORD, PASSWORD, TestApp, email};
use crate::support::http::{Answer, Request};

const JANE: &str = "grant_type=password&username=jane%40example.com\
                    &password=nine+otters+in+the+old+mill";

fn post(app: &TestApp, form: impl Into<Vec<u8>>) -> Answer {
    app.send(&Request::post(TOKEN).body(FORM, form))
}

fn client_of(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let token = answer.json()["access_token"].clone();
    let client = claims(token.as_str().expect("a token"))["client_id"].clone();
    client.as_str().expect("a client").to_owned()
}

/// Assertion 40, and RFC 6749, 5.1.
#[test]
fn a_sign_in_is_answered_with_a_session_that_no_cache_keeps() {
    let app = TestApp::with_jane();
    let answer = post(&app, JANE);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let keys = ["access_token", "token_type", "expires_in", "refresh_token"];
    let places: Vec<_> = keys
        .iter()
        .map(|key| answer.text().find(&format!("\"{key}\":")))
        .collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted());
    let body = answer.json();
    assert_eq!(body["token_type"], "bearer");
    assert_eq!(body["expires_in"], 3600);
    assert_eq!(body.as_object().map(serde_json::Map::len), Some(4));
    let refresh = body["refresh_token"].as_str().expect("a refresh token");
    assert_eq!(refresh.len(), 43, "256 bits in base64url");
}

/// Assertion 40.
#[test]
fn a_request_that_is_no_sign_in_gets_the_code_that_says_so() {
    let app = TestApp::with_jane();
    let cases: [(&str, &str); 19] = [
        ("", "invalid_request"),
        ("username=jane@example.com&password=x", "invalid_request"),
        (
            "grant_type=&username=jane@example.com&password=x",
            "invalid_request",
        ),
        ("grant_type", "invalid_request"),
        (
            "GRANT_TYPE=password&username=jane@example.com&password=x",
            "invalid_request",
        ),
        ("grant_type=password", "invalid_request"),
        (
            "grant_type=password&username=jane@example.com",
            "invalid_request",
        ),
        (
            "grant_type=password&username=jane@example.com&password=",
            "invalid_request",
        ),
        (
            "grant_type=password&username=&password=x",
            "invalid_request",
        ),
        ("grant_type=refresh_token&refresh_token=x", "invalid_grant"),
        ("grant_type=refresh_token&refresh_token=", "invalid_request"),
        (
            "grant_type=authorization_code&code=x",
            "unsupported_grant_type",
        ),
        ("grant_type=client_credentials", "unsupported_grant_type"),
        (
            "grant_type=Password&username=jane@example.com&password=x",
            "unsupported_grant_type",
        ),
        (
            "grant_type=password%20&username=jane@example.com&password=x",
            "unsupported_grant_type",
        ),
        (
            "grant_type=password&username=%ff&password=x",
            "invalid_request",
        ),
        (
            "grant_type=password&username=jane@example.com&password=%00",
            "invalid_request",
        ),
        (
            "grant_type=password&username=jane@example.com&password=%c0%af",
            "invalid_request",
        ),
        (
            "%ff=1&grant_type=password&username=jane@example.com&password=x",
            "invalid_request",
        ),
    ];
    for (form, code) in cases {
        assert_eq!(oauth_error(&post(&app, form), 400), code, "{form}");
    }
    // Credentials in an address end up in logs; they are not looked at.
    let request = Request::post(&format!("{TOKEN}?{JANE}")).body(FORM, "");
    assert_eq!(oauth_error(&app.send(&request), 400), "invalid_request");
}

/// Assertions 2 and 40: RFC 6749, 3.2 refuses what is given twice, whatever it is.
#[test]
fn a_parameter_given_twice_is_refused() {
    let app = TestApp::with_jane();
    for twice in [
        "grant_type=password",
        "username=eve%40example.com",
        "username=jane%40example.com",
        "password=x",
        "password",
        "p%61ssword=nine+otters+in+the+old+mill",
        "client_id=a&client_id=a",
        "unknown=1&unknown=2",
    ] {
        let refused = post(&app, format!("{JANE}&{twice}"));
        assert_eq!(oauth_error(&refused, 400), "invalid_request", "{twice}");
        let words = "A parameter is given more than once.";
        assert_eq!(refused.json()["error_description"], words);
    }
    assert_eq!(post(&app, JANE).status, 200);
}

/// Assertion 40, in the words of the portal's documentation.
#[test]
fn another_content_type_is_an_unsupported_grant_type() {
    let app = TestApp::with_jane();
    for content_type in [JSON, "text/plain", "multipart/form-data; boundary=x", ""] {
        let request = Request::post(TOKEN).body(content_type, JANE);
        let refused = app.send(&request);
        assert_eq!(oauth_error(&refused, 400), "unsupported_grant_type");
    }
    let refused = app.send(&Request::post(TOKEN));
    assert_eq!(oauth_error(&refused, 400), "unsupported_grant_type");
    let request =
        Request::post(TOKEN).body("Application/X-WWW-form-urlencoded;charset=UTF-8", JANE);
    assert_eq!(app.send(&request).status, 200);
}

/// Assertions 14 and 40: not one byte says which of these it was.
#[test]
fn every_kind_of_wrong_credentials_has_the_same_answer() {
    let app = TestApp::with_jane();
    app.add_person("sam@example.com", "Sam", Some(7), Some(PASSWORD));
    app.suspend("sam@example.com");
    app.add_person("new@example.com", "New", Some(7), None);
    app.add_person("rita@example.com", "Rita", Some(7), Some(PASSWORD));
    app.wait(
        app.admin()
            .require_reset(email("rita@example.com"), app.now()),
    )
    .expect("a new password is required");
    let wrong = app.sign_in("jane@example.com", "wrong").comparable();
    assert_eq!(oauth_error(&wrong, 400), "invalid_grant");
    let endless = "x".repeat(4000);
    for (username, password) in [
        ("nobody@example.com", PASSWORD),
        ("sam@example.com", PASSWORD),
        ("sam@example.com", "wrong"),
        ("new@example.com", PASSWORD),
        ("new@example.com", "wrong"),
        ("rita@example.com", "wrong"),
        ("jane@example.com", &endless),
        ("nobody@example.com", &endless),
        ("not an address", PASSWORD),
        (" ", PASSWORD),
        ("%", PASSWORD),
        (&endless, PASSWORD),
    ] {
        let refused = app.sign_in(username, password).comparable();
        assert_eq!(refused, wrong, "{username}");
    }
}

/// That a new password is required is said to whoever has the old one, and to nobody else.
#[test]
fn only_the_right_password_learns_that_a_new_one_is_required() {
    let app = TestApp::with_jane();
    app.wait(
        app.admin()
            .require_reset(email("jane@example.com"), app.now()),
    )
    .expect("a new password is required");
    let refused = app.sign_in("jane@example.com", PASSWORD);
    assert_eq!(oauth_error(&refused, 400), "must_reset_password");
    let refused = app.sign_in("jane@example.com", "wrong");
    assert_eq!(oauth_error(&refused, 400), "invalid_grant");
    let sessions: i64 = app.query("SELECT count(*) FROM sessions");
    assert_eq!(sessions, 0);
    // A suspended account is not told even that.
    app.suspend("jane@example.com");
    let refused = app.sign_in("jane@example.com", PASSWORD);
    assert_eq!(oauth_error(&refused, 400), "invalid_grant");
    app.wait(app.admin().reactivate(email("jane@example.com"), app.now()))
        .expect("the account is reactivated");
    let token = app.reset_token("jane@example.com");
    app.complete(&token, NEW_PASSWORD).envelope(200);
    assert_eq!(app.sign_in("jane@example.com", NEW_PASSWORD).status, 200);
}

/// The client is named by header or parameter, and is the email address if it is not named.
#[test]
fn the_client_is_named_by_header_or_parameter() {
    let app = TestApp::with_jane();
    let request = |header: Option<&str>, form: &str| {
        let request = Request::post(TOKEN).body(FORM, format!("{JANE}{form}"));
        let request = match header {
            Some(id) => request.header("client_id", id),
            None => request,
        };
        app.send(&request)
    };
    let longest = "x".repeat(255);
    for (header, form, client) in [
        (None, "", "jane@example.com"),
        (Some(""), "", "jane@example.com"),
        (None, "&client_id=", "jane@example.com"),
        (Some("portal"), "", "portal"),
        (None, "&client_id=portal", "portal"),
        (Some("portal"), "&client_id=portal", "portal"),
        (Some(""), "&client_id=portal", "portal"),
        (Some("portal"), "&client_id=", "portal"),
        (Some("a portal ~"), "&client_id=a+portal+%7E", "a portal ~"),
        (Some(&longest), "", &longest),
    ] {
        assert_eq!(
            client_of(&request(header, form)),
            client,
            "{header:?} {form}"
        );
    }
    let too_long = "x".repeat(256);
    for (header, form) in [
        (Some("portal"), "&client_id=Portal"),
        (Some("portal"), "&client_id=other"),
        (Some("caf\u{e9}"), ""),
        (None, "&client_id=caf%C3%A9"),
        (None, "&client_id=%0A"),
        (None, "&client_id=%7F"),
        (Some(&too_long), ""),
        (None, &format!("&client_id={too_long}")),
    ] {
        let refused = request(header, form);
        assert_eq!(
            oauth_error(&refused, 400),
            "invalid_request",
            "{header:?} {form}"
        );
    }
    let twice = Request::post(TOKEN)
        .body(FORM, JANE)
        .header("client_id", "portal")
        .header("client_id", "other");
    assert_eq!(oauth_error(&app.send(&twice), 400), "invalid_request");
}

/// An address is the account's whatever its ASCII case; the token has it as it is stored.
#[test]
fn the_user_name_is_the_address_whatever_its_case() {
    let app = TestApp::with_jane();
    for username in ["JANE@example.COM", " jane@example.com "] {
        let answer = app.sign_in(username, PASSWORD);
        assert_eq!(client_of(&answer), "jane@example.com", "{username}");
    }
}
