//! `readmit init`: a deployment out of nothing, whatever happens on the way, and nothing overwritten.

mod asked;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use readmit::config::{Config, ConfigFile, SAMPLE};
use serde_json::{Value, json};

use crate::support::app::{NEW_PASSWORD, USERS};
use crate::support::faults::Faults;
use crate::support::http::Request;
use crate::support::process::{Process, Site, to_its_end};
use crate::support::smtp::SmtpServer;

/// The program without any setting from the environment, in this folder, but that it keeps the port of
/// the metrics to itself, which other tests' servers would want too.
fn readmit(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_readmit"));
    command
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("USER", "tester")
        .env("READMIT_METRICS__LISTEN", "");
    command
}

/// What it printed, which must have ended well.
#[track_caller]
fn ok(folder: &Path, arguments: &[&str]) -> String {
    let output = to_its_end(&mut readmit(folder, arguments));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {said}");
    String::from_utf8(output.stdout).expect("UTF-8") + &said
}

#[track_caller]
fn refused(folder: &Path, arguments: &[&str]) -> String {
    let output = to_its_end(&mut readmit(folder, arguments));
    assert!(!output.status.success(), "{arguments:?}");
    String::from_utf8(output.stderr).expect("UTF-8")
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn mode(path: &Path) -> u32 {
    path.metadata().expect("it is there").permissions().mode() & 0o777
}

/// All the way: from an empty folder to a member who is back in, with nothing but what init wrote.
#[test]
fn what_init_makes_serves_a_whole_reset() {
    let relay = SmtpServer::start();
    let folder = folder();
    let at = folder.path().join("srv/readmit");
    let dir = at.display().to_string();
    let smtp = format!("--smtp-url={}", relay.url());
    let arguments = [
        "init",
        &dir,
        "--yes",
        "--listen=127.0.0.1:0",
        "--public-url=https://login.canal.test",
        &smtp,
        "--from=Canal House <hello@canal.test>",
        "--name=Canal House",
        "--business=7",
        "--portal-url=https://portal.canal.test",
    ];
    let told = ok(folder.path(), &arguments);
    for line in [
        format!("made      configuration  {dir}/readmit.toml"),
        format!("made      keys           {dir}/keys"),
        format!("made      database       {dir}/readmit.db"),
        "made      business       7, Canal House".to_owned(),
        format!("  readmit --config {dir}/readmit.toml serve"),
    ] {
        assert!(told.contains(&line), "{line}: {told}");
    }
    assert_eq!(mode(&at), 0o700);
    for file in [
        "readmit.toml",
        "readmit.db",
        "keys/seal.key",
        "keys/mac.key",
    ] {
        assert_eq!(mode(&at.join(file)), 0o600, "{file}");
    }

    // From another folder, as the printed commands are.
    let config = format!("--config={dir}/readmit.toml");
    let add = [
        "user",
        "add",
        "jane@example.com",
        "--name=Jane",
        "--business=7",
    ];
    ok(folder.path(), &[&[config.as_str()][..], &add].concat());
    let process = Process::start(readmit(folder.path(), &[&config, "serve"]));
    let body = json!({ "email": "jane@example.com", "businessId": 7 });
    let request = Request::post(&format!("{USERS}/startPasswordReset")).json(&body);
    process.send(&request).envelope(200);
    let mail = relay.next_mail();
    assert_eq!(
        mail.header("From").as_deref(),
        Some("\"Canal House\" <hello@canal.test>")
    );
    let token = mail.token();
    let body = json!({ "Token": token, "Password": NEW_PASSWORD, "BusinessId": 7 });
    let request = Request::post(&format!("{USERS}/completePasswordReset")).json(&body);
    process.send(&request).envelope(200);
}

/// Commented-out defaults can change with the program; what was answered stands there as it was meant, and
/// the whole is a configuration.
#[test]
fn the_configuration_explains_every_key_and_sets_only_what_was_answered() {
    let folder = folder();
    ok(
        folder.path(),
        &[
            "init",
            "--yes",
            "--from=\"A \\\" B\" <a@b.test>",
            "--public-url=https://a.test/x",
        ][..2],
    );
    let file = folder.path().join("readmit.toml");
    let text = fs::read_to_string(&file).expect("a configuration");
    let set: Vec<_> = text
        .lines()
        .filter(|line| line.contains(" = ") && !line.starts_with('#'))
        .collect();
    let here = fs::canonicalize(folder.path()).expect("a path");
    let here = here.display();
    assert_eq!(
        set,
        [
            format!("path = \"{here}/readmit.db\""),
            format!("dir = \"{here}/keys\"")
        ]
    );
    // The comments, and the defaults as comments, are those of the sample.
    let from_first_section = SAMPLE.find("[http]").expect("a section");
    for line in SAMPLE[from_first_section..]
        .lines()
        .filter(|line| !line.is_empty())
    {
        let commented = format!("#{line}");
        let answered = ["path = \"readmit.db\"", "dir = \"keys\""].contains(&line);
        let there = |wanted: &str| text.lines().any(|line| line == wanted);
        assert!(answered || there(line) || there(&commented), "{line}");
    }
    let config = Config::load(ConfigFile::Required(&file), []).expect("a configuration");
    let defaults = Config::load(ConfigFile::None, []).expect("the defaults");
    assert_eq!(config.reset.ttl, defaults.reset.ttl);
    // With every default taken in, it says the same.
    let taken_in: String = text
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(key) if !key.starts_with(' ') && key.contains(" = ") => format!("{key}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    fs::write(&file, taken_in).expect("a file");
    let explicit = Config::load(ConfigFile::Required(&file), []).expect("a configuration");
    assert_eq!(explicit.to_toml(), config.to_toml());
}

/// A password comes by standard input and stands in the file that its owner alone can read, and nowhere else.
#[test]
fn the_relays_password_stands_in_the_configuration_alone() {
    let site = Site::new("smtp://127.0.0.1:9");
    let arguments = [
        "init",
        "new",
        "--smtp-url=smtps://mail.test",
        "--smtp-username=jo",
        "--smtp-password-stdin",
    ];
    let output = site.run_with_input(&arguments, "sword\"fish\\\n");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(!(printed + &said).contains("sword"));
    let file = site.folder().join("new/readmit.toml");
    let config = Config::load(ConfigFile::Required(&file), []).expect("a configuration");
    let password = config.smtp.password.expect("a password");
    assert_eq!(
        secrecy::ExposeSecret::expose_secret(&password),
        "sword\"fish\\"
    );
    assert_eq!(mode(&file), 0o600);
}

/// Every byte under a folder, by path, but for the database, which is opened and closed.
fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(contents(&path));
        } else if !path.to_string_lossy().contains("readmit.db") {
            let bytes = fs::read(&path).expect("a file");
            found.push((path, bytes));
        }
    }
    found.sort();
    found
}

#[test]
fn a_second_run_says_what_is_there_and_changes_nothing() {
    let folder = folder();
    ok(folder.path(), &["init", "--yes", "--name=Canal House"]);
    let before = contents(folder.path());
    let told = ok(
        folder.path(),
        &[
            "init",
            "--yes",
            "--name=Other",
            "--business=8",
            "--from=x@y.test",
        ],
    );
    for line in [
        "is there  configuration",
        "is there  keys",
        "is there  database",
        "is there  business       1, Canal House",
        "readmit.toml is there and stays as it is",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
    assert_eq!(contents(folder.path()), before);
    let told = ok(folder.path(), &["init", "--yes", "--json"]);
    let made: Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(made["configuration"]["made"], false);
    assert_eq!(
        made["business"],
        json!({ "id": 1, "name": "Canal House", "made": false })
    );
    assert_eq!(made["next"][0], "readmit check");
}

/// What cannot be used is said in terms of the option, before anything is written.
#[test]
fn a_wrong_answer_is_refused_and_leaves_nothing_behind() {
    let folder = folder();
    for (option, words) in [
        ("--smtp-url=mail.test", "--smtp-url: "),
        ("--public-url=ftp://a.test", "--public-url: "),
        (
            "--listen=everywhere",
            "--listen: \"everywhere\" is not an address with a port",
        ),
        ("--from=nobody", "--from: \"nobody\" is not a mailbox"),
        ("--portal-url=nowhere", "--portal-url"),
        ("--name= ", "a location needs a name"),
        ("--business=0", "--business"),
        ("--smtp-username=jo", "--smtp-password-stdin"),
    ] {
        let said = refused(folder.path(), &["init", "--yes", option]);
        assert!(said.contains(words), "{option}: {said}");
        assert_eq!(contents(folder.path()), [], "{option}");
    }
    let said = refused(folder.path(), &["--config=a.toml", "init"]);
    assert!(said.contains("leave --config a.toml away"), "{said}");
}

/// Killed at writes, syncs and renames from the first to the last, it is made good by the next run, which
/// comes to the same end.
#[test]
fn a_run_that_is_killed_at_any_step_is_made_good_by_the_next() {
    const KILLS: usize = 12;
    let arguments = ["init", "--yes", "--name=Canal House", "--business=7"];
    // Syncs cost nothing where there is no disk.
    let memory = Path::new("/dev/shm");
    let parent = if memory.is_dir() {
        memory.to_owned()
    } else {
        std::env::temp_dir()
    };
    let killed_at = |operation: usize| {
        let folder = tempfile::tempdir_in(&parent).expect("a temporary folder");
        let here = folder.path().display().to_string();
        let faults = Faults::new();
        let command = readmit(folder.path(), &arguments);
        let output = to_its_end(&mut faults.load_to_die_at(operation, command, &here));
        (folder, output, faults.trace().len())
    };
    let (_, whole, operations) = killed_at(usize::MAX);
    assert!(whole.status.success() && operations > KILLS);
    for kill in 0..KILLS {
        let operation = 1 + kill * (operations - 1) / (KILLS - 1);
        let (folder, output, _) = killed_at(operation);
        assert!(!output.status.success(), "{operation}");
        let told = ok(folder.path(), &arguments);
        assert!(
            told.contains("business       7, Canal House"),
            "{operation}: {told}"
        );
        let again = ok(folder.path(), &arguments);
        assert_eq!(again.matches("is there").count(), 4, "{operation}: {again}");
        assert!(
            !folder.path().join(".readmit.toml.new").exists(),
            "{operation}"
        );
    }
}
