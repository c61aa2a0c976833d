//! `readmit key`, beside a server that runs on the same folder.

use std::process::Output;

use serde_json::Value;

use crate::support::app::{NEW_PASSWORD, PASSWORD};
use crate::support::http::Request;
use crate::support::process::{Process, Site};
use crate::support::smtp::SmtpServer;
use crate::support::wait::wait_until;

fn keys(site: &Site) -> Value {
    serde_json::from_str(&site.ok(&["key", "list", "--json"])).expect("JSON")
}

fn id(key: &Value) -> String {
    key["id"].as_str().expect("an id").to_owned()
}

/// The table's rows, each with the id, the time and the state.
fn table(site: &Site) -> Vec<Vec<String>> {
    let printed = site.ok(&["key", "list"]);
    let cells = |line: &str| line.split("  ").map(str::trim).map(str::to_owned).collect();
    let rows: Vec<Vec<String>> = printed.lines().map(cells).collect();
    let filled = |row: &Vec<String>| {
        row.iter()
            .filter(|cell| !cell.is_empty())
            .cloned()
            .collect()
    };
    rows.iter().map(filled).collect()
}

fn refused(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

fn wait_until_served(server: &Process, expected: &[String]) {
    wait_until("the server serves these keys", || {
        let set = server.send(&Request::get("/.well-known/jwks.json")).json();
        let keys = set["keys"].as_array().expect("keys");
        let ids: Vec<_> = keys.iter().map(|key| key["kid"].clone()).collect();
        (ids == expected).then_some(())
    });
}

/// From the first start to a retired key, with a real server that is not restarted: what each command
/// prints, what the list says then, and what the server does with a link that is under way.
#[test]
fn keys_are_listed_rotated_and_retired_while_the_server_runs() {
    let relay = SmtpServer::start();
    let site = Site::new(&relay.url());
    let nothing = "no keys yet; the first start of the server makes one\n";
    assert_eq!(site.ok(&["key", "list"]), nothing);
    assert_eq!(site.ok(&["key", "list", "--json"]), "[]\n");
    assert!(!site.folder().join("keys").exists());
    site.add_jane(PASSWORD);
    let server = site.serve();
    let ask = Request::post("/api/sys/users/startPasswordReset");
    let ask = ask.json(&serde_json::json!({ "email": "jane@example.com" }));
    server.send(&ask).envelope(200);
    let link = relay.next_mail().token();

    let first = keys(&site);
    assert_eq!(first.as_array().map(Vec::len), Some(1));
    assert_eq!(first[0]["state"], "signing");
    let old = id(&first[0]);
    let printed = site.ok(&["key", "rotate"]);
    let both = keys(&site);
    let new = id(&both[0]);
    assert_eq!(printed, format!("key {new} signs from now on\n"));
    assert_eq!(
        (&both[0]["state"], &both[1]["state"]),
        (&"signing".into(), &"verifying".into())
    );
    let until = both[1]["until"].as_str().expect("a time").to_owned();
    assert_eq!(
        table(&site),
        [
            vec!["ID", "MADE", "STATE"],
            vec![
                &new,
                both[0]["made_at"].as_str().expect("a time"),
                "signing"
            ],
            vec![
                &old,
                both[1]["made_at"].as_str().expect("a time"),
                &format!("verifying until {until}")
            ],
        ]
    );
    wait_until_served(&server, &[new.clone(), old.clone()]);

    let printed = site.ok(&["key", "retire", "--yes", "--", &old]);
    let expected = format!("key {old} retired; what it has signed is worth nothing any more\n");
    assert_eq!(printed, expected);
    let retired = &keys(&site)[1];
    assert_eq!(
        (id(retired), &retired["state"]),
        (old.clone(), &"retired".into())
    );
    let at = retired["at"].as_str().expect("a time");
    assert_eq!(table(&site)[2][2], format!("retired {at}"));
    wait_until_served(&server, std::slice::from_ref(&new));
    let complete = Request::post("/api/sys/users/completePasswordReset");
    let body = serde_json::json!({ "Token": link, "Password": NEW_PASSWORD });
    server.send(&complete.json(&body)).envelope(400);

    let audited: Vec<(String, String, String)> = {
        let sql = site.sql();
        let mut statement = sql
            .prepare("SELECT event, actor, detail FROM audit WHERE event LIKE 'key.%' ORDER BY id")
            .expect("a query");
        let rows = statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .expect("entries");
        rows.collect::<Result<_, _>>().expect("entries")
    };
    let entry =
        |event: &str, id: &str| (event.to_owned(), "admin:tester".to_owned(), id.to_owned());
    assert_eq!(
        audited,
        [entry("key.rotate", &new), entry("key.retire", &old)]
    );
}

/// What cannot be done is refused in words, and leaves keys and log as they were.
#[test]
fn what_cannot_be_done_to_a_key_is_refused_in_words() {
    let site = Site::new("file:mail");
    for arguments in [&["key", "rotate"][..], &["key", "retire", "x", "--yes"]] {
        let said = refused(&site.run(arguments));
        assert!(said.contains("there is no database readmit.db"), "{said}");
    }
    assert!(!site.folder().join("keys").exists());
    drop(site.serve());
    let signing = id(&keys(&site)[0]);
    site.ok(&["key", "rotate"]);
    let before = keys(&site);
    let (new, old) = (id(&before[0]), id(&before[1]));
    assert_eq!(old, signing);
    let said = refused(&site.run(&["key", "retire", "--yes", "--", &new]));
    let expected = format!(
        "readmit: {new} is the key that signs; make another one first with `readmit key rotate`\n"
    );
    assert_eq!(said, expected);
    let said = refused(&site.run(&["key", "retire", "--", &old]));
    let expected = format!("readmit: Retiring key {old} cannot be undone; add --yes to do it\n");
    assert_eq!(said, expected);
    for unknown in ["unknown", "", "../../etc/passwd", &old[..10]] {
        let said = refused(&site.run(&["key", "retire", "--yes", "--", unknown]));
        let expected = format!(
            "readmit: there is no key {unknown} to retire; `readmit key list` shows them\n"
        );
        assert_eq!(said, expected);
    }
    assert_eq!(keys(&site), before);
    let entries: i64 = site
        .sql()
        .query_row(
            "SELECT count(*) FROM audit WHERE event = 'key.retire'",
            [],
            |row| row.get(0),
        )
        .expect("a count");
    assert_eq!(entries, 0);

    site.ok(&["key", "retire", "--yes", "--", &old]);
    let said = refused(&site.run(&["key", "retire", "--yes", "--", &old]));
    assert!(said.contains("there is no key"), "{said}");
}

/// An id may begin with a hyphen, like any text in base64url: it is taken for an id all the same.
#[test]
fn an_id_that_begins_with_a_hyphen_is_an_id() {
    let site = Site::new("file:mail");
    drop(site.serve());
    let said = refused(&site.run(&["key", "retire", "-x", "--yes"]));
    assert!(said.contains("there is no key -x to retire"), "{said}");
}
