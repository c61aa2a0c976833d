//! Another process on the same file: the console, a command, or somebody's own tool.

use std::time::Duration;

use futures_util::FutureExt as _;
use readmit::clock::Clock;
use readmit::store::{Store, StoreError};
use serde_json::json;

use super::{Opened, job, options, submit};
use crate::support::app::{NEW_PASSWORD, PASSWORD, TestApp};
use crate::support::http::Answer;
use crate::support::stores::no_hooks;
use crate::support::wait::wait_until;

/// Assertion 74. The lock is taken when the transaction begins, and waited for: a lock that is given
/// back in time delays the writer and fails nobody.
#[test]
fn a_writer_waits_for_a_lock_that_is_given_back_in_time() {
    let opened = Opened::with(|options| {
        options.max_group = 1;
        options.queue = 1;
        options.busy_timeout = Duration::from_mins(1);
    });
    let other = rusqlite::Connection::open(opened.database()).expect("the database opens");
    other.execute_batch("BEGIN IMMEDIATE").expect("a lock");
    let store = &opened.store;
    let waiting = opened.wait(submit(job(store, "INSERT INTO t VALUES (1)")));
    // The queue has one place, which becomes free when the writer takes the job to begin with it.
    wait_until("the writer takes the job", || {
        job(store, "SELECT 1")
            .now_or_never()
            .is_none()
            .then_some(())
    });
    other
        .execute_batch("COMMIT")
        .expect("the lock is given back");
    opened.wait(waiting).expect("it is written after all");
    assert_eq!(opened.on_disk(), [1]);
}

/// Assertion 75. A new database is switched to WAL under a lock that SQLite does not wait for: of two
/// servers that start together on a new path, one would fail. So the start waits by itself, as long as
/// any writer.
#[test]
fn a_start_waits_for_another_process_that_is_making_the_same_database() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut options = options(folder.path().join("readmit.db"));
    options.busy_timeout = Duration::from_millis(200);
    let other = rusqlite::Connection::open(&options.path).expect("a database");
    other.execute_batch("BEGIN IMMEDIATE").expect("a lock");

    let start = Clock::System.uptime();
    let error = Store::open(&options, no_hooks())
        .err()
        .expect("the lock is not given back");
    let waited = Clock::System.uptime().saturating_sub(start);
    assert!(error.to_string().ends_with("database is locked"), "{error}");
    assert!(waited >= options.busy_timeout, "{waited:?}");

    other
        .execute_batch("COMMIT")
        .expect("the lock is given back");
    Store::open(&options, no_hooks()).expect("the store opens");
}

/// Assertion 74. A transaction that only took the lock at its first write could find, after it has
/// read, that somebody else has written, and would have to fail.
#[test]
fn a_job_holds_the_write_lock_before_it_reads() {
    let opened = Opened::new();
    let other = rusqlite::Connection::open(opened.database()).expect("the database opens");
    other
        .busy_timeout(Duration::ZERO)
        .expect("a time-out can be set");
    let refused = opened.wait(opened.store.write(move |tx| {
        tx.query_row("SELECT count(*) FROM t", [], |_| Ok(()))?;
        let refused = other.execute_batch("BEGIN IMMEDIATE");
        tx.execute("INSERT INTO t VALUES (1)", [])?;
        Ok::<_, StoreError>(refused)
    }));
    let error = refused
        .expect("the job is written")
        .expect_err("nobody else gets the lock");
    assert_eq!(
        error.sqlite_error_code(),
        Some(rusqlite::ErrorCode::DatabaseBusy)
    );
    assert_eq!(opened.on_disk(), [1]);
}

fn assert_turned_away(answer: &Answer) {
    let message = answer.refusal(503);
    assert!(message.contains("busy"), "{message}");
    assert_eq!(answer.header("retry-after"), Some("2"));
}

/// Assertion 74; assertion 12 for the locked database. A lock that is kept is waited for only so
/// long. What is then refused has left nothing behind, is refused alike for anybody, and can be done
/// as soon as the lock is gone.
#[test]
fn a_lock_that_is_kept_turns_requests_away_without_a_trace() {
    let app = TestApp::builder()
        .set("storage.busy_timeout", "50ms")
        .start()
        .and_jane();
    let token = app.reset_token("jane@example.com");
    app.settled_outbox();
    let other = app.sql();
    let counts = || -> String {
        app.query(
            "SELECT printf('%d %d %d %d', (SELECT count(*) FROM outbox), (SELECT count(*) FROM audit), \
             (SELECT count(*) FROM sessions), \
             (SELECT count(*) FROM reset_tokens WHERE used_at IS NOT NULL))",
        )
    };
    let before = counts();
    other.execute_batch("BEGIN IMMEDIATE").expect("a lock");

    let known = app.start_reset(&json!({ "email": "jane@example.com" }));
    let unknown = app.start_reset(&json!({ "email": "nobody@example.com" }));
    assert_turned_away(&known);
    assert_eq!(known.comparable(), unknown.comparable());
    assert_turned_away(&app.complete(&token, NEW_PASSWORD));
    for (who, password) in [
        ("jane@example.com", PASSWORD),
        ("jane@example.com", "wrong, wrong, wrong"),
        ("nobody@example.com", PASSWORD),
    ] {
        let answer = app.sign_in(who, password);
        assert_eq!(answer.status, 503, "{}", answer.text());
        assert_eq!(answer.header("retry-after"), Some("2"));
    }
    assert_eq!(counts(), before, "nothing of it was written");

    other
        .execute_batch("COMMIT")
        .expect("the lock is given back");
    assert_eq!(counts(), before, "nothing of it is written later");
    app.ask_for_link("jane@example.com");
    app.complete(&token, NEW_PASSWORD).envelope(200);
    assert_eq!(app.sign_in("jane@example.com", NEW_PASSWORD).status, 200);
}
