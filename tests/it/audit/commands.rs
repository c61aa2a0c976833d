//! The log by command.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Output;
use std::sync::Arc;

use readmit::audit::{self, Actor, Entry, Outcome};
use readmit::clock::Clock;
use readmit::entropy::Entropy;
use readmit::store::{Options, Store, StoreError};
use readmit::vault::Vault;
use serde_json::Value;

use crate::support::app::PASSWORD;
use crate::support::process::Site;

/// A site with a location, Jane, and an entry that a stranger had a hand in.
fn site() -> Site {
    let site = Site::in_memory("file:mail");
    let at = |name: &str| site.folder().join(name).display().to_string();
    let (database, keys) = (at("readmit.db"), at("keys"));
    let site = site.set("storage.path", database).set("keys.dir", keys);
    site.add_jane(PASSWORD);
    let config = site.config();
    let folder = config.keys.dir.clone();
    let hooks = audit::hooks(move || Vault::open(&folder, &Entropy::System).map(Arc::new));
    let store = Store::open(&Options::from(&config.storage), hooks).expect("the store opens");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let written: Result<(), StoreError> = runtime.block_on(store.write(|tx| {
        let entry = Entry {
            actor: Actor::Anonymous,
            event: "session.sign_in",
            outcome: Outcome::Refused,
            account: None,
            business: None,
            client: Some("=cmd()\u{1b}[2J"),
            detail: Some("one\r\ntwo, \"three\"\u{202e}"),
        };
        audit::record(tx, &entry, Clock::System.now())
    }));
    written.expect("an entry");
    runtime.block_on(store.close());
    site
}

fn said(output: &Output) -> String {
    let said = [&*output.stdout, &*output.stderr].concat();
    String::from_utf8(said).expect("UTF-8")
}

fn list(site: &Site, filter: &[&str]) -> Vec<Value> {
    let mut arguments = vec!["audit", "list", "--json"];
    arguments.extend(filter);
    serde_json::from_str(&site.ok(&arguments)).expect("JSON")
}

fn kinds(site: &Site, filter: &[&str]) -> Vec<String> {
    list(site, filter)
        .iter()
        .map(|entry| entry["event"].as_str().expect("a kind").to_owned())
        .collect()
}

/// Newest first, as much of it as is asked for.
#[test]
fn entries_are_listed_and_filtered() {
    let site = site();
    let all = ["session.sign_in", "account.add", "business.add"];
    assert_eq!(kinds(&site, &[]), all);
    assert_eq!(kinds(&site, &["--limit=2"]), all[..2]);
    assert_eq!(kinds(&site, &["--actor=admin:tester"]), all[1..]);
    assert_eq!(kinds(&site, &["--account=jane@"]), ["account.add"]);
    assert_eq!(kinds(&site, &["--kind=sign_in"]), ["session.sign_in"]);
    assert_eq!(kinds(&site, &["--outcome=refused"]), ["session.sign_in"]);
    assert_eq!(kinds(&site, &["--since=1h"]), all);
    assert_eq!(
        kinds(
            &site,
            &["--since=2000-01-01", "--until=2000-01-02T03:04:05Z"]
        ),
        [""; 0]
    );
    assert_eq!(kinds(&site, &["--until=1h"]), [""; 0]);
    let entry = list(&site, &["--account=jane@"]).remove(0);
    let id = entry["account_id"].as_str().expect("an id").to_owned();
    assert_eq!(kinds(&site, &[&format!("--account={id}")]), ["account.add"]);
    assert_eq!(entry["hash"].as_str().map(str::len), Some(64));
    let wrong = site.run(&["audit", "list", "--since=yesterday"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(
        said(&wrong).contains("write a day (2026-11-24)"),
        "{}",
        said(&wrong)
    );
}

/// Assertion 81: one entry is one line, whatever a stranger wrote, and nothing in it acts.
#[test]
fn an_export_is_one_inert_record_an_entry() {
    let site = site();
    let table = site.ok(&["audit", "list"]);
    assert_eq!(table.lines().count(), 4, "{table}");
    let json = site.ok(&["audit", "export"]);
    let lines: Vec<Value> = json
        .lines()
        .map(|line| serde_json::from_str(line).expect("an object a line"))
        .collect();
    let kinds: Vec<_> = lines.iter().map(|entry| &entry["event"]).collect();
    assert_eq!(kinds, ["business.add", "account.add", "session.sign_in"]);
    assert_eq!(lines[2]["detail"], "one\r\ntwo, \"three\"\u{202e}");

    assert_eq!(
        site.ok(&["audit", "export", "log.csv", "--outcome=refused"]),
        "1 entries written to log.csv\n"
    );
    let path = site.folder().join("log.csv");
    let mode = path.metadata().expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let file = std::fs::read_to_string(&path).expect("a file");
    assert_eq!(file.lines().count(), 2, "{file}");
    let mut reader = csv::Reader::from_reader(file.as_bytes());
    let row = reader.records().next().expect("a row").expect("CSV");
    assert_eq!(&row[8], "'=cmd() [2J");
    assert_eq!(&row[9], "one two, \"three\"");
    for text in [&table, &json, &file] {
        let acts = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202e}');
        assert!(!text.contains(acts), "{text:?}");
    }
    // What stands there already is not written over.
    let again = site.run(&["audit", "export", "log.csv"]);
    assert_eq!(again.status.code(), Some(1));
    assert!(said(&again).contains("log.csv: "), "{}", said(&again));
    assert_eq!(std::fs::read_to_string(&path).expect("a file"), file);
}

/// The command names the entry and fails; with the head that it printed before, also when the end was cut
/// off.
#[test]
fn verify_names_the_entry_and_fails() {
    let site = site();
    let printed = site.ok(&["audit", "verify"]);
    assert!(
        printed
            .lines()
            .next()
            .is_some_and(|line| line.ends_with(" intact")),
        "{printed}"
    );
    let head = printed.rsplit(' ').next().expect("a head").trim();
    assert!(head.starts_with("3:") && head.len() == 66, "{printed}");
    site.ok(&["audit", "verify", "--head", head]);

    let sql = site.sql();
    sql.execute_batch(
        "DROP TRIGGER audit_removed_behind_the_anchor; DELETE FROM audit WHERE id = 3; \
         UPDATE sqlite_sequence SET seq = 2 WHERE name = 'audit'",
    )
    .expect("a cut");
    site.ok(&["audit", "verify"]);
    let cut = site.run(&["audit", "verify", "--head", head]);
    assert_eq!(cut.status.code(), Some(1));
    assert!(
        said(&cut).contains("the noted head, entry 3, is not in the log"),
        "{}",
        said(&cut)
    );

    sql.execute_batch(
        "DROP TRIGGER audit_never_altered; UPDATE audit SET actor = 'admin:eve' WHERE id = 2",
    )
    .expect("an alteration");
    let altered = site.run(&["audit", "verify", "--json"]);
    assert_eq!(altered.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&altered.stdout).expect("JSON");
    assert_eq!(report["intact"], false);
    let why = "entry 2 is not what was written there: it was altered, inserted or moved";
    assert_eq!(report["problem"], why);
    assert!(said(&altered).contains(why));

    // Without the key nothing can be said, and above all no new one is made.
    let key = site.folder().join("keys/mac.key");
    std::fs::remove_file(&key).expect("the key is lost");
    let lost = site.run(&["audit", "verify"]);
    assert_eq!(lost.status.code(), Some(1));
    assert!(
        said(&lost).contains("mac.key; restore it"),
        "{}",
        said(&lost)
    );
    assert!(!key.exists());
}
