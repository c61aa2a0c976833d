//! Backups that the server makes by itself.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::support::app::TestApp;
use crate::support::http::Request;
use crate::support::wait::wait_until;

const DAY: Duration = Duration::from_hours(24);

fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut names: Vec<_> = entries
        .map(|entry| entry.expect("an entry").file_name())
        .map(|name| name.to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn readiness(app: &TestApp) -> String {
    let ready = app.send(&Request::get("/readyz"));
    assert_eq!(ready.status, 200, "a backup is no matter of members'");
    ready.json()["backup"].as_str().expect("a text").to_owned()
}

/// One is made at the start, and one a day from then on, whatever restarts there are; the newest two are
/// kept. What only looks like one is nobody's business, and stays.
#[test]
fn backups_are_made_by_the_clock_and_only_the_newest_are_kept() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let dir = folder.path().join("backups");
    fs::create_dir(&dir).expect("a folder");
    let strangers = [
        "readmit-auto-20200101T000000Z.db.gz",
        "readmit-auto-20200101T000000.db",
        "readmit-auto-20200101T000000Z.db-journal",
        "a-readmit-auto-20200101T000000Z.db",
        "readmit-auto-20201301T000000Z.db",
        "by-hand.db",
    ];
    for name in strangers {
        fs::write(dir.join(name), "").expect("a file");
    }
    fs::create_dir(dir.join("readmit-auto-20200102T000000Z.db")).expect("a folder");
    std::os::unix::fs::symlink("by-hand.db", dir.join("readmit-auto-20200103T000000Z.db"))
        .expect("a link");
    let unfinished = |name: &str| Path::new(name).extension() == Some("part".as_ref());
    let ours = |name: &String| name.starts_with("readmit-auto-2027") && !unfinished(name);
    let made = || names(&dir).into_iter().filter(ours).collect::<Vec<_>>();
    let strange = || {
        names(&dir)
            .into_iter()
            .filter(|name| !ours(name) && !unfinished(name))
            .count()
    };
    let mut app = TestApp::builder()
        .set("backup.dir", dir.display())
        .set("backup.every", "1d")
        .set("backup.keep", 2)
        .start();
    let wait_for = |last: &str, count: usize| {
        wait_until(last, || {
            let made = made();
            (made.last().is_some_and(|name| name == last) && made.len() == count).then_some(())
        });
    };
    wait_for("readmit-auto-20270115T080000Z.db", 1);
    app.restart();
    app.advance(DAY);
    wait_for("readmit-auto-20270116T080000Z.db", 2);
    app.advance(DAY);
    wait_for("readmit-auto-20270117T080000Z.db", 2);
    assert_eq!(
        made(),
        [
            "readmit-auto-20270116T080000Z.db",
            "readmit-auto-20270117T080000Z.db"
        ]
    );
    assert_eq!(strange(), strangers.len() + 2);
    assert_eq!(readiness(&app), "ok");
}

/// A folder that cannot be written to is logged, counted and told, and costs no member anything; when it
/// is there again, so is the next backup.
#[test]
fn a_failing_backup_is_told_and_tried_again() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let dir = folder.path().join("backups");
    fs::write(&dir, "in the way").expect("a file");
    let app = TestApp::builder().set("backup.dir", dir.display()).start();
    wait_until("it is told", || {
        readiness(&app)
            .starts_with("1 in a row failed")
            .then_some(())
    });
    app.advance(Duration::from_mins(5));
    wait_until("it is counted", || {
        readiness(&app)
            .starts_with("2 in a row failed")
            .then_some(())
    });
    fs::remove_file(&dir).expect("the file");
    app.advance(Duration::from_mins(5));
    wait_until("it works", || (readiness(&app) == "ok").then_some(()));
    assert_eq!(names(&dir).len(), 1);
}

/// With the keys they are encrypted; without a passphrase the server does not start.
#[test]
fn scheduled_backups_hold_the_keys_only_under_a_passphrase() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let dir = folder.path().join("backups");
    let _app = TestApp::builder()
        .set("backup.dir", dir.display())
        .set("backup.with_keys", true)
        .set("backup.passphrase", super::PASSPHRASE)
        .start();
    let name = "readmit-auto-20270115T080000Z.backup";
    let file = dir.join(name);
    wait_until("it is made", || file.exists().then_some(()));
    let sealed = fs::read(&file).expect("the backup");
    assert!(sealed.starts_with(b"READMIT BACKUP\r\n"));

    let site = super::site().set("backup.with_keys", true);
    let output = site.run(&["check"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("backup.with_keys: needs a passphrase"),
        "{said}"
    );
}

/// Without a folder, none is made.
#[test]
fn no_backup_is_made_unless_a_folder_is_named() {
    let app = TestApp::start();
    assert_eq!(readiness(&app), "off");
}
