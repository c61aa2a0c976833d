//! What the relay's answers make of a message.

use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use readmit::outbox::State;

use super::{advance_to, unhurried, wait_for_failures};
use crate::support::app::{Builder, TestApp};
use crate::support::http::Request;
use crate::support::smtp::{Action, SmtpServer, Stage, TestCa, TlsMode};

const DAY: Duration = Duration::from_hours(24);

/// Assertion 65: a 5xx at any stage is final. The relay's words are kept, because they are all that
/// an administrator has to go by, and nothing ever puts the message back.
#[test]
fn a_refusal_for_good_ends_a_message_with_the_relays_words() {
    let app = unhurried().start().and_jane();
    for (id, stage, reply, kept) in [
        (
            1,
            Stage::Mail,
            "553 5.1.8 who?",
            "MAIL FROM: 553 5.1.8 who?",
        ),
        (
            2,
            Stage::Rcpt,
            "550 no such user",
            "RCPT TO: 550 no such user",
        ),
        (3, Stage::Data, "554 5.7.1 no", "DATA: 554 5.7.1 no"),
        (
            4,
            Stage::Dot,
            "554-5.7.1 looks like\r\n554 5.7.1 spam",
            "end of the letter: 554 5.7.1 looks like spam",
        ),
    ] {
        app.smtp.script(stage, Action::Reply(reply));
        app.ask_for_link("jane@example.com");
        let dead = app.wait_for_state(id, State::Dead);
        assert_eq!(dead.last_reply.as_deref(), Some(kept));
        let reason = dead.reason.as_deref();
        assert_eq!(reason, Some("the relay refused it for good"));
        assert_eq!(dead.finished_at, Some(app.now()));
        assert_eq!(dead.next_attempt_at, None);
    }
    app.advance(5 * DAY);
    // The worker has looked at the outbox again once this one is sent.
    app.ask_for_link("jane@example.com");
    app.wait_for_state(5, State::Sent);
    for message in &app.outbox()[..4] {
        assert_eq!((message.state, message.attempts), (State::Dead, 1));
    }
}

struct Trouble {
    what: &'static str,
    deployment: Builder,
    /// What the relay does once.
    action: Option<(Stage, Action)>,
    said: &'static str,
}

fn troubles(ca: &TestCa) -> Vec<Trouble> {
    let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let nobody = closed.local_addr().expect("an address");
    let encrypted = || {
        let relay = SmtpServer::start_tls(TlsMode::StartTls, ca);
        let url = format!("{}?tls=required", relay.url());
        unhurried()
            .set("smtp.url", url)
            .set("smtp.ca_file", ca.path().display())
            .smtp(relay)
    };
    let stalling = unhurried().set("smtp.timeout", "500ms");
    let trouble = |what, deployment, action, said| Trouble {
        what,
        deployment,
        action,
        said,
    };
    let reply = Action::Reply;
    vec![
        trouble(
            "a busy mailbox",
            unhurried(),
            Some((Stage::Rcpt, reply("451 4.2.1 later"))),
            "RCPT TO: 451 4.2.1 later",
        ),
        trouble(
            "a full disk",
            unhurried(),
            Some((Stage::Dot, reply("452 4.3.1 full"))),
            "end of the letter: 452 4.3.1 full",
        ),
        trouble(
            "a relay that closes for maintenance",
            unhurried(),
            Some((Stage::Mail, Action::ReplyThenClose("421 4.3.2 bye"))),
            "MAIL FROM: 421 4.3.2 bye",
        ),
        trouble(
            "a relay that will not talk",
            unhurried(),
            Some((Stage::Connect, Action::ReplyThenClose("554 5.3.2 no"))),
            "EHLO: 554 5.3.2 no",
        ),
        trouble(
            "a relay that hangs up",
            unhurried(),
            Some((Stage::Data, Action::Close)),
            "DATA: the relay closed the connection",
        ),
        trouble(
            "a handshake refused",
            encrypted(),
            Some((Stage::StartTls, reply("454 4.7.0 no"))),
            "STARTTLS: 454 4.7.0 no",
        ),
        trouble(
            "a relay that says nothing",
            stalling,
            Some((Stage::Data, Action::Stall)),
            "DATA: no answer within 500ms",
        ),
        trouble(
            "nobody there",
            unhurried().set("smtp.url", format!("smtp://{nobody}")),
            None,
            "Connection refused",
        ),
    ]
}

/// Assertion 65: whatever may pass is tried again after a wait of its own, with the reason to be
/// seen meanwhile; and the server goes on serving.
#[test]
fn whatever_may_pass_is_tried_again() {
    let ca = TestCa::new();
    for trouble in troubles(&ca) {
        let app = trouble.deployment.start().and_jane();
        let passes = trouble.action.is_some();
        if let Some((stage, action)) = trouble.action {
            app.smtp.script(stage, action);
        }
        app.ask_for_link("jane@example.com");
        let waiting = wait_for_failures(&app, 1, 1);
        let reply = waiting.last_reply.as_deref().unwrap_or_default();
        assert!(reply.contains(trouble.said), "{}: {reply}", trouble.what);
        assert_eq!(waiting.reason, None, "{}", trouble.what);
        let next = waiting.next_attempt_at.expect("a next attempt");
        let wait = next.since(app.now());
        assert!(
            (Duration::from_secs(1)..=Duration::from_secs(30)).contains(&wait),
            "{}: {wait:?}",
            trouble.what
        );
        assert_eq!(app.send(&Request::get("/readyz")).status, 200);
        advance_to(&app, &waiting);
        if passes {
            let sent = app.wait_for_state(1, State::Sent);
            assert_eq!(sent.attempts, 2, "{}", trouble.what);
        } else {
            wait_for_failures(&app, 1, 2);
        }
    }
}

/// Assertion 66: each message has its own next attempt. Two fail at the same moment; when the first
/// of them comes due, is tried and fails again, the row of the other is as it was.
#[test]
fn one_failure_changes_no_other_message() {
    let app = unhurried().start().and_jane();
    app.smtp
        .always(Stage::Rcpt, Action::Reply("450 4.2.1 busy"));
    app.ask_for_link("jane@example.com");
    app.ask_for_link("jane@example.com");
    let mut waiting = [wait_for_failures(&app, 1, 1), wait_for_failures(&app, 2, 1)];
    waiting.sort_by_key(|message| message.next_attempt_at);
    let [earlier, later] = waiting;
    // Equal to the millisecond once in 29,000 runs.
    if earlier.next_attempt_at < later.next_attempt_at {
        advance_to(&app, &earlier);
        wait_for_failures(&app, earlier.id, 2);
        let untouched = wait_for_failures(&app, later.id, 1);
        assert_eq!(untouched.next_attempt_at, later.next_attempt_at);
    }
    // One that the relay takes goes at once, whatever the others wait for.
    app.smtp.clear(Stage::Rcpt);
    app.ask_for_link("jane@example.com");
    assert_eq!(app.wait_for_state(3, State::Sent).attempts, 1);
    assert_eq!(wait_for_failures(&app, later.id, 1).attempts, 1);
}

/// Assertion 66: nor does a recipient that is refused within a burst hold up, delay or end the
/// messages around it, on whichever connection they go.
#[test]
fn a_recipient_refused_within_a_burst_is_alone_with_it() {
    let app = unhurried().without_worker().start();
    let address = |n: u32| format!("p{n}@example.com");
    for n in 1..=12 {
        app.add_person(&address(n), "Pat", None, None);
        app.ask_for_link(&address(n));
    }
    let app = {
        let mut app = app;
        app.smtp
            .script(Stage::Rcpt, Action::Reply("450 4.2.1 full"));
        app.smtp
            .script(Stage::Rcpt, Action::Reply("550 5.1.1 gone"));
        app.restart_with_worker();
        app
    };
    for _ in 0..10 {
        app.smtp.next_mail();
    }
    let count = |app: &TestApp, state| app.outbox().iter().filter(|m| m.state == state).count();
    crate::support::wait::wait_until("every outcome is written", || {
        (count(&app, State::Sending) == 0).then_some(())
    });
    let counts = [State::Sent, State::Queued, State::Dead].map(|state| count(&app, state));
    assert_eq!(counts, [10, 1, 1]);
    assert!(app.outbox().iter().all(|message| message.attempts == 1));
}
