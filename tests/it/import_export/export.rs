//! `readmit user export` and `readmit user import`, by the real program.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Output;

use crate::support::app::PASSWORD;
use crate::support::process::Site;

const WARNING: &str = "holds their password hashes and TOTP secrets: keep it as you keep the database and \
                       the keys\n";

fn site() -> Site {
    let site = Site::new("smtp://127.0.0.1:1");
    site.add_jane(PASSWORD);
    site
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

fn empty_site() -> Site {
    let site = Site::new("smtp://127.0.0.1:1");
    let portal = "--portal-url=https://canal.test";
    site.ok(&["business", "add", "7", "--name=Canal House", portal]);
    site
}

/// Nobody but its owner may read the file, whatever the umask; what it holds is said; and it goes back
/// in as it came out.
#[test]
fn a_file_is_for_its_owner_only_and_goes_back_in() {
    let from = site();
    let line = format!(
        "umask 000 && exec {} user export people.jsonl",
        env!("CARGO_BIN_EXE_readmit")
    );
    let shell = from.command(&[]);
    let mut command = std::process::Command::new("/bin/sh");
    command
        .args(["-c", &line])
        .current_dir(from.folder())
        .env_clear();
    for (name, value) in shell.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    let output = command.output().expect("the shell runs");
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(output.stdout, b"");
    assert_eq!(
        said(&output),
        format!("1 people exported. people.jsonl {WARNING}")
    );
    let path = from.folder().join("people.jsonl");
    let mode = std::fs::metadata(&path)
        .expect("the file")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);

    let to = empty_site();
    std::fs::copy(&path, to.folder().join("people.jsonl")).expect("a copy");
    assert_eq!(
        to.ok(&["user", "import", "people.jsonl"]),
        "1 people imported\n"
    );
    let printed = to.run(&["user", "export"]);
    assert!(printed.status.success());
    assert_eq!(printed.stdout, std::fs::read(&path).expect("the file"));
    assert_eq!(
        said(&printed),
        format!("1 people exported. this output {WARNING}")
    );
}

/// Whoever had an older file open, or a link in its place, would get to read the new one; and nobody
/// expects an export to destroy anything.
#[test]
fn a_file_that_is_there_is_left_alone() {
    let site = site();
    let path = site.folder().join("people.jsonl");
    std::fs::write(&path, "mine").expect("a file");
    let refused = site.run(&["user", "export", "people.jsonl"]);
    assert_eq!(refused.status.code(), Some(1));
    assert_eq!(
        said(&refused),
        "readmit: people.jsonl: File exists (os error 17)\n"
    );
    assert_eq!(std::fs::read(&path).expect("the file"), b"mine");
    let nowhere = site.run(&["user", "export", "nowhere/people.jsonl"]);
    let expected = "readmit: nowhere/people.jsonl: No such file or directory (os error 2)\n";
    assert_eq!(said(&nowhere), expected);
    let audited: i64 = site
        .sql()
        .query_row(
            "SELECT count(*) FROM audit WHERE event = 'account.export'",
            [],
            |row| row.get(0),
        )
        .expect("a count");
    assert_eq!(audited, 0, "nothing was handed out");
}

/// A part of the people would pass for all of them.
#[test]
fn a_failed_export_leaves_no_file() {
    let site = site();
    site.sql()
        .execute("UPDATE accounts SET id = 'no uuid'", [])
        .expect("a damaged row");
    let failed = site.run(&["user", "export", "people.jsonl"]);
    assert_eq!(failed.status.code(), Some(1), "{}", said(&failed));
    assert!(!site.folder().join("people.jsonl").exists());
}

/// A format is known by the end of the file's name, or named.
#[test]
fn the_format_is_known_by_the_name_or_named() {
    let lines = "{\"email\":\"sam@example.com\",\"name\":\"Sam\"}\n";
    let csv = "email,name,business,password\nsam@example.com,Sam,,\n";
    for (name, content, arguments) in [
        ("people.jsonl", lines, &[][..]),
        ("people.NDJSON", lines, &[][..]),
        ("people.txt", lines, &["--format=jsonl"][..]),
        ("people.csv", csv, &[][..]),
        ("people", csv, &[][..]),
        ("people.jsonl", csv, &["--format=csv"][..]),
    ] {
        let site = empty_site();
        std::fs::write(site.folder().join(name), content).expect("a file");
        let command = [&["user", "import", name][..], arguments].concat();
        assert_eq!(site.ok(&command), "1 people imported\n", "{command:?}");
    }
    let site = empty_site();
    std::fs::write(site.folder().join("people.csv"), lines).expect("a file");
    let refused = site.run(&["user", "import", "people.csv"]);
    let expected = "readmit: people.csv: line 1: the header must be email,name,business,password; nothing \
                    was imported\n";
    assert_eq!(said(&refused), expected);
}
