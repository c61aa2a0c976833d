//! The ends of the log: entries that are too old, and those from before the chain.

use std::time::Duration;

use readmit::audit::{self, Problem};

use super::chain::{drop_triggers, fill, head, verify};
use crate::support::app::{START, TestApp};
use crate::support::wait::wait_until;

const DAY: Duration = Duration::from_hours(24);

fn sweep(app: &TestApp, keep: Duration) -> usize {
    app.wait(audit::sweep(&app.app().store, keep, app.now()))
        .expect("a sweep")
}

/// The oldest entries go, a few in each transaction, and what is left verifies from there on. The number
/// of the next entry is none that was given before, not even when nothing is left.
#[test]
fn old_entries_go_and_the_rest_still_verifies() {
    let app = TestApp::builder()
        .set("audit.keep", "0s")
        .start()
        .and_jane();
    fill(&app, &app.app().store, 500);
    let before = head(&app);
    app.advance(DAY);
    fill(&app, &app.app().store, 30);
    assert_eq!(sweep(&app, Duration::ZERO), 0);
    assert_eq!(sweep(&app, 2 * DAY), 0);
    assert_eq!(sweep(&app, DAY / 2), 502);
    let report = verify(&app, Some(&before));
    assert!(report.intact, "{report:?}");
    assert_eq!((report.entries, report.first), (30, Some(503)));
    assert_eq!(
        report.head_found,
        Some(true),
        "it is where the chain begins"
    );
    let removed = report.removed.expect("something was removed");
    assert_eq!(
        (removed.through, removed.at, removed.broken),
        (502, START, None)
    );

    app.advance(DAY);
    assert_eq!(sweep(&app, DAY / 2), 30);
    let report = verify(&app, Some(&before));
    assert_eq!((report.intact, report.entries), (true, 0));
    assert_eq!(report.head_found, None, "nothing can tell any more");
    fill(&app, &app.app().store, 1);
    assert_eq!(verify(&app, None).first, Some(533));
}

/// The server does so by itself.
#[test]
fn a_server_removes_what_is_too_old() {
    let app = TestApp::builder()
        .set("audit.keep", "10m")
        .start()
        .and_jane();
    app.advance(Duration::from_mins(20));
    wait_until("the old entries go", || {
        (app.query::<i64>("SELECT count(*) FROM audit") == 0).then_some(())
    });
    assert!(verify(&app, None).intact);
}

/// Whoever cuts the beginning off has to say that retention did it, which takes the key.
#[test]
fn nobody_else_moves_the_beginning() {
    let app = TestApp::with_jane();
    fill(&app, &app.app().store, 20);
    app.advance(DAY);
    assert_eq!(sweep(&app, DAY * 2), 0);
    drop_triggers(&app);
    let sql = app.sql();
    sql.execute_batch(
        "INSERT INTO audit_anchor SELECT 1, id, hash, at, 0, NULL, hash FROM audit WHERE id = 5; \
         DELETE FROM audit WHERE id <= 5",
    )
    .expect("a cut");
    assert_eq!(verify(&app, None).problem, Some(Problem::Anchor));
    // Retention does not take it for its own either.
    fill(&app, &app.app().store, 1);
    assert_eq!(sweep(&app, DAY / 2), 17);
    let removed = verify(&app, None).removed.expect("something was removed");
    assert_eq!(removed.broken, Some(5));
}

/// What is removed cannot be looked at any more: what was wrong with it is noted for good.
#[test]
fn an_altered_entry_is_still_told_of_when_it_is_too_old() {
    let app = TestApp::with_jane();
    fill(&app, &app.app().store, 20);
    drop_triggers(&app);
    app.sql()
        .execute(
            "UPDATE audit SET detail = 'nothing happened' WHERE id = 9",
            [],
        )
        .expect("an alteration");
    app.advance(DAY);
    fill(&app, &app.app().store, 1);
    assert_eq!(sweep(&app, DAY / 2), 22);
    let report = verify(&app, None);
    assert!(report.intact);
    assert_eq!(report.removed.expect("removed").broken, Some(9));
}

/// Entries of a program that knew no chain, as a start finds them.
fn as_before_the_chain(app: &TestApp, from: i64) {
    let sql = app.sql();
    let triggers: Vec<String> = sql
        .prepare("SELECT sql FROM sqlite_schema WHERE type = 'trigger'")
        .and_then(|mut it| it.query_map([], |row| row.get(0))?.collect())
        .expect("the triggers");
    drop_triggers(app);
    sql.execute_batch(&format!(
        "UPDATE audit SET hash = NULL WHERE id >= {from}; DELETE FROM audit_anchor"
    ))
    .expect("as it was");
    sql.execute_batch(&triggers.join(";")).expect("triggers");
}

fn hashes(app: &TestApp) -> String {
    app.query("SELECT group_concat(hex(hash), ' ' ORDER BY id) FROM audit")
}

/// Assertion 75, for the rows. Entries that are older than the chain are sealed by the first start, in
/// several transactions; after a kill in between, the next start comes to the same end.
#[test]
fn older_entries_are_brought_into_the_chain_whatever_happens_on_the_way() {
    let mut app = TestApp::with_jane();
    fill(&app, &app.app().store, 1100);
    app.stop();
    as_before_the_chain(&app, 0);
    app.start_again();
    let report = verify(&app, None);
    assert!(report.intact, "{report:?}");
    assert_eq!(report.older_than_chain, Some(1102));
    let whole = hashes(&app);
    // Killed between two of the transactions, before the last one, and after it.
    for from in [501, 1001] {
        app.stop();
        as_before_the_chain(&app, from);
        app.start_again();
        assert_eq!(hashes(&app), whole);
        assert!(verify(&app, None).intact);
    }
    fill(&app, &app.app().store, 3);
    let report = verify(&app, None);
    assert_eq!((report.intact, report.entries), (true, 1105));
}

/// Nobody gets a forged entry sealed by making it look older than the chain.
#[test]
fn a_forged_old_entry_is_not_adopted() {
    let mut app = TestApp::with_jane();
    fill(&app, &app.app().store, 5);
    app.stop();
    as_before_the_chain(&app, 6);
    app.start_again();
    assert_eq!(verify(&app, None).problem, Some(Problem::Altered(6)));
    let unsealed: i64 = app.query("SELECT count(*) FROM audit WHERE hash IS NULL");
    assert_eq!(unsealed, 2);
    // It goes on all the same, and the forged ones stay named.
    fill(&app, &app.app().store, 2);
    assert_eq!(verify(&app, None).problem, Some(Problem::Altered(6)));
}
