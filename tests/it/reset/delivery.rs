//! A link between the request and the mailbox.

use std::time::Duration;

use readmit::outbox::State;

use super::{JANE, is_open, is_refused};
use crate::support::app::{NEW_PASSWORD, START, TestApp};
use crate::support::jwt::Parts;
use crate::support::smtp::{Action, Stage};
use crate::support::wait::wait_until;

/// Waits until the first message has been tried that often, and waits again for its turn.
fn tried(app: &TestApp, times: u32) {
    wait_until("a failed attempt", || {
        let message = app.outbox().remove(0);
        (message.state == State::Queued && message.attempts == times).then_some(())
    });
}

/// The time that counts is the member's, not the relay's: after 50 minutes of outage the link still
/// works for the whole hour.
#[test]
fn a_links_lifetime_starts_when_it_is_sent() {
    let app = TestApp::with_jane();
    app.smtp.always(Stage::Connect, Action::Close);
    app.ask_for_link(JANE);
    tried(&app, 1);
    let minted: i64 = app.query("SELECT expires_at FROM reset_tokens");
    assert_eq!(minted, (START.seconds() + 3600) * 1000);
    app.smtp.clear(Stage::Connect);
    app.advance(Duration::from_mins(50));
    let mail = app.next_mail();
    assert!(mail.text().contains("for 1 hour"));
    let token = mail.token();
    let claims = Parts::of(&token).claims;
    assert_eq!(claims["iat"], START.seconds() + 3000);
    assert_eq!(claims["exp"], START.seconds() + 6600);

    app.advance(Duration::from_secs(3599));
    assert!(is_open(&app, &token));
    app.advance(Duration::from_secs(1));
    assert!(is_refused(&app.complete(&token, NEW_PASSWORD)));
}

/// Assertion 70: the relay has the letter and we do not know. The member then gets it twice, under one
/// Message-ID, with one token id, so that either link works and the two work once between them.
#[test]
fn a_retry_carries_the_same_token_and_either_copy_works() {
    for first_is_used in [true, false] {
        let app = TestApp::with_jane();
        app.smtp.script(Stage::Dot, Action::Close);
        app.ask_for_link(JANE);
        let first = app.next_mail();
        tried(&app, 1);
        app.advance(Duration::from_secs(30));
        let second = app.next_mail();
        app.wait_for_state(1, State::Sent);

        assert!(first.header("Message-ID").is_some());
        assert_eq!(first.header("Message-ID"), second.header("Message-ID"));
        let (first, second) = (first.token(), second.token());
        assert_eq!(
            Parts::of(&first).claims["jti"],
            Parts::of(&second).claims["jti"]
        );
        let rows: i64 = app.query("SELECT count(*) FROM reset_tokens");
        assert_eq!(rows, 1);
        assert!(is_open(&app, &first) && is_open(&app, &second));

        let (used, other) = if first_is_used {
            (first, second)
        } else {
            (second, first)
        };
        app.complete(&used, NEW_PASSWORD).envelope(200);
        assert!(is_refused(&app.complete(&other, "yet another password")));
    }
}
