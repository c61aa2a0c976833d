//! What ends with a completed reset, and what ends a link before.

use std::fmt::Write as _;
use std::time::Duration;

use readmit::outbox::State;
use readmit::password::Password;
use readmit::token::Jti;
use rusqlite::types::Value as Column;
use serde_json::json;

use super::{BOB, JANE, another_token, is_notice, is_open, is_refused, use_up, with_jane_and_bob};
use crate::support::app::{NEW_PASSWORD, PASSWORD, TestApp, email};
use crate::support::jwt::{Parts, SigningKey};
use crate::support::smtp::{Action, Stage};
use crate::support::wait::wait_until;

/// The state of everything that a completion touches.
fn dump(app: &TestApp) -> String {
    let sql = app.sql();
    let mut text = String::new();
    for table in [
        "accounts",
        "audit",
        "login_tokens",
        "outbox",
        "refresh_tokens",
        "reset_tokens",
        "sessions",
    ] {
        let mut statement = sql
            .prepare(&format!("SELECT * FROM {table} ORDER BY 1"))
            .expect("a query");
        let columns = statement.column_count();
        let mut rows = statement.query([]).expect("rows");
        while let Some(row) = rows.next().expect("a row") {
            let row: Vec<Column> = (0..columns)
                .map(|at| row.get(at).expect("a value"))
                .collect();
            writeln!(text, "{table}: {row:?}").expect("text takes text");
        }
    }
    text
}

fn count(app: &TestApp, sql: &str) -> i64 {
    app.query(&format!("SELECT count(*) FROM {sql}"))
}

/// Assertion 30: whoever was signed in with the old password, or was about to be, is out. The rows
/// say so as soon as the answer is there.
#[test]
fn a_completed_reset_ends_sessions_refresh_tokens_and_login_tokens() {
    let app = with_jane_and_bob();
    let login = app.login_token(JANE, PASSWORD);
    assert!(is_notice(&app.next_mail()));
    app.sign_in(JANE, PASSWORD);
    app.sign_in(JANE, PASSWORD);
    let bobs = app.sign_in(BOB, PASSWORD);
    assert_eq!(bobs.status, 200);
    assert_eq!(count(&app, "refresh_tokens"), 3);

    let token = another_token(&app, JANE);
    let new_login = app.complete(&token, NEW_PASSWORD).envelope(200);
    assert_eq!(count(&app, "sessions WHERE revoked_at IS NULL"), 1);
    assert_eq!(
        count(
            &app,
            "sessions WHERE revoked_why = 'the password was reset'"
        ),
        2
    );
    assert_eq!(count(&app, "refresh_tokens"), 1);
    assert_eq!(count(&app, "login_tokens WHERE revoked_at IS NULL"), 1);
    let left: String = app.query(
        "SELECT a.email FROM refresh_tokens r JOIN sessions s ON s.id = r.session_id \
         JOIN accounts a ON a.id = s.account_id",
    );
    assert_eq!(left, BOB);

    app.exchange(&login, "60").refusal(401);
    let new_login = new_login["Value"].as_str().expect("a token");
    assert_eq!(app.exchange(new_login, "60").status, 200);
}

/// Contract, section 3: a required reset is fulfilled by one.
#[test]
fn a_completed_reset_fulfils_a_required_one() {
    let app = TestApp::with_jane();
    app.wait(app.admin().require_reset(email(JANE), app.now()))
        .expect("a reset is required");
    let refused = app.sign_in(JANE, PASSWORD).json();
    assert_eq!(refused["error"], "must_reset_password");
    let login = app.login_token(JANE, NEW_PASSWORD);
    assert_eq!(app.sign_in(JANE, NEW_PASSWORD).status, 200);
    assert_eq!(app.exchange(&login, "60").status, 200);
    assert_eq!(count(&app, "accounts WHERE must_reset_password"), 0);
}

/// Assertion 31: the notice goes to the address that is stored, and is there as soon as the change
/// is, whether or not a relay is.
#[test]
fn the_notice_is_queued_with_the_change_and_goes_to_the_stored_address() {
    let app = TestApp::with_jane();
    app.add_person("Ann.Lee@Example.com", "Ann", Some(7), Some(PASSWORD));
    let token = app.reset_token("aNN.lEE@eXAMPLE.com");
    app.smtp.hang_up();
    app.smtp.always(Stage::Connect, Action::Close);
    app.complete(&token, NEW_PASSWORD).envelope(200);
    let waiting: String = app.query(
        "SELECT o.recipient FROM outbox o JOIN reset_tokens t ON t.account_id = o.account_id \
         WHERE o.kind = 'changed' AND o.state IN ('queued', 'sending') AND t.used_at IS NOT NULL",
    );
    assert_eq!(waiting, "Ann.Lee@Example.com");
    wait_until("the first attempt has failed", || {
        let notice = app.outbox().pop().expect("the notice");
        (notice.state == State::Queued && notice.attempts > 0).then_some(())
    });
    app.smtp.clear(Stage::Connect);
    app.advance(Duration::from_mins(1));
    let notice = app.next_mail();
    assert!(is_notice(&notice));
    assert_eq!(notice.recipients, ["Ann.Lee@Example.com"]);
    assert!(!notice.text().contains("token="));
}

/// Assertions 30, 31 and 63: whichever step fails, none is taken, and the link can be tried again.
#[test]
fn a_completion_happens_whole_or_not_at_all() {
    let app = TestApp::with_jane();
    let first = app.reset_token(JANE);
    use_up(&app, &first, PASSWORD);
    app.sign_in(JANE, PASSWORD);
    another_token(&app, JANE);
    let token = another_token(&app, JANE);
    app.settled_outbox();
    let before = dump(&app);

    let sql = app.sql();
    for step in [
        "UPDATE ON reset_tokens WHEN NEW.used_at IS NOT NULL",
        "UPDATE ON reset_tokens WHEN NEW.revoked_at IS NOT NULL",
        "UPDATE ON accounts",
        "UPDATE ON login_tokens",
        "DELETE ON refresh_tokens",
        "UPDATE ON sessions",
        "INSERT ON outbox",
        "INSERT ON audit",
        "INSERT ON login_tokens",
    ] {
        sql.execute_batch(&format!(
            "CREATE TRIGGER broken BEFORE {step} BEGIN SELECT RAISE(ABORT, 'broken'); END"
        ))
        .expect("a trigger");
        app.complete(&token, NEW_PASSWORD).refusal(500);
        assert_eq!(dump(&app), before, "{step}");
        sql.execute_batch("DROP TRIGGER broken")
            .expect("the trigger is dropped");
    }

    use_up(&app, &token, NEW_PASSWORD);
    assert_ne!(dump(&app), before);
    assert_eq!(app.sign_in(JANE, NEW_PASSWORD).status, 200);
}

/// Assertion 25: each of these is a reason to distrust what was sent before it.
#[test]
fn a_change_of_password_or_status_ends_the_links_from_before() {
    let app = TestApp::with_jane();
    let admin = app.admin();
    let password = || Password::new(PASSWORD).expect("a password");
    let (who, now) = (email(JANE), || app.now());

    let token = another_token(&app, JANE);
    app.wait(admin.set_password(who.clone(), password(), now()))
        .expect("the password is set");
    assert!(!is_open(&app, &token));

    let token = another_token(&app, JANE);
    app.suspend(JANE);
    assert!(!is_open(&app, &token));
    app.wait(admin.reactivate(who.clone(), now()))
        .expect("the account is reactivated");
    assert!(!is_open(&app, &token));
    assert!(is_refused(&app.complete(&token, NEW_PASSWORD)));

    let token = another_token(&app, JANE);
    app.wait(admin.require_reset(who.clone(), now()))
        .expect("a reset is required");
    assert!(!is_open(&app, &token));

    let token = another_token(&app, JANE);
    let jti = Parts::of(&token).claims["jti"].as_str().map(str::to_owned);
    let listed = app
        .wait(
            app.app()
                .store
                .read(|db| readmit::reset::list(db, false, readmit::clock::Timestamp::default())),
        )
        .expect("the links");
    assert_eq!(listed.len(), 1);
    let id: Jti = listed[0].jti.clone();
    assert_eq!(Some(id.as_str()), jti.as_deref());
    assert!(
        app.wait(admin.revoke_link(id, now()))
            .expect("the link is revoked")
    );
    assert!(!is_open(&app, &token));

    let token = another_token(&app, JANE);
    assert!(is_open(&app, &token));
    app.wait(admin.remove_account(who.clone(), now()))
        .expect("the account is removed");
    assert!(is_refused(&app.complete(&token, NEW_PASSWORD)));
    // The address may come back, as another account.
    app.add_person(JANE, "Jane Doe", Some(7), Some(PASSWORD));
    assert!(is_refused(&app.complete(&token, NEW_PASSWORD)));
    assert_eq!(app.sign_in(JANE, PASSWORD).status, 200);
}

/// Assertion 25: a link is bound to the version of the credentials that it was made under, so that
/// it ends with them even where nobody thinks of revoking it.
#[test]
fn a_link_made_under_older_credentials_is_dead() {
    let app = TestApp::with_jane();
    let token = app.reset_token(JANE);
    let hash = |app: &TestApp| app.query::<String>("SELECT password_hash FROM accounts");
    let before = hash(&app);
    let step = |by: &str| {
        let sql = format!("UPDATE accounts SET credential_version = credential_version {by}");
        app.sql().execute_batch(&sql).expect("another version");
    };
    step("+ 1");
    assert!(!is_open(&app, &token));
    assert!(is_refused(&app.complete(&token, NEW_PASSWORD)));
    assert_eq!(hash(&app), before);
    step("- 1");
    assert!(is_open(&app, &token));
}

/// Assertion 25: not even who holds the signing key can turn a link upon another account.
#[test]
fn a_link_is_bound_to_its_account() {
    let app = with_jane_and_bob();
    let token = app.reset_token(JANE);
    let bob: String = app.query(&format!("SELECT id FROM accounts WHERE email = '{BOB}'"));
    let key = SigningKey::of(&app.folder().join("keys"));
    let turned = key.sign(&Parts::of(&token).claim("sub", json!(bob)));
    let before: String = app.query("SELECT group_concat(password_hash) FROM accounts");
    assert!(is_refused(&app.complete(&turned, NEW_PASSWORD)));
    let after: String = app.query("SELECT group_concat(password_hash) FROM accounts");
    assert_eq!(after, before);
    assert!(is_open(&app, &token));
}
