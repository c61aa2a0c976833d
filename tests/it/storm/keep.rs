//! How long others wait for the database while a year's messages are removed.

use std::time::{Duration, Instant};

use readmit::outbox::retention;
use readmit::store::StoreError;

use super::report;
use crate::support::app::TestApp;

/// A moment, to measure from.
fn moment() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "measures how long a wait was")]
    Instant::now()
}

/// So many messages that were sent long ago, each with an attempt and a link.
fn queue(app: &TestApp, messages: i64) {
    let id = app.add_person("jane@example.com", "Jane", None, None);
    let sql = app.sql();
    let numbers = "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?1)";
    for insert in [
        "INSERT INTO outbox (id, kind, recipient, message_id, state, next_attempt_at, created_at, \
         finished_at) SELECT n, 'reset', 'jane@example.com', n, 'sent', 0, 0, 0 FROM n",
        "INSERT INTO outbox_attempts SELECT n, 1, 0, 0, 'smtp://relay.example:587', NULL, 250, \
         '2.0.0', '2.0.0 ok: queued as 4F1C2D3E' FROM n",
        "INSERT INTO reset_tokens (jti, account_id, outbox_id, credential_version, issued_at, \
         expires_at) SELECT 'jti' || n, ?2, n, 1, 0, 0 FROM n",
    ] {
        let mut statement = sql
            .prepare(&format!("{numbers} {insert}"))
            .expect("a statement");
        let account = id.to_string();
        let done = match statement.parameter_count() {
            1 => statement.execute([messages]),
            _ => statement.execute(rusqlite::params![messages, account]),
        };
        done.expect("rows");
    }
    // What was written here would be carried into the database at some write of the measurement.
    sql.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")
        .expect("the log is carried over");
}

/// The waits of somebody who writes one small change after the other until all is removed.
fn waits_while_removing(messages: i64) -> Vec<Duration> {
    let app = TestApp::builder().without_worker().start();
    queue(&app, messages);
    let (store, config) = (&app.app().store, &app.app().config.outbox);
    let mut waits = Vec::new();
    let removed = app.wait(async {
        let mut sweep = std::pin::pin!(retention::sweep(store, config, app.now()));
        loop {
            let start = moment();
            let write = store.write(|tx| {
                let touch = "INSERT INTO probe (id, at) VALUES (1, 1) \
                             ON CONFLICT (id) DO UPDATE SET at = at + 1";
                Ok::<_, StoreError>(tx.execute(touch, [])?)
            });
            tokio::select! {
                biased;
                removed = &mut sweep => return removed,
                written = write => {
                    written.expect("a write");
                    waits.push(start.elapsed());
                }
            }
        }
    });
    let removed = removed.expect("a sweep");
    assert_eq!(i64::try_from(removed), Ok(messages));
    waits.sort_unstable();
    waits
}

#[test]
#[ignore = "prints figures"]
fn storm_of_messages_to_remove() {
    let waits = waits_while_removing(100_000);
    let at = |part: usize| format!("{:?}", waits[(waits.len() - 1) * part / 1000]);
    report(
        "100,000 messages removed",
        &[
            ("messages a transaction", retention::BATCH.to_string()),
            ("writes in between", waits.len().to_string()),
            ("their wait, median", at(500)),
            ("their wait, p99", at(990)),
            ("their wait, longest", at(1000)),
        ],
    );
}
