//! The chain: whoever changes the log without the keys is found out.

use std::sync::Arc;

use readmit::audit::{self, Actor, Entry, Head, Outcome, Problem, Report};
use readmit::business::BusinessId;
use readmit::entropy::Entropy;
use readmit::store::{Options, Store, StoreError};
use readmit::vault::Vault;

use crate::support::app::{PASSWORD, TestApp};

/// Writes so many entries, of every shape.
pub(super) fn fill(app: &TestApp, store: &Store, count: usize) {
    let now = app.now();
    let written: Result<(), StoreError> = app.wait(store.write(move |tx| {
        for number in 0..count {
            let detail = format!("number {number}");
            let entry = Entry {
                actor: match number % 3 {
                    0 => Actor::Anonymous,
                    1 => Actor::Member,
                    _ => Actor::Admin("mia".to_owned()),
                },
                event: "test.fill",
                outcome: if number % 2 == 0 {
                    Outcome::Ok
                } else {
                    Outcome::Refused
                },
                account: None,
                business: BusinessId::new(i64::try_from(number % 4).expect("a small number")),
                client: (number % 5 > 0).then_some("192.0.2.7"),
                detail: (number % 7 > 0).then_some(&*detail),
            };
            audit::record(tx, &entry, now)?;
        }
        Ok(())
    }));
    written.expect("entries");
}

pub(super) fn verify(app: &TestApp, noted: Option<&Head>) -> Report {
    let (store, vault) = (&app.app().store, &app.app().vault);
    app.wait(audit::verify(store, vault, noted))
        .expect("a report")
}

pub(super) fn head(app: &TestApp) -> Head {
    verify(app, None).head.expect("a head")
}

/// Takes the triggers away that keep honest programs from mistakes; they keep nobody else from anything.
pub(super) fn drop_triggers(app: &TestApp) {
    let sql = app.sql();
    let drops: String = sql
        .prepare("SELECT 'DROP TRIGGER ' || name || ';' FROM sqlite_schema WHERE type = 'trigger'")
        .and_then(|mut it| it.query_map([], |row| row.get::<_, String>(0))?.collect())
        .expect("the triggers");
    sql.execute_batch(&drops).expect("they are gone");
}

/// The same numbers in every run.
struct Dice(u64);

impl Dice {
    /// From 1 to `most`.
    fn roll(&mut self, most: i64) -> i64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        i64::try_from(self.0 >> 33).expect("31 bits") % most + 1
    }
}

/// A way to change the log, and what has to be found first.
fn tamper(sql: &rusqlite::Connection, kind: i64, dice: &mut Dice, count: i64) -> Problem {
    let id = dice.roll(count - 1);
    let execute = |statement: String| sql.execute_batch(&statement).expect("it is written");
    match kind {
        0 => {
            let changes = [
                "at = at + 1",
                "actor = 'admin:eve'",
                "event = event || 'x'",
                "outcome = CASE outcome WHEN 'ok' THEN 'refused' ELSE 'ok' END",
                "account_id = coalesce(account_id, '') || 'x'",
                "business_id = coalesce(business_id, 0) + 1",
                "client = CASE WHEN client IS NULL THEN '' ELSE NULL END",
                "detail = CASE WHEN detail IS NULL THEN '' ELSE NULL END",
                "hash = zeroblob(32)",
                "hash = NULL",
                // A byte goes from one text to the next.
                "event = substr(event, 1, length(event) - 1), outcome = outcome, \
                 actor = actor || substr(event, -1)",
            ];
            let which = usize::try_from(dice.roll(11) - 1).expect("a place");
            execute(format!(
                "UPDATE audit SET {} WHERE id = {id}",
                changes[which]
            ));
            Problem::Altered(id)
        }
        1 => {
            execute(format!("DELETE FROM audit WHERE id = {id}"));
            Problem::Missing(id, id)
        }
        2 => {
            // Two change places, with everything but their numbers.
            let other = (id + dice.roll(count - id)).min(count);
            execute(format!(
                "UPDATE audit SET id = -1 WHERE id = {id}; UPDATE audit SET id = {id} WHERE id = {other}; \
                 UPDATE audit SET id = {other} WHERE id = -1"
            ));
            Problem::Altered(id)
        }
        3 => {
            // Room is made behind an entry, and a copy of it put there.
            execute(format!(
                "UPDATE audit SET id = -id WHERE id > {id}; \
                 INSERT INTO audit SELECT id + 1, at, actor, event, outcome, account_id, business_id, \
                 client, detail, hash FROM audit WHERE id = {id}; \
                 UPDATE audit SET id = 1 - id WHERE id < 0"
            ));
            Problem::Altered(id + 1)
        }
        4 => {
            // A stretch is removed, and those behind it move up.
            execute(format!(
                "DELETE FROM audit WHERE id = {id}; UPDATE audit SET id = -id WHERE id > {id}; \
                 UPDATE audit SET id = -id - 1 WHERE id < 0"
            ));
            Problem::Altered(id)
        }
        _ => {
            execute(format!("DELETE FROM audit WHERE id > {id}"));
            Problem::Missing(id + 1, count)
        }
    }
}

/// Assertion 79. Whatever is done to a log by somebody who can write the database but not read the keys
/// is found, and the first entry that is not as it was is named.
#[test]
fn every_change_without_the_keys_is_found_and_named() {
    let app = TestApp::with_jane();
    app.sign_in("jane@example.com", PASSWORD);
    fill(&app, &app.app().store, 40);
    let count: i64 = app.query("SELECT max(id) FROM audit");
    assert!(verify(&app, None).intact);
    drop_triggers(&app);
    let sql = app.sql();
    sql.execute_batch("CREATE TABLE spare AS SELECT * FROM audit")
        .expect("a copy");
    let mut dice = Dice(8);
    for round in 0..120 {
        let expected = tamper(&sql, round % 6, &mut dice, count);
        let report = verify(&app, None);
        assert_eq!(report.problem, Some(expected), "round {round}: {report:?}");
        assert!(!report.intact);
        sql.execute_batch(
            "DELETE FROM audit; INSERT INTO audit SELECT * FROM spare; \
             UPDATE sqlite_sequence SET seq = (SELECT max(id) FROM spare) WHERE name = 'audit'",
        )
        .expect("as it was");
        assert!(verify(&app, None).intact, "round {round}");
    }
}

/// A log whose newest entries were cut off, with the counter of their numbers, fits: only a head that was
/// noted elsewhere tells. It says so even when other entries have taken their places.
#[test]
fn a_noted_head_tells_that_the_end_was_cut_off() {
    let app = TestApp::with_jane();
    fill(&app, &app.app().store, 10);
    let noted = head(&app);
    fill(&app, &app.app().store, 5);
    let report = verify(&app, Some(&noted));
    assert_eq!((report.intact, report.head_found), (true, Some(true)));
    let printed: Head = noted
        .to_string()
        .parse()
        .expect("it is read as it is printed");
    assert_eq!(printed, noted);

    drop_triggers(&app);
    app.sql()
        .execute_batch(&format!(
            "DELETE FROM audit WHERE id >= {0}; UPDATE sqlite_sequence SET seq = {0} - 1 WHERE name = 'audit'",
            noted.id
        ))
        .expect("a cut");
    assert!(verify(&app, None).intact);
    let missing = Some(Problem::Head(noted.id));
    assert_eq!(verify(&app, Some(&noted)).problem, missing);
    fill(&app, &app.app().store, 20);
    assert!(verify(&app, None).intact);
    assert_eq!(verify(&app, Some(&noted)).problem, missing);
}

/// Without its counter, what was cut off leaves a gap for good, whatever is written later.
#[test]
fn numbers_are_not_given_twice() {
    let app = TestApp::with_jane();
    fill(&app, &app.app().store, 10);
    let last = head(&app).id;
    drop_triggers(&app);
    app.sql()
        .execute_batch(&format!("DELETE FROM audit WHERE id > {last} - 2"))
        .expect("a cut");
    fill(&app, &app.app().store, 3);
    assert_eq!(
        verify(&app, None).problem,
        Some(Problem::Missing(last - 1, last))
    );
}

/// The chain is made with the key: another one fits nothing.
#[test]
fn nobody_makes_the_chain_without_its_key() {
    let app = TestApp::with_jane();
    let elsewhere = tempfile::tempdir().expect("a folder");
    let vault = Vault::open(elsewhere.path(), &Entropy::System).expect("another key");
    let store = &app.app().store;
    let report = app
        .wait(audit::verify(store, &vault, None))
        .expect("a report");
    assert_eq!(report.problem, Some(Problem::Altered(1)));
    assert_eq!(report.problems, report.entries);
}

/// What no program of ours does, the database refuses, so that a mistake or a hasty hand changes nothing.
#[test]
fn the_database_refuses_to_alter_the_log() {
    let app = TestApp::with_jane();
    fill(&app, &app.app().store, 3);
    let sql = app.sql();
    for (statement, why) in [
        ("UPDATE audit SET detail = 'x'", "never altered"),
        (
            "UPDATE audit SET hash = zeroblob(32) WHERE id = 2",
            "never altered",
        ),
        ("DELETE FROM audit WHERE id = 1", "by retention only"),
        ("DELETE FROM audit", "by retention only"),
        (
            "INSERT INTO audit (at, actor, event, outcome) VALUES (0, 'x', 'x', 'ok')",
            "only appended to",
        ),
        (
            "INSERT OR REPLACE INTO audit (id, at, actor, event, outcome, hash) \
             VALUES (1, 0, 'x', 'x', 'ok', zeroblob(32))",
            "only appended to",
        ),
    ] {
        let error = sql.execute(statement, []).expect_err(statement);
        assert!(error.to_string().contains(why), "{statement}: {error}");
    }
    assert!(verify(&app, None).intact);
}

/// Commands and the console are other processes: the head is read in the transaction that writes.
#[test]
fn several_writers_make_one_chain() {
    let app = TestApp::with_jane();
    let vault = Arc::clone(&app.app().vault);
    let others: Vec<Store> = (0..3)
        .map(|_| {
            let vault = Arc::clone(&vault);
            let hooks = audit::hooks(move || Ok(Arc::clone(&vault)));
            Store::open(&Options::from(&app.app().config.storage), hooks).expect("a store")
        })
        .collect();
    std::thread::scope(|scope| {
        for store in &others {
            let app = &app;
            scope.spawn(move || {
                for _ in 0..15 {
                    fill(app, store, 1);
                }
            });
        }
    });
    let report = verify(&app, None);
    assert!(report.intact, "{report:?}");
    assert_eq!(report.entries, 2 + 45);
}
