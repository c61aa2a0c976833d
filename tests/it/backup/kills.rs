//! A restore that is killed at any of its steps.

use std::fs;

use super::encrypted::backed_up;
use super::{add, people, refused};
use crate::support::faults::Faults;
use crate::support::process::{Site, to_its_end};

const RESTORE: [&str; 4] = [
    "restore",
    "all.backup",
    "--force",
    "--passphrase-file=passphrase",
];

/// Which keys there are, and whether they are those of the backup.
fn signing_keys(site: &Site) -> usize {
    let listed = site.ok(&["key", "list", "--json"]);
    let listed: serde_json::Value = serde_json::from_str(&listed).expect("JSON");
    listed.as_array().expect("a list").len()
}

/// The backup holds Jane and two keys; the database that it is to replace holds Rob, too, and a third key.
fn changed_since() -> Site {
    let site = backed_up();
    add(&site, "rob@example.com");
    site.ok(&["key", "rotate"]);
    site
}

/// The operations of a whole restore, and which of them gives the journal its name.
fn steps(origin: &Site) -> (usize, usize) {
    let (site, faults) = (twin(origin), Faults::new());
    let folder = site.folder().display().to_string();
    let mut command = faults.load(site.command(&RESTORE), &folder);
    assert!(to_its_end(&mut command).status.success());
    let trace = faults.trace();
    let is_journal =
        |line: &String| line.starts_with("rename ") && line.ends_with("readmit.db-restore");
    let journal = trace.iter().position(is_journal).expect("a journal");
    (trace.len(), journal + 1)
}

/// Restores, and is killed at that operation. The site, and the operation.
fn killed_at(origin: &Site, step: usize) -> (Site, String) {
    let (site, faults) = (twin(origin), Faults::new());
    let folder = site.folder().display().to_string();
    let mut command = faults.load_to_die_at(step, site.command(&RESTORE), &folder);
    assert!(!to_its_end(&mut command).status.success(), "step {step}");
    let last = faults.trace().pop().expect("it got as far as a first step");
    assert!(last.ends_with(" KILLED"), "{last}");
    (site, last)
}

/// Whichever write, sync, rename or removal the restore is killed at, half of a write included, what is
/// there next is all of the old or all of the new, database and keys together; and the restore, run
/// once more, comes to its end. Every step of the exchange is tried, and some of the many before it.
#[test]
fn a_restore_that_is_killed_at_any_step_leaves_the_old_or_the_new() {
    let origin = changed_since();
    let (all, journal) = steps(&origin);
    let (mut old, mut new) = (0, 0);
    let before = (1..journal - 2).step_by(journal / 8);
    for (round, step) in before.chain(journal - 2..=all).enumerate() {
        let (site, last) = killed_at(&origin, step);
        // The next one to come finishes what was begun, if it was.
        match (people(&site).as_slice(), signing_keys(&site)) {
            ([_], 2) => new += 1,
            ([_, _], 3) => old += 1,
            found => panic!("neither the old nor the new after {last} (step {step}): {found:?}"),
        }
        if round % 6 == 0 {
            site.ok(&RESTORE);
            assert_eq!((people(&site).len(), signing_keys(&site)), (1, 2));
            assert!(super::files(&site, "readmit.db-restor").is_empty());
        }
    }
    assert!(old > 8 && new > 8, "{old} and {new}");
}

/// Right after the journal is written and before anything is renamed, the restore is certain; whoever
/// comes next brings it to its end, another restore of a file that is none included.
#[test]
fn an_exchange_that_has_begun_is_finished_by_whoever_comes_next() {
    let origin = changed_since();
    let (_, journal) = steps(&origin);
    let (site, _) = killed_at(&origin, journal + 1);
    assert!(site.folder().join("readmit.db-restore").exists());
    let said = refused(&site, &["restore", "passphrase", "--force"]);
    assert!(said.contains("is no backup of readmit"), "{said}");
    assert_eq!(people(&site), ["jane@example.com"]);
    assert_eq!(signing_keys(&site), 2);
}

/// A site of its own with the same files.
fn twin(origin: &Site) -> Site {
    let site = super::site();
    let keys = site.folder().join("keys");
    fs::create_dir(&keys).expect("a folder");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    fs::set_permissions(&keys, mode).expect("a mode");
    for folder in ["", "keys"] {
        let from = origin.folder().join(folder);
        for entry in fs::read_dir(from).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_file() {
                let name = path.file_name().expect("a name");
                fs::copy(&path, site.folder().join(folder).join(name)).expect("a copy");
            }
        }
    }
    site
}
