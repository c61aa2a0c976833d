//! How strong a password is, said while it is typed.

use serde_json::{Value, json};

use super::JANE;
use crate::support::app::{NEW_PASSWORD, TestApp};
use crate::support::http::{Answer, Request};
use crate::support::visitor::{Visitor, hidden};

const PATH: &str = "/p/7/strength";

fn token(app: &TestApp) -> String {
    let jane = Visitor::at(app, 7);
    let link = super::reset::link(app, &jane);
    hidden(&jane.read(&link), "token")
}

fn ask(app: &TestApp, token: &str, password: &str) -> Answer {
    let question = json!({ "Token": token, "Password": password });
    app.send(
        &Request::post(PATH)
            .header("accept-language", "en")
            .json(&question),
    )
}

fn judged(app: &TestApp, token: &str, password: &str) -> Value {
    let answer = ask(app, token, password);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// Assertion 9: what it says of a password is what the form would say, by the same rules, which forbid the
/// member's own name. It counts no try and keeps nothing.
#[test]
fn a_password_is_judged_by_the_rules_of_the_form() {
    let app = TestApp::hosted();
    let token = token(&app);
    let rows = "SELECT (SELECT count(*) FROM audit) * 1000 + (SELECT count(*) FROM outbox) * 100 \
                + (SELECT sum(refused_passwords) FROM reset_tokens)";
    let before: i64 = app.query(rows);
    for password in [
        "jane1234",
        "otters",
        "correcthorse",
        "P@ssw0rd 2024!",
        "jane doe jane doe",
    ] {
        let judgement = judged(&app, &token, password);
        assert_eq!(judgement["acceptable"], false, "{password}");
        let form = app.complete(&token, password).envelope(400);
        let errors = form["Errors"].as_array().expect("errors").len();
        let missed = judgement["missed"].as_array().expect("rules");
        assert_eq!(missed.len(), errors, "{password}: {missed:?}");
        assert!(judgement["score"].as_u64().is_some_and(|score| score <= 4));
    }
    let good = judged(&app, &token, NEW_PASSWORD);
    assert_eq!(good["acceptable"], true, "{good}");
    assert_eq!(good["missed"], json!([]));
    assert_eq!(good["score"], 4);
    let tries: i64 = app.query("SELECT sum(refused_passwords) FROM reset_tokens");
    assert_eq!(
        app.query::<i64>(rows) - before,
        tries,
        "only the form's tries are counted"
    );
    assert_eq!(tries, 5);
    assert_eq!(app.complete(&token, NEW_PASSWORD).status, 200);
}

/// A stranger asks nothing: the link says for whom it is, and must be one of this business.
#[test]
fn only_the_owner_of_a_link_is_answered() {
    let app = TestApp::hosted();
    app.add_hosted_business(8, "Harbour Loft");
    let token = token(&app);
    ask(&app, "", NEW_PASSWORD).refusal(400);
    ask(&app, &token[1..], NEW_PASSWORD).refusal(400);
    let body = json!({ "Token": token, "Password": NEW_PASSWORD });
    app.send(&Request::post("/p/8/strength").json(&body))
        .refusal(400);
    app.send(&Request::post("/p/9/strength").json(&body))
        .refusal(404);
    app.send(&Request::post(PATH).body("text/plain", body.to_string()))
        .refusal(415);
    app.send(&Request::post(PATH).body("application/json", "{"))
        .refusal(400);
    app.complete(&token, NEW_PASSWORD);
    ask(&app, &token, NEW_PASSWORD).refusal(400);
}

#[test]
fn asking_has_a_limit_of_its_own() {
    let app = TestApp::builder()
        .set("limits.enabled", "true")
        .set("limits.strength", "2/1m")
        .start()
        .and_hosted();
    let token = token(&app);
    for _ in 0..2 {
        assert_eq!(ask(&app, &token, "x").status, 200);
    }
    let answer = ask(&app, &token, "x");
    answer.refusal(429);
    assert_eq!(answer.header("retry-after"), Some("30"));
    assert_eq!(app.complete(&token, NEW_PASSWORD).status, 200);
}

/// Assertion 80: the password is in no log, at any level. `http` logs paths, never bodies.
#[test]
fn nothing_of_it_is_stored() {
    let app = TestApp::hosted();
    let token = token(&app);
    let secret = "a heron counts to nineteen";
    judged(&app, &token, secret);
    let mut bytes = std::fs::read(app.database()).expect("the database");
    bytes.extend(std::fs::read(app.folder().join("readmit.db-wal")).unwrap_or_default());
    let found = bytes
        .windows(secret.len())
        .any(|window| window == secret.as_bytes());
    assert!(!found);
    assert_eq!(app.sign_in(JANE, secret).status, 400);
}
