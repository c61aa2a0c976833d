//! How long messages are kept, and what is counted of them.

use std::time::Duration;

use readmit::outbox::retention::{self, BATCH};
use readmit::outbox::{State, meter};

use super::unhurried;
use crate::support::app::TestApp;
use crate::support::http::Request;
use crate::support::smtp::{Action, Stage};
use crate::support::wait::wait_until;

const DAY: Duration = Duration::from_hours(24);

fn states(app: &TestApp) -> Vec<State> {
    app.outbox().into_iter().map(|m| m.state).collect()
}

/// Lets the server's housekeeping run until that many messages are left.
fn wait_for(app: &TestApp, left: &[State]) {
    wait_until("housekeeping has been there", || {
        app.advance(Duration::from_mins(1));
        (states(app) == left).then_some(())
    });
}

/// A message that was sent is listed for thirty days, one that there was nothing to send for, a day, and
/// a dead one ninety, unless somebody removes it before. What waits is never removed.
#[test]
fn messages_are_kept_for_as_long_as_their_end_says() {
    let app = unhurried().start().and_jane();
    app.ask_for_link("jane@example.com");
    app.next_mail();
    app.smtp.script(Stage::Rcpt, Action::Reply("550 5.7.1 no"));
    app.ask_for_link("jane@example.com");
    app.wait_for_state(2, State::Dead);
    app.ask_for_link("nobody@example.com");
    app.wait_for_state(3, State::Dropped);
    let minute = Duration::from_mins(1);
    app.advance(DAY.saturating_sub(2 * minute));
    assert_eq!(states(&app), [State::Sent, State::Dead, State::Dropped]);
    app.advance(2 * minute);
    wait_for(&app, &[State::Sent, State::Dead]);
    app.advance(28 * DAY);
    wait_for(&app, &[State::Sent, State::Dead]);
    app.advance(DAY);
    wait_for(&app, &[State::Dead]);
    app.advance(59 * DAY);
    wait_for(&app, &[State::Dead]);
    app.advance(DAY);
    wait_for(&app, &[]);
    let history: i64 = app.query("SELECT count(*) FROM outbox_attempts");
    assert_eq!(history, 0, "what is known of the attempts goes with them");
    assert_eq!(app.query::<i64>("SELECT count(*) FROM reset_tokens"), 2);
}

/// A year's worth is removed in small steps: no transaction removes more than a batch, so that requests
/// come in between.
#[test]
fn much_is_removed_in_small_batches() {
    let app = unhurried().without_worker().start();
    let rows = "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 1050) \
                INSERT INTO outbox (kind, recipient, message_id, state, next_attempt_at, \
                created_at, finished_at) SELECT 'reset', 'x', n, 'sent', 0, 0, 0 FROM n";
    let sql = app.sql();
    sql.execute(rows, []).expect("rows");
    // Within one statement, the time stands still.
    let log = "CREATE TABLE removed (at REAL); CREATE TRIGGER removal AFTER DELETE ON outbox \
               BEGIN INSERT INTO removed VALUES (julianday('now')); END";
    sql.execute_batch(log).expect("a trigger");
    let (store, config) = (&app.app().store, &app.app().config.outbox);
    let sweep = retention::sweep(store, config, app.now());
    // Between any two batches, somebody else's change is written.
    let (removed, others) = app.wait(async {
        let note =
            "INSERT INTO suppressions (email_key, reason, at) VALUES (hex(randomblob(8)), 'x', 0)";
        let others = async {
            let mut written = 0;
            loop {
                let done: Result<usize, readmit::store::StoreError> =
                    store.write(move |tx| Ok(tx.execute(note, [])?)).await;
                written += done.expect("a write");
                if written == 400 {
                    return written;
                }
            }
        };
        tokio::join!(sweep, others)
    });
    assert_eq!((removed.expect("a sweep"), others), (1050, 400));
    let largest = "SELECT max(n) FROM (SELECT count(*) n FROM removed GROUP BY at)";
    let largest: i64 = app.query(largest);
    assert!(
        largest <= i64::try_from(BATCH).expect("a number"),
        "{largest}"
    );
}

/// Mail that waits past its time for longer than `outbox.alarm_after` makes the server unready.
#[test]
fn mail_that_waits_past_its_time_raises_the_alarm() {
    let app = TestApp::builder()
        .set("outbox.alarm_after", "90s")
        .without_worker()
        .start();
    app.ask_for_link("jane@example.com");
    let ready = || app.send(&Request::get("/readyz")).status;
    app.advance(Duration::from_secs(90));
    assert_eq!(ready(), 200);
    app.advance(Duration::from_millis(1));
    assert_eq!(ready(), 503);
}

/// What metrics are made of: each outcome is counted once, deaths by class, and the time from the intake
/// to the relay's consent by its length.
#[test]
fn outcomes_are_counted_by_class_and_delay() {
    let app = unhurried().start().and_jane();
    app.ask_for_link("jane@example.com");
    app.next_mail();
    app.smtp.script(Stage::Rcpt, Action::Reply("451 4.3.0 no"));
    app.ask_for_link("jane@example.com");
    super::wait_for_failures(&app, 2, 1);
    app.advance(Duration::from_secs(45));
    app.wait_for_state(2, State::Sent);
    app.smtp.script(Stage::Rcpt, Action::Reply("550 5.7.1 no"));
    app.ask_for_link("jane@example.com");
    app.wait_for_state(3, State::Dead);
    app.ask_for_link("nobody@example.com");
    app.wait_for_state(4, State::Dropped);
    let counted = app.app().worker.meter().snapshot();
    let totals = [
        counted.begun,
        counted.delays.count,
        counted.retried,
        counted.dropped,
    ];
    assert_eq!(totals, [4, 2, 1, 1]);
    let dead = [
        ("refused", 1),
        ("too_late", 0),
        ("crashed", 0),
        ("unreadable", 0),
    ];
    assert_eq!(counted.dead, dead);
    assert_eq!(counted.delays.sum, 45_000);
    let mut below = 0;
    for (bound, up_to) in counted.delays.up_to {
        let expected = u64::from(bound == meter::BOUNDS[0] || bound == 60_000);
        assert_eq!(up_to - below, expected, "up to {bound} ms");
        below = up_to;
    }
}
