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

/// Whichever write, sync, rename or removal the restore is killed at, half of a write included, what is
/// there next is all of the old or all of the new, database and keys together; and the restore, run
/// once more, comes to its end.
#[test]
fn a_restore_that_is_killed_at_any_step_leaves_the_old_or_the_new() {
    let origin = changed_since();
    let (mut step, mut old, mut new) = (1, 0, 0);
    loop {
        let site = twin(&origin);
        let faults = Faults::new();
        let folder = site.folder().display().to_string();
        let mut command = faults.load_to_die_at(step, site.command(&RESTORE), &folder);
        let survived = to_its_end(&mut command).status.success();
        let trace = faults.trace();
        let last = trace.last().expect("it got as far as a first step");
        if survived {
            break;
        }
        assert!(last.ends_with(" KILLED"), "{trace:#?}");
        // The next one to come finishes what was begun, if it was.
        match (people(&site).as_slice(), signing_keys(&site)) {
            ([_], 2) => new += 1,
            ([_, _], 3) => old += 1,
            found => panic!("neither the old nor the new after {last} (step {step}): {found:?}"),
        }
        if step % 5 == 0 {
            site.ok(&RESTORE);
            assert_eq!((people(&site).len(), signing_keys(&site)), (1, 2));
            assert!(super::files(&site, "readmit.db-restor").is_empty());
        }
        step += 1;
    }
    assert!(old > 20 && new > 5, "{old} and {new}");
}

/// Right after the journal is written and before anything is renamed, the restore is certain; whoever
/// comes next brings it to its end, another restore of a file that is none included.
#[test]
fn an_exchange_that_has_begun_is_finished_by_whoever_comes_next() {
    let origin = changed_since();
    let journal = |line: &String| line.starts_with("rename ") && line.contains("-restore");
    let faults = Faults::new();
    let whole = twin(&origin);
    let folder = whole.folder().display().to_string();
    let mut command = faults.load(whole.command(&RESTORE), &folder);
    assert!(to_its_end(&mut command).status.success());
    let begins = faults.trace().iter().position(journal).expect("a journal");

    let site = twin(&origin);
    let faults = Faults::new();
    let folder = site.folder().display().to_string();
    // The sync behind that rename is one further, and the first rename of an old file comes after it.
    let mut command = faults.load_to_die_at(begins + 2, site.command(&RESTORE), &folder);
    assert!(!to_its_end(&mut command).status.success());
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
