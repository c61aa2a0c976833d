//! `readmit doctor`: every planted fault is found, with what to do about it, and a sound deployment is not
//! blamed.

mod domains;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use readmit::store::Store;
use serde_json::Value;

use crate::support::process::Site;
use crate::support::smtp::{SmtpServer, Stage};

/// A site with Jane, keys, and the address of a deployment that the world sees.
fn site() -> Site {
    let site = Site::in_memory("file:mail")
        .set("http.public_url", "https://id.example.com/")
        .set("smtp.from", "readmit <no-reply@example.com>")
        .set("limits.enabled", true)
        .set("password.argon2_memory_kib", 19_456)
        .set("password.argon2_iterations", 2);
    site.ok(&["user", "add", "jane@example.com", "--name=Jane"]);
    site.ok(&["key", "rotate"]);
    site
}

/// The findings, and whether the exit status was that of errors.
fn examine(site: &Site, arguments: &[&str]) -> (Vec<Value>, bool) {
    let arguments = [&["doctor", "--json"], arguments].concat();
    let output = site.run(&arguments);
    let findings: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("{error}: {}", String::from_utf8_lossy(&output.stderr));
    });
    let findings = findings.as_array().expect("a list").clone();
    let errors = findings.iter().any(|it| it["severity"] == "error");
    assert_eq!(output.status.code(), Some(i32::from(errors)), "{output:?}");
    for finding in &findings {
        let in_order = finding["severity"] == "ok";
        assert_eq!(finding["advice"].is_null(), in_order, "{finding}");
    }
    (findings, errors)
}

/// The one finding of that subject and severity, whose text contains this.
fn assert_found(findings: &[Value], subject: &str, severity: &str, found: &str) {
    let is_it = |it: &&Value| {
        it["subject"] == subject
            && it["severity"] == severity
            && it["found"]
                .as_str()
                .is_some_and(|text| text.contains(found))
    };
    assert_eq!(
        findings.iter().filter(is_it).count(),
        1,
        "no {severity} of {subject}: {found} in {findings:#?}"
    );
}

#[test]
fn a_sound_deployment_has_no_errors_and_is_left_as_it_is() {
    let site = site();
    let before = fs::read(site.database()).expect("the database");
    let (findings, errors) = examine(&site, &["--offline", "--full"]);
    assert!(!errors, "{findings:#?}");
    for subject in [
        "configuration",
        "database integrity",
        "database schema",
        "database references",
        "clock",
        "file modes",
        "keys",
    ] {
        assert_found(&findings, subject, "ok", "");
    }
    assert_found(&findings, "backups", "warning", "the server makes none");
    assert!(fs::read(site.database()).expect("the database") == before);
    // The form for people, beside a running server.
    let server = site.serve();
    let printed = site.ok(&["doctor", "--offline"]);
    assert!(
        printed.contains("ok       database integrity: every page"),
        "{printed}"
    );
    assert!(printed.contains("         -> set backup.dir"), "{printed}");
    server.kill();
}

#[test]
fn a_damaged_database_is_found() {
    let site = site();
    site.sql()
        .execute_batch(
            "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA foreign_keys = off; \
             INSERT INTO recovery_codes (account_id, hash) VALUES ('x', x'00'); \
             PRAGMA wal_checkpoint(TRUNCATE)",
        )
        .expect("an orphan");
    let (findings, _) = examine(&site, &["--offline"]);
    assert_found(
        &findings,
        "database references",
        "error",
        "a row of recovery_codes",
    );

    // An index that no longer agrees with its table: the quick look passes it over.
    let sql = site.sql();
    sql.execute_batch(
        "PRAGMA writable_schema = on; \
         DELETE FROM sqlite_schema WHERE name = 'accounts_business'; PRAGMA writable_schema = off",
    )
    .expect("a damage");
    drop(sql);
    let (findings, _) = examine(&site, &["--offline", "--full"]);
    assert_found(&findings, "database integrity", "error", "never used");

    let mut bytes = fs::read(site.database()).expect("the database");
    bytes.truncate(bytes.len() / 2);
    fs::write(site.database(), bytes).expect("a cut");
    let (findings, _) = examine(&site, &["--offline"]);
    let broken = findings
        .iter()
        .find(|it| it["subject"] == "database integrity");
    assert_eq!(broken.expect("a finding")["severity"], "error");
}

#[test]
fn schema_and_clock_that_do_not_fit_are_found() {
    let site = site();
    let known = Store::latest_schema();
    site.sql()
        .execute_batch(
            "UPDATE refinery_schema_history SET version = version + 9000; \
             INSERT INTO outbox (kind, recipient, message_id, next_attempt_at, created_at) \
             VALUES ('reset', 'a@b.example', 'm', 4102444800000, 4102444800000)",
        )
        .expect("a row of the year 2100");
    let (findings, _) = examine(&site, &["--offline"]);
    assert_found(&findings, "clock", "error", "2100-01-01");
    let newer = format!("knows versions up to {known} only");
    assert_found(&findings, "database schema", "error", &newer);
    site.sql()
        .execute_batch(&format!(
            "UPDATE refinery_schema_history SET version = version - 9000; \
             DELETE FROM refinery_schema_history WHERE version = {known}"
        ))
        .expect("an older schema");
    let (findings, _) = examine(&site, &["--offline"]);
    assert_found(&findings, "database schema", "warning", "at its next start");
    assert!(!site.folder().join("mail").exists(), "nothing was sent");
}

/// Assertion 77, as far as it can be seen from outside.
#[test]
fn files_that_others_can_read_are_found() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let site = site().set("backup.dir", dir.path().display());
    let backup = dir.path().join("readmit-auto-20260101T000000Z.db");
    fs::write(&backup, "").expect("a file");
    let open = |path: &std::path::Path| {
        fs::set_permissions(path, fs::Permissions::from_mode(0o644)).expect("a mode");
    };
    open(&site.database());
    open(&backup);
    let key = fs::read_dir(site.folder().join("keys"))
        .expect("the keys")
        .map(|entry| entry.expect("an entry").path())
        .find(|path| path.extension().is_some_and(|it| it == "pem"))
        .expect("a key");
    open(&key);
    let (findings, _) = examine(&site, &["--offline"]);
    for path in [std::path::Path::new("readmit.db"), &backup] {
        let said = format!("{} is open to other users (mode 0644)", path.display());
        assert_found(&findings, "file modes", "error", &said);
    }
    let name = key
        .file_name()
        .expect("a name")
        .to_string_lossy()
        .into_owned();
    assert_found(&findings, "file modes", "error", &name);
    assert_found(&findings, "keys", "error", "open to other users");
    assert_found(&findings, "backups", "error", "which is too long ago");
}

#[test]
fn keys_of_another_deployment_are_found() {
    let site = site();
    std::fs::remove_file(site.folder().join("keys/seal.key")).expect("it was there");
    site.sql()
        .execute(
            "INSERT INTO totp (account_id, secret, created_at, confirmed_at) \
             SELECT id, x'01020304', 0, 0 FROM accounts",
            [],
        )
        .expect("a second factor");
    let (findings, _) = examine(&site, &["--offline"]);
    assert_found(&findings, "sealing key", "error", "seal.key is missing");
    drop(site.serve());
    let (findings, _) = examine(&site, &["--offline"]);
    assert_found(
        &findings,
        "sealing key",
        "error",
        "sealed under another seal.key",
    );
}

#[test]
fn settings_that_work_and_should_not_be_are_found() {
    let site = site()
        .set("http.public_url", "http://id.example.com/")
        .set("http.trusted_proxies", "0.0.0.0/0")
        .set("limits.enabled", false)
        .set("password.argon2_memory_kib", 64);
    let (findings, errors) = examine(&site, &["--offline"]);
    assert!(!errors, "{findings:#?}");
    for found in [
        "http.public_url is without TLS",
        "believes everybody",
        "limits.enabled is off",
        "cheaper to guess",
    ] {
        assert_found(&findings, "configuration", "warning", found);
    }
}

/// A database as large as this leaves no room for its own copy.
#[test]
fn a_disk_without_room_for_a_copy_is_found() {
    let site = site();
    // Of a file with a hole only the length is large.
    fs::OpenOptions::new()
        .write(true)
        .open(site.database())
        .and_then(|file| file.set_len(1 << 43))
        .or_else(|_| {
            let file = fs::OpenOptions::new().write(true).open(site.database())?;
            file.set_len(1 << 40)
        })
        .expect("a large file");
    let output = site.run(&["doctor", "--offline", "--json"]);
    let findings: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let findings = findings.as_array().expect("a list");
    let space = findings
        .iter()
        .find(|it| {
            it["subject"]
                .as_str()
                .is_some_and(|it| it.starts_with("disk space"))
        })
        .expect("a finding");
    assert_ne!(space["severity"], "ok", "{space}");
}

/// The relay is greeted and left; it gets no letter. One that is down is an error.
#[test]
fn a_relay_is_tried_without_a_letter() {
    let relay = SmtpServer::start();
    let site = site().set("smtp.url", relay.url());
    let resolver = crate::support::dns::Resolver::start(&[]);
    let (findings, errors) = examine(&site, &[&resolver.argument()]);
    assert!(!errors, "{findings:#?}");
    assert_found(&findings, "relay", "ok", "");
    relay.wait_for(Stage::Ehlo, 1);
    assert!(relay.mails().is_empty());
    let site = site.set("smtp.url", "smtp://127.0.0.1:1");
    let (findings, errors) = examine(&site, &[&resolver.argument()]);
    assert!(errors);
    assert_found(&findings, "relay", "error", "");
}
