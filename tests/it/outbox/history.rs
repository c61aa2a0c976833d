//! What an administrator can read of a message's attempts.

use std::time::Duration;

use readmit::outbox::{self, Attempted, State};

use super::{unhurried, wait_for_failures};
use crate::support::app::TestApp;
use crate::support::smtp::{Action, Stage};

fn history(app: &TestApp, id: i64) -> Vec<Attempted> {
    let read = app.app().store.read(move |db| outbox::show(db, id));
    let shown = app.wait(read).expect("the outbox can be read");
    shown.expect("a message").history
}

/// Every attempt stays, with its time, relay, stage, codes and words; the relay's consent, too.
#[test]
fn every_attempt_is_kept_with_what_the_relay_said() {
    let app = unhurried().start().and_jane();
    let begun = app.now();
    app.smtp
        .script(Stage::Mail, Action::ReplyThenClose("421 bye"));
    app.smtp
        .script(Stage::Rcpt, Action::Reply("450 4.2.1 busy"));
    app.smtp.script(Stage::Dot, Action::Close);
    app.ask_for_link("jane@example.com");
    for attempt in 1..=3 {
        wait_for_failures(&app, 1, attempt);
        app.advance(Duration::from_hours(1));
    }
    app.wait_for_state(1, State::Sent);
    let history = history(&app, 1);
    let heard: Vec<_> = history
        .iter()
        .map(|tried| {
            let (stage, enhanced) = (tried.stage.as_deref(), tried.enhanced.as_deref());
            (tried.attempt, stage, tried.code, enhanced, &*tried.text)
        })
        .collect();
    let closed = "end of the letter: the relay closed the connection";
    let (rcpt, end, mail) = (
        Some("RCPT TO"),
        Some("end of the letter"),
        Some("MAIL FROM"),
    );
    assert_eq!(
        heard,
        [
            (1, mail, Some(421), None, "MAIL FROM: 421 bye"),
            (2, rcpt, Some(450), Some("4.2.1"), "RCPT TO: 450 4.2.1 busy"),
            (3, end, None, None, closed),
            (
                4,
                None,
                Some(250),
                Some("2.0.0"),
                "2.0.0 ok: queued as TEST"
            ),
        ]
    );
    for (number, tried) in (0..).zip(&history) {
        assert_eq!(tried.at, begun.after(number * Duration::from_hours(1)));
        let relay = tried.relay.as_deref().unwrap_or_default();
        assert!(relay.starts_with(&app.smtp.url()), "{relay}");
    }
}

/// What was never handed to a relay has no history that could be taken for one.
#[test]
fn a_dropped_request_has_no_history() {
    let app = unhurried().start();
    app.ask_for_link("nobody@example.com");
    app.wait_for_state(1, State::Dropped);
    assert!(history(&app, 1).is_empty());
}
