//! What goes first, and how much at a time.

use std::time::Duration;

use readmit::outbox::{Kind, State};
use serde_json::json;

use super::unhurried;
use crate::support::app::{NEW_PASSWORD, PASSWORD, TestApp, USERS};
use crate::support::http::Request;
use crate::support::smtp::Mail;

fn ask_for_code(app: &TestApp, address: &str) {
    let url = format!("{USERS}/sendOtp?email={address}&businessId=7");
    app.send(&Request::get(&url)).envelope(200);
}

/// A code is waited for at this moment, a link soon, a notice whenever: so they go in this order,
/// whatever came first.
#[test]
fn codes_go_before_links_and_links_before_notices() {
    let mut app = unhurried()
        .set("outbox.concurrency", 1)
        .without_worker()
        .start()
        .and_jane();
    let (access, _) = app.tokens("jane@example.com", PASSWORD);
    let change = json!({ "CurrentPassword": PASSWORD, "NewPassword": NEW_PASSWORD });
    let request = Request::post(&format!("{USERS}/changePassword")).json(&change);
    app.send(&request.bearer(&access)).envelope(200);
    app.ask_for_link("jane@example.com");
    app.ask_for_link("jane@example.com");
    ask_for_code(&app, "jane@example.com");
    app.restart_with_worker();
    let outbox = app.settled_outbox();
    let kind_of = |mail: &Mail| {
        let id = mail.header("Message-ID").expect("a Message-ID");
        let found = outbox.iter().find(|m| id == format!("<{}>", m.message_id));
        found.expect("the message").kind
    };
    let kinds: Vec<Kind> = app.smtp.mails().iter().map(kind_of).collect();
    assert_eq!(kinds, [Kind::Otp, Kind::Reset, Kind::Reset, Kind::Changed]);
}

/// Assertion 68: `outbox.rate` is kept to by the clock, however much waits.
#[test]
fn no_more_leave_in_a_second_than_the_rate_allows() {
    let mut app = unhurried()
        .set("outbox.rate", 4)
        .without_worker()
        .start()
        .and_jane();
    for _ in 0..12 {
        app.ask_for_link("jane@example.com");
    }
    app.restart_with_worker();
    for _ in 0..12 {
        app.next_mail();
        app.smtp.no_mail_within(Duration::from_millis(15));
        app.advance(Duration::from_millis(200));
        app.smtp.no_mail_within(Duration::from_millis(15));
        // A little more than a quarter of a second each, so that no second sees five of them.
        app.advance(Duration::from_millis(55));
    }
    assert!(app.outbox().iter().all(|m| m.state == State::Sent));
}
