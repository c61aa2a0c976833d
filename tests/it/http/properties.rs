//! The properties of a request: how they are found, and how problems with them are reported.

use serde_json::{Value, json};

use super::{COMPLETE_RESET, Problem, START_RESET, TOKEN, claims, complaints, post_json, problems};
use crate::support::app::{NEW_PASSWORD, PASSWORD, TestApp};
use crate::support::http::Request;

fn problem(property: &str, message: &str, attempted: Option<&str>) -> Problem {
    Problem {
        property: property.to_owned(),
        message: message.to_owned(),
        attempted: attempted.map(str::to_owned),
    }
}

/// Whoever fills in a form wants to correct it once.
#[test]
fn every_problem_of_a_request_is_listed() {
    let app = TestApp::start();
    let refused = app.start_reset(&json!({ "businessId": "7", "email": 5 }));
    assert_eq!(
        problems(&refused),
        [
            problem("email", "email must be a string.", Some("5")),
            problem(
                "businessId",
                "businessId must be a positive whole number.",
                Some("7")
            ),
        ]
    );
    assert_eq!(
        refused.refusal(400),
        "One or more values are missing or invalid."
    );
    let refused = post_json(&app, COMPLETE_RESET, r#"{"password":1,"businessid":0}"#);
    assert_eq!(
        problems(&refused),
        [
            problem("Token", "Token is required.", None),
            problem("Password", "Password must be a string.", None),
            problem(
                "BusinessId",
                "BusinessId must be a positive whole number.",
                Some("0")
            ),
        ]
    );
    let both = r#"{"email":null,"Email":null,"businessId":-1}"#;
    let refused = post_json(&app, START_RESET, both);
    assert_eq!(complaints(&refused), ["email", "businessId"]);
}

/// What was sent helps whoever looks for the mistake, unless it is a secret or endless.
#[test]
fn an_attempted_value_is_cut_and_never_a_secret() {
    let app = TestApp::start();
    let long = "é".repeat(5000);
    let found = problems(&app.start_reset(&json!({ "email": long })));
    assert_eq!(found[0].attempted, Some("é".repeat(128)));
    let exact = "x".repeat(128);
    let found = problems(&app.start_reset(&json!({ "email": exact })));
    assert_eq!(found[0].attempted, Some(exact));
    for (given, shown) in [
        (json!(["a", 1]), r#"["a",1]"#),
        (json!({ "a": null }), r#"{"a":null}"#),
        (json!(false), "false"),
        (json!("<b>\"\u{7}"), "<b>\"\u{7}"),
    ] {
        let found = problems(&app.start_reset(&json!({ "email": given })));
        assert_eq!(found[0].attempted.as_deref(), Some(shown));
    }

    let secret = "5up3r-s3cret";
    for wrong in [
        json!([secret]),
        json!({ secret: secret }),
        json!(""),
        Value::Null,
    ] {
        let body = json!({ "Token": wrong, "Password": wrong });
        let refused = app.complete_with(&body);
        assert!(!refused.text().contains(secret), "{}", refused.text());
        let found = problems(&refused);
        assert_eq!(found.len(), 2, "{body}");
        assert!(found.iter().all(|p| p.attempted.is_none()), "{body}");
    }
}

/// The portal spells names both ways. Only ASCII letters have a second case here: a Kelvin sign is
/// no k.
#[test]
fn names_of_properties_are_found_whatever_their_ascii_case() {
    let app = TestApp::builder().without_worker().start();
    for body in [
        r#"{"email":"jane@example.com","businessId":7}"#,
        r#"{"Email":"jane@example.com","BusinessId":7}"#,
        r#"{"EMAIL":"jane@example.com","BUSINESSID":7}"#,
        r#"{"eMaIl":"jane@example.com","\u0042usinessid":7}"#,
    ] {
        post_json(&app, START_RESET, body).envelope(200);
        let queued = app.outbox().pop().expect("a message");
        assert!(queued.business_id.is_some(), "{body}");
    }
    for token in ["token", "Token", "TOKEN"] {
        let body = json!({ token: "x", "pASSWORD": "a fine new password" });
        let refused = app.complete_with(&body).refusal(400);
        assert!(refused.contains("invalid or has expired"), "{refused}");
    }
    let kelvin = json!({ "to\u{212a}en": "x", "Pa\u{17f}\u{17f}word": "x" });
    assert_eq!(
        complaints(&app.complete_with(&kelvin)),
        ["Token", "Password"]
    );
    for email in ["\u{ff45}mail", "email ", "e-mail", "emaıl", "email\u{0}"] {
        let refused = app.start_reset(&json!({ email: "jane@example.com" }));
        assert_eq!(complaints(&refused), ["email"], "{email}");
    }
}

/// Assertion 7. A request says what its endpoint asks for, and nothing else about anything.
#[test]
fn unknown_properties_assign_nothing() {
    let app = TestApp::with_jane();
    let eve = app.add_person("eve@example.com", "Eve", Some(7), Some(PASSWORD));
    let foreign = json!({
        "accountId": eve.to_string(),
        "account_id": eve.to_string(),
        "sub": eve.to_string(),
        "recipient": "eve@example.com",
        "to": "eve@example.com",
        "kind": "changed",
        "state": "sent",
        "jti": "chosen-by-the-caller",
        "exp": 4_000_000_000_u64,
        "must_reset_password": true,
        "MustResetPassword": true,
        "suspended_at": 1,
        "password_hash": "x",
        "client": "203.0.113.9",
        "reset_link": "https://evil.test/{token}",
        "portal_url": "https://evil.test",
    });
    let with = |own: Value| {
        let mut body = foreign.clone();
        let members = body.as_object_mut().expect("an object");
        members.extend(own.as_object().expect("an object").clone());
        body
    };
    app.start_reset(&with(json!({ "email": "jane@example.com" })))
        .envelope(200);
    let mail = app.smtp.next_mail();
    assert_eq!(mail.recipients, ["jane@example.com"]);
    assert!(mail.link().starts_with("https://canal.test/"));
    let link = claims(&mail.token());
    assert_ne!(link["jti"], "chosen-by-the-caller");
    assert_ne!(link["sub"], eve.to_string());
    assert_ne!(link["exp"], 4_000_000_000_u64);
    assert_eq!(app.outbox()[0].client.as_deref(), Some("127.0.0.1"));

    let body = with(json!({ "Token": mail.token(), "Password": NEW_PASSWORD }));
    let confirmed = app.complete_with(&body).envelope(200);
    let login = confirmed["Value"].as_str().expect("a token");
    assert_eq!(claims(login)["sub"], link["sub"]);

    let target = format!(
        "/api/sys/users/exchange?token={login}&validForInMinutes=5&sub={eve}&email=eve@example.com\
         &client_id=chosen&business_id=8&jti=chosen-by-the-caller"
    );
    let session = app.send(&Request::post(&target).json(&foreign));
    assert_eq!(session.status, 200, "{}", session.text());
    let signed_in = app.send(&Request::post(TOKEN).form(&[
        ("grant_type", "password"),
        ("username", "jane@example.com"),
        ("password", NEW_PASSWORD),
        ("sub", &eve.to_string()),
        ("email", "eve@example.com"),
        ("business_id", "8"),
        ("expires_in", "999999"),
        ("must_reset_password", "true"),
    ]));
    assert_eq!(signed_in.json()["expires_in"], 3600);
    for (answer, key) in [(session, "token"), (signed_in, "access_token")] {
        let token = claims(answer.json()[key].as_str().expect("a token"));
        assert_eq!(token["sub"], link["sub"]);
        assert_eq!(token["email"], "jane@example.com");
        assert_eq!(token["client_id"], "jane@example.com");
        assert_eq!(token["business_id"], 7);
        assert_ne!(token["jti"], "chosen-by-the-caller");
    }
    assert_eq!(app.sign_in("eve@example.com", PASSWORD).status, 200);
}
