//! From a forgotten password to a new one.

use std::time::Duration;

use super::{JANE, says};
use crate::support::app::{NEW_PASSWORD, PASSWORD, TestApp};
use crate::support::http::Answer;
use crate::support::visitor::{Visitor, hidden, page_of};
use crate::two_factor;

/// Asks for a link and returns the page that it leads to.
pub(super) fn link(app: &TestApp, visitor: &Visitor) -> String {
    assert_eq!(visitor.sent("forgot", &[("email", JANE)]), "sent");
    let link = app.next_mail().link();
    assert!(
        link.starts_with("https://id.readmit.test/p/7/reset?token="),
        "{link}"
    );
    page_of(&link)
}

fn complete(visitor: &Visitor, link: &str, password: &str) -> Answer {
    let token = hidden(&visitor.read(link), "token");
    visitor.send("reset", &[("token", &token), ("password", password)])
}

#[test]
fn a_link_leads_to_a_new_password_and_in() {
    let app = TestApp::hosted();
    let jane = Visitor::at(&app, 7);
    let link = link(&app, &jane);
    assert!(
        jane.read("sent")
            .contains("If jane@example.com has an account here")
    );
    let page = jane.read(&link);
    assert!(page.contains("For jane@example.com"), "{page}");
    let answer = complete(&jane, &link, NEW_PASSWORD);
    assert_eq!(answer.status, 303, "{}", answer.text());
    assert_eq!(answer.header("location"), Some("done"));
    assert!(jane.read("done").contains("Your password is changed"));
    assert!(
        jane.read("sessions")
            .contains("Signed in as jane@example.com")
    );
    assert_eq!(app.sign_in(JANE, PASSWORD).status, 400);
    assert_eq!(app.sign_in(JANE, NEW_PASSWORD).status, 200);
    let subject = app.next_mail().header("Subject").expect("a subject");
    assert_eq!(subject, "Your Canal House password was changed");
    // The page of the link says that it is over, and so does its form.
    says(&jane.open(&link), 400, "This link no longer works");
    let (_, token) = link.split_once("token=").expect("a token");
    let again = jane.send("reset", &[("token", token), ("password", NEW_PASSWORD)]);
    says(&again, 400, "This link no longer works");
}

/// Assertion 33: scanners open links, prefetch them and ask for their heads.
#[test]
fn opening_a_reset_link_consumes_nothing() {
    let app = TestApp::hosted();
    let jane = Visitor::at(&app, 7);
    let link = link(&app, &jane);
    for _ in 0..3 {
        jane.read(&link);
        let head = jane.keep(&jane.request("HEAD", &link).header("purpose", "prefetch"));
        assert_eq!(head.status, 200);
        assert_eq!(head.body, b"");
    }
    assert_eq!(
        app.query::<i64>("SELECT count(*) FROM reset_tokens WHERE used_at IS NOT NULL"),
        0
    );
    // Nor does a form that is not this browser's.
    let stranger = Visitor::at(&app, 7);
    let (_, token) = link.split_once("token=").expect("a token");
    let form = [("csrf", "x"), ("token", token), ("password", NEW_PASSWORD)];
    let answer = stranger.keep(&stranger.request("POST", "reset").form(&form));
    assert_eq!(answer.status, 403);
    assert_eq!(complete(&jane, &link, NEW_PASSWORD).status, 303);
}

/// Assertions 9 and 28: every rule that is missed, in the member's language, and the link stays good.
#[test]
fn a_weak_password_is_told_every_rule_in_the_readers_language() {
    let app = TestApp::hosted();
    let jane = Visitor::at(&app, 7).speaking("nl-BE, en;q=0.5");
    let link = link(&app, &jane);
    let answer = complete(&jane, &link, "jane1234");
    says(&answer, 400, "Het is te kort: minstens 12 tekens.");
    let page = answer.text();
    for rule in [
        "Het bestaat uit je naam, je e-mailadres of onze naam.",
        "Het is te makkelijk te raden.",
    ] {
        assert!(page.contains(rule), "{page}");
    }
    assert!(!page.contains("jane1234"), "{page}");
    let answer = complete(&jane, &link, "");
    says(&answer, 400, "Vul een nieuw wachtwoord in.");
    assert_eq!(complete(&jane, &link, NEW_PASSWORD).status, 303);
}

/// Assertion 32: the second factor is still asked for, after the password is changed.
#[test]
fn a_reset_leads_to_the_second_factor() {
    let app = TestApp::hosted();
    let (access, _) = app.tokens(JANE, PASSWORD);
    let (secret, _) = two_factor::enrol(&app, &access);
    let jane = Visitor::at(&app, 7);
    let link = link(&app, &jane);
    let answer = complete(&jane, &link, NEW_PASSWORD);
    assert_eq!(answer.header("location"), Some("second-factor"));
    assert_eq!(jane.open("done").header("location"), Some("sign-in"));
    let code = two_factor::code(&app, &secret);
    assert_eq!(jane.sent("second-factor", &[("code", &code)]), "done");
    jane.read("done");
}

/// Assertion 26: at another business's pages the link is none, and stays good at its own. Assertion 23:
/// and it is over when its time is.
#[test]
fn a_link_is_good_at_its_own_business_and_for_an_hour() {
    let app = TestApp::hosted();
    app.add_hosted_business(8, "Harbour Loft");
    let jane = Visitor::at(&app, 7);
    let link = link(&app, &jane);
    let (_, token) = link.split_once("token=").expect("a token");
    let elsewhere = jane.moved_to(8);
    says(&elsewhere.open(&link), 400, "This link no longer works");
    let answer = elsewhere.send("reset", &[("token", token), ("password", NEW_PASSWORD)]);
    says(&answer, 400, "This link no longer works");
    jane.read(&link);
    app.advance(Duration::from_hours(1));
    says(&jane.open(&link), 400, "This link no longer works");
    for nothing in [
        "reset",
        "reset?token=",
        "reset?token=x&token=y",
        "reset?token=%00",
    ] {
        says(&jane.open(nothing), 400, "This link no longer works");
    }
}
