//! What readmit comes with: completions, manual pages, the unit for systemd, the recipe of an image.
//!
//! `INSTA_UPDATE=always` writes the generated files anew, as it does snapshots.

mod image;
mod unit;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::CommandFactory as _;
use clap_complete::Shell;
use poem_openapi::OpenApiService;
use readmit::cli::Cli;

use crate::support::installed::skipped;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file in a folder.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let read = |path: PathBuf| {
        let bytes = std::fs::read(&path).expect("a file");
        (path.file_name().expect("a name").into(), bytes)
    };
    entries
        .map(|entry| read(entry.expect("an entry").path()))
        .collect()
}

/// Compares what is generated with what stands in the repository.
fn keep_up(folder: &str, generate: impl FnOnce(&Path)) {
    let made = tempfile::tempdir().expect("a temporary folder");
    generate(made.path());
    let (made, kept) = (files(made.path()), root().join(folder));
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        let _ = std::fs::remove_dir_all(&kept);
        std::fs::create_dir_all(&kept).expect("a folder");
        for (name, bytes) in &made {
            std::fs::write(kept.join(name), bytes).expect("a file");
        }
    }
    let kept = files(&kept);
    let differing: Vec<_> = made
        .keys()
        .chain(kept.keys())
        .filter(|name| made.get(*name) != kept.get(*name))
        .collect();
    assert!(
        differing.is_empty() && !made.is_empty(),
        "{folder} is not what the commands say: {differing:?}; INSTA_UPDATE=always writes it anew"
    );
}

#[test]
fn the_completions_are_those_of_the_commands() {
    keep_up("assets/completions", |folder| {
        for shell in [Shell::Bash, Shell::Fish, Shell::Zsh] {
            clap_complete::generate_to(shell, &mut Cli::command(), "readmit", folder)
                .expect("a script");
        }
    });
}

#[test]
fn the_manual_pages_are_those_of_the_commands() {
    keep_up("assets/man", |folder| {
        clap_mangen::generate_to(Cli::command(), folder).expect("pages");
    });
}

/// The page is that of the library whose document it shows, but for the document itself.
#[test]
fn the_documentations_page_is_that_of_its_library() {
    keep_up("assets/docs", |folder| {
        let service = OpenApiService::new((), "readmit", "0");
        let page = service.swagger_ui_html();
        let document = service.spec();
        assert_eq!(page.matches(&document).count(), 1);
        let page = page.replace(&document, "{:document}");
        let packed = miniz_oxide::deflate::compress_to_vec_zlib(page.as_bytes(), 10);
        std::fs::write(folder.join("swagger-ui.html.z"), packed).expect("a file");
    });
}

/// What a real shell makes of the script.
#[test]
fn bash_completes_commands_and_options() {
    let completed = |words: &[&str]| {
        let last = words.last().expect("a word");
        let script = format!(
            "source \"$1\"; COMP_WORDS=({}); COMP_CWORD={}; _readmit readmit '{last}' ''; \
             printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            words.join(" "),
            words.len() - 1
        );
        let output = Command::new("bash")
            .args(["--norc", "-c", &script, "bash"])
            .arg(root().join("assets/completions/readmit.bash"))
            .output()
            .expect("bash runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success() && said.is_empty(), "{said}");
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    if Command::new("bash").arg("--version").output().is_err() {
        return skipped("no bash to try the completions with", "it does not run");
    }
    assert_eq!(completed(&["readmit", "hea"]), "health\n");
    assert_eq!(
        completed(&["readmit", "init", "--portal"]),
        "--portal-url\n"
    );
    assert!(completed(&["readmit", "user", "re"]).contains("revoke-sessions"));
}
