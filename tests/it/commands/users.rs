//! `readmit user`, beside a server that runs on the same database.

use serde_json::json;

use super::{cells, json, refusal, refused};
use crate::support::app::{NEW_PASSWORD, PASSWORD};
use crate::support::http::Request;
use crate::support::process::{Process, Site};

fn site() -> Site {
    Site::new("smtp://127.0.0.1:1")
}

/// `signed in`, or the error that `/api/token` gives.
fn sign_in(server: &Process, email: &str, password: &str) -> String {
    let form = [
        ("grant_type", "password"),
        ("username", email),
        ("password", password),
    ];
    let answer = server.send(&Request::post("/api/token").form(&form)).json();
    answer["error"].as_str().unwrap_or("signed in").to_owned()
}

/// Each act counts at once for a server that is running, and the list says how things stand.
#[test]
fn what_is_done_to_a_person_counts_at_once() {
    const JANE: &str = "jane@example.com";
    let site = site();
    site.add_jane(PASSWORD);
    let server = site.serve();
    let status = || {
        let list = site.ok(&["user", "list"]);
        let line = list.lines().nth(1).unwrap_or("").to_owned();
        cells(&line).last().map(|status| (*status).to_owned())
    };
    let seen = |password| (sign_in(&server, JANE, password), status());
    let is = |said: &str, status: &str| (said.to_owned(), Some(status.to_owned()));
    assert_eq!(seen(PASSWORD), is("signed in", "active"));

    let printed = site.ok(&["user", "suspend", "JANE@example.com"]);
    assert!(printed.contains("is suspended"), "{printed}");
    assert_eq!(seen(PASSWORD), is("invalid_grant", "suspended"));
    site.ok(&["user", "reactivate", JANE]);
    assert_eq!(seen(PASSWORD), is("signed in", "active"));
    site.ok(&["user", "require-reset", JANE]);
    assert_eq!(seen(PASSWORD), is("must_reset_password", "must reset"));
    let set = ["user", "set-password", JANE, "--password-stdin"];
    let output = site.run_with_input(&set, &format!("{NEW_PASSWORD}\r\n"));
    assert!(output.status.success(), "{output:?}");
    assert_eq!(seen(NEW_PASSWORD), is("signed in", "active"));
    assert_eq!(seen(PASSWORD), is("invalid_grant", "active"));

    let shown = json(&site, &["user", "show", JANE, "--json"]);
    assert_eq!(
        (&shown["email"], &shown["name"]),
        (&json!(JANE), &json!("Jane Doe"))
    );
    assert_eq!(
        (&shown["business_id"], &shown["has_password"]),
        (&json!(7), &json!(true))
    );
    let text = shown.to_string();
    assert!(!text.contains("argon2") && !text.contains("hash"), "{text}");
    let page = site.ok(&["user", "show", JANE]);
    assert!(
        page.lines().any(|line| cells(line) == ["status", "active"]),
        "{page}"
    );

    assert_eq!(
        site.ok(&["user", "remove", JANE, "--yes"]),
        format!("{JANE} removed\n")
    );
    assert_eq!(sign_in(&server, JANE, NEW_PASSWORD), "invalid_grant");
    let nobody = site.ok(&["user", "list"]);
    assert_eq!(nobody, "no people yet; add one with `readmit user add`\n");
}

#[test]
fn a_person_without_a_password_must_reset_first() {
    let site = site();
    let printed = site.ok(&["user", "add", "sam@example.com", "--name=Sam"]);
    let expected = "sam@example.com added; they must reset their password first\n";
    assert_eq!(printed, expected);
    let people = json(&site, &["user", "list", "--json"]);
    assert_eq!(people[0]["has_password"], false);
    assert_eq!(people[0]["must_reset_password"], true);
    let list = site.ok(&["user", "list"]);
    let line = list.lines().nth(1).expect("a line");
    assert_eq!(
        cells(line),
        ["sam@example.com", "Sam", "-", "no password yet"]
    );
}

#[test]
fn what_cannot_be_done_to_a_person_is_refused_in_words_and_not_done() {
    let site = site();
    site.add_jane(PASSWORD);
    let before = json(&site, &["user", "list", "--json"]);
    let unknown = "eve@example.com has no account; `readmit user list` shows them";
    let cases: [(&[&str], &str); 11] = [
        (
            &["add", "JANE@EXAMPLE.COM", "--name=Jane"],
            "JANE@EXAMPLE.COM has an account already",
        ),
        (
            &["add", "eve@example.com", "--name=Eve", "--business=8"],
            "there is no business 8; add it with `readmit business add 8`",
        ),
        (
            &["add", "eve@example.com", "--name= "],
            "--name: a name is required",
        ),
        (
            &["add", "eve@example.com", "--name=a\nb"],
            "--name: a name is required",
        ),
        (
            &["add", "Eve <eve@example.com>", "--name=Eve"],
            "\"Eve <eve@example.com>\": This is",
        ),
        (
            &["add", "eve\u{1b}[2J@example.com", "--name=Eve"],
            "\"eve\\u{1b}[2J@example.com\": This is",
        ),
        (&["show", "eve@example.com"], unknown),
        (&["suspend", "eve@example.com"], unknown),
        (&["reactivate", "eve@example.com"], unknown),
        (&["require-reset", "eve@example.com"], unknown),
        (&["remove", "eve@example.com", "--yes"], unknown),
    ];
    for (arguments, expected) in cases {
        let said = refused(&site, &[&["user"], arguments].concat());
        assert!(said.starts_with(expected), "{arguments:?}: {said}");
    }
    let set = [
        "user",
        "set-password",
        "eve@example.com",
        "--password-stdin",
    ];
    let said = refusal(&site.run_with_input(&set, NEW_PASSWORD), 1);
    assert_eq!(said, format!("readmit: {unknown}\n"));
    assert_eq!(json(&site, &["user", "list", "--json"]), before);
}

/// Assertion 78: a password comes over standard input only, since arguments are for everybody on the
/// machine to see; and what is wrong with one is said without repeating it.
#[test]
fn a_password_is_taken_from_standard_input_alone_and_never_shown() {
    let site = site();
    site.add_jane(PASSWORD);
    let before = json(&site, &["user", "list", "--json"]);
    let add = [
        "user",
        "add",
        "eve@example.com",
        "--name=Eve",
        "--password-stdin",
    ];
    let set = [
        "user",
        "set-password",
        "jane@example.com",
        "--password-stdin",
    ];
    let long = "hunter2!".repeat(200);
    for (input, expected) in [
        ("hunter2", "A password must have at least 12 characters."),
        ("hunter2\n", "A password must have at least 12 characters."),
        (
            "hunter2 hunter2\0",
            "A password cannot contain a NUL character.",
        ),
        (&long, "A password may have at most 1024 bytes."),
        ("", "no password was given on standard input"),
        ("\n", "no password was given on standard input"),
        (
            "hunter2 hunter2\nhunter2 hunter2\n",
            "standard input has more than one line",
        ),
    ] {
        for arguments in [&add[..], &set] {
            let said = refusal(&site.run_with_input(arguments, input), 1);
            assert!(said.contains(expected), "{input:?}: {said}");
            assert!(!said.contains("hunter2"), "{said}");
        }
    }
    for arguments in [
        &[
            "user",
            "add",
            "eve@example.com",
            "--name=Eve",
            "--password=hunter2 hunter2",
        ][..],
        &[
            "user",
            "add",
            "eve@example.com",
            "--name=Eve",
            "--password",
            "hunter2 hunter2",
        ],
        &[
            "user",
            "set-password",
            "jane@example.com",
            "--password=hunter2 hunter2",
        ],
        &["user", "set-password", "jane@example.com"],
    ] {
        let said = refusal(&site.run_with_input(arguments, "hunter2 hunter2"), 2);
        assert!(!said.contains("hunter2"), "{said}");
    }
    assert_eq!(json(&site, &["user", "list", "--json"]), before);
}
