//! What answers tell a stranger about accounts: nothing.

mod sign_in;

use std::time::Duration;

use rusqlite::types::Value as Column;
use serde_json::json;

use crate::support::app::{Builder, PASSWORD, TestApp, email};
use crate::support::http::Answer;
use crate::support::smtp::{Action, Stage};

/// One address of each kind that a stranger must not be able to tell apart.
const ADDRESSES: [&str; 7] = [
    "jane@example.com",
    "nobody@example.com",
    "sam.suspended@example.com",
    "bob.of.elsewhere@example.com",
    "nina.without.password@example.com",
    "ruth.must.reset@example.com",
    "ann.has.just.asked@example.com",
];

/// A deployment with somebody behind every address of [`ADDRESSES`] but the second.
fn populated(builder: Builder) -> TestApp {
    let app = builder.start().and_jane();
    app.add_business(8, "Harbour House", "https://harbour.test");
    let [_, _, sam, bob, nina, ruth, ann] = ADDRESSES;
    app.add_person(sam, "Sam", Some(7), Some(PASSWORD));
    app.suspend(sam);
    app.add_person(bob, "Bob", Some(8), Some(PASSWORD));
    app.add_person(nina, "Nina", Some(7), None);
    app.add_person(ruth, "Ruth", Some(7), Some(PASSWORD));
    app.wait(app.admin().require_reset(email(ruth), app.now()))
        .expect("a reset is required");
    app.add_person(ann, "Ann", Some(7), Some(PASSWORD));
    app
}

fn ask(app: &TestApp, address: &str) -> Answer {
    let body = json!({ "email": address, "businessId": 7 });
    app.start_reset(&body).comparable()
}

/// Asks for a link for every address.
fn ask_for_all(app: &TestApp) -> Vec<Answer> {
    ADDRESSES.map(|address| ask(app, address)).to_vec()
}

/// Fails unless every answer is the first one, byte for byte; returns that one.
fn alike(answers: Vec<Answer>) -> Answer {
    let mut answers = answers.into_iter().zip(ADDRESSES);
    let (first, _) = answers.next().expect("an answer");
    for (answer, address) in answers {
        assert_eq!(answer, first, "{address}");
    }
    first
}

/// Assertion 11. The outbox, which no stranger sees, shows that the addresses really were of
/// different kinds.
#[test]
fn a_reset_request_is_answered_alike_for_every_kind_of_address() {
    let app = populated(TestApp::builder());
    app.ask_for_link(ADDRESSES[6]);
    app.next_mail();

    let answer = alike(ask_for_all(&app));
    answer.envelope(200);
    assert_eq!(
        answer.text(),
        r#"{"WasSuccessful":true,"Value":null,"Status":200,"Message":null,"Errors":null}"#
    );

    let outbox = app.settled_outbox();
    let fates: Vec<_> = outbox[1..]
        .iter()
        .map(|message| message.reason.as_deref().unwrap_or("sent"))
        .collect();
    assert_eq!(
        fates,
        [
            "sent",
            "no account has this address",
            "the account is suspended",
            "sent",
            "sent",
            "sent",
            "a link that is still unused was sent just before",
        ]
    );
}

/// Assertion 12: with the relay down the request is stored all the same, whoever it is for.
#[test]
fn a_reset_request_is_answered_alike_while_the_relay_is_down() {
    let app = populated(TestApp::builder());
    let up = alike(ask_for_all(&app));
    app.settled_outbox();
    app.smtp.always(Stage::Connect, Action::Close);
    app.smtp.hang_up();
    app.advance(Duration::from_mins(2));
    let down = alike(ask_for_all(&app));
    down.envelope(200);
    assert_eq!(down, up);
}

/// Assertion 12: a database that another program keeps locked refuses everybody in the same words,
/// and nothing of what was refused is there afterwards.
#[test]
fn a_reset_request_is_refused_alike_while_the_database_is_locked() {
    let app = populated(TestApp::builder().set("storage.busy_timeout", "20ms"));
    let sql = app.sql();
    sql.execute_batch("BEGIN IMMEDIATE").expect("the lock");
    let refused = alike(ask_for_all(&app));
    assert!(refused.refusal(503).contains("try again"));
    assert!(refused.header("retry-after").is_some());

    sql.execute_batch("ROLLBACK").expect("the lock is given up");
    assert!(app.outbox().is_empty());
    alike(ask_for_all(&app)).envelope(200);
    assert_eq!(app.outbox().len(), ADDRESSES.len());
}

/// Assertion 13: a limit counts what a caller sends, so the same request is the last one admitted
/// and the same one the first refused, with the same time to wait.
#[test]
fn the_nth_reset_request_is_answered_alike_for_every_kind_of_address() {
    let app = populated(
        TestApp::builder()
            .set("limits.enabled", true)
            .set("limits.reset", "3/1m"),
    );
    let series = |address: &str| {
        app.advance(Duration::from_mins(1));
        let answers = [(); 5].map(|()| ask(&app, address));
        app.settled_outbox();
        answers
    };
    let [first, others @ ..] = ADDRESSES.map(series);
    for (answers, address) in others.iter().zip(&ADDRESSES[1..]) {
        assert_eq!(*answers, first, "{address}");
    }
    assert_eq!(
        first.each_ref().map(|answer| answer.status),
        [200, 200, 200, 429, 429]
    );
    assert_eq!(first[3].header("retry-after"), Some("20"));
}

/// Assertion 13: what one caller sends for known and for unknown addresses counts together.
#[test]
fn known_and_unknown_addresses_use_up_one_limit() {
    let app = populated(
        TestApp::builder()
            .set("limits.enabled", true)
            .set("limits.reset", "4/1m"),
    );
    let statuses: Vec<_> = ask_for_all(&app)
        .into_iter()
        .map(|answer| answer.status)
        .collect();
    assert_eq!(statuses, [200, 200, 200, 200, 429, 429, 429]);
}

/// Assertion 17. Without any other table there is nothing that the intake could look at, and it does
/// not miss one.
#[test]
fn the_intake_needs_no_table_but_the_outbox() {
    let app = populated(TestApp::builder().without_worker());
    let whole = alike(ask_for_all(&app));
    let sql = app.sql();
    let mut statement = sql
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        .expect("a query");
    let tables: Vec<String> = statement
        .query_map([], |row| row.get(0))
        .and_then(Iterator::collect)
        .expect("the tables");
    assert!(tables.iter().any(|table| table == "accounts"));
    for table in tables.iter().filter(|table| *table != "outbox") {
        sql.execute_batch(&format!("ALTER TABLE {table} RENAME TO hidden_{table}"))
            .expect("the table is renamed");
    }
    let alone = alike(ask_for_all(&app));
    alone.envelope(200);
    assert_eq!(alone, whole);
    assert_eq!(app.outbox().len(), 2 * ADDRESSES.len());
}

/// Assertion 17: one row is written for each request, made of what was submitted and nothing else.
#[test]
fn the_intake_writes_the_same_for_every_kind_of_address() {
    let app = populated(TestApp::builder().without_worker());
    let tables = [
        "accounts",
        "audit",
        "businesses",
        "login_tokens",
        "probe",
        "refresh_tokens",
        "reset_tokens",
        "sessions",
    ];
    let elsewhere = || -> i64 {
        let counts = tables.map(|table| format!("(SELECT count(*) FROM {table})"));
        app.query(&format!("SELECT {}", counts.join(" + ")))
    };
    let before = elsewhere();
    let rows = ADDRESSES.map(|address| {
        ask(&app, address).envelope(200);
        last_message(&app, address)
    });
    for (row, address) in rows.iter().zip(ADDRESSES) {
        assert_eq!(*row, rows[0], "{address}");
    }
    assert_eq!(elsewhere(), before);
}

/// Every column of the newest message, but for its own ids and the address, which must be the
/// submitted one.
fn last_message(app: &TestApp, address: &str) -> Vec<(String, Column)> {
    let sql = app.sql();
    let mut statement = sql
        .prepare("SELECT * FROM outbox ORDER BY id DESC LIMIT 1")
        .expect("a query");
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let row: Vec<Column> = statement
        .query_row([], |row| (0..names.len()).map(|at| row.get(at)).collect())
        .expect("a message");
    let mut columns: Vec<_> = names.into_iter().zip(row).collect();
    let given = ("recipient".to_owned(), Column::Text(address.to_owned()));
    assert!(columns.contains(&given), "{columns:?}");
    columns.retain(|(name, _)| !matches!(name.as_str(), "id" | "message_id" | "recipient"));
    columns
}
