//! What is checked before a restore, and what comes to life again after it: nothing that opens a door.

use std::fs;

use readmit::backup::restore::{self, restore};
use readmit::backup::{Cost, Order, make};
use readmit::entropy::Entropy;
use readmit::store::Options;
use serde_json::Value;

use super::{add, files, people, refused, site};
use crate::support::app::{NEW_PASSWORD, PASSWORD, TestApp};
use crate::support::smtp::{Action, SmtpServer, Stage};

/// The database as it is now, in a file.
fn copy(app: &TestApp) -> std::path::PathBuf {
    let file = app.folder().join("copy.db");
    let order = Order {
        database: &Options::from(&app.app().config.storage),
        keys: None,
        to: &file,
        replace: true,
        cost: Cost::default(),
    };
    make(&order, &Entropy::System, |_, _| true).expect("a backup");
    file
}

/// Stops, restores and starts again.
fn go_back_to(app: &mut TestApp, file: &std::path::Path, keep_sessions: bool) -> restore::Ended {
    let (storage, keys) = (
        app.app().config.storage.clone(),
        app.app().config.keys.dir.clone(),
    );
    app.stop();
    let order = restore::Order {
        file,
        passphrase: None,
        database: &Options::from(&storage),
        keys: &keys,
        replace: true,
        keep_sessions,
        actor: readmit::audit::Actor::Admin("test".to_owned()),
        entropy: &Entropy::System,
    };
    let restored = app.wait(restore(&order, app.now())).expect("a restore");
    app.start_again();
    restored.ended
}

/// Assertion 21. A link that was used after the backup is unused in it. Whoever finds it in a mailbox must
/// not set a password with it, so every link of the backup is dead; so are its sessions and the one-time
/// login tokens. A new link works.
#[test]
fn what_was_used_after_the_backup_does_not_work_once_more() {
    let mut app = TestApp::with_jane();
    let link = app.reset_token("jane@example.com");
    let (_, refresh) = app.tokens("jane@example.com", PASSWORD);
    let file = copy(&app);
    app.complete(&link, NEW_PASSWORD).envelope(200);
    app.next_mail();

    let ended = go_back_to(&mut app, &file, false);
    assert_eq!((ended.links, ended.sessions), (1, 1));
    app.complete(&link, "five storks over the marsh")
        .envelope(400);
    let again = app.send(&crate::support::http::Request::post("/api/token").form(&[
        ("grant_type", "refresh_token"),
        ("refresh_token", &refresh),
        ("client_id", "jane@example.com"),
    ]));
    assert_eq!(again.status, 400, "{}", again.text());
    // The password is that of then; the way back in is open.
    assert_eq!(app.sign_in("jane@example.com", PASSWORD).status, 200);
    app.advance(std::time::Duration::from_mins(5));
    let link = app.reset_token("jane@example.com");
    app.complete(&link, NEW_PASSWORD).envelope(200);
    let noted: String = app.query("SELECT detail FROM audit WHERE event = 'backup.restore'");
    assert!(noted.ends_with("copy.db"), "{noted}");
}

/// Whoever knows that nobody was signed out since may let the sessions go on.
#[test]
fn sessions_go_on_when_that_is_asked_for() {
    let mut app = TestApp::with_jane();
    let (_, refresh) = app.tokens("jane@example.com", PASSWORD);
    let file = copy(&app);
    let ended = go_back_to(&mut app, &file, true);
    assert_eq!(ended.sessions, 0);
    let again = app.send(&crate::support::http::Request::post("/api/token").form(&[
        ("grant_type", "refresh_token"),
        ("refresh_token", &refresh),
        ("client_id", "jane@example.com"),
    ]));
    assert_eq!(again.status, 200, "{}", again.text());
}

/// Mail that waited at the time of the backup has left since, as far as one knows. It is not sent a second
/// time by itself, nor is it lost: a person decides.
#[test]
fn mail_that_waited_is_set_aside_and_can_be_sent() {
    let relay = SmtpServer::start();
    relay.script(Stage::Rcpt, Action::Reply("450 4.2.0 later"));
    let mut app = TestApp::builder().smtp(relay).start().and_jane();
    app.ask_for_link("jane@example.com");
    crate::support::wait::wait_until("the first attempt is over", || {
        app.outbox()
            .first()
            .is_some_and(|it| it.attempts == 1 && it.last_reply.is_some())
            .then_some(())
    });
    let file = copy(&app);
    app.advance(std::time::Duration::from_hours(1));
    app.next_mail();

    let ended = go_back_to(&mut app, &file, false);
    assert_eq!(ended.messages, 1);
    let message = app.outbox().remove(0);
    assert_eq!(message.state, readmit::outbox::State::Dead);
    let reason = message.reason.expect("a reason");
    assert!(reason.contains("it may have been sent already"), "{reason}");
    let filter = readmit::outbox::Filter::default();
    app.wait(app.admin().retry_messages(filter, app.now()))
        .expect("it is sent anew");
    let link = app.next_mail().token();
    app.complete(&link, NEW_PASSWORD).envelope(200);
}

/// A second factor's code that was used after the backup would be good for half a minute more.
#[test]
fn no_code_of_a_device_is_taken_twice_after_a_restore() {
    let mut app = TestApp::with_jane();
    app.sql()
        .execute(
            "INSERT INTO totp (account_id, secret, created_at, confirmed_at) \
             SELECT id, x'00', 0, 0 FROM accounts",
            [],
        )
        .expect("a second factor");
    let file = copy(&app);
    go_back_to(&mut app, &file, false);
    let used: i64 = app.query("SELECT last_step FROM totp");
    assert_eq!(used, readmit::totp::step(app.now()) + 1);
}

/// A database that is there is kept, under a name with the time, and not replaced without --force.
#[test]
fn the_old_database_is_kept_and_replaced_only_when_that_is_asked_for() {
    let site = site();
    add(&site, "jane@example.com");
    site.ok(&["backup", "copy.db"]);
    add(&site, "rob@example.com");
    let said = refused(&site, &["restore", "copy.db"]);
    assert!(said.contains("readmit.db already; add --force"), "{said}");
    assert_eq!(people(&site).len(), 2);
    for kept in 1..=2 {
        let printed = site.ok(&["restore", "copy.db", "--force", "--json"]);
        let printed: Value = serde_json::from_str(&printed).expect("JSON");
        let old = printed["old_database"].as_str().expect("a file");
        assert_eq!(files(&site, "readmit.db-before-").len(), kept, "{old}");
        assert_eq!(people(&site), ["jane@example.com"]);
    }
    let first = &files(&site, "readmit.db-before-")[0];
    let people: i64 = rusqlite::Connection::open(first)
        .expect("the old one opens")
        .query_row("SELECT count(*) FROM accounts", [], |row| row.get(0))
        .expect("a count");
    assert_eq!(people, 2);
}

/// What is damaged, cut, newer or something else is refused in words before anything is touched.
#[test]
fn a_file_that_is_no_sound_backup_is_refused_and_nothing_touched() {
    let site = site();
    add(&site, "jane@example.com");
    site.ok(&["backup", "copy.db"]);
    let sound = fs::read(site.folder().join("copy.db")).expect("the copy");
    let before = fs::read(site.database()).expect("the database");
    let at = |name: &str| site.folder().join(name);
    let mut flipped = sound.clone();
    // In the middle of pages of the schema and of tables.
    for page in 1..sound.len() / 4096 {
        flipped[page * 4096] ^= 0xff;
    }
    fs::write(at("flipped"), flipped).expect("a file");
    fs::write(at("cut"), &sound[..sound.len() / 2]).expect("a file");
    fs::write(at("text"), "Dear diary").expect("a file");
    fs::write(at("empty"), "").expect("a file");
    rusqlite::Connection::open(at("foreign"))
        .expect("a database")
        .execute_batch("CREATE TABLE t (a)")
        .expect("a table");
    fs::write(at("newer"), &sound).expect("a file");
    rusqlite::Connection::open(at("newer"))
        .expect("a database")
        .execute(
            "UPDATE refinery_schema_history SET version = version + 9000",
            [],
        )
        .expect("a newer schema");
    fs::write(at("orphans"), &sound).expect("a file");
    rusqlite::Connection::open(at("orphans"))
        .expect("a database")
        .execute_batch(
            "PRAGMA foreign_keys = off; INSERT INTO recovery_codes (account_id, hash) VALUES ('x', x'00')",
        )
        .expect("an orphan");
    for (file, why) in [
        ("flipped", "flipped "),
        ("cut", "cut "),
        ("text", "text is no backup of readmit"),
        ("empty", "empty is no backup of readmit"),
        ("foreign", "foreign is not a database of readmit"),
        ("newer", "but this readmit knows versions up to"),
        ("orphans", "orphans is damaged: a row of recovery_codes"),
        ("absent", "cannot read absent"),
    ] {
        let said = refused(&site, &["restore", file, "--force"]);
        assert!(said.contains(why), "{file}: {said}");
    }
    assert!(fs::read(site.database()).expect("the database") == before);
    assert!(
        files(&site, "readmit.db-")
            .iter()
            .all(|it| it.ends_with("readmit.db-lock"))
    );
}

/// An older schema is brought up to date, in the copy that is put in place and not in the backup.
#[test]
fn a_backup_of_an_older_schema_is_brought_up_to_date() {
    let site = site();
    let old = rusqlite::Connection::open(site.folder().join("old.db")).expect("a database");
    old.execute_batch(
        "CREATE TABLE refinery_schema_history (version INT4 PRIMARY KEY, name VARCHAR(255), \
         applied_on VARCHAR(255), checksum VARCHAR(255))",
    )
    .expect("a history");
    drop(old);
    let first = include_str!("../../../migrations/V1__spine.sql");
    add(&site, "jane@example.com");
    let (name, applied_on, checksum): (String, String, String) = site
        .sql()
        .query_row(
            "SELECT name, applied_on, checksum FROM refinery_schema_history WHERE version = 1",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .expect("the first migration");
    let old = rusqlite::Connection::open(site.folder().join("old.db")).expect("a database");
    old.execute_batch(first).expect("the first schema");
    old.execute(
        "INSERT INTO refinery_schema_history VALUES (1, ?1, ?2, ?3)",
        (name, applied_on, checksum),
    )
    .expect("its entry");
    drop(old);
    site.ok(&["restore", "old.db", "--force"]);
    assert!(people(&site).is_empty());
    let version: u32 = site
        .sql()
        .query_row(
            "SELECT max(version) FROM refinery_schema_history",
            [],
            |row| row.get(0),
        )
        .expect("a version");
    assert_eq!(version, readmit::store::Store::latest_schema());
}
