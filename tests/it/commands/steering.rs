//! `readmit outbox retry|cancel|purge|stats|suppressed`, and the filters.

use serde_json::{Value, json};

use super::{cells, json, refused};
use crate::support::app::{NEW_PASSWORD, PASSWORD};
use crate::support::http::Request;
use crate::support::process::{Process, Site};
use crate::support::smtp::{Action, SmtpServer, Stage};
use crate::support::wait::wait_until;

fn ask(server: &Process, email: &str) {
    let request = Request::post("/api/sys/users/startPasswordReset");
    server
        .send(&request.json(&json!({ "email": email })))
        .envelope(200);
}

fn wait_for_state(site: &Site, id: i64, state: &str) {
    wait_until(&format!("message {id} becomes {state}"), || {
        let found: String = site
            .sql()
            .query_row("SELECT state FROM outbox WHERE id = ?1", [id], |row| {
                row.get(0)
            })
            .ok()?;
        (found == state).then_some(())
    });
}

/// A site where nobody sends, with a message for each of these: kind, state, recipient, business, hours
/// since it was queued.
fn with_messages(messages: &[(&str, &str, &str, Option<i64>, i64)]) -> Site {
    let site = Site::new("smtp://127.0.0.1:1");
    site.add_jane(PASSWORD);
    let sql = site.sql();
    for (kind, state, recipient, business, hours) in messages {
        sql.execute(
            "INSERT INTO outbox (kind, state, recipient, business_id, message_id, next_attempt_at, \
             created_at, finished_at) SELECT ?1, ?2, ?3, ?4, lower(hex(randomblob(8))) || '@x.test', \
             at, at, CASE WHEN ?2 IN ('queued', 'sending') THEN NULL ELSE at END \
             FROM (SELECT unixepoch() * 1000 - ?5 * 3600000 AS at)",
            rusqlite::params![kind, state, recipient, business, hours],
        )
        .expect("a row");
    }
    site
}

fn ids(site: &Site, arguments: &[&str]) -> Vec<i64> {
    let listed = json(site, &[&["outbox", "list", "--json"], arguments].concat());
    let listed = listed.as_array().expect("a list");
    listed.iter().filter_map(|m| m["id"].as_i64()).collect()
}

fn audited(site: &Site, event: &str) -> Vec<String> {
    let sql = site.sql();
    let mut statement = sql
        .prepare("SELECT actor || ': ' || detail FROM audit WHERE event = ?1 ORDER BY id")
        .expect("a statement");
    let rows = statement.query_map([event], |row| row.get(0));
    rows.expect("rows").collect::<Result<_, _>>().expect("rows")
}

/// A dead reset mail that is sent anew is a new letter: its link works, while the one of the first, which
/// may have arrived although the relay said no, does not; nor does a mail program take it for a double.
#[test]
fn a_dead_reset_mail_is_sent_anew_with_a_new_link() {
    let relay = SmtpServer::start();
    relay.script(Stage::Dot, Action::Reply("554 5.7.1 looks like spam"));
    let site = Site::new(&relay.url()).set("outbox.poll", "30ms");
    site.add_jane(PASSWORD);
    let server = site.serve();
    ask(&server, "jane@example.com");
    let first = relay.next_mail();
    wait_for_state(&site, 1, "dead");
    let page = site.ok(&["outbox", "show", "1"]);
    let lines: Vec<_> = page.lines().map(cells).collect();
    let header = [
        "ATTEMPT", "AT", "RELAY", "STAGE", "CODE", "ENHANCED", "TEXT",
    ];
    let at = lines.iter().position(|line| *line == header);
    let tried = &lines[at.expect("the history") + 1];
    assert_eq!(tried[0], "1");
    assert_eq!(
        tried[3..],
        [
            "end of the letter",
            "554",
            "5.7.1",
            "end of the letter: 554 5.7.1 looks like spam"
        ]
    );
    let shown = json(&site, &["outbox", "show", "1", "--json"]);
    assert_eq!(shown["history"][0]["stage"], "end of the letter");
    assert_eq!(shown["history"][0]["code"], 554);

    let printed = site.ok(&["outbox", "retry", "1"]);
    assert_eq!(printed, "1 message sent anew or at once\n");
    let second = relay.next_mail();
    wait_for_state(&site, 1, "sent");
    assert_ne!(first.header("Message-ID"), second.header("Message-ID"));
    let complete = |token: String| {
        let body = json!({ "Token": token, "Password": NEW_PASSWORD });
        let request = Request::post("/api/sys/users/completePasswordReset").json(&body);
        server.send(&request).status
    };
    assert_eq!(complete(first.token()), 400);
    assert_eq!(complete(second.token()), 200);
    assert_eq!(audited(&site, "outbox.retry"), ["admin:tester: message 1"]);
    let again = site.ok(&["outbox", "retry", "1"]);
    assert_eq!(
        again,
        "0 messages sent anew or at once\n1 message passed over: not dead or waiting\n"
    );
}

#[test]
fn filters_narrow_the_list_and_work_together() {
    let site = with_messages(&[
        ("reset", "dead", "jane@example.com", Some(7), 50),
        ("changed", "dead", "jane@example.com", None, 1),
        ("reset", "sent", "Sam@Example.com", Some(8), 30),
        ("signin_notice", "queued", "sam@example.com", Some(7), 0),
    ]);
    assert_eq!(ids(&site, &["--kind=reset"]), [3, 1]);
    assert_eq!(ids(&site, &["--kind=signin_notice"]), [4]);
    assert_eq!(ids(&site, &["--business=7"]), [4, 1]);
    assert_eq!(ids(&site, &["--recipient=SAM@"]), [4, 3]);
    assert_eq!(ids(&site, &["--older-than=1d"]), [3, 1]);
    assert_eq!(ids(&site, &["--older-than=1d", "--state=dead"]), [1]);
    assert_eq!(ids(&site, &["--recipient=%"]), [0; 0], "not a pattern");
    for wrong in ["--older-than=soon", "--kind=letter", "--business=0"] {
        let output = site.run(&["outbox", "list", wrong]);
        assert_eq!(output.status.code(), Some(2), "{wrong}");
    }
}

/// Many at once: what is meant is said by a filter, and how many it was is answered. Nothing is done to
/// all of them by mistake.
#[test]
fn acts_on_many_messages_say_how_many_they_were() {
    let dead = ("changed", "dead", "jane@example.com", Some(7), 2);
    let mut messages = vec![dead; 230];
    messages.push(("changed", "queued", "jane@example.com", Some(7), 2));
    messages.push(("changed", "sent", "jane@example.com", Some(7), 2));
    let site = with_messages(&messages);
    for act in ["retry", "cancel", "purge"] {
        let said = refused(&site, &["outbox", act]);
        assert!(said.starts_with("say which messages: "), "{said}");
    }
    let counts = |site: &Site| {
        ["queued", "dead", "sent", "dropped"]
            .map(|state| ids(site, &["--limit=1000", &format!("--state={state}")]).len())
    };
    let acted = json(&site, &["outbox", "retry", "--state=dead", "--json"]);
    assert_eq!(acted, json!({ "done": 230, "passed_over": 0 }));
    assert_eq!(counts(&site), [231, 0, 1, 0]);
    let printed = site.ok(&["outbox", "cancel", "--recipient=jane@"]);
    assert_eq!(printed, "231 messages cancelled\n");
    assert_eq!(counts(&site), [0, 0, 1, 231]);
    let shown = json(&site, &["outbox", "show", "231", "--json"]);
    assert_eq!(shown["reason"], "cancelled by admin:tester");
    let unsure = refused(&site, &["outbox", "purge", "--all"]);
    assert!(unsure.contains("add --yes"), "{unsure}");
    let printed = site.ok(&["outbox", "purge", "--state=dropped", "--yes"]);
    assert_eq!(printed, "231 messages removed\n");
    assert_eq!(counts(&site), [0, 0, 1, 0]);
    for (event, times) in [
        ("outbox.retry", 230),
        ("outbox.cancel", 231),
        ("outbox.purge", 231),
    ] {
        assert_eq!(audited(&site, event).len(), times, "{event}");
    }
}

/// A message that waits can be cancelled; what an earlier attempt has delivered opens nothing any more.
/// One that is being sent is left alone.
#[test]
fn a_cancelled_message_takes_its_link_along() {
    let relay = SmtpServer::start();
    relay.always(Stage::Dot, Action::Reply("451 4.3.0 later"));
    let site = Site::new(&relay.url()).set("outbox.first_retry", "1h");
    site.add_jane(PASSWORD);
    let server = site.serve();
    ask(&server, "jane@example.com");
    let mail = relay.next_mail();
    wait_for_state(&site, 1, "queued");
    site.ok(&["outbox", "cancel", "1"]);
    let body = json!({ "Token": mail.token(), "Password": NEW_PASSWORD });
    let request = Request::post("/api/sys/users/completePasswordReset").json(&body);
    assert_eq!(server.send(&request).status, 400);
    let again = site.ok(&["outbox", "cancel", "1"]);
    assert_eq!(
        again,
        "0 messages cancelled\n1 message passed over: not waiting\n"
    );
}

/// What a server knows of its relays, another process can read.
#[test]
fn stats_count_the_messages_and_show_a_relay_that_is_down() {
    let relay = SmtpServer::start();
    relay.always(Stage::Connect, Action::Reply("554 5.3.2 not today"));
    let site = Site::new(&relay.url())
        .set("outbox.first_retry", "40ms")
        .set("outbox.max_retry", "40ms")
        .set("outbox.poll", "20ms");
    site.add_jane(PASSWORD);
    let unused = json(&site, &["outbox", "stats", "--json"]);
    assert_eq!(unused["messages"], json!([]));
    assert_eq!(unused["relays"][0]["down_since"], Value::Null);
    let server = site.serve();
    ask(&server, "jane@example.com");
    let stats = wait_until("the relay counts as down", || {
        let stats = json(&site, &["outbox", "stats", "--json"]);
        (!stats["relays"][0]["down_since"].is_null()).then_some(stats)
    });
    let relay_url = stats["relays"][0]["relay"].as_str().expect("a URL");
    assert!(relay_url.starts_with(&relay.url()), "{relay_url}");
    assert_eq!(stats["relays"][0]["failure"], "EHLO: 554 5.3.2 not today");
    let table = site.ok(&["outbox", "stats"]);
    let lines: Vec<_> = table.lines().map(cells).collect();
    assert_eq!(lines[0], ["STATE", "KIND", "MESSAGES", "OLDEST"]);
    assert_eq!(lines[1][1..3], ["reset", "1"]);
    let down = lines.last().expect("a relay");
    assert_eq!((down[0], down[1]), (relay_url, "down"));

    relay.clear(Stage::Connect);
    relay.next_mail();
    wait_until("it is noted that it works", || {
        let stats = json(&site, &["outbox", "stats", "--json"]);
        (stats["relays"][0]["down_since"].is_null()).then_some(())
    });
}

fn suppressed<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    [&["outbox", "suppressed"], arguments].concat()
}

#[test]
fn addresses_are_suppressed_and_released_by_command() {
    let site = Site::new("smtp://127.0.0.1:1");
    site.add_jane(PASSWORD);
    let empty = site.ok(&suppressed(&["list"]));
    assert_eq!(empty, "no address is suppressed\n");
    let add = suppressed(&["add", "Jane@Example.com", "--reason=she asked us to"]);
    assert_eq!(site.ok(&add), "no more mail is sent to Jane@Example.com\n");
    let listed = json(&site, &suppressed(&["list", "--json"]));
    assert_eq!(listed[0]["address"], "jane@example.com");
    assert_eq!(listed[0]["reason"], "she asked us to");
    let twice = refused(&site, &add);
    assert_eq!(twice, "no mail is sent to Jane@Example.com already");
    let released = site.ok(&suppressed(&["release", "jane@example.com"]));
    assert_eq!(released, "mail is sent to jane@example.com again\n");
    let unknown = refused(&site, &suppressed(&["release", "jane@example.com"]));
    assert!(unknown.starts_with("jane@example.com is not suppressed"));
    let nonsense = refused(&site, &suppressed(&["add", "jane"]));
    assert!(nonsense.starts_with("\"jane\": "), "{nonsense}");
    for event in ["outbox.suppress", "outbox.release"] {
        assert_eq!(audited(&site, event), ["admin:tester: jane@example.com"]);
    }
}
