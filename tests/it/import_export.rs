//! Everybody with their credentials, out of one deployment and into another, as JSON Lines.

mod export;
mod lines;

use readmit::totp::{Secret, step};
use serde_json::{Value, json};

use crate::support::app::{PASSWORD, TestApp};

/// A TOTP secret of Jane's.
const SECRET: &str = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";

/// `seven herons on the quay` by bcrypt.
const BCRYPT: &str = "$2b$04$g.Po0ycmlIEALdU9ruxhaef2hi4pRibXti77AYXAvgnZoa9y.StYe";

/// The export of a deployment, a line a person.
fn exported(app: &TestApp) -> Vec<String> {
    let keys = app.app().config.keys.dir.clone();
    let people = app.wait(app.admin().export(keys, app.now()));
    let people = people.expect("the export");
    people
        .iter()
        .map(|person| serde_json::to_string(person).expect("JSON"))
        .collect()
}

/// People of every kind: with and without a location, a password, a second factor; suspended, and bound
/// to reset.
fn people() -> TestApp {
    let app = TestApp::with_jane();
    let lines = [
        json!({ "email": "Sam@Example.com", "name": "Sam \u{202e}\"O'Neil\" \u{1f680}", "password_hash": BCRYPT }),
        json!({
            "email": "ruth@example.com", "name": "Ruth", "business": 7, "password_hash": BCRYPT, "must_reset": true,
        }),
        json!({ "email": "kim@example.com", "name": "Kim" }),
        json!({ "email": "zoe@example.com", "name": "Zoe", "password_hash": BCRYPT, "suspended": true }),
    ];
    let lines = lines.map(|line| line.to_string()).join("\n");
    assert_eq!(app.import(&lines), Ok(4));
    app
}

/// What an account is made of, but for its times.
fn accounts(app: &TestApp) -> Vec<String> {
    let sql = app.sql();
    let mut statement = sql
        .prepare(
            "SELECT concat_ws('|', id, email, email_key, name, coalesce(business_id, 'none'), \
             coalesce(password_hash, 'none'), must_reset_password, suspended_at IS NOT NULL, \
             EXISTS (SELECT 1 FROM totp t WHERE t.account_id = a.id AND t.confirmed_at IS NOT NULL)) \
             FROM accounts a ORDER BY email_key",
        )
        .expect("a statement");
    let rows = statement.query_map([], |row| row.get(0)).expect("rows");
    rows.collect::<Result<_, _>>().expect("texts")
}

/// What goes out comes in again as the same: who people are, also in the eyes of the applications that
/// know them by `sub`; what they sign in with; and whether they may. The other deployment has keys of
/// its own, so that second factors are sealed anew.
#[test]
fn an_export_imports_as_identical_accounts() {
    let app = people();
    let imported = app.import(&format!(
        r#"{{"email":"tom@example.com","name":"Tom","password_hash":"{BCRYPT}","totp_secret":"{SECRET}"}}"#
    ));
    assert_eq!(imported, Ok(1));
    let lines = exported(&app);

    let other = TestApp::start();
    other.add_business(7, "Canal House", "https://canal.test");
    assert_eq!(other.import(&lines.join("\n")), Ok(6));
    assert_eq!(accounts(&other), accounts(&app));
    assert_eq!(exported(&other), lines);

    assert_eq!(other.sign_in("jane@example.com", PASSWORD).status, 200);
    let tom = |code: &str| {
        let form = [
            ("grant_type", "password"),
            ("username", "tom@example.com"),
            ("password", "seven herons on the quay"),
            ("totp", code),
        ];
        other.send(&crate::support::http::Request::post("/api/token").form(&form))
    };
    assert_eq!(tom("000000").json()["error"], "two_factor_auth_check");
    let secret = Secret::from_base32(SECRET).expect("a secret");
    assert_eq!(tom(&secret.code(step(other.now()))).status, 200);
}

/// The keys of a line stand in a fixed order, and only where there is something to say.
#[test]
fn a_line_holds_what_there_is_to_say() {
    let app = people();
    let lines = exported(&app);
    let keys = |at: usize| {
        let person: Value = serde_json::from_str(&lines[at]).expect("JSON");
        let keys = person.as_object().expect("an object").keys();
        keys.cloned().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(keys(0), "business email id must_reset name password_hash");
    assert_eq!(keys(1), "email id must_reset name");
    assert_eq!(keys(2), "business email id must_reset name password_hash");
    assert_eq!(keys(3), "email id must_reset name password_hash");
    assert_eq!(keys(4), "email id must_reset name password_hash suspended");
    let id: String = app.query("SELECT id FROM accounts WHERE name = 'Kim'");
    let kim =
        format!(r#"{{"id":"{id}","email":"kim@example.com","name":"Kim","must_reset":true}}"#);
    assert_eq!(lines[1], kim);
}

/// A second factor that cannot be unsealed would be lost on the way, and its owner would come in with a
/// password alone: nothing is exported then.
#[test]
fn a_second_factor_that_cannot_be_read_stops_the_export() {
    let app = TestApp::start();
    let tom = format!(r#"{{"email":"tom@example.com","name":"Tom","totp_secret":"{SECRET}"}}"#);
    assert_eq!(app.import(&tom), Ok(1));
    let keys = app.folder().join("other keys");
    let refused = app.wait(app.admin().export(keys, app.now()));
    let said = refused.err().expect("a refusal").to_string();
    assert_eq!(
        said,
        "the second factor of tom@example.com is sealed under another key: restore seal.key in keys.dir, \
         or switch it off with `readmit user totp-off tom@example.com`; nothing was exported"
    );
    let audited: i64 = app.query("SELECT count(*) FROM audit WHERE event = 'account.export'");
    assert_eq!(audited, 0);
}

/// Whoever has the file can guess at passwords at leisure: that somebody made one, is on record.
#[test]
fn an_export_is_audited() {
    let app = people();
    exported(&app);
    let entry: String = app.query(
        "SELECT concat_ws('|', actor, outcome, coalesce(account_id, 'none'), detail) FROM audit \
         WHERE event = 'account.export'",
    );
    assert_eq!(entry, "admin:test|ok|none|5 people, with their credentials");
}

/// While that cannot be put on record, nothing is handed out.
#[test]
fn an_export_that_cannot_be_audited_is_none() {
    let mut app = people();
    app.set("storage.busy_timeout", "20ms");
    app.restart();
    let sql = app.sql();
    sql.execute_batch("BEGIN IMMEDIATE").expect("the lock");
    let keys = app.app().config.keys.dir.clone();
    assert!(app.wait(app.admin().export(keys, app.now())).is_err());
    sql.execute_batch("ROLLBACK").expect("the lock is given up");
}
