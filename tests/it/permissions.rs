//! Who may read and write what the program leaves on the disk: its own user, and nobody else.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use crate::support::app::USERS;
use crate::support::http::Request;
use crate::support::process::{Process, Site};
use crate::support::wait::wait_until;

/// A site that writes its mail into a folder, with a folder for the database that is yet to be made.
fn site() -> Site {
    Site::new("file:mail").set("storage.path", "data/readmit.db")
}

/// The command under a umask that takes nothing away, as some service managers and containers run it.
fn without_umask(site: &Site, arguments: &[&str]) -> Command {
    let direct = site.command(arguments);
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", r#"umask 000; exec "$0" "$@""#])
        .arg(direct.get_program())
        .args(direct.get_args())
        .current_dir(site.folder())
        .env_clear();
    for (name, value) in direct.get_envs() {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    command
}

fn mode(path: &Path) -> u32 {
    path.metadata()
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        .permissions()
        .mode()
        & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode can be set");
}

/// Everything in a folder, and in the folders in it.
fn everything_in(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            all.extend(everything_in(&path));
        }
        all.push(path);
    }
    all
}

/// The only key file.
fn key_file(site: &Site) -> PathBuf {
    let mut keys: Vec<_> = everything_in(&site.folder().join("keys"))
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "pem"))
        .collect();
    assert_eq!(keys.len(), 1, "{keys:?}");
    keys.remove(0)
}

fn ask_for_link(server: &Process) {
    let body = json!({ "email": "jane@example.com", "businessId": 7 });
    let request = Request::post(&format!("{USERS}/startPasswordReset")).json(&body);
    server.send(&request).envelope(200);
}

/// Assertion 77. Addresses, hashes, links and keys are in these files. The umask is somebody else's
/// decision, so the program makes each file and folder with the mode that it needs.
#[test]
fn every_file_is_its_owners_alone_even_without_a_umask() {
    let site = site();
    let add = without_umask(
        &site,
        &[
            "business",
            "add",
            "7",
            "--name=Canal House",
            "--portal-url=https://canal.test",
        ],
    )
    .output()
    .expect("the program runs");
    assert!(add.status.success(), "{add:?}");
    let person = [
        "user",
        "add",
        "jane@example.com",
        "--name=Jane",
        "--business=7",
    ];
    let add = without_umask(&site, &person)
        .output()
        .expect("the program runs");
    assert!(add.status.success(), "{add:?}");
    let server = Process::start(without_umask(&site, &["serve"]));
    ask_for_link(&server);
    let mail = site.folder().join("mail");
    wait_until("the mail is written", || {
        everything_in(&mail)
            .iter()
            .any(|path| path.extension().is_some_and(|extension| extension == "eml"))
            .then_some(())
    });

    let all = everything_in(site.folder());
    for path in &all {
        let wanted = if path.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode(path), wanted, "{}", path.display());
    }
    let names: Vec<_> = all
        .iter()
        .filter_map(|path| path.file_name()?.to_str())
        .collect();
    for name in [
        "data",
        "readmit.db",
        "readmit.db-wal",
        "readmit.db-shm",
        "keys",
        "mail",
    ] {
        assert!(names.contains(&name), "{name} is not among {names:?}");
    }
    key_file(&site);
}

/// Assertion 77. A database that was restored from a backup, or made by hand, often is open to all: it
/// is tightened at the next start, and so is what a crash has left beside it.
#[test]
fn a_database_that_is_open_to_others_is_tightened() {
    let site = site();
    let server = site.serve();
    ask_for_link(&server);
    // Killed, so that the WAL stays and is no empty one.
    server.kill();
    let database = site.folder().join("data/readmit.db");
    let companion = |suffix: &str| database.with_extension(format!("db-{suffix}"));
    let files = [database.clone(), companion("wal"), companion("shm")];
    for open in [&files[..], &files[..1], &files[1..]] {
        for path in open {
            set_mode(path, 0o644);
        }
        let server = site.serve();
        ask_for_link(&server);
        for path in &files {
            assert_eq!(mode(path), 0o600, "{}", path.display());
        }
        server.kill();
    }
}

/// Assertion 77. A key that others could read may have been copied, and a folder that others can write
/// to may hold a key of theirs. Nothing that the program could do makes that good, so it does not
/// start, and says what it found and what to do.
#[test]
fn keys_that_are_open_to_others_are_refused_in_words() {
    let site = site();
    drop(site.serve());
    let key = key_file(&site);
    let keys = site.folder().join("keys");
    for (path, shown, wrong, right) in [
        (&key, format!("keys/{}", name(&key)), 0o644, 0o600),
        (&key, format!("keys/{}", name(&key)), 0o640, 0o600),
        (&key, format!("keys/{}", name(&key)), 0o620, 0o600),
        (&keys, "keys".to_owned(), 0o720, 0o700),
        (&keys, "keys".to_owned(), 0o777, 0o700),
    ] {
        set_mode(path, wrong);
        let output = site.run(&["serve"]);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        let found = format!("{shown} is open to other users (mode {wrong:04o})");
        assert!(said.contains(&found), "{said}");
        assert!(said.contains(&format!("chmod {right:o} {shown}")), "{said}");
        let secret = fs::read_to_string(&key).expect("the key");
        for line in secret.lines() {
            assert!(!said.contains(line), "{said}");
        }
        assert_eq!(mode(path), wrong, "it is not for the program to hide this");

        let check = site.run(&["check"]);
        assert_eq!(check.status.code(), Some(1), "{check:?}");
        let said = String::from_utf8_lossy(&check.stdout);
        assert!(said.contains(&format!("FAILED  keys: {found}")), "{said}");
        set_mode(path, right);
    }
    ask_for_link(&site.serve());
}

fn name(path: &Path) -> &str {
    path.file_name()
        .and_then(|name| name.to_str())
        .expect("a name")
}
