//! The audit log: an entry for each act, no secret in any, and none that goes or changes unnoticed.

mod bounds;
mod chain;
mod commands;
mod outcomes;
mod retention;

use readmit::business::{BusinessId, Changes};
use readmit::password::Password;
use readmit::token::Jti;

use crate::support::app::{NEW_PASSWORD, PASSWORD, TestApp, email};
use crate::support::hashing::{occupy, two_places};
use crate::support::jwt::Parts;

const JANE: &str = "jane@example.com";

/// What an entry says.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    actor: String,
    event: String,
    outcome: String,
    account: Option<String>,
    business: Option<i64>,
    client: Option<String>,
    detail: Option<String>,
}

/// The entries after those of the set-up.
fn entries(app: &TestApp, after: usize) -> Vec<Entry> {
    let sql = app.sql();
    let mut statement = sql
        .prepare(
            "SELECT actor, event, outcome, account_id, business_id, client, detail FROM audit \
             ORDER BY id LIMIT -1 OFFSET ?1",
        )
        .expect("a query");
    let after = i64::try_from(after).expect("a small number");
    let rows = statement.query_map([after], |row| {
        Ok(Entry {
            actor: row.get(0)?,
            event: row.get(1)?,
            outcome: row.get(2)?,
            account: row.get(3)?,
            business: row.get(4)?,
            client: row.get(5)?,
            detail: row.get(6)?,
        })
    });
    rows.and_then(Iterator::collect).expect("the entries")
}

/// An entry of something that was done.
fn done(actor: &str, event: &str, account: Option<&str>) -> Entry {
    Entry {
        actor: actor.to_owned(),
        event: event.to_owned(),
        outcome: "ok".to_owned(),
        account: account.map(str::to_owned),
        business: None,
        client: None,
        detail: None,
    }
}

fn account(app: &TestApp) -> String {
    app.query("SELECT id FROM accounts WHERE email = 'jane@example.com'")
}

/// A member's acts, each in the transaction of what it records.
#[test]
fn sign_in_reset_and_exchange_are_recorded() {
    let app = TestApp::with_jane();
    let setup = entries(&app, 0).len();
    let jane = account(&app);
    app.sign_in(JANE, PASSWORD);
    app.sign_in(JANE, "a wrong password");
    app.sign_in("nobody@example.com", PASSWORD);
    let login = app.login_token(JANE, NEW_PASSWORD);
    assert_eq!(app.exchange(&login, "60").status, 200);

    let here = |actor, event, account, business| Entry {
        business,
        client: Some("127.0.0.1".to_owned()),
        ..done(actor, event, account)
    };
    let refused = |account| Entry {
        outcome: "refused".to_owned(),
        detail: Some("wrong credentials".to_owned()),
        ..here("anonymous", "session.sign_in", account, None)
    };
    let jane = Some(jane.as_str());
    assert_eq!(
        entries(&app, setup),
        [
            here("member", "session.sign_in", jane, None),
            refused(jane),
            refused(None),
            here("member", "password.reset", jane, Some(7)),
            here("member", "session.exchange", jane, Some(7)),
        ]
    );
}

/// A required reset is a refusal of its own, by its reason.
#[test]
fn a_sign_in_that_must_reset_first_is_recorded_as_refused() {
    let app = TestApp::with_jane();
    app.wait(app.admin().require_reset(email(JANE), app.now()))
        .expect("a reset is required");
    let setup = entries(&app, 0).len();
    app.sign_in(JANE, PASSWORD);
    let recorded = entries(&app, setup);
    assert_eq!(recorded.len(), 1);
    assert_eq!(recorded[0].outcome, "refused");
    assert_eq!(
        recorded[0].detail.as_deref(),
        Some("a new password is required")
    );
}

/// An administrator's acts, with the name of the system's user. An act that changed nothing leaves no
/// entry behind.
#[test]
fn an_administrators_acts_are_recorded() {
    let app = TestApp::with_jane();
    let admin = app.admin();
    let (who, now) = (email(JANE), app.now());
    let jane = account(&app);
    let password = Password::new(PASSWORD).expect("a password");
    let eight = BusinessId::new(8).expect("a number");
    app.add_business(8, "Harbour House", "https://harbour.test");
    app.change_business(8, Changes::default());
    app.wait(admin.suspend(who.clone(), now))
        .expect("suspended");
    app.wait(admin.reactivate(who.clone(), now))
        .expect("reactivated");
    app.wait(admin.require_reset(who.clone(), now))
        .expect("required");
    app.wait(admin.set_password(who.clone(), password, now))
        .expect("set");
    let jti = Parts::of(&app.reset_token(JANE)).claims["jti"].clone();
    let listed = app
        .wait(
            app.app()
                .store
                .read(move |db| readmit::reset::list(db, false, now)),
        )
        .expect("the links");
    let id: Jti = listed[0].jti.clone();
    assert!(
        app.wait(admin.revoke_link(id.clone(), now))
            .expect("revoked")
    );
    assert!(!app.wait(admin.revoke_link(id, now)).expect("no error"));
    app.wait(admin.remove_business(eight, now))
        .expect("removed");
    app.wait(admin.remove_account(who.clone(), now))
        .expect("removed");
    app.wait(admin.suspend(who, now)).expect_err("nobody there");

    let business = |event, id| Entry {
        business: Some(id),
        ..done("admin:test", event, None)
    };
    let person = |event| done("admin:test", event, Some(&jane));
    let revoked = Entry {
        detail: jti.as_str().map(str::to_owned),
        ..person("reset.revoke")
    };
    assert_eq!(
        entries(&app, 0),
        [
            business("business.add", 7),
            person("account.add"),
            business("business.add", 8),
            business("business.set", 8),
            person("account.suspend"),
            person("account.reactivate"),
            person("account.require_reset"),
            person("account.set_password"),
            revoked,
            business("business.remove", 8),
            person("account.remove"),
        ]
    );
}

/// Assertion 20, for the log: it tells of secrets and holds none, also where one was typed into the
/// wrong field.
#[test]
fn no_entry_holds_a_secret() {
    let app = TestApp::with_jane();
    let reset = app.reset_token(JANE);
    app.complete(&reset, "weak-9f2").refusal(400);
    let login = app.complete(&reset, NEW_PASSWORD).envelope(200);
    let login = login["Value"].as_str().expect("a token");
    let session = app.exchange(login, "60").json();
    app.complete(&reset, NEW_PASSWORD).refusal(400);
    app.exchange(login, "60").refusal(401);
    app.sign_in(NEW_PASSWORD, JANE);
    app.sign_in(JANE, "wrong-7d1");
    let log = format!("{:?}", entries(&app, 0));
    for secret in [
        reset.as_str(),
        login,
        session["token"].as_str().expect("a token"),
        session["refresh_token"].as_str().expect("a token"),
        PASSWORD,
        NEW_PASSWORD,
        "weak-9f2",
        "wrong-7d1",
    ] {
        assert!(!log.contains(secret), "{secret}");
    }
    assert!(!log.contains("eyJ"));
}

/// What was turned away before it was looked at is no outcome, and neither is what the database did
/// not take.
#[test]
fn what_was_not_decided_is_not_recorded() {
    let app = two_places(TestApp::builder().set("storage.busy_timeout", "20ms"))
        .start()
        .and_jane();
    let setup = entries(&app, 0).len();
    let full = occupy(&app);
    assert_eq!(app.sign_in(JANE, PASSWORD).status, 503);
    drop(full);
    let sql = app.sql();
    sql.execute_batch("BEGIN IMMEDIATE").expect("the lock");
    assert_eq!(app.sign_in(JANE, PASSWORD).status, 503);
    sql.execute_batch("ROLLBACK").expect("the lock is given up");
    assert_eq!(entries(&app, setup), []);
    let sessions: i64 = app.query("SELECT count(*) FROM sessions");
    assert_eq!(sessions, 0);
}
