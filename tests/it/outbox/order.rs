//! What goes first, and how much at a time.

use std::time::Duration;

use readmit::outbox::{Kind, State};
use serde_json::json;

use super::unhurried;
use crate::support::app::{NEW_PASSWORD, PASSWORD, TestApp, USERS};
use crate::support::http::Request;
use crate::support::smtp::{Action, Mail, Stage};
use crate::support::wait::wait_until;

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

/// While a relay takes its time the next messages are claimed already, so that no lane waits for a commit
/// afterwards. They are few: a code that is asked for meanwhile waits for those, and overtakes the rest.
#[test]
fn a_code_overtakes_all_but_what_is_claimed_already() {
    let mut app = unhurried()
        .set("outbox.concurrency", 2)
        .without_worker()
        .start()
        .and_jane();
    for _ in 0..60 {
        app.ask_for_link("jane@example.com");
    }
    app.smtp.always(Stage::Dot, Action::Stall);
    app.restart_with_worker();
    app.smtp.wait_for(Stage::Dot, 2);
    let claimed =
        |app: &TestApp| app.query::<i64>("SELECT count(*) FROM outbox WHERE state = 'sending'");
    wait_until("more are claimed than are sent", || {
        (claimed(&app) > 2).then_some(())
    });
    ask_for_code(&app, "jane@example.com");
    assert!(claimed(&app) < 20);
    app.smtp.clear(Stage::Dot);
    app.smtp.release();
    let outbox = app.settled_outbox();
    let code = outbox.iter().find(|m| m.kind == Kind::Otp);
    let id = format!("<{}>", code.expect("the code").message_id);
    let mails = app.smtp.mails();
    assert_eq!(mails.len(), 61);
    let place = mails
        .iter()
        .position(|m| m.header("Message-ID").as_ref() == Some(&id));
    assert!(place.expect("the code was sent") < 30);
}

/// Where a rate holds mail back no more is claimed than a look at a time, though the rate would allow it: what
/// was claimed early would go before a code that is asked for meanwhile.
#[test]
fn with_a_rate_nothing_is_claimed_ahead() {
    let mut app = unhurried()
        .set("outbox.concurrency", 2)
        .set("outbox.rate", 1000)
        .without_worker()
        .start()
        .and_jane();
    for _ in 0..20 {
        app.ask_for_link("jane@example.com");
    }
    app.smtp.always(Stage::Data, Action::Stall);
    app.restart_with_worker();
    app.smtp.wait_for(Stage::Data, 2);
    let claimed =
        |app: &TestApp| app.query::<i64>("SELECT count(*) FROM outbox WHERE state = 'sending'");
    // The lanes have two, and two wait for a lane.
    wait_until("the next are claimed", || {
        (claimed(&app) >= 4).then_some(())
    });
    app.smtp.no_mail_within(Duration::from_millis(40));
    assert_eq!(claimed(&app), 4);
    app.smtp.clear(Stage::Data);
    app.smtp.release();
    app.stop();
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
