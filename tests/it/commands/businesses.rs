//! `readmit business`.

use serde_json::json;

use super::{cells, json, refusal, refused};
use crate::support::process::Site;

const PORTAL: &str = "--portal-url=https://canal.test";

fn site() -> Site {
    Site::new("smtp://127.0.0.1:1")
}

/// A location with every setting.
const EVERYTHING: [&str; 18] = [
    "business",
    "add",
    "7",
    "--name= Canal House ",
    "--portal-url=https://canal.test/members/",
    "--sender-name=The Front Desk",
    "--sender-address=desk@canal.test",
    "--reply-to=help@canal.test",
    "--colour=#AA3300",
    "--logo-url=https://cdn.canal.test/logo.png",
    "--reset-link={portal_url}/new?t={token}&b={business_id}",
    "--locale=pt_br",
    "--time-zone=america/sao_paulo",
    "--password-min-length=20",
    "--access-ttl=30m",
    "--refresh-ttl=2d",
    "--allowed-origins=https://app.canal.test, https://kiosk.canal.test:8443",
    "--smtp-url=smtp://mail.canal.test",
];

#[test]
fn a_business_is_added_shown_changed_and_removed() {
    let site = site();
    let added = site.ok(&EVERYTHING);
    assert_eq!(added, "business 7 added\n");
    let shown = json(&site, &["business", "show", "7", "--json"]);
    let mut expected = json!({
        "id": 7,
        "name": "Canal House",
        "portal_url": "https://canal.test/members",
        "sender_name": "The Front Desk",
        "sender_address": "desk@canal.test",
        "reply_to": "help@canal.test",
        "colour": "#aa3300",
        "logo_url": "https://cdn.canal.test/logo.png",
        "reset_link": "{portal_url}/new?t={token}&b={business_id}",
        "magic_link": null,
        "locale": "pt-BR",
        "time_zone": "America/Sao_Paulo",
        "password_min_length": 20,
        "access_ttl": "30m",
        "refresh_ttl": "2days",
        "allowed_origins": ["https://app.canal.test", "https://kiosk.canal.test:8443"],
        "smtp": { "url": "smtp://mail.canal.test:587?tls=required" },
    });
    expected["created_at"] = shown["created_at"].clone();
    expected["updated_at"] = shown["updated_at"].clone();
    assert_eq!(shown, expected);
    assert_eq!(
        json(&site, &["business", "list", "--json"]),
        json!([expected])
    );

    // An empty text clears a setting; what is not named stays as it is.
    site.ok(&[
        "business",
        "set",
        "7",
        "--colour=",
        "--name=Canal",
        "--logo-url= ",
        "--portal-url=",
        "--time-zone=",
        "--password-min-length=",
        "--access-ttl=",
        "--refresh-ttl=",
        "--allowed-origins=",
        "--smtp-url=",
    ]);
    let shown = json(&site, &["business", "show", "7", "--json"]);
    assert_eq!(shown["name"], "Canal");
    for cleared in [
        "colour",
        "logo_url",
        "portal_url",
        "time_zone",
        "password_min_length",
        "access_ttl",
        "refresh_ttl",
        "smtp",
    ] {
        assert_eq!(shown[cleared], json!(null), "{cleared}");
    }
    assert_eq!(shown["allowed_origins"], json!([]));
    assert_eq!(shown["reply_to"], "help@canal.test");

    let list = site.ok(&["business", "list"]);
    let lines: Vec<_> = list.lines().map(cells).collect();
    assert_eq!(lines[0], ["ID", "NAME", "PORTAL", "SENDER"]);
    assert_eq!(
        lines[1],
        ["7", "Canal", "(hosted pages)", "desk@canal.test"]
    );
    let page = site.ok(&["business", "show", "7"]);
    assert!(
        page.lines()
            .any(|line| cells(line) == ["reply to", "help@canal.test"])
    );
    assert!(
        !page.contains("colour"),
        "what is not set is not shown: {page}"
    );

    assert_eq!(
        site.ok(&["business", "remove", "7", "--yes"]),
        "business 7 removed\n"
    );
    let list = site.ok(&["business", "list"]);
    assert_eq!(
        list,
        "no businesses yet; add one with `readmit business add`\n"
    );
    assert_eq!(json(&site, &["business", "list", "--json"]), json!([]));
}

/// What is wrong, and how the answer begins.
const REFUSED: [(&[&str], &str); 26] = [
    (
        &["add", "7", "--name=Another", PORTAL],
        "business 7 exists already; change it with `readmit business set 7`",
    ),
    (
        &["add", "8", "--name= ", PORTAL],
        "--name: a location needs a name",
    ),
    (&["set", "7", "--name="], "--name: a location needs a name"),
    (
        &["set", "7", "--name=a\nb"],
        "--name: a name has one line and at most 100 characters",
    ),
    (
        &["set", "7", "--sender-name=a\r\nBcc: eve@evil.test"],
        "--sender-name: a name has one line and at most 100 characters",
    ),
    (
        &["set", "7", "--colour=red"],
        "--colour: a colour is written as #",
    ),
    (
        &["set", "7", "--logo-url=logo.png"],
        "--logo-url: this must be an absolute",
    ),
    (
        &["set", "7", "--locale=english"],
        "--locale: a language is one of en, es, fr, de, pt, it and nl",
    ),
    (
        &["set", "7", "--locale=ja"],
        "--locale: a language is one of en, es, fr, de, pt, it and nl",
    ),
    (
        &["set", "7", "--time-zone=Madrid"],
        "--time-zone: a time zone is given by its IANA name, like Europe/Madrid",
    ),
    (
        &["set", "7", "--portal-url=canal.test"],
        "--portal-url: a portal URL is an absolute",
    ),
    (
        &["set", "7", "--password-min-length=11"],
        "--password-min-length: it must be a number from 12 (password.min_length) to 128",
    ),
    (
        &["set", "7", "--password-min-length=many"],
        "--password-min-length: it must be a number from 12",
    ),
    (
        &["set", "7", "--access-ttl=8d"],
        "--access-ttl: access tokens may live for 7days at most",
    ),
    (
        &["set", "7", "--refresh-ttl=500ms"],
        "--refresh-ttl: a lifetime is written like 30m, 12h or 15d",
    ),
    (
        &["set", "7", "--allowed-origins=https://a.test/path"],
        "--allowed-origins: \"https://a.test/path\" is not an origin",
    ),
    (
        &["set", "7", "--allowed-origins=*"],
        "--allowed-origins: \"*\" is not an origin",
    ),
    (
        &["set", "7", "--smtp-url=smtp://user:secret@mail.test"],
        "--smtp-url: it must not hold a user or password; give --smtp-username",
    ),
    (
        &["set", "7", "--smtp-url=mail.test"],
        "--smtp-url: it is not a relay; write it like",
    ),
    (
        &["set", "7", "--reply-to=help"],
        "--reply-to: This is not a valid email",
    ),
    (
        &["set", "7", "--sender-address=a@b.test, c@d.test"],
        "--sender-address: This is not a valid email",
    ),
    (
        &["set", "7", "--reset-link={portal_url}/reset"],
        "--reset-link: a link must contain {token} exactly once",
    ),
    (
        &["set", "8", "--name=Another"],
        "there is no business 8; `readmit business list` shows them",
    ),
    (
        &["show", "8"],
        "there is no business 8; `readmit business list` shows them",
    ),
    (
        &["remove", "8", "--yes"],
        "there is no business 8; `readmit business list` shows them",
    ),
    (
        &["remove", "7", "--yes"],
        "people still belong to business 7 (1 of them); remove them first",
    ),
];

#[test]
fn what_cannot_be_done_to_a_business_is_refused_in_words_and_not_done() {
    let site = site();
    site.ok(&["business", "add", "7", "--name=Canal House", PORTAL]);
    site.ok(&[
        "user",
        "add",
        "jane@example.com",
        "--name=Jane",
        "--business=7",
    ]);
    let before = json(&site, &["business", "list", "--json"]);
    for (arguments, expected) in REFUSED {
        let said = refused(&site, &[&["business"], arguments].concat());
        assert!(said.starts_with(expected), "{arguments:?}: {said}");
    }
    // Arguments that cannot be read at all have the exit status of wrong usage.
    for (arguments, expected) in [
        (["add", "0", "--name=Zero", PORTAL], "which is 1 or more"),
        (
            [
                "set",
                "7",
                "--smtp-url=smtp://mail.test",
                "--smtp-username=desk",
            ],
            "--smtp-password-stdin",
        ),
    ] {
        let output = site.run(&[&["business"], &arguments[..]].concat());
        let said = refusal(&output, 2);
        assert!(said.contains(expected), "{arguments:?}: {said}");
    }
    assert_eq!(json(&site, &["business", "list", "--json"]), before);
}

/// What cannot be undone is not done by a slip of the finger. Without a terminal there is nobody to
/// ask, and silence is not consent.
#[test]
fn removing_asks_unless_told_yes() {
    let site = site();
    site.ok(&["business", "add", "7", "--name=Canal House", PORTAL]);
    site.ok(&["user", "add", "jane@example.com", "--name=Jane"]);
    for (arguments, what) in [
        (["business", "remove", "7"], "business 7"),
        (["user", "remove", "jane@example.com"], "jane@example.com"),
    ] {
        for answer in ["", "y\n", "n\n"] {
            let said = refusal(&site.run_with_input(&arguments, answer), 1);
            let expected =
                format!("readmit: Removing {what} cannot be undone; add --yes to do it\n");
            assert_eq!(said, expected);
        }
    }
    site.ok(&["business", "show", "7"]);
    site.ok(&["user", "show", "jane@example.com"]);
}

/// A command that only looks makes no database, so that a mistyped path is noticed.
#[test]
fn a_command_that_finds_no_database_makes_none() {
    let site = site();
    for arguments in [
        &["business", "list"][..],
        &["user", "list"],
        &["outbox", "list"],
        &["reset", "list"],
        &["user", "suspend", "jane@example.com"],
    ] {
        let said = refused(&site, arguments);
        assert!(
            said.starts_with("there is no database readmit.db"),
            "{said}"
        );
    }
    assert!(!site.database().exists());
}
