//! `readmit init` in a terminal, where it asks.

use std::io::Write as _;

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use readmit::config::{Config, ConfigFile};
use serde_json::Value;

use super::{folder, ok};
use crate::support::wait::wait_until;

/// What cannot be read is asked for again; nothing takes what stands in brackets; the sender that is offered
/// follows from the address before it.
#[test]
fn on_a_terminal_it_asks_for_what_no_option_says() {
    let folder = folder();
    let pty = native_pty_system()
        .openpty(PtySize::default())
        .expect("a terminal");
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_readmit"));
    command.args(["init", "--smtp-url=smtps://mail.test"]);
    command.cwd(folder.path());
    command.env_clear();
    let mut child = pty.slave.spawn_command(command).expect("it starts");
    let answers = "nowhere\nhttps://login.canal.test\n\n\nCanal House\nhttps://canal.test\n";
    let mut keys = pty.master.take_writer().expect("a keyboard");
    keys.write_all(answers.as_bytes()).expect("keys");
    let mut screen = pty.master.try_clone_reader().expect("a screen");
    // Somebody has to read what is written, or it waits.
    let reader = std::thread::spawn(move || {
        let mut shown = Vec::new();
        // The end of a pseudo-terminal is an error.
        let _ = std::io::Read::read_to_end(&mut screen, &mut shown);
        String::from_utf8_lossy(&shown).into_owned()
    });
    drop(pty.slave);
    let status = wait_until("it ends", || child.try_wait().expect("its state"));
    drop((keys, pty.master));
    let shown = reader.join().expect("a reader");
    assert!(status.success(), "{shown}");
    for words in [
        "reaches this server [http://127.0.0.1:8080/]: ",
        "Who mail comes from [no-reply@login.canal.test]: ",
        "made      business       1, Canal House",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    assert!(!shown.contains("The relay that takes the mail"), "{shown}");

    let file = folder.path().join("readmit.toml");
    let config = Config::load(ConfigFile::Required(&file), []).expect("a configuration");
    assert_eq!(config.http.public_url.as_str(), "https://login.canal.test/");
    assert_eq!(config.smtp.from.to_string(), "no-reply@login.canal.test");
    let business: Value =
        serde_json::from_str(&ok(folder.path(), &["business", "show", "1", "--json"]))
            .expect("JSON");
    let portal = business["portal_url"].as_str().expect("a portal");
    assert!(portal.starts_with("https://canal.test"), "{portal}");
}
