//! Signing in: with a password, a code, the link beside it, and a second factor.

use std::time::Duration;

use readmit::business::Changes;
use readmit::outbox::Kind;

use super::{JANE, says};
use crate::codes;
use crate::support::app::{PASSWORD, TestApp};
use crate::support::http::Request;
use crate::support::visitor::{Visitor, hidden, page_of};
use crate::two_factor;

const WRONG: &str = "The email address or the password is wrong.";

fn audited(app: &TestApp, event: &str) -> i64 {
    app.query(&format!(
        "SELECT count(*) FROM audit WHERE event = '{event}' AND outcome = 'ok'"
    ))
}

/// The answer to a form is a redirect, so that loading the next page again sends nothing twice.
#[test]
fn a_password_signs_in_and_leads_on() {
    let app = TestApp::hosted();
    let jane = Visitor::at(&app, 7);
    let answer = jane.sign_in(JANE, PASSWORD);
    assert_eq!(answer.status, 303, "{}", answer.text());
    assert_eq!(answer.header("location"), Some("sessions"));
    assert_eq!(audited(&app, "session.sign_in"), 1);
    assert!(
        jane.read("sessions")
            .contains("Signed in as jane@example.com")
    );
    // Who is in already is not asked again.
    assert!(
        jane.read("sign-in")
            .contains("You are signed in as jane@example.com.")
    );
}

/// One answer for a wrong password, an unknown address and a suspended account; the address stays in
/// the form, the password never.
#[test]
fn a_wrong_password_is_said_on_the_same_form() {
    let app = TestApp::hosted();
    app.add_person("sue@example.com", "Sue", Some(7), Some(PASSWORD));
    app.suspend("sue@example.com");
    for (email, password) in [
        (JANE, "not my password at all"),
        ("nobody@example.com", PASSWORD),
        ("sue@example.com", PASSWORD),
        ("not an address", PASSWORD),
    ] {
        let visitor = Visitor::at(&app, 7);
        let answer = visitor.sign_in(email, password);
        says(&answer, 400, WRONG);
        let page = answer.text();
        assert!(page.contains("role=\"alert\""), "{page}");
        assert!(page.contains(&format!("value=\"{email}\"")), "{page}");
        assert!(!page.contains(password), "{page}");
        assert_eq!(visitor.cookie("member-7"), None);
    }
}

/// Both are named at once, and the first has the focus.
#[test]
fn empty_fields_are_named_one_by_one() {
    let app = TestApp::hosted();
    let answer = Visitor::at(&app, 7).sign_in(" ", "");
    says(&answer, 400, "Enter your email address.");
    let page = answer.text();
    assert!(page.contains("Enter your password."), "{page}");
    assert_eq!(page.matches("aria-invalid=\"true\"").count(), 2, "{page}");
    assert_eq!(page.matches("autofocus").count(), 1, "{page}");
    let (_, email) = page.split_once("id=\"email\"").expect("the field");
    let tag = email.split('>').next().expect("its end");
    assert!(tag.contains("autofocus"), "{tag}");
    assert!(tag.contains("aria-describedby=\"email-problem\""), "{tag}");
}

#[test]
fn a_code_by_mail_signs_in() {
    let app = TestApp::hosted();
    let jane = Visitor::at(&app, 7);
    // Without an address there is nothing to type a code for.
    assert_eq!(jane.open("code").header("location"), Some("sign-in"));
    let way = jane.sent("sign-in", &[("email", JANE), ("by", "code")]);
    assert_eq!(way, "code");
    assert!(
        jane.read("code")
            .contains("If jane@example.com has an account here")
    );
    let mail = app.next_mail();
    let wrong = jane.send("code", &[("code", "000")]);
    says(&wrong, 400, "This code is wrong or has expired.");
    says(&jane.send("code", &[("code", "")]), 400, "Enter the code.");
    let way = jane.sent("code", &[("code", &codes::code(&mail))]);
    assert_eq!(way, "sessions");
    jane.read("sessions");
    assert_eq!(audited(&app, "session.exchange"), 1);
}

/// An address that cannot be one is not asked about, and a second code has to wait, which is said
/// without a word about the account.
#[test]
fn codes_are_asked_for_once_a_minute() {
    let app = TestApp::hosted();
    let visitor = Visitor::at(&app, 7);
    let answer = visitor.send("sign-in", &[("email", "jane@"), ("by", "code")]);
    says(
        &answer,
        400,
        "Enter an email address like name@example.com.",
    );
    for email in [JANE, "nobody@example.com"] {
        visitor.sent("sign-in", &[("email", email), ("by", "code")]);
        app.advance(Duration::from_secs(15));
        let answer = visitor.send("code", &[("again", "yes")]);
        says(&answer, 429, "You can ask for another in 45 seconds.");
        assert_eq!(answer.header("retry-after"), Some("45"));
        let answer = visitor.send("sign-in", &[("email", email), ("by", "code")]);
        says(&answer, 429, "You can ask for another in 45 seconds.");
        app.advance(Duration::from_mins(1));
        assert_eq!(visitor.sent("code", &[("again", "yes")]), "code");
    }
    let codes = |app: &TestApp| app.outbox().iter().filter(|m| m.kind == Kind::Otp).count();
    assert_eq!(codes(&app), 4);
}

/// Assertion 33. The link leads to a page that says whom it would sign in, and a click on its button
/// does. Until then neither a scanner's GET nor its HEAD uses anything up.
#[test]
fn opening_the_link_of_a_code_consumes_nothing() {
    let app = TestApp::hosted();
    let jane = Visitor::at(&app, 7);
    jane.sent("sign-in", &[("email", JANE), ("by", "code")]);
    let link = page_of(&app.next_mail().link());
    assert!(link.starts_with("sign-in?token="), "{link}");
    let rows =
        "SELECT count(*) FROM login_tokens WHERE used_at IS NOT NULL OR revoked_at IS NOT NULL";
    for _ in 0..3 {
        let head = jane
            .request("HEAD", &link)
            .header("sec-purpose", "prefetch");
        assert_eq!(jane.keep(&head).status, 200);
        let page = jane.read(&link);
        assert!(page.contains("Sign in as jane@example.com"), "{page}");
        assert_eq!(app.query::<i64>(rows), 0);
    }
    let token = hidden(&jane.read(&link), "token");
    assert_eq!(jane.sent("sign-in", &[("token", &token)]), "sessions");
    // It is used up now.
    says(&jane.open(&link), 400, "This link no longer works");
    says(
        &jane.send("sign-in", &[("token", &token)]),
        400,
        "This link no longer works",
    );
    assert_eq!(audited(&app, "session.exchange"), 1);
}

/// Assertions 26 and 33: a link shows and does nothing at another business's pages, and stays good.
#[test]
fn a_link_works_at_its_own_business_only() {
    let app = TestApp::hosted();
    app.add_hosted_business(8, "Harbour Loft");
    let jane = Visitor::at(&app, 7);
    jane.sent("sign-in", &[("email", JANE), ("by", "code")]);
    let link = page_of(&app.next_mail().link());
    let token = hidden(&jane.read(&link), "token");
    let elsewhere = jane.moved_to(8);
    says(&elsewhere.open(&link), 400, "This link no longer works");
    says(
        &elsewhere.send("sign-in", &[("token", &token)]),
        400,
        "This link no longer works",
    );
    assert_eq!(jane.sent("sign-in", &[("token", &token)]), "sessions");
}

/// The password is not kept until the code is typed: what the browser holds meanwhile is a login token,
/// sealed, which is worth nothing without the code.
#[test]
fn a_second_factor_is_the_next_page() {
    let app = TestApp::hosted();
    let (access, _) = app.tokens(JANE, PASSWORD);
    let (secret, recovery) = two_factor::enrol(&app, &access);
    let jane = Visitor::at(&app, 7);
    assert_eq!(
        jane.open("second-factor").header("location"),
        Some("sign-in")
    );
    let first = jane.sign_in(JANE, PASSWORD);
    assert_eq!(first.header("location"), Some("second-factor"));
    assert_eq!(jane.cookie("member-7"), None);
    jane.read("second-factor");
    says(
        &jane.send("second-factor", &[("code", "")]),
        400,
        "Enter the code.",
    );
    let wrong = jane.send("second-factor", &[("code", "000000")]);
    says(&wrong, 400, "This code is wrong or has expired.");
    let code = two_factor::code(&app, &secret);
    assert_eq!(jane.sent("second-factor", &[("code", &code)]), "sessions");
    jane.read("sessions");
    // A recovery code does as well, on the way of a code by mail, too.
    let jane = Visitor::at(&app, 7);
    jane.sent("sign-in", &[("email", JANE), ("by", "code")]);
    let mail = app.next_mail();
    let way = jane.sent("code", &[("code", &codes::code(&mail))]);
    assert_eq!(way, "second-factor");
    assert_eq!(
        jane.sent("second-factor", &[("code", &recovery[0])]),
        "sessions"
    );
}

/// A right password with nothing behind it: the token dies after five minutes, and with the password.
#[test]
fn a_step_towards_a_session_is_over_soon() {
    let app = TestApp::hosted();
    let (access, _) = app.tokens(JANE, PASSWORD);
    let (secret, _) = two_factor::enrol(&app, &access);
    let jane = Visitor::at(&app, 7);
    jane.sign_in(JANE, PASSWORD);
    app.advance(Duration::from_mins(5));
    let code = two_factor::code(&app, &secret);
    let late = jane.send("second-factor", &[("code", &code)]);
    says(&late, 400, "This link no longer works");
    assert_eq!(
        jane.open("second-factor").header("location"),
        Some("sign-in")
    );
}

/// An administrator can require a new password: the page says how to get one.
#[test]
fn a_password_that_must_be_reset_leads_to_the_link() {
    let app = TestApp::hosted();
    let admin = app.admin();
    let required = admin.require_reset(crate::support::app::email(JANE), app.now());
    app.wait(required).expect("it is required");
    let answer = Visitor::at(&app, 7).sign_in(JANE, PASSWORD);
    says(&answer, 400, "You need a new password.");
}

/// Assertion 14: guesses wait here as they do at the API, and each kind of request has its quota.
#[test]
fn guesses_and_requests_have_their_limits() {
    let app = TestApp::hosted();
    let visitor = Visitor::at(&app, 7);
    for _ in 0..5 {
        says(&visitor.sign_in(JANE, "wrong"), 400, WRONG);
    }
    let answer = visitor.sign_in(JANE, PASSWORD);
    says(&answer, 429, "Please try again in 1 second.");
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert!(answer.text().contains("value=\"jane@example.com\""));
    // The API counts the same guesses.
    assert_eq!(app.sign_in(JANE, PASSWORD).status, 429);
    drop(app);

    let app = TestApp::builder()
        .set("limits.enabled", "true")
        .set("limits.sign_in", "1/1h")
        .set("limits.otp", "1/1h")
        .set("limits.reset", "1/1h")
        .set("limits.complete", "1/1h")
        .start()
        .and_hosted();
    let visitor = Visitor::at(&app, 7);
    let forms: [(&str, &[(&str, &str)]); 3] = [
        (
            "sign-in",
            &[("email", JANE), ("password", "x"), ("by", "password")],
        ),
        ("sign-in", &[("email", JANE), ("by", "code")]),
        ("forgot", &[("email", JANE)]),
    ];
    for (page, fields) in forms {
        assert_ne!(visitor.send(page, fields).status, 429, "{page}");
        let answer = visitor.send(page, fields);
        says(&answer, 429, "Please try again in 1 hour.");
        assert_eq!(answer.header("retry-after"), Some("3600"), "{page}");
        assert!(
            answer.text().contains("value=\"jane@example.com\""),
            "{page}"
        );
    }
}

/// Assertion 12: a database that takes no write is said, and nothing that was typed is lost but secrets.
#[test]
fn a_server_that_cannot_write_says_so_on_the_form() {
    let app = TestApp::builder()
        .set("storage.busy_timeout", "50ms")
        .start()
        .and_hosted();
    let visitor = Visitor::at(&app, 7);
    let csrf = visitor.csrf();
    let lock = app.sql();
    lock.execute_batch("BEGIN IMMEDIATE").expect("the lock");
    let answer = visitor.keep(
        &visitor
            .request("POST", "forgot")
            .form(&[("csrf", &csrf), ("email", JANE)]),
    );
    says(&answer, 503, "We are very busy at the moment.");
    assert_eq!(answer.header("retry-after"), Some("2"));
    assert!(answer.text().contains("value=\"jane@example.com\""));
}

/// What a business gives its members to remember is short.
#[test]
fn the_number_alone_leads_to_sign_in() {
    let app = TestApp::hosted();
    let place = |path: &str| {
        let answer = app.send(&Request::get(path));
        assert_eq!(answer.status, 303, "{path}");
        answer.header("location").expect("a place").to_owned()
    };
    assert_eq!(place("/p/7"), "7/sign-in");
    assert_eq!(place("/p/7/"), "sign-in");
    for path in [
        "/p/8",
        "/p/07/sign-in",
        "/p/+7/sign-in",
        "/p/-1/forgot",
        "/p/x",
        "/p/7/none",
        "/p/",
    ] {
        let answer = app.send(&Request::get(path).header("accept-language", "en"));
        says(&answer, 404, "There is nothing here");
    }
    // A business that is removed has no pages any more; one with a portal has them too.
    let portal = readmit::business::PortalUrl::parse("https://canal.test").expect("a portal");
    let changes = Changes {
        portal_url: Some(Some(portal)),
        ..Changes::default()
    };
    app.change_business(7, changes);
    assert_eq!(app.send(&Request::get("/p/7/sign-in")).status, 200);
}
