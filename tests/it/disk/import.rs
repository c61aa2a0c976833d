//! A long command that is killed.

use std::fs;
use std::os::unix::process::ExitStatusExt as _;

use super::{DATABASE, count};
use crate::support::faults::Faults;
use crate::support::process::Site;

/// Assertions 74 and 75, for an import: two hundred people come in together or not at all, at whatever
/// write or sync the command is killed, the last ones of which tidy up after the commit.
#[test]
fn an_import_that_is_killed_at_any_step_has_imported_all_or_nobody() {
    let people: Vec<_> = (0..200)
        .map(|number| format!("p{number}@example.com,Pat,,\n"))
        .collect();
    let people = format!("email,name,business,password\n{}", people.concat());
    let mut seen = Vec::new();
    for step in 1.. {
        let (site, faults) = (Site::in_memory("file:mail"), Faults::new());
        site.ok(&[
            "business",
            "add",
            "7",
            "--name=Canal House",
            "--portal-url=https://canal.test",
        ]);
        fs::write(site.folder().join("people.csv"), &people).expect("a file");
        let import = site.command(&["user", "import", "people.csv"]);
        let output = faults
            .load_to_die_at(step, import, DATABASE)
            .output()
            .expect("the program runs");
        faults.assert_loaded();
        let imported = count(&site, "accounts");
        let noted = count(&site, "audit WHERE event = 'account.import'");
        assert_eq!(noted, imported, "step {step}");
        if output.status.success() {
            assert_eq!(imported, 200);
            break;
        }
        assert_eq!(output.status.signal(), Some(9), "{output:?}");
        assert!(imported == 0 || imported == 200, "step {step}: {imported}");
        assert!(output.stdout.is_empty() || imported == 200, "step {step}");
        seen.push(imported);
    }
    assert!(seen.is_sorted(), "{seen:?}");
    let nobody = seen.iter().filter(|count| **count == 0).count();
    assert!(nobody > 5 && seen.len() > nobody, "{seen:?}");
}
