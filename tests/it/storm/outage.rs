//! A relay that is away for six hours, while ten thousand messages wait.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use readmit::clock::Timestamp;
use readmit::outbox;

use super::report;
use crate::support::app::{START, TestApp};
use crate::support::smtp::{Action, SmtpServer, Stage};
use crate::support::wait::wait_until;

const RATE: usize = 200;
const LANES: usize = 8;

struct Figures {
    messages: usize,
    /// Attempts that were made while the relay was away.
    wasted: i64,
    /// How long after its return the first mail left, and the last.
    first: Duration,
    last: Duration,
    most_in_a_second: usize,
}

/// Half of them links, which are useful for a day, and half notices.
fn queue(app: &TestApp, messages: usize) {
    let messages = i64::try_from(messages).expect("a number");
    let people = "WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n + 1 < ?1) \
                  INSERT INTO accounts (id, email, email_key, name, must_reset_password, \
                  created_at, updated_at) \
                  SELECT printf('00000000-0000-4000-8000-%012d', n), printf('p%06d@example.com', n), \
                  printf('p%06d@example.com', n), 'Pat', 1, 0, 0 FROM n";
    let rows = "INSERT INTO outbox (kind, priority, recipient, account_id, message_id, \
                next_attempt_at, created_at) \
                SELECT CASE rowid % 2 WHEN 0 THEN 'reset' ELSE 'changed' END, 1 + rowid % 2, email, id, \
                id || '@readmit.test', ?1, ?1 FROM accounts";
    let sql = app.sql();
    sql.execute(people, [messages]).expect("people");
    sql.execute(rows, [START.millis()]).expect("messages");
}

/// When the relay, which is down, is tried next. Until everything has come to rest, the clock moves on a
/// little, for the rate may hold something up.
fn next_probe(app: &TestApp) -> Timestamp {
    wait_until("nothing is under way", || {
        let read = |db: &rusqlite::Connection| {
            let sending = "SELECT count(*) FROM outbox WHERE state = 'sending'";
            let sending: i64 = db.query_row(sending, [], |row| row.get(0))?;
            Ok::<_, readmit::store::StoreError>(sending == 0)
        };
        let idle = app.wait(app.app().store.read(read)).expect("a count");
        let next = app.app().worker.relays().remove(0).next_probe_at;
        let next = next.filter(|next| idle && *next > app.now());
        if next.is_none() {
            app.advance(Duration::from_millis(2));
        }
        next
    })
}

/// Assertion 68: during the outage a few attempts are made, and afterwards every message leaves once,
/// never more in a second than the rate allows.
fn away(span: Duration, messages: usize) -> Figures {
    let relay = SmtpServer::start();
    relay.always(Stage::Connect, Action::Close);
    let app = TestApp::builder()
        .set("outbox.rate", RATE)
        .set("outbox.concurrency", LANES)
        .without_worker()
        .smtp(relay)
        .start();
    queue(&app, messages);
    let mut app = app;
    app.restart_with_worker();
    let back = START.after(span);
    while app.now() < back {
        let next = next_probe(&app).min(back);
        app.advance(next.since(app.now()));
    }
    let probe_at = next_probe(&app);
    let wasted: i64 = app.query("SELECT sum(attempts) FROM outbox");

    let arrivals: Arc<Mutex<Vec<Timestamp>>> = Arc::default();
    let (note, clock) = (Arc::clone(&arrivals), app.clock.clone());
    let note = move || {
        let now = readmit::clock::Clock::Manual(clock.clone()).now();
        note.lock().expect("the lock").push(now);
    };
    app.smtp.always(Stage::Dot, Action::Run(Box::new(note)));
    app.smtp.clear(Stage::Connect);
    let arrived = || arrivals.lock().expect("the lock").len();
    // The probe may be five minutes away, and those few that were tried up to an hour.
    app.advance(probe_at.since(app.now()));
    let mut idle = 0;
    while arrived() < messages {
        let before = arrived();
        app.advance(Duration::from_millis(5));
        for _ in 0..20 {
            if arrived() > before {
                break;
            }
            std::thread::park_timeout(Duration::from_micros(200));
        }
        // What is left waits for its own next attempt.
        idle = if arrived() > before { 0 } else { idle + 1 };
        if idle > 15 {
            let read = app.app().store.read(|db| outbox::stats(db, &[]));
            let stats = app.wait(read).expect("the outbox can be read");
            let due = stats.oldest_due.expect("something is left");
            app.advance(due.since(app.now()));
            idle = 0;
        }
    }
    let outbox = app.settled_outbox();
    assert!(outbox.iter().all(|m| m.state == outbox::State::Sent));
    let mut copies: BTreeMap<String, usize> = BTreeMap::new();
    for mail in app.smtp.mails() {
        *copies.entry(mail.recipients[0].clone()).or_default() += 1;
    }
    assert_eq!(copies.len(), messages);
    assert!(copies.values().all(|count| *count == 1), "each once");

    let arrivals = arrivals.lock().expect("the lock").clone();
    let within = |start: usize| {
        let second = arrivals[start].after(Duration::from_secs(1));
        arrivals[start..]
            .iter()
            .take_while(|at| **at < second)
            .count()
    };
    let most_in_a_second = (0..arrivals.len()).map(within).max().unwrap_or(0);
    // Mail that was let go a moment ago may arrive a moment later, on every lane.
    assert!(most_in_a_second <= RATE + LANES, "{most_in_a_second}");
    Figures {
        messages,
        wasted,
        first: arrivals[0].since(back),
        last: arrivals[arrivals.len() - 1].since(back),
        most_in_a_second,
    }
}

/// Assertion 68, with a shorter outage and fewer messages.
#[test]
fn after_an_outage_every_message_leaves_once_at_the_rate() {
    let figures = away(Duration::from_mins(40), 100);
    assert!(figures.wasted < 200, "{}", figures.wasted);
    assert!(figures.first <= Duration::from_mins(5));
}

#[test]
#[ignore = "takes minutes; prints figures"]
fn storm_of_ten_thousand_messages_after_six_hours() {
    let figures = away(Duration::from_hours(6), 10_000);
    report(
        "an outage of six hours",
        &[
            ("messages queued", figures.messages.to_string()),
            ("attempts during the outage", figures.wasted.to_string()),
            ("sent, each once", figures.messages.to_string()),
            (
                "first mail after its return",
                format!("{:?}", figures.first),
            ),
            ("last mail after its return", format!("{:?}", figures.last)),
            ("outbox.rate", format!("{RATE}/s")),
            ("most in any second", figures.most_in_a_second.to_string()),
        ],
    );
}
