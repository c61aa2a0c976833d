//! `readmit template edit`, with scripts for an editor.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Output;

use crate::support::process::{Site, to_its_end};

/// A site with a folder for drafts of its own.
fn site() -> (Site, PathBuf) {
    let site = Site::new("smtp://127.0.0.1:1");
    site.ok(&["business", "add", "7", "--name=Canal House"]);
    let drafts = site.folder().join("drafts");
    fs::create_dir(&drafts).expect("a folder");
    (site, drafts)
}

/// Edits the text of a reset mail; `$1` is the file.
fn edit(site: &Site, drafts: &Path, variable: &str, editor: &str) -> Output {
    let mut command = site.command(&["template", "edit", "reset", "text", "--business=7"]);
    command
        .env("PATH", "/usr/bin:/bin")
        .env("TMPDIR", drafts)
        .env("READMIT", env!("CARGO_BIN_EXE_readmit"))
        .env(variable, editor);
    to_its_end(&mut command)
}

fn left_behind(drafts: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(drafts).expect("the folder");
    entries
        .map(|entry| entry.expect("an entry").path())
        .collect()
}

/// The editor gets what is in force, in a file that nobody else can read; what it leaves is saved.
#[test]
fn an_editor_changes_what_is_in_force() {
    let (site, drafts) = site();
    let note = "stat -c %a \"$1\" \"$(dirname \"$1\")\" > modes; cp \"$1\" before; \
                printf 'New {{ link }}\\n' > \"$1\"; :";
    let script = site.folder().join("edit.sh");
    fs::write(&script, note).expect("a script");
    let editor = format!("sh {}", script.display());
    let output = edit(&site, &drafts, "EDITOR", &editor);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(
        said,
        "reset text of business 7 in every language: version 1 is in force\n"
    );
    let read = |name: &str| fs::read_to_string(site.folder().join(name)).expect("a file");
    assert_eq!(read("modes"), "600\n700\n");
    assert!(read("before").starts_with("Hello {{ name }},\n"));
    assert!(left_behind(&drafts).is_empty());

    // The visual editor comes before the other, and the version before is what it gets.
    let again = "sed -i s/New/Newer/";
    edit(&site, &drafts, "VISUAL", again);
    let shown = site.ok(&["template", "show", "reset", "text", "--business=7"]);
    assert_eq!(shown, "Newer {{ link }}\n");
    let output = edit(&site, &drafts, "EDITOR", "true");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "nothing was changed\n"
    );
    assert!(left_behind(&drafts).is_empty());
}

/// A draft that is refused, or whose editor fails, stays where it is, and the message says where.
#[test]
fn a_draft_that_is_refused_is_kept() {
    let (site, drafts) = site();
    for (editor, why) in [
        ("sed -i s/link/lonk/", "there is no {{ lonk }}"),
        ("sed -i s/Hello/Hi/ \"$1\"; exit 3; :", "the editor"),
        (
            "sed -i s/Hello/Hi/ \"$1\"; echo '{{ link }}' | \
             \"$READMIT\" template set reset text - --business=7 >&2; :",
            "somebody else has saved another version meanwhile",
        ),
    ] {
        let output = edit(&site, &drafts, "EDITOR", editor);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(why), "{said}");
        let (_, kept) = said
            .trim()
            .rsplit_once("the draft is in ")
            .expect("a place");
        let draft = fs::read_to_string(kept).expect("the draft");
        assert!(
            draft.contains("lonk") || draft.contains("Hi {{ name }}"),
            "{draft}"
        );
        let mode = fs::metadata(kept).expect("the draft").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    assert_eq!(left_behind(&drafts).len(), 3);
    let shown = site.ok(&["template", "show", "reset", "text", "--business=7"]);
    assert_eq!(shown, "{{ link }}\n");
}
