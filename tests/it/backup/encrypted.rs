//! Backups that hold the keys.

use std::fs;

use readmit::backup::{Cost, Order, make};
use readmit::entropy::Entropy;
use readmit::store::Options;
use secrecy::SecretString;

use super::{PASSPHRASE, add, files, people, refused, site};
use crate::support::process::Site;

const FROM_FILE: &str = "--passphrase-file=passphrase";

fn keys(site: &Site) -> Vec<(String, Vec<u8>)> {
    let mut keys: Vec<_> = fs::read_dir(site.folder().join("keys"))
        .expect("the folder")
        .map(|entry| entry.expect("an entry"))
        .filter(|entry| entry.file_type().expect("a type").is_file())
        .map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, fs::read(entry.path()).expect("a file"))
        })
        .filter(|(name, _)| !name.starts_with('.'))
        .collect();
    keys.sort();
    keys
}

/// A site with Jane, two signing keys, and `all.backup` at a cost that tests can afford.
pub(super) fn backed_up() -> Site {
    let site = site();
    add(&site, "jane@example.com");
    for _ in 0..2 {
        site.ok(&["key", "rotate"]);
    }
    let order = Order {
        database: &Options::from(&site.config().storage),
        keys: Some((&site.folder().join("keys"), &SecretString::from(PASSPHRASE))),
        to: &site.folder().join("all.backup"),
        replace: false,
        cost: Cost {
            memory_kib: 64,
            passes: 1,
            lanes: 1,
        },
    };
    let made = make(&order, &Entropy::System, |_, _| true).expect("a backup");
    // Two that sign, and those that seal and authenticate.
    assert_eq!(made.key_files, 4);
    site
}

/// On a new machine the file and the passphrase are all that is needed: the database, the keys, and no
/// trace of either in the file for whoever has no passphrase.
#[test]
fn a_backup_with_keys_makes_the_deployment_again_elsewhere() {
    let site = site();
    add(&site, "jane@example.com");
    site.ok(&["key", "rotate"]);
    site.ok(&["backup", "all.backup", "--with-keys", FROM_FILE]);
    let file = site.folder().join("all.backup");
    let sealed = fs::read(&file).expect("a file");
    for secret in [&b"SQLite format"[..], b"jane@example.com", b"PRIVATE KEY"] {
        assert!(!sealed.windows(secret.len()).any(|window| window == secret));
    }
    assert!(files(&site, "readmit.db-copy").is_empty());
    assert!(files(&site, ".readmit.db-copy").is_empty());

    let elsewhere = super::site();
    fs::copy(&file, elsewhere.folder().join("all.backup")).expect("a copy");
    let said = elsewhere.ok(&["restore", "all.backup", FROM_FILE]);
    assert!(
        said.contains("readmit.db restored, as it was at "),
        "{said}"
    );
    assert_eq!(people(&elsewhere), ["jane@example.com"]);
    assert_eq!(keys(&elsewhere), keys(&site));
    drop(elsewhere.serve());
}

/// The passphrase comes from a file, the environment or a terminal, and is no easy prey.
#[test]
fn a_backup_with_keys_needs_a_passphrase_that_is_not_short() {
    let site = site();
    add(&site, "jane@example.com");
    site.ok(&["key", "rotate"]);
    let said = refused(&site, &["backup", "all.backup", "--with-keys"]);
    assert!(said.contains("READMIT_BACKUP__PASSPHRASE"), "{said}");
    fs::write(site.folder().join("short"), "eleven char").expect("a file");
    let short = ["backup", "a", "--with-keys", "--passphrase-file=short"];
    let said = refused(&site, &short);
    assert!(said.contains("the passphrase is too short"), "{said}");
    assert!(files(&site, "a").is_empty());
    let site = site.set("backup.passphrase", PASSPHRASE);
    let printed = site.ok(&["check"]);
    assert!(
        printed.contains("passphrase = \"(set, not shown)\""),
        "{printed}"
    );
    assert!(!printed.contains(PASSPHRASE));
}

/// A wrong passphrase is said to be one; a flipped byte anywhere, a cut at any chunk, and a header that
/// asks for hours of work are refused; nothing is touched by any of it.
#[test]
fn a_wrong_passphrase_and_every_kind_of_damage_are_refused() {
    let site = backed_up();
    let (database, before) = (site.database(), keys(&site));
    let original = fs::read(&database).expect("the database");
    let sealed = fs::read(site.folder().join("all.backup")).expect("the backup");
    fs::write(site.folder().join("wrong"), "another passphrase").expect("a file");
    let wrong = [
        "restore",
        "all.backup",
        "--force",
        "--passphrase-file=wrong",
    ];
    let said = refused(&site, &wrong);
    assert!(
        said.contains("all.backup does not open with this passphrase"),
        "{said}"
    );

    let mut broken: Vec<(&str, Vec<u8>)> = Vec::new();
    for at in [62, sealed.len() / 2, sealed.len() - 1] {
        let mut bytes = sealed.clone();
        bytes[at] ^= 1;
        broken.push(("is damaged or cut off", bytes));
    }
    let chunk = 64 * 1024 + 16;
    for length in [70, 62, 62 + chunk, 62 + 2 * chunk, sealed.len() - 1, 30] {
        broken.push(("is damaged or cut off", sealed[..length].to_vec()));
    }
    let mut swapped = sealed.clone();
    swapped[62..62 + 2 * chunk].rotate_left(chunk);
    broken.push(("is damaged or cut off", swapped));
    let mut costly = sealed.clone();
    costly[22..26].copy_from_slice(&u32::MAX.to_be_bytes());
    broken.push(("asks for more memory or time", costly));
    let mut salt = sealed.clone();
    salt[30] ^= 1;
    broken.push(("does not open with this passphrase", salt));
    let mut newer = sealed.clone();
    newer[17] = 2;
    broken.push(("of form 2, which this readmit does not know", newer));
    for (expected, bytes) in broken {
        fs::write(site.folder().join("broken"), bytes).expect("a file");
        let said = refused(&site, &["restore", "broken", "--force", FROM_FILE]);
        assert!(said.contains(expected), "{said}, not {expected}");
    }
    assert!(fs::read(&database).expect("the database") == original);
    assert_eq!(keys(&site), before);
    assert!(files(&site, "readmit.db-restor").is_empty());
}

/// Keys that differ are somebody's: they are replaced only when that is asked for, as one with the
/// database, and kept.
#[test]
fn other_keys_are_replaced_only_when_that_is_asked_for_and_kept() {
    let site = backed_up();
    let of_the_backup = keys(&site);
    site.ok(&["key", "rotate"]);
    let live = keys(&site);
    fs::remove_file(site.database()).expect("the database");
    let said = refused(&site, &["restore", "all.backup", FROM_FILE]);
    assert!(
        said.contains("that differ from those of the backup"),
        "{said}"
    );
    assert_eq!(keys(&site), live);
    assert!(!site.database().exists());

    let printed = site.ok(&["restore", "all.backup", FROM_FILE, "--force", "--json"]);
    let printed: serde_json::Value = serde_json::from_str(&printed).expect("JSON");
    assert_eq!(printed["old_database"], serde_json::Value::Null);
    assert_eq!(keys(&site), of_the_backup);
    let kept = printed["old_keys"].as_str().expect("a folder");
    for (name, content) in live {
        let kept = fs::read(std::path::Path::new(kept).join(name)).expect("a kept key");
        assert_eq!(kept, content);
    }
}
