//! A relay that is down holds the queue, not the messages: few are spent on finding out, none is lost,
//! and an administrator sees what they all wait for.

use std::time::Duration;

use readmit::outbox::{self, RelayStatus, State};

use super::unhurried;
use crate::support::app::{Builder, TestApp};
use crate::support::http::Request;
use crate::support::smtp::{Action, SmtpServer, Stage};
use crate::support::wait::wait_until;

/// What commands see of the relays.
fn noted(app: &TestApp) -> Vec<RelayStatus> {
    let relays = app.app().config.smtp.urls.clone();
    let read = app.app().store.read(move |db| outbox::stats(db, &relays));
    app.wait(read).expect("the outbox can be read").relays
}

fn readyz(app: &TestApp) -> (u16, serde_json::Value) {
    let answer = app.send(&Request::get("/readyz"));
    (answer.status, answer.json())
}

fn address(n: usize) -> String {
    format!("p{n:02}@example.com")
}

/// A deployment that sends one mail at a time, with a link queued for each of so many people.
fn with_queue(builder: Builder, people: usize) -> TestApp {
    let mut app = builder
        .set("outbox.concurrency", 1)
        .without_worker()
        .start();
    for n in 0..people {
        app.add_person(&address(n), "Pat", None, None);
        app.ask_for_link(&address(n));
    }
    app.restart_with_worker();
    app
}

/// Waits until commands see the first relay as down.
fn wait_until_down(app: &TestApp) -> RelayStatus {
    wait_until("the relay counts as down", || {
        noted(app).into_iter().find(|r| r.down_since.is_some())
    })
}

/// How many attempts there were in all, once what was claimed and not tried has been put back.
fn attempts(app: &TestApp) -> u32 {
    let outbox = wait_until("nothing is under way", || {
        let outbox = app.outbox();
        let idle = outbox.iter().all(|m| m.state != State::Sending);
        idle.then_some(outbox)
    });
    outbox.iter().map(|message| message.attempts).sum()
}

/// Assertions 65 and 68: after five failures in a row the queue is held; one letter probes the relay at
/// each step; when it is back, everything leaves, each once. Meanwhile requests are taken, and the
/// server says what is wrong, to people and to machines.
#[test]
fn a_relay_that_is_down_costs_one_attempt_a_step_and_no_message() {
    let relay = SmtpServer::start();
    relay.always(Stage::Connect, Action::Close);
    let app = with_queue(unhurried().smtp(relay), 20);
    let down = wait_until_down(&app);
    assert_eq!(attempts(&app), 5);
    assert_eq!(app.smtp.connections(), 5);
    let failure = down.failure.expect("why it is down");
    assert!(
        failure.contains("the relay closed the connection"),
        "{failure}"
    );
    let (status, report) = readyz(&app);
    let relay = report["relay"].as_str().unwrap_or_default().to_owned();
    assert_eq!((status, &report["ready"]), (200, &true.into()));
    assert!(
        relay.contains("is down since 2027-01-15T08:00:00Z"),
        "{relay}"
    );

    let mut probe_at = down.next_probe_at.expect("a next try");
    for probes in 1..=3 {
        app.advance(probe_at.since(app.now()));
        app.smtp.wait_for(Stage::Connect, 5 + probes);
        probe_at = wait_until("the next try is noted", || {
            let next = noted(&app).remove(0).next_probe_at?;
            (next > probe_at).then_some(next)
        });
        assert_eq!(attempts(&app) as usize, 5 + probes);
    }
    app.smtp.clear(Stage::Connect);
    app.ask_for_link("nobody@example.com");
    // The waits of those that were tried are longer than the probe's.
    app.advance(Duration::from_hours(1));
    let outbox = app.settled_outbox();
    let sent = outbox.iter().filter(|m| m.state == State::Sent).count();
    assert_eq!((sent, app.smtp.mails().len()), (20, 20));
    assert_eq!(noted(&app)[0].down_since, None);
    assert_eq!(readyz(&app).1["relay"], "ok");
}

/// A relay that refuses our credentials refuses every letter. One attempt is enough to hold the queue,
/// no message is to blame, and when the password is right again they leave.
#[test]
fn refused_credentials_hold_the_queue_after_one_attempt_and_end_no_message() {
    let relay = SmtpServer::start();
    relay.advertise_auth("jane", "swordfish");
    let deployment = unhurried()
        .set("smtp.username", "jane")
        .set("smtp.password", "sw0rdfish")
        .smtp(relay);
    let mut app = with_queue(deployment, 6);
    let down = wait_until_down(&app);
    assert_eq!(attempts(&app), 1);
    assert_eq!(down.failure.as_deref(), Some("AUTH: 535 5.7.8 no"));
    assert!(app.outbox().iter().all(|m| m.state == State::Queued));
    let relay = readyz(&app).1["relay"].to_string();
    assert!(relay.contains("AUTH: 535 5.7.8 no"), "{relay}");

    app.set("smtp.password", "swordfish");
    app.restart();
    app.advance(Duration::from_mins(1));
    let outbox = app.settled_outbox();
    assert!(outbox.iter().all(|message| message.state == State::Sent));
    assert_eq!(app.smtp.mails().len(), 6);
}

/// Refusals of letters and conversations that break off in the middle are no sign that the relay is
/// down, however many there are.
#[test]
fn letters_that_fail_one_by_one_do_not_hold_the_queue() {
    let relay = SmtpServer::start();
    for _ in 0..6 {
        relay.script(Stage::Rcpt, Action::Reply("550 5.1.1 who?"));
        relay.script(Stage::Rcpt, Action::Reply("451 4.3.0 later"));
        relay.script(Stage::Rcpt, Action::Close);
    }
    let app = with_queue(unhurried().smtp(relay), 20);
    let sent = wait_until("those behind them are sent", || {
        let sent = |m: &&outbox::Listed| m.state == State::Sent;
        let outbox = app.outbox();
        let count = outbox.iter().filter(sent).count();
        (count == 2).then_some(count)
    });
    assert_eq!(sent, 2);
    assert_eq!(noted(&app)[0].down_since, None);
}

/// Mail that has waited for a relay for longer than `outbox.alarm_after` is what an operator must hear
/// of, although each message by itself has a next attempt to come.
#[test]
fn a_relay_that_is_down_for_too_long_makes_the_server_unready() {
    let relay = SmtpServer::start();
    relay.advertise_auth("jane", "swordfish");
    let deployment = unhurried()
        .set("smtp.username", "jane")
        .set("smtp.password", "sw0rdfish")
        .set("outbox.alarm_after", "10m")
        .smtp(relay);
    let app = with_queue(deployment, 1);
    wait_until_down(&app);
    app.advance(Duration::from_mins(10));
    app.smtp.wait_for(Stage::Auth, 2);
    assert_eq!(readyz(&app).0, 200);
    app.advance(Duration::from_millis(1));
    let (status, report) = readyz(&app);
    assert_eq!(status, 503, "{report}");
    let said = report["outbox"].as_str().unwrap_or_default();
    assert!(
        said.starts_with("mail waits, and no relay takes any since 2027-01-15T08:00:00Z"),
        "{said}"
    );
}

/// Mail goes to the first relay that works, within the same attempt, and back to the one before it when
/// that works again.
#[test]
fn mail_fails_over_to_the_next_relay_and_back() {
    let second = SmtpServer::start();
    let first = SmtpServer::start();
    first.always(Stage::Connect, Action::Close);
    let urls = format!("{},{}", first.url(), second.url());
    let app = with_queue(unhurried().set("smtp.url", urls).smtp(first), 12);
    let outbox = app.settled_outbox();
    assert!(
        outbox
            .iter()
            .all(|m| (m.state, m.attempts) == (State::Sent, 1))
    );
    assert_eq!((second.mails().len(), app.smtp.connections()), (12, 5));
    let statuses = noted(&app);
    assert!(statuses[0].down_since.is_some() && statuses[1].down_since.is_none());
    assert_eq!(readyz(&app).0, 200);
    let history = |id| {
        let read = app.app().store.read(move |db| outbox::show(db, id));
        let shown = app.wait(read).expect("the outbox can be read");
        shown.expect("a message").history
    };
    let tried: Vec<_> = history(1)
        .into_iter()
        .map(|tried| (tried.attempt, tried.stage, tried.code))
        .collect();
    let failed = (1, Some("EHLO".to_owned()), None);
    assert_eq!(tried, [failed, (1, None, Some(250))]);
    assert_eq!(history(12).len(), 1, "the first is not tried any more");

    app.smtp.clear(Stage::Connect);
    app.advance(Duration::from_mins(1));
    for n in 0..3 {
        app.ask_for_link(&address(n));
    }
    for _ in 0..3 {
        app.next_mail();
    }
    assert_eq!(second.mails().len(), 12, "nothing more");
    assert_eq!(noted(&app)[0].down_since, None);
}

/// What the second relay says about a letter counts, and a letter that the first one refuses is refused:
/// nobody asks around until somebody agrees.
#[test]
fn a_refused_letter_goes_to_no_other_relay() {
    let second = SmtpServer::start();
    let first = SmtpServer::start();
    first.script(Stage::Rcpt, Action::Reply("550 5.7.1 no"));
    first.script(Stage::Dot, Action::Close);
    let urls = format!("{},{}", first.url(), second.url());
    let app = with_queue(unhurried().set("smtp.url", urls).smtp(first), 2);
    app.wait_for_state(1, State::Dead);
    wait_until("the second attempt is marked", || {
        let message = app.outbox().remove(1);
        (message.state == State::Queued && message.attempts == 1).then_some(())
    });
    assert_eq!(
        second.connections(),
        0,
        "behind the dot, a double would be certain"
    );
}
