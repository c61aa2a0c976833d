//! A template is changed in the real program, in a pseudo-terminal.

use std::fs;

use serde_json::json;

use super::terminal::Terminal;
use crate::support::app::PASSWORD;
use crate::support::http::Request;
use crate::support::process::{Site, signal};
use crate::support::smtp::SmtpServer;
use crate::support::wait::wait_until;

/// A console that looks at the text of the reset mail of the only location.
fn at_the_template(site: &Site, environment: &[(&str, &str)]) -> Terminal {
    let mut terminal = Terminal::start_with(site, &[], environment);
    terminal.wait_for("dead letters");
    terminal.press("3");
    terminal.wait_for("of your own");
    // Every location is folded; below it are the location, its reset mail, and every language.
    terminal.press("hj");
    terminal.wait_for("Templates of this location");
    terminal.press("llll");
    terminal.wait_for("Source");
    terminal
}

/// Assertion 83: the next mail says what was written, and the audit log who wrote it. Then the text goes to
/// an editor of somebody's own and comes back, and the terminal is the console's again.
#[test]
fn a_template_that_is_changed_beside_a_running_server_is_in_the_next_mail() {
    let relay = SmtpServer::start();
    let site = Site::in_memory(&relay.url());
    site.add_jane(PASSWORD);
    let server = site.serve();
    let environment = [
        ("PATH", "/usr/bin:/bin"),
        ("EDITOR", "sed -i s/Ahoy/Howdy/"),
    ];
    let mut terminal = at_the_template(&site, &environment);
    terminal.press("e");
    terminal.wait_for("begins with the built-in one");
    terminal.press("Ahoy! ");
    terminal.wait_for("changed, not saved");
    // The preview beside it.
    terminal.wait_for("Ahoy! Hello Jane Doe");
    terminal.press("\u{13}");
    terminal.wait_for("saved: version 1 is in force");
    let ask = Request::post("/api/sys/users/startPasswordReset");
    let ask = ask.json(&json!({ "email": "jane@example.com", "businessId": 7 }));
    server.send(&ask).envelope(200);
    let text = relay.next_mail().text();
    assert!(text.starts_with("Ahoy! Hello Jane"), "{text}");

    terminal.press("\u{f}");
    terminal.wait_for("not saved yet");
    terminal.wait_for("Howdy! Hello");
    assert!(!terminal.is_restored());
    terminal.press("\u{13}");
    terminal.wait_for("saved: version 2 is in force");
    terminal.press("\u{1b}");
    terminal.wait_for("overridden here: version 2 by");
    terminal.press("q");
    assert!(terminal.wait_for_end());
    let history = site.ok(&[
        "template",
        "history",
        "reset",
        "text",
        "--business=7",
        "--json",
    ]);
    assert!(history.contains("admin:tester"), "{history}");
    let shown = site.ok(&["template", "show", "reset", "text", "--business=7"]);
    assert!(shown.starts_with("Howdy! Hello"), "{shown}");
}

/// Assertion 84, and that nothing is lost: what was not saved is in a file that only its owner can read.
#[test]
fn a_signal_leaves_what_was_not_saved_in_a_file() {
    let site = Site::in_memory("smtp://127.0.0.1:9");
    site.add_jane(PASSWORD);
    let drafts = site.folder().join("drafts");
    fs::create_dir(&drafts).expect("a folder");
    let folder = drafts.display().to_string();
    let mut terminal = at_the_template(&site, &[("TMPDIR", &folder)]);
    terminal.press("e");
    terminal.wait_for("begins with");
    terminal.press("Precious. ");
    terminal.wait_for("Precious. Hello Jane Doe");
    signal(terminal.process(), "TERM");
    terminal.wait_for_end();
    wait_until("the terminal is restored", || {
        terminal.is_restored().then_some(())
    });
    terminal.wait_for("the draft is in");
    let entries = fs::read_dir(&drafts).expect("the folder");
    let draft = entries.map(|it| it.expect("an entry").path()).next();
    let file = draft.expect("a draft").join("reset-text.txt");
    let kept = fs::read_to_string(file).expect("the draft");
    assert!(kept.starts_with("Precious. Hello"), "{kept}");
}
