//! `readmit outbox`.

use serde_json::json;

use super::{cells, json, refused};
use crate::support::app::PASSWORD;
use crate::support::http::Request;
use crate::support::process::{Process, Site};
use crate::support::smtp::{SmtpServer, TestCa, TlsMode};
use crate::support::wait::wait_until;

fn ask(server: &Process, email: &str) {
    let request = Request::post("/api/sys/users/startPasswordReset");
    server
        .send(&request.json(&json!({ "email": email })))
        .envelope(200);
}

/// Assertion 62: TLS is required, and the relay has none to offer. Nothing goes to it in the clear;
/// the message waits, an administrator sees why, and the server goes on taking requests.
#[test]
fn mail_that_may_not_go_in_clear_waits_and_the_list_says_why() {
    let relay = SmtpServer::start_tls(TlsMode::StartTls, &TestCa::new());
    relay.starttls_offered(false);
    let site = Site::new(&format!("{}?tls=required", relay.url()));
    site.add_jane(PASSWORD);
    let server = site.serve();
    ask(&server, "jane@example.com");
    let reason = "STARTTLS: TLS is required, and the relay does not offer it";
    let line = wait_until("the list says why", || {
        let list = site.ok(&["outbox", "list", "--state", "queued"]);
        list.lines()
            .find(|line| line.contains(reason))
            .map(str::to_owned)
    });
    let shown = cells(&line);
    assert_eq!(
        shown[..5],
        ["1", "reset", "queued", "jane@example.com", "1"]
    );
    assert!(shown[5].ends_with('Z'), "the next attempt: {line}");
    assert_eq!(shown[6], reason);
    let page = site.ok(&["outbox", "show", "1"]);
    assert!(
        page.lines()
            .any(|line| cells(line) == ["last reply", reason]),
        "{page}"
    );
    let listed = json(&site, &["outbox", "show", "1", "--json"]);
    assert_eq!(listed["last_reply"], reason);
    assert_eq!(
        (&listed["state"], &listed["reason"]),
        (&json!("queued"), &json!(null))
    );
    assert_eq!(server.send(&Request::get("/readyz")).status, 200);
    ask(&server, "nobody@example.com");
    assert!(!relay.transcript().contains("MAIL FROM"));
}

#[test]
fn the_list_shows_the_newest_first_of_one_state_or_all() {
    let relay = SmtpServer::start();
    let site = Site::new(&relay.url()).set("reset.cooldown", "0s");
    site.add_jane(PASSWORD);
    assert_eq!(site.ok(&["outbox", "list"]), "no messages\n");
    assert_eq!(json(&site, &["outbox", "list", "--json"]), json!([]));
    let server = site.serve();
    for email in ["jane@example.com", "nobody@example.com", "jane@example.com"] {
        ask(&server, email);
    }
    wait_until("all is done", || {
        let waiting = json(&site, &["outbox", "list", "--json", "--state=queued"]);
        let sending = json(&site, &["outbox", "list", "--json", "--state=sending"]);
        (waiting == json!([]) && sending == json!([])).then_some(())
    });
    let ids = |arguments: &[&str]| -> Vec<i64> {
        let list = json(&site, &[&["outbox", "list", "--json"], arguments].concat());
        let list = list.as_array().expect("a list").clone();
        list.iter()
            .filter_map(|message| message["id"].as_i64())
            .collect()
    };
    assert_eq!(ids(&[]), [3, 2, 1]);
    assert_eq!(ids(&["--state=sent"]), [3, 1]);
    assert_eq!(ids(&["--state=dropped"]), [2]);
    assert_eq!(ids(&["--state=dead"]), [0; 0]);
    assert_eq!(ids(&["--limit=2"]), [3, 2]);
    let table = site.ok(&["outbox", "list"]);
    let lines: Vec<_> = table.lines().map(cells).collect();
    let header = [
        "ID",
        "KIND",
        "STATE",
        "TO",
        "ATTEMPTS",
        "NEXT ATTEMPT",
        "WHY",
    ];
    assert_eq!(lines[0], header);
    let dropped = [
        "2",
        "reset",
        "dropped",
        "nobody@example.com",
        "1",
        "-",
        "no account has this address",
    ];
    assert_eq!(lines[2], dropped);

    let said = refused(&site, &["outbox", "show", "99"]);
    assert_eq!(
        said,
        "there is no message 99; `readmit outbox list` shows them"
    );
    assert_eq!(
        site.run(&["outbox", "list", "--state=lost"]).status.code(),
        Some(2)
    );
}

/// A relay's words and an address in the database are a stranger's text: on a terminal they move no
/// cursor, turn no writing round and make no second line, whichever form is asked for.
#[test]
fn hostile_texts_are_inert_on_a_terminal() {
    const HOSTILE: &str = "550 \u{1b}[2J\u{1b}]0;owned\u{7} \u{9b}31m\u{202e}tnes\u{2066}\r\n\
                           2 reset sent\u{2028}x\u{85}y\u{7f}";
    let site = Site::new("smtp://127.0.0.1:1");
    site.add_jane(PASSWORD);
    let sql = "INSERT INTO outbox (kind, recipient, client, message_id, state, last_reply, reason, \
                  next_attempt_at, created_at) VALUES ('reset', ?1, ?1, ?1, 'dead', ?1, ?1, 0, 0)";
    site.sql().execute(sql, [HOSTILE]).expect("a row");
    let active = |c: char| (c.is_control() && c != '\n') || "\u{202e}\u{2066}\u{2028}".contains(c);
    let inert = "550 [2J ]0;owned 31m tnes 2 reset sent x y";
    let table = site.ok(&["outbox", "list"]);
    assert!(!table.contains(active), "{table:?}");
    assert_eq!(table.lines().count(), 2, "{table:?}");
    let page = site.ok(&["outbox", "show", "1"]);
    assert!(!page.contains(active), "{page:?}");
    for name in ["to", "asked from", "message id", "last reply", "reason"] {
        let shown = page.lines().any(|line| cells(line) == [name, inert]);
        assert!(shown, "{name}: {page}");
    }
    for arguments in [&["list", "--json"][..], &["show", "1", "--json"]] {
        let printed = site.ok(&[&["outbox"], arguments].concat());
        assert!(!printed.contains(active), "{printed:?}");
        let value: serde_json::Value = serde_json::from_str(&printed).expect("JSON");
        let message = if value.is_array() { &value[0] } else { &value };
        // Programs get every character, which is what they need to act on it.
        assert_eq!(message["last_reply"], HOSTILE);
        assert_eq!(message["recipient"], HOSTILE);
    }
}
