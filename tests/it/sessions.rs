//! What a signed-in member does, and what applications ask about sessions.

use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::support::app::{NEW_PASSWORD, PASSWORD, TestApp, USERS};
use crate::support::http::{Answer, Request};

const JANE: &str = "jane@example.com";

/// An access token of a new session.
fn access(app: &TestApp) -> String {
    let answer = app.sign_in(JANE, PASSWORD);
    answer.json()["access_token"]
        .as_str()
        .expect("a token")
        .to_owned()
}

fn as_member(request: Request, access: &str) -> Request {
    request.header("authorization", &format!("Bearer {access}"))
}

fn sessions(app: &TestApp, access: &str) -> Vec<Value> {
    let answer = app.send(&as_member(
        Request::get(&format!("{USERS}/sessions")),
        access,
    ));
    let value = answer.envelope(200)["Value"].clone();
    serde_json::from_str(value.as_str().expect("a list as text")).expect("JSON")
}

fn change(app: &TestApp, access: &str, current: &str, new: &str) -> Answer {
    let body = json!({ "CurrentPassword": current, "NewPassword": new });
    app.send(&as_member(
        Request::post(&format!("{USERS}/changePassword")).json(&body),
        access,
    ))
}

/// A member sees their sessions, and one that they end is over at once, whatever its access token
/// says.
#[test]
fn a_member_lists_sessions_and_ends_one() {
    let app = TestApp::with_jane();
    app.add_person("bob@example.com", "Bob", None, Some(PASSWORD));
    let (mine, other) = (access(&app), access(&app));
    let listed = sessions(&app, &mine);
    assert_eq!(listed.len(), 2);
    assert_eq!(
        listed
            .iter()
            .filter(|session| session["current"] == true)
            .count(),
        1
    );
    let id = listed
        .iter()
        .find(|session| session["current"].is_null())
        .and_then(|session| session["id"].as_str())
        .expect("the other session");

    let end = |access: &str, id: &str| {
        app.send(&as_member(
            Request::new("DELETE", &format!("{USERS}/sessions/{id}")),
            access,
        ))
    };
    let bob = app.sign_in("bob@example.com", PASSWORD).json();
    let bob = bob["access_token"].as_str().expect("a token");
    assert_eq!(
        end(bob, id).refusal(404),
        "There is no open session of this id."
    );
    end(&mine, id).envelope(200);
    end(&mine, id).refusal(404);
    let refused = app.send(&as_member(Request::get("/api/userinfo"), &other));
    assert_eq!(refused.refusal(401), "Please sign in first.");
    assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
    assert_eq!(sessions(&app, &mine).len(), 1);
}

/// Assertion 43: no other kind of token opens a member's endpoints, and none does so after its time
/// or for a suspended account.
#[test]
fn only_an_access_token_of_an_open_session_is_taken() {
    let app = TestApp::with_jane();
    let token = access(&app);
    let login = app.login_token(JANE, PASSWORD);
    app.next_mail();
    app.advance(Duration::from_mins(2));
    let reset = app.reset_token(JANE);
    let fresh = access(&app);
    for bad in ["", "x", &token, &login, &reset, &fresh[..fresh.len() - 2]] {
        let answer = app.send(&as_member(Request::get("/api/userinfo"), bad));
        assert_eq!(answer.refusal(401), "Please sign in first.", "{bad}");
    }
    app.send(&Request::get("/api/userinfo")).refusal(401);
    let info = app
        .send(&as_member(Request::get("/api/userinfo"), &fresh))
        .json();
    assert_eq!(
        (&info["email"], &info["name"], &info["business_id"]),
        (&json!(JANE), &json!("Jane Doe"), &json!(7))
    );
    app.suspend(JANE);
    app.send(&as_member(Request::get("/api/userinfo"), &fresh))
        .refusal(401);
    app.advance(Duration::from_hours(1));
    app.send(&as_member(Request::get("/api/userinfo"), &fresh))
        .refusal(401);
}

/// Contract, section 7: a signed-in member is carried into another page by a token of a minute.
#[test]
fn a_member_is_carried_into_another_page_once() {
    let app = TestApp::with_jane();
    let token = access(&app);
    let carry = || {
        let answer = app.send(&as_member(
            Request::post(&format!("{USERS}/token/refresh")),
            &token,
        ));
        answer.envelope(200)["Value"]
            .as_str()
            .expect("a token")
            .to_owned()
    };
    let carried = carry();
    assert_eq!(app.exchange(&carried, "5").status, 200);
    app.exchange(&carried, "5").refusal(401);
    let late = carry();
    app.advance(Duration::from_mins(1));
    app.exchange(&late, "5").refusal(401);
    app.send(&Request::post(&format!("{USERS}/token/refresh")))
        .refusal(401);
}

/// A changed password ends everything else, and keeps the session that changed it.
#[test]
fn a_member_changes_the_password() {
    let app = TestApp::with_jane();
    let link = app.reset_token(JANE);
    let (mine, other) = (access(&app), access(&app));
    let wrong = change(&app, &mine, "not the password", NEW_PASSWORD).envelope(400);
    assert_eq!(wrong["Errors"][0]["PropertyName"], "CurrentPassword");
    assert_eq!(wrong["Errors"][0]["AttemptedValue"], Value::Null);
    let weak = change(&app, &mine, PASSWORD, "short").envelope(400);
    assert_eq!(weak["Errors"][0]["PropertyName"], "NewPassword");

    change(&app, &mine, PASSWORD, NEW_PASSWORD).envelope(200);
    assert!(app.next_mail().text().contains("was changed"));
    assert_eq!(sessions(&app, &mine).len(), 1);
    app.send(&as_member(Request::get("/api/userinfo"), &other))
        .refusal(401);
    app.complete(&link, "another fine sentence").refusal(400);
    assert_eq!(app.sign_in(JANE, PASSWORD).status, 400);
    assert_eq!(app.sign_in(JANE, NEW_PASSWORD).status, 200);
}

/// The notice of a new client is off, and when it is on comes once for each client.
#[test]
fn a_sign_in_by_a_new_client_is_told_where_that_is_wanted() {
    let app = TestApp::builder()
        .set("notices.sign_in", true)
        .start()
        .and_jane();
    let by = |client: &str| {
        let form = [
            ("grant_type", "password"),
            ("username", JANE),
            ("password", PASSWORD),
        ];
        app.send(
            &Request::post("/api/token")
                .header("client_id", client)
                .form(&form),
        )
    };
    by("portal");
    let notice = app.next_mail();
    assert!(
        notice.text().contains("new to your Canal House account"),
        "{}",
        notice.text()
    );
    assert!(notice.text().contains("127.0.0.1"));
    by("portal");
    by("shop");
    app.next_mail();
    assert_eq!(app.settled_outbox().len(), 2);

    let quiet = TestApp::with_jane();
    access(&quiet);
    assert!(quiet.outbox().is_empty());
}

/// Everything that the metadata names is there, and may be kept for a while.
#[test]
fn the_metadata_leads_to_every_endpoint() {
    let app = TestApp::with_jane();
    let answer = app.send(&Request::get("/.well-known/openid-configuration"));
    assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));
    let metadata = answer.json();
    assert_eq!(metadata["issuer"], "https://id.readmit.test");
    for (name, value) in metadata.as_object().expect("an object") {
        let Some(path) = value
            .as_str()
            .and_then(|url| url.strip_prefix("https://id.readmit.test/"))
        else {
            continue;
        };
        let answer = app.send(&Request::get(&format!("/{path}")));
        assert_ne!(answer.status, 404, "{name}");
    }
    let keys = app.send(&Request::get("/.well-known/jwks.json"));
    assert_eq!(keys.header("cache-control"), Some("public, max-age=300"));
}

fn with_resource_server() -> TestApp {
    let hash = data_encoding::HEXLOWER.encode(&Sha256::digest(b"the secret"));
    TestApp::builder()
        .set("introspection.resource_servers", format!("shop:{hash}"))
        .start()
        .and_jane()
}

fn introspect(app: &TestApp, credentials: &str, token: &str) -> Answer {
    let basic = data_encoding::BASE64.encode(credentials.as_bytes());
    app.send(
        &Request::post("/api/token/introspect")
            .header("authorization", &format!("Basic {basic}"))
            .form(&[("token", token)]),
    )
}

/// Assertion 47: a resource server with its secret learns what a good token is, and of any other only
/// that it is none.
#[test]
fn introspection_is_authenticated_and_says_nothing_of_a_dead_token() {
    let app = with_resource_server();
    let grant = app.sign_in(JANE, PASSWORD).json();
    let (access, refresh) = (
        grant["access_token"].as_str().expect("a token"),
        grant["refresh_token"].as_str().expect("a token"),
    );
    for credentials in ["shop:a guess", "other:the secret", ":", "shop"] {
        let answer = introspect(&app, credentials, access);
        assert_eq!(answer.status, 401);
        assert_eq!(answer.json()["error"], "invalid_client");
        assert_eq!(answer.header("www-authenticate"), Some("Basic"));
    }
    let said = introspect(&app, "shop:the secret", access).json();
    assert_eq!(
        (&said["active"], &said["username"], &said["token_type"]),
        (&json!(true), &json!(JANE), &json!("access_token"))
    );
    let said = introspect(&app, "shop:the secret", refresh).json();
    assert_eq!(
        (&said["active"], &said["token_type"]),
        (&json!(true), &json!("refresh_token"))
    );

    let dead = |token: &str| {
        let said = introspect(&app, "shop:the secret", token);
        assert_eq!(said.text(), r#"{"active":false}"#);
    };
    dead("x");
    dead(&app.login_token(JANE, PASSWORD));
    dead(access);
    dead(refresh);
}

/// Assertion 47: a token can be given up by whoever holds it, and that one is unknown is no error.
#[test]
fn a_token_is_given_up_with_its_session() {
    let app = with_resource_server();
    let revoke =
        |token: &str| app.send(&Request::post("/api/token/revoke").form(&[("token", token)]));
    for name in ["access_token", "refresh_token"] {
        let grant = app.sign_in(JANE, PASSWORD).json();
        assert_eq!(revoke(grant[name].as_str().expect("a token")).status, 200);
        let access = grant["access_token"].as_str().expect("a token");
        app.send(&as_member(Request::get("/api/userinfo"), access))
            .refusal(401);
        let active = introspect(&app, "shop:the secret", access).json();
        assert_eq!(active, json!({ "active": false }));
    }
    assert_eq!(revoke("unknown").status, 200);
    assert_eq!(revoke("").json()["error"], "invalid_request");
}
