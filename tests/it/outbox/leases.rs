//! A claim is a lease: who may send a message, and for how long.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use readmit::outbox::State;

use super::{beside, unhurried};
use crate::support::app::TestApp;
use crate::support::process::Site;
use crate::support::smtp::{Action, Mail, SmtpServer, Stage};
use crate::support::wait::wait_until;

/// How often each recipient got a mail.
fn counted(mails: &[Mail]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for recipient in mails.iter().flat_map(|mail| &mail.recipients) {
        *counts.entry(recipient.clone()).or_default() += 1;
    }
    counts
}

/// Assertion 64: two workers on one database never overlap. One of them hangs in the middle of what
/// it has claimed; the other sends the rest, and leaves alone what is not its own for as long as the
/// lease lasts. In the end each of the fifty has been sent once.
#[test]
fn two_workers_on_one_database_send_each_message_once() {
    let intake = unhurried().without_worker().start();
    let address = |n: usize| format!("p{n:02}@example.com");
    for n in 0..=50 {
        intake.add_person(&address(n), "Pat", None, None);
    }
    for n in 0..50 {
        intake.ask_for_link(&address(n));
    }
    let hanging = SmtpServer::start();
    hanging.always(Stage::Dot, Action::Stall);
    let slow = beside(&intake).smtp(hanging).start();
    slow.smtp.wait_for(Stage::Dot, 8);
    let quick = beside(&intake).start();
    wait_until("the other has sent what was left", || {
        let queued = |message: &readmit::outbox::Listed| message.state == State::Queued;
        (!intake.outbox().iter().any(queued)).then_some(())
    });
    quick.advance(Duration::from_secs(59));
    // Sent once the other has looked for due messages, 59 seconds later by its clock.
    quick.ask_for_link(&address(50));
    wait_until("the last one is sent", || {
        let last = address(50);
        quick
            .smtp
            .mails()
            .iter()
            .find(|m| m.recipients == [last.as_str()])
            .map(|_| ())
    });
    slow.smtp.clear(Stage::Dot);
    slow.smtp.release();

    let outbox = intake.settled_outbox();
    assert!(
        outbox
            .iter()
            .all(|m| (m.state, m.attempts) == (State::Sent, 1))
    );
    let (ours, theirs) = (slow.smtp.mails(), quick.smtp.mails());
    assert!(ours.len() > 8 && theirs.len() > 1, "both had their share");
    let counts = counted(&[ours, theirs].concat());
    assert_eq!(counts.len(), 51);
    assert!(counts.values().all(|count| *count == 1), "{counts:?}");
}

/// Assertion 64: when the lease is over, another worker takes the message; the one that was late
/// changes nothing any more, or its outcome would undo the other's.
#[test]
fn a_lease_that_is_over_is_taken_over_and_the_late_worker_changes_nothing() {
    let relay = SmtpServer::start();
    relay.always(Stage::Dot, Action::Stall);
    let mut late = unhurried().smtp(relay).start().and_jane();
    late.ask_for_link("jane@example.com");
    late.smtp.wait_for(Stage::Dot, 1);
    let other = beside(&late).start();
    other.smtp.script(Stage::Dot, Action::Reply("554 5.7.1 no"));
    other.advance(Duration::from_mins(1));
    let dead = other.wait_for_state(1, State::Dead);
    assert_eq!(dead.attempts, 2);
    late.smtp.release();
    // Waits for the attempt, and for what it writes.
    late.stop();
    let message = other.outbox().remove(0);
    assert_eq!((message.state, message.attempts), (State::Dead, 2));
    assert_eq!(message.last_reply, dead.last_reply);
    let history: String = late.query("SELECT group_concat(attempt) FROM outbox_attempts");
    assert_eq!(history, "2", "what the late one heard is not told");
    let ids = [late.smtp.next_mail(), other.smtp.next_mail()].map(|m| m.header("Message-ID"));
    assert_eq!(ids[0], ids[1]);
}

/// Assertions 64 and 70: the relay took the mail, and the database cannot be told because another
/// process holds its lock, for longer than the lease. Meanwhile nothing is claimed, and afterwards
/// the outcome is written before anything else: the mail is not sent twice.
#[test]
fn a_mail_taken_while_the_database_is_locked_is_not_sent_twice() {
    let app = unhurried()
        .set("storage.busy_timeout", "30ms")
        .start()
        .and_jane();
    let lock = Arc::new(Mutex::new(app.sql()));
    let holder = Arc::clone(&lock);
    let hold = move || {
        let connection = holder.lock().expect("the test's connection");
        connection
            .execute_batch("BEGIN IMMEDIATE")
            .expect("the lock");
    };
    app.smtp.script(Stage::Dot, Action::Run(Box::new(hold)));
    app.ask_for_link("jane@example.com");
    app.smtp.next_mail();
    let locked = || lock.lock().expect("the test's connection").is_autocommit();
    wait_until("the lock is held", || (!locked()).then_some(()));
    let refused = || {
        let body = serde_json::json!({ "email": "sam@example.com" });
        app.start_reset(&body).refusal(503);
    };
    // The outcome waits in the same queue, so by the second refusal it has been refused, too, and
    // waits for a second before it is tried again.
    let wait_for_refusal = || {
        refused();
        refused();
    };
    wait_for_refusal();
    app.advance(Duration::from_millis(59_500));
    wait_for_refusal();
    lock.lock()
        .expect("the test's connection")
        .execute_batch("ROLLBACK")
        .expect("the lock can be let go");
    // The lease is over now, half a second before the outcome is tried again.
    app.advance(Duration::from_millis(500));
    app.smtp.no_mail_within(Duration::from_millis(60));
    let sent = wait_until("the outcome is written", || {
        app.advance(Duration::from_secs(1));
        app.outbox()
            .into_iter()
            .find(|message| message.state == State::Sent)
    });
    assert_eq!(sent.attempts, 1);
    app.ask_for_link("jane@example.com");
    app.settled_outbox();
    assert_eq!(app.smtp.mails().len(), 2, "one for each request");
}

/// A row that this program cannot read, because another version or a person wrote it, is set aside
/// with the reason. It must not keep the others from leaving.
#[test]
fn a_row_that_cannot_be_read_does_not_hold_up_the_others() {
    let app = TestApp::with_jane();
    let insert = "INSERT INTO outbox (kind, recipient, message_id, next_attempt_at, created_at) \
                  VALUES ('reset', 'jane at example.com', 'x@y.test', 0, 0)";
    app.sql().execute(insert, []).expect("a row");
    app.ask_for_link("jane@example.com");
    assert_eq!(app.smtp.next_mail().recipients, ["jane@example.com"]);
    let set_aside = app.wait_for_state(1, State::Dead);
    let reason = set_aside.reason.unwrap_or_default();
    assert!(reason.starts_with("the message cannot be read"), "{reason}");
}

/// While the database refuses the claim at once, as on a full disk, the worker asks again after each
/// poll interval. A loop without a pause would keep a core busy and fill the log.
#[test]
fn a_database_that_refuses_the_claim_is_not_asked_in_a_loop() {
    let relay = SmtpServer::start();
    let site = Site::new(&relay.url()).set("outbox.poll", "150ms");
    site.add_jane("nine otters in the old mill");
    let server = site.serve();
    let refuse = "CREATE TRIGGER refuse BEFORE UPDATE ON outbox \
                  BEGIN SELECT RAISE(FAIL, 'the disk is full'); END";
    site.sql().execute_batch(refuse).expect("a trigger");
    let body = serde_json::json!({ "email": "jane@example.com" });
    let request = crate::support::http::Request::post("/api/sys/users/startPasswordReset");
    server.send(&request.json(&body)).envelope(200);
    let times = wait_until("the claim is refused three times", || {
        let log = server.log();
        let refusals = log
            .lines()
            .filter(|line| line.contains("the outbox cannot be read"));
        let times: Vec<jiff::Timestamp> = refusals
            .filter_map(|line| line.split_whitespace().next()?.parse().ok())
            .collect();
        (times.len() >= 3).then_some(times)
    });
    for pair in times.windows(2) {
        let pause = pair[1].as_millisecond() - pair[0].as_millisecond();
        assert!(pause >= 100, "{pause} ms");
    }
    site.sql()
        .execute_batch("DROP TRIGGER refuse")
        .expect("no trigger");
    relay.next_mail();
}
