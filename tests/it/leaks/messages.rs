//! What the program says on the command line, and what it makes for itself.

use std::collections::BTreeSet;
use std::fs;

use crate::support::http::Request;
use crate::support::process::{Site, to_its_end};

const SMTP_PASSWORD: &str = "swordfish-4711";

/// Assertion 78. There is no secret that two deployments share: each makes its keys at its first
/// start, and nobody can sign in at a new one, because there is nobody.
#[test]
fn each_deployment_makes_its_own_keys_and_knows_nobody() {
    let mut seen = BTreeSet::new();
    for _ in 0..2 {
        let site = Site::new("file:mail");
        assert!(!site.folder().join("keys").exists());
        let server = site.serve();
        let keys = fs::read_dir(site.folder().join("keys"))
            .expect("the start makes the folder")
            .map(|entry| entry.expect("an entry").path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "pem"));
        for key in keys {
            assert!(
                seen.insert(fs::read_to_string(key).expect("a key")),
                "a key that another deployment has, too"
            );
        }
        let published = server.send(&Request::get("/.well-known/jwks.json")).json();
        assert_eq!(published["keys"].as_array().map(Vec::len), Some(1));
        assert!(seen.insert(published.to_string()));
        assert_eq!(site.ok(&["user", "list", "--json"]), "[]\n");
    }
    assert_eq!(seen.len(), 4);
}

/// Assertion 78. A misspelt key that was ignored would leave a default in its place, which may be the
/// opposite of what was wanted. So it ends the start, before anything is made, with the exit status
/// that says so; and the message, which goes into journals, shows no other setting.
#[test]
fn an_unknown_key_ends_every_command_with_status_2_and_is_named() {
    let site = Site::new("smtp://127.0.0.1:1")
        .set("smtp.username", "readmit")
        .set("smtp.password", SMTP_PASSWORD);
    fs::write(
        site.folder().join("mistaken.toml"),
        "[smtp]\npassword = \"swordfish-4711\"\n[storage]\nmax_grup = 3\n",
    )
    .expect("a file");
    let in_file = &["--config", "mistaken.toml"][..];
    for command in [&["serve"][..], &["check"], &["user", "list"]] {
        let by_file = site.run(&[in_file, command].concat());
        let mut by_variable = site.command(command);
        let by_variable = to_its_end(by_variable.env("READMIT_STORAGE__MAX_GRUP", "3"));
        for (output, origin) in [
            (by_file, "mistaken.toml"),
            (by_variable, "READMIT_STORAGE__MAX_GRUP"),
        ] {
            assert_eq!(output.status.code(), Some(2), "{output:?}");
            let said = String::from_utf8_lossy(&output.stderr);
            let expected = format!("readmit: {origin}: storage.max_grup: there is no such key");
            assert!(said.starts_with(&expected), "{said}");
            assert!(!said.contains(SMTP_PASSWORD), "{said}");
            assert!(output.stdout.is_empty());
        }
    }
    assert!(!site.database().exists() && !site.folder().join("keys").exists());
}

/// A command and all those below it, with what `--help` says of each.
fn help(site: &Site, command: &[&str], all: &mut Vec<String>) {
    let text = site.ok(&[command, &["--help"]].concat());
    let below: Vec<String> = text
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect();
    all.push(text);
    for name in below {
        help(site, &[command, &[&name]].concat(), all);
    }
}

/// Assertion 78. Help texts end up in tickets and chats, and arguments in process lists and shell
/// histories: the one shows no value of the environment, and the others take no secret.
#[test]
fn help_shows_no_secret_and_no_option_takes_one() {
    let site = Site::new("smtp://127.0.0.1:1")
        .set("smtp.username", "readmit")
        .set("smtp.password", SMTP_PASSWORD);
    let mut all = Vec::new();
    help(&site, &[], &mut all);
    assert!(all.len() >= 25, "{}", all.len());
    for text in &all {
        assert!(!text.contains(SMTP_PASSWORD), "{text}");
        let options = text
            .split_whitespace()
            .filter_map(|word| word.strip_prefix("--"));
        for option in options {
            let secretive = ["password", "token", "secret", "key", "jwt"]
                .iter()
                .any(|word| option.contains(word));
            let harmless = option.trim_end_matches(|c: char| !c.is_alphanumeric());
            let takes_none = ["password-stdin", "password-min-length", "with-keys"];
            assert!(
                !secretive || takes_none.iter().any(|option| harmless.ends_with(option)),
                "--{option}: {text}"
            );
        }
    }
}
