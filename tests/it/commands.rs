//! The commands of the real program: what they do, print and refuse.

mod businesses;
mod help;
mod help_desk;
mod import;
mod links;
mod messages;
mod probes;
mod steering;
mod users;

use std::process::Output;

use serde_json::Value;

use crate::support::process::Site;

/// What a command that must fail said, on one stream and with one exit status.
#[track_caller]
fn refusal(output: &Output, status: i32) -> String {
    let said = String::from_utf8(output.stderr.clone()).expect("UTF-8");
    assert_eq!(output.status.code(), Some(status), "{said}");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert_eq!(printed, "", "only an error has anything to say");
    said
}

/// What `readmit: …` said.
#[track_caller]
fn refused(site: &Site, arguments: &[&str]) -> String {
    let said = refusal(&site.run(arguments), 1);
    let line = said.strip_prefix("readmit: ").expect("the program's name");
    let line = line.strip_suffix('\n').expect("a whole line");
    assert!(!line.contains('\n'), "one line: {line}");
    line.to_owned()
}

fn json(site: &Site, arguments: &[&str]) -> Value {
    serde_json::from_str(&site.ok(arguments)).expect("JSON")
}

/// The cells of a printed table, whose columns stand two blanks apart at least.
fn cells(line: &str) -> Vec<&str> {
    line.split("  ")
        .map(str::trim)
        .filter(|cell| !cell.is_empty())
        .collect()
}
