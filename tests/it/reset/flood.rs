//! Requests by somebody who is not the member.

use std::time::Duration;

use readmit::outbox::{Listed, State};

use super::{BOB, JANE, another_token, is_open, use_up, with_jane_and_bob};
use crate::support::app::{NEW_PASSWORD, PASSWORD, TestApp};
use crate::support::smtp::{Action, Stage};

const COOLING_DOWN: &str = "a link that is still unused was sent just before";
const TOO_MANY: &str = "the account has as many unused links as it may";

fn sent(outbox: &[Listed]) -> usize {
    let sent = |message: &&Listed| message.state == State::Sent;
    outbox.iter().filter(sent).count()
}

fn reasons(outbox: &[Listed]) -> Vec<&str> {
    outbox
        .iter()
        .filter_map(|message| message.reason.as_deref())
        .collect()
}

/// Assertion 24: within the cool-down there is one mail, and the member's good link stays good.
#[test]
fn a_flood_sends_one_mail_and_spares_the_link_in_it() {
    let app = with_jane_and_bob();
    let token = app.reset_token(JANE);
    for _ in 0..30 {
        app.ask_for_link(JANE);
    }
    let outbox = app.settled_outbox();
    assert_eq!(sent(&outbox), 1);
    assert_eq!(reasons(&outbox), [COOLING_DOWN; 30]);
    app.advance(Duration::from_millis(59_999));
    app.ask_for_link(JANE);
    assert_eq!(reasons(&app.settled_outbox()).len(), 31);

    app.reset_token(BOB);
    app.complete(&token, NEW_PASSWORD).envelope(200);
    assert_eq!(app.sign_in(JANE, NEW_PASSWORD).status, 200);
}

/// Assertion 24: a patient flood gets as far as the most pending links, all of which work, and
/// completing any one of them ends the others.
#[test]
fn no_more_links_live_than_may_and_completing_one_kills_the_others() {
    let app = TestApp::with_jane();
    let mut tokens = vec![app.reset_token(JANE)];
    tokens.push(another_token(&app, JANE));
    tokens.push(another_token(&app, JANE));
    for _ in 0..5 {
        app.advance(Duration::from_secs(61));
        app.ask_for_link(JANE);
    }
    let outbox = app.settled_outbox();
    assert_eq!(sent(&outbox), 3);
    assert_eq!(reasons(&outbox), [TOO_MANY; 5]);
    assert!(tokens.iter().all(|token| is_open(&app, token)));

    use_up(&app, &tokens[1], NEW_PASSWORD);
    assert!(!tokens.iter().any(|token| is_open(&app, token)));
    let why: String =
        app.query("SELECT DISTINCT revoked_why FROM reset_tokens WHERE used_at IS NULL");
    assert_eq!(why, "another link was completed");
    // Nothing is pending any more, so the next request is served at once.
    let next = app.reset_token(JANE);
    assert!(is_open(&app, &next));
}

/// Assertion 24: a link that is over makes room for another.
#[test]
fn links_that_have_expired_do_not_count() {
    let app = TestApp::builder()
        .set("reset.ttl", "10m")
        .set("reset.max_pending", 1)
        .start()
        .and_jane();
    app.reset_token(JANE);
    app.advance(Duration::from_secs(599));
    app.ask_for_link(JANE);
    assert_eq!(reasons(&app.settled_outbox()), [TOO_MANY]);
    app.advance(Duration::from_secs(1));
    let token = app.reset_token(JANE);
    assert!(is_open(&app, &token));
}

/// Assertion 24: without a cool-down only the number counts.
#[test]
fn the_cooldown_can_be_turned_off() {
    let app = TestApp::builder()
        .set("reset.cooldown", "0s")
        .set("reset.max_pending", 2)
        .start()
        .and_jane();
    app.reset_token(JANE);
    app.reset_token(JANE);
    app.ask_for_link(JANE);
    assert_eq!(reasons(&app.settled_outbox()), [TOO_MANY]);
}

/// Assertion 24: a flood during an outage fills no mailbox when the relay is back.
#[test]
fn a_flood_while_the_relay_is_down_sends_one_mail_afterwards() {
    let app = TestApp::with_jane();
    app.smtp.always(Stage::Connect, Action::Close);
    for _ in 0..10 {
        app.ask_for_link(JANE);
    }
    let waiting =
        crate::support::wait::wait_until("the first is tried and the others are dropped", || {
            let outbox = app.outbox();
            let tried = outbox[0].state == State::Queued && outbox[0].attempts == 1;
            (tried && reasons(&outbox).len() == 9).then_some(outbox)
        });
    assert_eq!(reasons(&waiting), [COOLING_DOWN; 9]);
    app.smtp.clear(Stage::Connect);
    app.advance(Duration::from_mins(1));
    assert!(is_open(&app, &app.next_mail().token()));
    assert_eq!(sent(&app.settled_outbox()), 1);
}

/// Assertion 24: a link that never reached anybody stands in nobody's way.
#[test]
fn a_link_whose_mail_was_given_up_does_not_count() {
    let app = TestApp::builder()
        .set("reset.max_pending", 1)
        .start()
        .and_jane();
    app.smtp.script(Stage::Rcpt, Action::Reply("554 5.7.1 no"));
    app.ask_for_link(JANE);
    app.wait_for_state(1, State::Dead);
    let token = app.reset_token(JANE);
    assert!(is_open(&app, &token));
    assert_eq!(app.sign_in(JANE, PASSWORD).status, 200);
}
