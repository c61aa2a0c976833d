//! The life of a reset link: what opens it, what ends it, and what it is refused with.

mod delivery;
mod flood;
mod races;
mod revocation;
mod spelling;

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::app::{NEW_PASSWORD, PASSWORD, START, TestApp, USERS, email};
use crate::support::hashing::{occupy, two_places};
use crate::support::http::{Answer, Request};
use crate::support::jwt::{Parts, SigningKey};
use crate::support::smtp::Mail;

const JANE: &str = "jane@example.com";
const BOB: &str = "bob@example.com";

/// A password that no policy takes: with it, a token can be tried without being used up.
const WEAK: &str = "short";

/// The answer to a token that is no good, whatever is wrong with it.
fn is_refused(answer: &Answer) -> bool {
    let refusal = r#"{"WasSuccessful":false,"Value":null,"Status":400,"Message":"This link is invalid or has expired. Please ask for a new one.","Errors":null}"#;
    answer.status == 400 && answer.text() == refusal
}

/// Whether the token could be used now; it stays as it is.
fn is_open(app: &TestApp, token: &str) -> bool {
    let answer = app.complete(token, WEAK);
    let envelope = answer.envelope(400);
    assert_ne!(envelope["Errors"].is_array(), is_refused(&answer));
    envelope["Errors"].is_array()
}

/// Gives every waiting message the chance to go, whatever cool-down there is, and returns the token
/// of a fresh link.
fn another_token(app: &TestApp, address: &str) -> String {
    app.advance(Duration::from_secs(61));
    app.reset_token(address)
}

/// Completes a reset, and takes its notice out of the way.
fn use_up(app: &TestApp, token: &str, password: &str) {
    app.complete(token, password).envelope(200);
    assert!(is_notice(&app.next_mail()));
}

fn is_notice(mail: &Mail) -> bool {
    mail.header("Subject")
        .is_some_and(|subject| subject.contains("was changed"))
}

fn with_jane_and_bob() -> TestApp {
    let app = TestApp::with_jane();
    app.add_business(8, "Harbour House", "https://harbour.test");
    app.add_person(BOB, "Bob", Some(8), Some(PASSWORD));
    app
}

/// Contract, section 2: what the portal's page finds when it decodes the token.
#[test]
fn a_reset_token_says_what_the_portal_reads() {
    let app = TestApp::with_jane();
    let id = app.add_person("Ann.Lee@Example.com", "Ann", None, None);
    app.ask_for_link("ann.lee@EXAMPLE.com");
    let parts = Parts::of(&app.next_mail().token());
    let issued_at = START.seconds();
    let jti = parts.claims["jti"].as_str().expect("an id");
    assert_eq!(
        parts.claims,
        json!({
            "iss": "https://id.readmit.test",
            "aud": "password-reset",
            "sub": id.to_string(),
            "email": "Ann.Lee@Example.com",
            "business_id": null,
            "jti": jti,
            "iat": issued_at,
            "exp": issued_at + 3600,
        })
    );
    let kid = SigningKey::of(&app.folder().join("keys")).id();
    assert_eq!(
        parts.header,
        json!({ "typ": "reset+jwt", "alg": "ES256", "kid": kid })
    );

    let of_jane = Parts::of(&app.reset_token(JANE));
    assert_eq!(of_jane.claims["business_id"], 7);
}

/// Assertion 21. A replay that was told apart would confirm to a thief that the token was real.
#[test]
fn a_link_works_once_and_its_replay_is_refused_like_any_bad_token() {
    let mut app = TestApp::with_jane();
    let token = app.reset_token(JANE);
    assert_eq!(app.complete(&token, NEW_PASSWORD).status, 200);
    assert!(is_refused(&app.complete(&token, NEW_PASSWORD)));
    assert!(is_refused(&app.complete(&token, "yet another password")));
    app.restart();
    assert!(is_refused(&app.complete(&token, "yet another password")));
    assert_eq!(app.sign_in(JANE, NEW_PASSWORD).status, 200);
}

/// Assertions 11 and 21: whatever is wrong with a token, the answer has the same bytes and headers.
#[test]
fn every_bad_token_is_refused_in_the_same_words() {
    let app = with_jane_and_bob();
    let expired = app.reset_token(JANE);
    app.advance(Duration::from_hours(1));
    let revoked = app.reset_token(JANE);
    app.wait(app.admin().require_reset(email(JANE), app.now()))
        .expect("a reset is required");
    let superseded = another_token(&app, JANE);
    let used = another_token(&app, JANE);
    let login = app.complete(&used, NEW_PASSWORD).envelope(200);
    let login = login["Value"].as_str().expect("a token");
    let access = app.sign_in(JANE, NEW_PASSWORD).json();
    let access = access["access_token"].as_str().expect("a token");
    app.next_mail();
    let of_suspended = app.reset_token(BOB);
    app.suspend(BOB);
    app.add_person("gone@example.com", "Gone", Some(7), None);
    let of_removed = app.reset_token("gone@example.com");
    let gone = email("gone@example.com");
    app.wait(app.admin().remove_account(gone, app.now()))
        .expect("the account is removed");
    let open = another_token(&app, JANE);
    let forged = SigningKey::new().sign(&Parts::of(&open));

    let reference = app.complete("nonsense", NEW_PASSWORD).comparable();
    assert!(is_refused(&reference));
    for (what, token) in [
        ("expired", expired.as_str()),
        ("revoked", &revoked),
        ("superseded", &superseded),
        ("used", &used),
        ("of a suspended account", &of_suspended),
        ("of a removed account", &of_removed),
        ("forged", &forged),
        ("a login token", login),
        ("an access token", access),
        ("dots", "a.b.c"),
        ("too long", &"x".repeat(5000)),
    ] {
        for password in [NEW_PASSWORD, WEAK] {
            let answer = app.complete(token, password).comparable();
            assert_eq!(answer, reference, "{what}");
        }
    }
    let elsewhere = json!({ "Token": open, "Password": NEW_PASSWORD, "BusinessId": 8 });
    assert_eq!(app.complete_with(&elsewhere).comparable(), reference);
    assert!(is_open(&app, &open));
}

/// Assertion 23: to the last second, and no longer.
#[test]
fn a_link_is_over_when_the_servers_clock_says_so() {
    let app = TestApp::builder()
        .set("reset.ttl", "20m")
        .start()
        .and_jane();
    let token = app.reset_token(JANE);
    app.advance(Duration::from_mins(20) - Duration::from_millis(1));
    assert!(is_open(&app, &token));
    app.advance(Duration::from_millis(1));
    assert!(!is_open(&app, &token));
    assert!(is_refused(&app.complete(&token, NEW_PASSWORD)));
    assert_eq!(app.sign_in(JANE, PASSWORD).status, 200);
}

/// Assertion 23: the token's own expiry counts as well as its row's, and the earlier of them ends it.
#[test]
fn neither_the_tokens_expiry_nor_its_rows_outlives_the_other() {
    let app = TestApp::with_jane();
    let token = app.reset_token(JANE);
    let key = SigningKey::of(&app.folder().join("keys"));
    let expiry = |seconds: i64| {
        let exp = json!(START.seconds() + seconds);
        key.sign(&Parts::of(&token).claim("exp", exp))
    };
    assert!(is_open(&app, &expiry(3600)));
    app.advance(Duration::from_mins(10));
    assert!(!is_open(&app, &expiry(600)));
    assert!(is_open(&app, &expiry(601)));

    let long = expiry(100_000);
    assert!(is_open(&app, &long));
    app.advance(Duration::from_mins(50));
    assert!(!is_open(&app, &long));
    assert!(is_refused(&app.complete(&long, NEW_PASSWORD)));
}

/// Assertion 23. Being used is a fact of the row; no clock takes it back.
#[test]
fn a_clock_stepped_back_does_not_revive_a_used_link() {
    let app = TestApp::with_jane();
    let superseded = app.reset_token(JANE);
    let token = another_token(&app, JANE);
    use_up(&app, &token, NEW_PASSWORD);
    for minutes in [1, 58, 600] {
        app.clock.step_back(Duration::from_mins(minutes));
        assert!(!is_open(&app, &token), "{minutes}");
        assert!(!is_open(&app, &superseded), "{minutes}");
        assert!(is_refused(&app.complete(&token, "yet another password")));
    }
}

/// Assertion 26.
#[test]
fn a_link_of_one_business_is_refused_at_another_and_not_used_up() {
    let app = with_jane_and_bob();
    let token = app.reset_token(JANE);
    let complete = |business: Value| {
        let mut body = json!({ "Token": token, "Password": NEW_PASSWORD });
        body["BusinessId"] = business;
        app.complete_with(&body)
    };
    for elsewhere in [8, 1, i64::MAX] {
        assert!(is_refused(&complete(json!(elsewhere))));
    }
    assert_eq!(app.sign_in(JANE, PASSWORD).status, 200);
    assert!(is_open(&app, &token));
    complete(json!(7)).envelope(200);
    assert_eq!(app.sign_in(JANE, NEW_PASSWORD).status, 200);
}

/// Assertion 26: the portal's documentation requires the business; we accept its absence.
#[test]
fn a_link_is_accepted_without_a_business() {
    let app = TestApp::with_jane();
    let token = app.reset_token(JANE);
    let body = json!({ "Token": token, "Password": NEW_PASSWORD, "BusinessId": null });
    app.complete_with(&body).envelope(200);
    let token = another_token_after_notice(&app);
    app.complete(&token, PASSWORD).envelope(200);
}

fn another_token_after_notice(app: &TestApp) -> String {
    assert!(is_notice(&app.next_mail()));
    another_token(app, JANE)
}

/// Assertion 28: every missed rule is named, no password is sent back, and the link is as good as
/// before, however often; an administrator sees how often that was.
#[test]
fn a_weak_password_is_refused_with_every_rule_and_the_link_stays_usable() {
    let app = TestApp::with_jane();
    let token = app.reset_token(JANE);
    let rules = |password: &str| -> Vec<String> {
        let envelope = app.complete(&token, password).envelope(400);
        assert_eq!(envelope["Value"], Value::Null);
        let errors = envelope["Errors"].as_array().expect("errors");
        errors
            .iter()
            .map(|error| {
                assert_eq!(error["PropertyName"], "Password");
                assert_eq!(error["AttemptedValue"], Value::Null);
                error["Message"].as_str().expect("a message").to_owned()
            })
            .collect()
    };
    let too_short = "A password must have at least 12 characters.";
    let nul = "A password cannot contain a NUL character.";
    let guessable = "This password is too easy to guess. Add words that do not belong together.";
    assert_eq!(rules("eleven char"), [too_short]);
    assert_eq!(rules("a\0b"), [too_short, nul, guessable]);
    assert_eq!(rules("a long enough password\0"), [nul]);
    assert_eq!(
        rules(&"x".repeat(1025)),
        ["A password may have at most 1024 bytes."]
    );

    let now = app.now();
    let links = app
        .wait(
            app.app()
                .store
                .read(move |db| readmit::reset::list(db, false, now)),
        )
        .expect("the links");
    assert_eq!(links.len(), 1);
    assert_eq!((links[0].state, links[0].refused_passwords), ("pending", 4));

    app.complete(&token, "twelve chars").envelope(200);
    assert_eq!(app.sign_in(JANE, "twelve chars").status, 200);
}

/// Assertion 87, at this endpoint: turned away under load, a member keeps the link.
#[test]
fn a_full_hash_queue_costs_no_link() {
    let app = two_places(TestApp::builder()).start().and_jane();
    let token = app.reset_token(JANE);
    let full = occupy(&app);
    let answer = app.complete(&token, NEW_PASSWORD);
    answer.refusal(503);
    assert!(answer.header("retry-after").is_some());
    drop(full);
    app.complete(&token, NEW_PASSWORD).envelope(200);
}

/// Assertion 32: a link got before the suspension ends with it, and none is made during it, so that
/// there is no way from a mailbox to a suspended account.
#[test]
fn a_reset_does_not_let_a_suspended_account_in() {
    let app = TestApp::with_jane();
    let token = app.reset_token(JANE);
    app.suspend(JANE);
    assert!(is_refused(&app.complete(&token, NEW_PASSWORD)));
    app.advance(Duration::from_mins(5));
    app.ask_for_link(JANE);
    let outbox = app.settled_outbox();
    let reason = outbox.last().and_then(|message| message.reason.as_deref());
    assert_eq!(reason, Some("the account is suspended"));
    let suspended: bool = app.query("SELECT suspended_at IS NOT NULL FROM accounts");
    assert!(suspended);
    assert_eq!(app.sign_in(JANE, PASSWORD).status, 400);
    assert_eq!(app.sign_in(JANE, NEW_PASSWORD).status, 400);
}

/// Assertion 33: mail scanners and browsers that look ahead fetch whatever they find.
#[test]
fn looking_at_a_link_uses_nothing_up() {
    let app = TestApp::with_jane();
    let token = app.reset_token(JANE);
    for method in ["GET", "HEAD", "OPTIONS"] {
        for path in ["completePasswordReset", "exchange"] {
            let target = format!("{USERS}/{path}?token={token}&Token={token}&Password=x");
            let answer = app.send(&Request::new(method, &target).header("purpose", "prefetch"));
            assert_ne!(answer.status, 200, "{method} {path}");
        }
    }
    app.complete(&token, NEW_PASSWORD).envelope(200);
}
