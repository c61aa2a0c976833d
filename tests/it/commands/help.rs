//! `--help`, for every command.

use super::refusal;
use crate::support::process::Site;

/// The words in the first column below a heading.
fn listed<'h>(help: &'h str, heading: &str) -> Vec<&'h str> {
    help.lines()
        .skip_while(|line| *line != heading)
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect()
}

/// Reads the help of a command and of all below it; returns how many there are.
fn read(site: &Site, command: &[&str]) -> usize {
    let help = site.ok(&[command, &["--help"]].concat());
    let about = help.lines().next().unwrap_or_default();
    assert!(
        about.starts_with(char::is_uppercase),
        "{command:?}: {about}"
    );
    assert!(help.contains("\nUsage: readmit"), "{command:?}");
    for line in help.lines() {
        assert!(line.chars().count() <= 100, "{command:?}: {line}");
        for leftover in ["[`", "`]", "](", "::", "<http", "TODO"] {
            assert!(!line.contains(leftover), "{command:?}: {line}");
        }
    }
    // Each option is explained, behind its name or below it.
    let mut lines = help.lines().peekable();
    while let Some(line) = lines.next() {
        if line.trim_start().starts_with("--") || line.starts_with("  -") {
            let beside = line.trim().contains("  ");
            let below = lines
                .peek()
                .is_some_and(|next| next.starts_with("          "));
            assert!(beside || below, "{command:?}: {line}");
        }
    }
    let short = site.ok(&[command, &["-h"]].concat());
    assert!(
        short.starts_with(about.trim_end_matches('.')),
        "{command:?}"
    );
    let below = listed(&help, "Commands:");
    1 + below
        .iter()
        .map(|name| read(site, &[command, &[name]].concat()))
        .sum::<usize>()
}

/// Somebody at a terminal has nothing but this: each command says in words what it does and what each
/// of its options means, within the width of a terminal.
#[test]
fn every_command_explains_itself_within_a_terminals_width() {
    let site = Site::new("smtp://127.0.0.1:1");
    let commands = read(&site, &[]);
    assert!(commands >= 28, "{commands}");
    assert!(!site.database().exists());
}

#[test]
fn a_command_line_that_cannot_be_read_is_refused_with_a_hint_and_status_2() {
    let site = Site::new("smtp://127.0.0.1:1");
    for (arguments, expected) in [
        (&[][..], "Usage: readmit"),
        (&["serv"], "'serve'"),
        (&["user"], "Usage: readmit user"),
        (&["user", "add", "jane@example.com"], "--name <NAME>"),
        (&["outbox", "show", "one"], "invalid value 'one'"),
        (&["outbox", "list", "--limit=-1"], "invalid value '-1'"),
    ] {
        let said = refusal(&site.run(arguments), 2);
        assert!(said.contains(expected), "{arguments:?}: {said}");
    }
    let version = site.ok(&["--version"]);
    assert_eq!(version, format!("readmit {}\n", env!("CARGO_PKG_VERSION")));
}
