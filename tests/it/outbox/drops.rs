//! Messages that there is nothing to send for, each with its reason.

use std::time::Duration;

use readmit::outbox::{Kind, State};
use serde_json::json;

use super::{unhurried, wait_for_failures};
use crate::support::app::{NEW_PASSWORD, TestApp, email};
use crate::support::smtp::{Action, Stage};

fn remove(app: &TestApp, address: &str) {
    app.wait(app.admin().remove_account(email(address), app.now()))
        .expect("the account is removed");
}

/// The reason of each message, oldest first; fails unless all were dropped.
fn reasons(app: &TestApp) -> Vec<String> {
    let dropped = |message: readmit::outbox::Listed| {
        assert_eq!(message.state, State::Dropped, "{message:?}");
        assert!(message.finished_at.is_some());
        message.reason.expect("a reason")
    };
    app.settled_outbox().into_iter().map(dropped).collect()
}

/// A request is stored without looking anybody up; when there turns out to be nobody to send to, an
/// administrator can see why, and the relay hears nothing.
#[test]
fn a_request_without_somebody_to_send_to_is_dropped_with_its_reason() {
    let mut app = TestApp::builder().without_worker().start().and_jane();
    app.add_person("sam@example.com", "Sam", Some(7), None);
    app.add_person("rob@example.com", "Rob", Some(7), None);
    for address in ["nobody@example.com", "sam@example.com", "rob@example.com"] {
        app.ask_for_link(address);
    }
    app.start_reset(&json!({ "email": "jane@example.com", "businessId": 8 }))
        .envelope(200);
    app.suspend("sam@example.com");
    remove(&app, "rob@example.com");
    app.restart_with_worker();
    assert_eq!(
        reasons(&app),
        [
            "no account has this address",
            "the account is suspended",
            "no account has this address",
            "there is no such business",
        ]
    );
    assert_eq!(app.smtp.connections(), 0);
}

/// What has changed by the time of a retry counts: a link is not sent to an account that has been
/// suspended or removed meanwhile, nor is one that was revoked.
#[test]
fn a_retry_looks_again_at_whom_it_is_for() {
    let app = unhurried().start();
    app.smtp
        .always(Stage::Rcpt, Action::Reply("451 4.3.0 later"));
    let people = ["sam@example.com", "rob@example.com", "eve@example.com"];
    for (id, address) in (1..).zip(people) {
        app.add_person(address, "Somebody", None, None);
        app.ask_for_link(address);
        wait_for_failures(&app, id, 1);
    }
    app.suspend("sam@example.com");
    remove(&app, "rob@example.com");
    let eve = email("eve@example.com");
    app.wait(app.admin().require_reset(eve, app.now()))
        .expect("a reset is required");
    app.smtp.clear(Stage::Rcpt);
    app.advance(Duration::from_mins(1));
    assert_eq!(
        reasons(&app),
        [
            "the account is suspended",
            "no account has this address",
            "the link was used or revoked before it could be sent",
        ]
    );
    assert_eq!(app.smtp.mails().len(), 0);
}

/// A link that was used before its mail's retry is not sent a second time: the first copy arrived
/// after all, though the relay said otherwise.
#[test]
fn a_link_that_was_used_meanwhile_is_not_sent_again() {
    let app = TestApp::with_jane();
    app.smtp
        .script(Stage::Dot, Action::Reply("451 4.3.0 later"));
    app.ask_for_link("jane@example.com");
    let copy = app.smtp.next_mail();
    wait_for_failures(&app, 1, 1);
    app.complete(&copy.token(), NEW_PASSWORD).envelope(200);
    assert!(app.smtp.next_mail().text().contains("was changed"));
    app.wait_for_state(2, State::Sent);
    app.advance(Duration::from_mins(1));
    let link = app.wait_for_state(1, State::Dropped);
    assert_eq!(
        link.reason.as_deref(),
        Some("the link was used or revoked before it could be sent")
    );
    assert_eq!(app.smtp.mails().len(), 2);
}

/// The notice of a change goes to nobody once the account is gone, and to the member all the same
/// when it is only the location that is gone.
#[test]
fn a_notice_is_dropped_with_its_account_but_not_with_its_location() {
    for location_only in [true, false] {
        let app = TestApp::with_jane();
        app.add_business(8, "Ferry Lane", "https://ferry.test");
        app.start_reset(&json!({ "email": "jane@example.com", "businessId": 8 }))
            .envelope(200);
        let token = app.smtp.next_mail().token();
        app.wait_for_state(1, State::Sent);
        app.smtp
            .script(Stage::Rcpt, Action::Reply("451 4.3.0 later"));
        app.complete(&token, NEW_PASSWORD).envelope(200);
        let notice = wait_for_failures(&app, 2, 1);
        assert_eq!(notice.kind, Kind::Changed);
        if location_only {
            let eight = readmit::business::BusinessId::new(8).expect("a number");
            app.wait(app.admin().remove_business(eight, app.now()))
                .expect("the business is removed");
        } else {
            remove(&app, "jane@example.com");
        }
        app.advance(Duration::from_mins(1));
        if location_only {
            let mail = app.smtp.next_mail();
            assert_eq!(mail.recipients, ["jane@example.com"]);
            assert!(!mail.text().contains("Ferry Lane"));
        } else {
            let dropped = app.wait_for_state(2, State::Dropped);
            assert_eq!(dropped.reason.as_deref(), Some("the account was removed"));
        }
    }
}
