//! Copies that are made while the server writes.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, mpsc};

use serde_json::{Value, json};

use super::{add, refused, site};
use crate::support::http::{Request, try_send_raw};
use crate::support::process::Site;

fn recipients(database: &std::path::Path) -> Vec<String> {
    let db = rusqlite::Connection::open(database).expect("the database opens");
    let sound: String = db
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .expect("a check");
    assert_eq!(sound, "ok");
    let mut statement = db
        .prepare("SELECT recipient FROM outbox")
        .expect("a statement");
    let rows = statement.query_map([], |row| row.get(0)).expect("rows");
    rows.collect::<Result<_, _>>().expect("texts")
}

/// While four clients write, a backup is made of the running server, twice. Each holds every request that
/// was answered before it began; no request is refused or lost meanwhile; and the second one, restored,
/// is the deployment again.
#[test]
fn a_backup_under_load_holds_every_request_that_was_answered_before() {
    let site = Site::new("smtp://127.0.0.1:1");
    let server = site.serve();
    let at = server.address;
    let stop = AtomicBool::new(false);
    let answered = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        let (first, begun) = mpsc::channel();
        for client in 0..4 {
            let (first, stop, answered) = (first.clone(), &stop, &answered);
            scope.spawn(move || {
                for request in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let email = format!("c{client}-{request}@example.com");
                    let post = Request::post("/api/sys/users/startPasswordReset");
                    let bytes = post.json(&json!({ "email": email })).to_bytes();
                    let answer = try_send_raw(at, &bytes).expect("an answer");
                    assert_eq!(answer.status, 200, "{}", answer.text());
                    answered.lock().expect("the list").push(email);
                    let _ = first.send(());
                }
            });
        }
        for _ in 0..20 {
            begun.recv().expect("an answer");
        }
        for round in ["one.db", "two.db"] {
            let before = answered.lock().expect("the list").clone();
            site.ok(&["backup", round]);
            let held = recipients(&site.folder().join(round));
            for email in &before {
                assert!(held.contains(email), "{email} is not in {round}");
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    let all = recipients(&site.database());
    for email in answered.lock().expect("the list").iter() {
        assert!(all.contains(email), "{email} was lost");
    }
    // A server that runs is in the way, whatever was asked for.
    let said = refused(&site, &["restore", "two.db", "--force"]);
    assert!(said.contains("is in use; stop the server"), "{said}");
    server.kill();
    let mut expected = recipients(&site.folder().join("two.db"));
    site.ok(&["restore", "two.db", "--force"]);
    let mut restored = recipients(&site.database());
    expected.sort();
    restored.sort();
    assert_eq!(restored, expected);
    drop(site.serve());
}

/// Assertion 77. A copy is worth as much as the database: it is the owner's alone, whatever the umask, and
/// nothing is left beside it. One file is all it is.
#[test]
fn a_backup_is_one_file_of_its_owner_alone_even_under_umask_000() {
    let site = site();
    add(&site, "jane@example.com");
    let direct = site.command(&["backup", "copy.db"]);
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", r#"umask 000; exec "$0" backup copy.db"#])
        .arg(direct.get_program())
        .current_dir(site.folder())
        .env_clear();
    for (name, value) in direct.get_envs() {
        command.envs(value.map(|value| (name, value)));
    }
    assert!(command.status().expect("the program runs").success());
    let copy = site.folder().join("copy.db");
    let mode = copy.metadata().expect("a file").permissions().mode();
    assert_eq!(mode & 0o7777, 0o600);
    for left in ["copy.db-", ".copy", "readmit.db-copy"] {
        assert!(super::files(&site, left).is_empty(), "{left}");
    }
}

/// Nothing is written over without --force, and a backup that fails leaves what was there.
#[test]
fn an_existing_file_is_replaced_only_when_that_is_asked_for() {
    let site = site();
    add(&site, "jane@example.com");
    let file = site.folder().join("copy.db");
    std::fs::write(&file, "something else").expect("a file");
    let said = refused(&site, &["backup", "copy.db"]);
    assert!(said.contains("copy.db is there already"), "{said}");
    let text = std::fs::read_to_string(&file).expect("a file");
    assert_eq!(text, "something else");
    let made: Value =
        serde_json::from_str(&site.ok(&["backup", "copy.db", "--force", "--json"])).expect("JSON");
    assert_eq!(made["key_files"], 0);
    assert_eq!(
        made["schema_version"],
        readmit::store::Store::latest_schema()
    );
    let bytes = file.metadata().expect("a file").len();
    assert_eq!(made["bytes"], bytes);
    // It is in the audit log of the database, and of the copy.
    let noted: String = rusqlite::Connection::open(&file)
        .expect("the copy opens")
        .query_row(
            "SELECT actor || ' ' || detail FROM audit WHERE event = 'backup.make' ORDER BY id DESC",
            [],
            |row| row.get(0),
        )
        .expect("an entry");
    assert_eq!(noted, "admin:tester copy.db");
}
