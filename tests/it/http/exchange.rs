//! The parameters of `exchange`, and tokens that are none.

use serde_json::{Value, json};

use super::{EXCHANGE, complaints, problems};
use crate::support::app::{NEW_PASSWORD, PASSWORD, TestApp};
use crate::support::http::{Answer, Request};

fn post(app: &TestApp, query: &str) -> Answer {
    app.send(&Request::post(&format!("{EXCHANGE}?{query}")))
}

/// Every problem at once, and the token stays good.
#[test]
fn a_missing_or_malformed_parameter_is_refused_and_the_token_stays_good() {
    let app = TestApp::with_jane();
    let token = app.login_token("jane@example.com", NEW_PASSWORD);
    let minutes = "validForInMinutes must be a whole number from 1 to 10080.";
    for wrong in [
        "0",
        "-1",
        "10081",
        "1.5",
        "1e2",
        "%2B5",
        "5%20",
        "%205",
        "0x10",
        "five",
        "",
        "9223372036854775808",
        "99999999999999999999",
        "%D9%A5",
    ] {
        let found = problems(&post(
            &app,
            &format!("token={token}&validForInMinutes={wrong}"),
        ));
        assert_eq!(found.len(), 1, "{wrong}");
        assert_eq!(found[0].property, "validForInMinutes", "{wrong}");
        assert_eq!(found[0].message, minutes, "{wrong}");
        assert!(found[0].attempted.is_some(), "{wrong}");
    }
    for (query, names) in [
        (String::new(), vec!["token", "validForInMinutes"]),
        (
            "token=&validForInMinutes=".to_owned(),
            vec!["token", "validForInMinutes"],
        ),
        (format!("token={token}"), vec!["validForInMinutes"]),
        ("validForInMinutes=5".to_owned(), vec!["token"]),
        (
            format!("token={token}&Token={token}&validForInMinutes=5"),
            vec!["token"],
        ),
        (
            format!("token={token}&t%6Fken=&validForInMinutes=5"),
            vec!["token"],
        ),
        (
            format!("token={token}&validForInMinutes=5&validforinminutes=6"),
            vec!["validForInMinutes"],
        ),
    ] {
        let refused = post(&app, &query);
        assert_eq!(complaints(&refused), names, "{query}");
        assert!(!refused.text().contains(&token), "{}", refused.text());
    }
    // Parameters come in the query; a body says nothing.
    let body = json!({ "token": token, "validForInMinutes": 5 });
    let request = Request::post(EXCHANGE).json(&body);
    assert_eq!(complaints(&app.send(&request)).len(), 2);
    let session = post(&app, &format!("TOKEN={token}&validforinminutes=5"));
    assert_eq!(session.status, 200, "{}", session.text());
}

/// The access token lives as long as was asked for, within the contract's bounds and ours.
#[test]
fn the_lifetime_is_as_asked_for_and_capped() {
    let app = TestApp::builder()
        .set("reset.cooldown", "0s")
        .start()
        .and_jane();
    for (minutes, seconds) in [("1", 60), ("10080", 604_800), ("0090", 5400)] {
        let token = app.login_token("jane@example.com", PASSWORD);
        app.smtp.next_mail();
        let session = app.exchange(&token, minutes);
        assert_eq!(session.status, 200, "{}", session.text());
        let order = ["token", "token_type", "expires_in", "refresh_token"];
        let places: Vec<_> = order
            .iter()
            .map(|key| session.text().find(&format!("\"{key}\":")))
            .collect();
        assert!(
            places.is_sorted() && places[0].is_some(),
            "{}",
            session.text()
        );
        assert_eq!(session.json()["token_type"], "bearer");
        assert_eq!(session.json()["expires_in"], seconds);
    }
    let app = TestApp::builder()
        .set("tokens.max_exchange", "2h")
        .start()
        .and_jane();
    let token = app.login_token("jane@example.com", PASSWORD);
    assert_eq!(app.exchange(&token, "10080").json()["expires_in"], 7200);
}

/// Assertion 27, for both kinds of one-time token, while one of each is there to be hit.
#[test]
fn a_token_that_is_none_matches_nothing() {
    let app = TestApp::builder()
        .set("reset.cooldown", "0s")
        .start()
        .and_jane();
    let login = app.login_token("jane@example.com", NEW_PASSWORD);
    app.smtp.next_mail();
    let link = app.reset_token("jane@example.com");
    let body = |token: Value| json!({ "Token": token, "Password": "another fine password" });
    for absent in [
        json!(""),
        Value::Null,
        json!([]),
        json!({}),
        json!(0),
        json!(true),
    ] {
        let refused = app.complete_with(&body(absent.clone()));
        assert_eq!(complaints(&refused), ["Token"], "{absent}");
    }
    let refused = app.complete_with(&json!({ "Password": "another fine password" }));
    assert_eq!(complaints(&refused), ["Token"]);
    let words = "This link is invalid or has expired. Please ask for a new one.";
    let none = [
        " ",
        "\t\r\n",
        "%",
        "%%",
        "_",
        "*",
        "?",
        ".",
        "..",
        "...",
        "null",
        "undefined",
        "NULL",
        "0",
        "true",
        "' OR 1=1 --",
        "\u{0}",
        "\u{a0}",
        "e30.e30.",
        "e30.e30.e30",
    ];
    for token in none {
        let refused = app.complete_with(&body(json!(token)));
        assert_eq!(refused.refusal(400), words, "{token:?}");
        assert_eq!(refused.json()["Errors"], Value::Null);
        let refused = app.exchange(token, "5").refusal(401);
        assert_eq!(
            refused,
            "The token is invalid, has expired or was used before."
        );
    }
    for blank in ["token=%00", "token=+", "token=%25", "token=%"] {
        let refused = post(&app, &format!("{blank}&validForInMinutes=5"));
        refused.envelope(401);
    }
    assert_eq!(app.exchange(&login, "5").status, 200);
    app.complete(&link, "another fine password").envelope(200);
}
