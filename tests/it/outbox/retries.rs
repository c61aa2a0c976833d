//! Waiting for a relay, and giving up on it.

use std::time::Duration;

use readmit::outbox::{Listed, State};

use super::{advance_to, unhurried, wait_for_failures};
use crate::support::app::{NEW_PASSWORD, TestApp};
use crate::support::http::Request;
use crate::support::smtp::{Action, SmtpServer, Stage};
use crate::support::wait::wait_until;

const DAY: Duration = Duration::from_hours(24);
const FIRST: Duration = Duration::from_mins(10);
const LONGEST: Duration = Duration::from_hours(2);

/// Lets one message fail until it is given up, and checks each wait on the way.
fn fail_to_the_end(app: &TestApp, id: i64) -> Listed {
    let mut waits = Vec::new();
    let dead = loop {
        let attempts = u32::try_from(waits.len()).expect("a few attempts") + 1;
        let message = wait_until("an attempt fails", || {
            app.outbox().into_iter().find(|message| {
                message.id == id && message.attempts == attempts && message.state != State::Sending
            })
        });
        if message.state != State::Queued {
            break message;
        }
        let next = message.next_attempt_at.expect("a next attempt");
        let wait = next.since(app.now());
        let doubled = FIRST * 2_u32.pow(attempts.min(5) - 1);
        assert!(wait <= doubled.min(LONGEST), "attempt {attempts}: {wait:?}");
        waits.push(wait);
        assert!(waits.len() < 1000, "it is never given up");
        app.advance(wait);
    };
    // Backoff: some wait is longer than the first could be. Jitter: no two are alike.
    assert!(waits.iter().any(|wait| *wait > FIRST), "{waits:?}");
    waits.sort_unstable();
    waits.dedup();
    assert_eq!(waits.len() + 1, dead.attempts as usize);
    dead
}

/// Assertion 67: how long a message is tried for depends on what it is good for. Nobody waits for a
/// link after a day, while the notice of a changed password is worth four.
#[test]
fn a_link_is_given_up_after_a_day_and_a_notice_after_four() {
    let app = TestApp::builder()
        .set("outbox.first_retry", "10m")
        .set("outbox.max_retry", "2h")
        .start()
        .and_jane();
    let token = app.reset_token("jane@example.com");
    app.wait_for_state(1, State::Sent);
    app.smtp
        .always(Stage::Rcpt, Action::Reply("451 4.3.0 later"));

    app.complete(&token, NEW_PASSWORD).envelope(200);
    let notice = fail_to_the_end(&app, 2);
    app.ask_for_link("jane@example.com");
    let link = fail_to_the_end(&app, 3);

    for (message, life, reason) in [
        (link, DAY, "not delivered within a day"),
        (notice, 4 * DAY, "not delivered within four days"),
    ] {
        assert_eq!(message.state, State::Dead);
        let why = message.reason.unwrap_or_default();
        assert!(why.starts_with(reason), "{why}");
        let reply = message.last_reply.unwrap_or_default();
        assert!(reply.ends_with("451 4.3.0 later"), "{reply}");
        let finished = message.finished_at.expect("an end");
        let age = finished.since(message.created_at);
        assert!(age <= life && age > life.saturating_sub(LONGEST), "{age:?}");
    }
}

/// Assertion 67, when it is our server that was down: a link that nobody waits for any more is not
/// sent on the next start either, while a notice still is.
#[test]
fn a_link_that_waited_for_over_a_day_is_not_sent_at_all() {
    let mut app = unhurried().without_worker().start().and_jane();
    app.ask_for_link("jane@example.com");
    app.advance(Duration::from_mins(1));
    app.ask_for_link("jane@example.com");
    app.advance(DAY);
    app.restart_with_worker();
    let link = app.smtp.next_mail();
    assert_eq!(app.complete(&link.token(), NEW_PASSWORD).status, 200);
    let notice = app.smtp.next_mail();
    assert!(notice.text().contains("was changed"));
    let outbox = app.settled_outbox();
    assert_eq!(outbox[0].state, State::Dead);
    let reason = outbox[0].reason.as_deref().unwrap_or_default();
    assert!(reason.starts_with("not delivered within a day"), "{reason}");
    assert_eq!(app.smtp.mails().len(), 2);
}

/// Assertion 65: mails that fail together do not come back together.
#[test]
fn many_that_fail_at_once_come_back_spread_out() {
    let app = unhurried().start().and_jane();
    app.smtp
        .always(Stage::Rcpt, Action::Reply("451 4.3.0 later"));
    for _ in 0..12 {
        app.ask_for_link("jane@example.com");
    }
    let mut waits: Vec<_> = (1..=12)
        .map(|id| wait_for_failures(&app, id, 1).next_attempt_at)
        .collect();
    waits.sort_unstable();
    waits.dedup();
    // Those within the first second are moved to its end.
    assert!(waits.len() >= 8, "{waits:?}");
}

/// A relay that is down when the server starts is no reason not to start, to refuse requests or to
/// lose one. When it is back, the mail leaves as soon as the clock passes its next attempt: nobody
/// has to restart anything or to press a button.
#[test]
fn a_relay_that_is_down_at_the_start_costs_nothing_but_time() {
    let relay = SmtpServer::start();
    relay.always(Stage::Connect, Action::Close);
    let app = unhurried().smtp(relay).start().and_jane();
    assert_eq!(app.send(&Request::get("/readyz")).status, 200);
    app.ask_for_link("jane@example.com");
    app.ask_for_link("nobody@example.com");
    let mut waiting = wait_for_failures(&app, 1, 1);
    for attempts in 2..=4 {
        advance_to(&app, &waiting);
        waiting = wait_for_failures(&app, 1, attempts);
    }
    assert_eq!(app.smtp.mails().len(), 0);

    app.smtp.clear(Stage::Connect);
    let next = waiting.next_attempt_at.expect("a next attempt");
    let moment = Duration::from_millis(1);
    app.advance(next.before(moment).since(app.now()));
    // This one goes at once, and so shows that the other was not due yet.
    app.ask_for_link("jane@example.com");
    let first = app.smtp.next_mail();
    assert_eq!(wait_for_failures(&app, 1, 4).state, State::Queued);
    app.advance(moment);
    let second = app.smtp.next_mail();
    assert_ne!(first.header("Message-ID"), second.header("Message-ID"));
    let sent = app.wait_for_state(1, State::Sent);
    assert_eq!((sent.attempts, sent.finished_at), (5, Some(app.now())));
    assert_eq!(app.complete(&second.token(), NEW_PASSWORD).status, 200);
}

/// Assertion 61: every attempt at a message bears the same Message-ID and the same token id, so that
/// a mail program can drop the double and the link of either copy works. The link's life starts when
/// it is sent, not when it was asked for.
#[test]
fn a_retry_carries_the_same_message_id_and_the_same_token_with_a_new_life() {
    let app = TestApp::with_jane();
    app.smtp
        .script(Stage::Dot, Action::Reply("451 4.3.0 later"));
    app.ask_for_link("jane@example.com");
    let first = app.smtp.next_mail();
    let waiting = wait_for_failures(&app, 1, 1);
    app.advance(Duration::from_hours(2));
    let second = app.smtp.next_mail();
    let id = format!("<{}>", waiting.message_id);
    assert_eq!(first.header("Message-ID"), Some(id.clone()));
    assert_eq!(second.header("Message-ID"), Some(id));
    assert_ne!(first.header("Date"), second.header("Date"));
    assert_eq!(app.query::<i64>("SELECT count(*) FROM reset_tokens"), 1);
    // The first copy is over by its own `exp`; the second has an hour.
    assert_eq!(app.complete(&first.token(), NEW_PASSWORD).status, 400);
    app.wait_for_state(1, State::Sent);
    app.advance(Duration::from_mins(59));
    assert_eq!(app.complete(&second.token(), NEW_PASSWORD).status, 200);
}

/// Assertion 69: attempts that the relay lets hang take their own lanes only. The others go past
/// them, while those still hang. That each attempt has a deadline shows where a relay says nothing.
#[test]
fn attempts_that_hang_hold_nobody_up() {
    let app = unhurried().set("outbox.concurrency", 3).start().and_jane();
    for _ in 0..2 {
        app.smtp.script(Stage::Data, Action::Stall);
    }
    app.ask_for_link("jane@example.com");
    app.ask_for_link("jane@example.com");
    app.smtp.wait_for(Stage::Data, 2);
    for _ in 0..6 {
        app.ask_for_link("jane@example.com");
    }
    for id in 3..=8 {
        assert_eq!(app.wait_for_state(id, State::Sent).attempts, 1);
    }
    for hanging in &app.outbox()[..2] {
        assert_eq!((hanging.state, hanging.attempts), (State::Sending, 1));
    }
    app.smtp.release();
    for id in [1, 2] {
        assert_eq!(app.wait_for_state(id, State::Sent).attempts, 1);
    }
}
