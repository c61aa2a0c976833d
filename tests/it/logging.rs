//! The log of the real program: which request and which mail a line belongs to.

use serde_json::{Value, json};

use crate::support::app::{NEW_PASSWORD, PASSWORD, USERS};
use crate::support::http::{Request, send_raw};
use crate::support::process::{Process, Site};
use crate::support::smtp::{Action, SmtpServer, Stage};
use crate::support::wait::wait_until;

const JANE: &str = "jane@example.com";

/// Every line of the log so far.
fn lines(server: &Process) -> Vec<Value> {
    let log = server.log();
    let whole = log.rsplit_once('\n').map_or("", |(whole, _)| whole);
    whole
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no record: {line}")))
        .collect()
}

/// A field of the span of that name that a line was written in.
fn within<'a>(line: &'a Value, span: &str, field: &str) -> Option<&'a Value> {
    let spans = line["spans"].as_array()?;
    spans.iter().find(|it| it["name"] == span)?.get(field)
}

/// Waits for the line that tells how the request of that id was answered.
fn answered(server: &Process, id: &str) -> Value {
    wait_until("the request's line", || {
        lines(server).into_iter().find(|line| {
            line["fields"]["message"] == "answered"
                && within(line, "request", "id") == Some(&json!(id))
        })
    })
}

fn talkative(smtp_url: &str) -> Site {
    Site::new(smtp_url)
        .set("log.level", "info,readmit=debug")
        .set("log.format", "json")
}

/// Each request has one line with what is worth knowing: method, the route's template, status, duration.
/// What it was asked for by name or token is not in it.
#[test]
fn a_request_has_a_line_with_its_id() {
    let site = talkative("file:mail");
    let server = site.serve();
    let session = "0123456789abcdef";
    for (request, method, route, status) in [
        (Request::get("/healthz"), "GET", "/healthz", 200),
        (Request::get("/no/such/path"), "GET", "other", 404),
        (
            Request::new("DELETE", &format!("{USERS}/sessions/{session}")),
            "DELETE",
            "/api/sys/users/sessions/{id}",
            401,
        ),
    ] {
        let answer = server.send(&request);
        let id = answer.header("x-request-id").expect("an id");
        let line = answered(&server, id);
        assert_eq!(within(&line, "request", "method"), Some(&json!(method)));
        assert_eq!(within(&line, "request", "route"), Some(&json!(route)));
        assert_eq!(line["fields"]["status"], status);
        let seconds = line["fields"]["seconds"].as_f64().expect("a duration");
        assert!(seconds > 0.0 && seconds < 30.0, "{line}");
    }
    assert!(!server.log().contains(session), "{}", server.log());
    assert!(!server.log().contains("/no/such"), "{}", server.log());
}

/// A failure of the server's own is an error in the log, at the usual level too. What a client did wrong is
/// none, and takes no line.
#[test]
fn a_failure_of_the_servers_own_is_logged_as_an_error() {
    let site = Site::in_memory("file:mail")
        .set("log.level", "info")
        .set("log.format", "json");
    let server = site.serve();
    let refuse =
        "CREATE TRIGGER refuse BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'no'); END";
    site.sql().execute_batch(refuse).expect("a trigger");
    server.send(&Request::get("/no/such/path"));
    let body = json!({ "email": JANE, "businessId": 7 });
    let request = Request::post(&format!("{USERS}/startPasswordReset")).json(&body);
    let answer = server.send(&request);
    assert_eq!(answer.status, 500);
    let line = answered(&server, answer.header("x-request-id").expect("an id"));
    assert_eq!(line["level"], "ERROR");
    assert_eq!(line["fields"]["status"], 500);
    let answers = lines(&server).into_iter();
    let answers = answers.filter(|line| line["fields"]["message"] == "answered");
    assert_eq!(answers.count(), 1);
}

/// A line that another thread writes for a request, such as the one that hashes, carries its id, too.
#[test]
fn what_other_threads_log_for_a_request_carries_its_id() {
    let site = talkative("file:mail");
    site.add_jane(PASSWORD);
    let server = site.serve();
    site.sql()
        .execute("UPDATE accounts SET password_hash = 'no hash at all'", [])
        .expect("damage");
    let form = [
        ("grant_type", "password"),
        ("username", JANE),
        ("password", NEW_PASSWORD),
    ];
    let answer = server.send(&Request::post("/api/token").form(&form));
    let id = answer.header("x-request-id").expect("an id");
    answered(&server, id);
    let unreadable = lines(&server)
        .into_iter()
        .find(|line| line["fields"]["message"] == "a stored password hash cannot be read")
        .expect("the line of the damage");
    assert_eq!(within(&unreadable, "request", "id"), Some(&json!(id)));
}

/// What is logged of a mail, down to the conversation with the relay, says of which one.
#[test]
fn what_is_logged_of_a_mail_carries_its_number() {
    let relay = SmtpServer::start();
    let site = talkative(&relay.url())
        .set("outbox.first_retry", "50ms")
        .set("outbox.max_retry", "50ms");
    site.add_jane(PASSWORD);
    relay.script(Stage::Dot, Action::Reply("451 4.7.1 not yet"));
    let server = site.serve();
    let body = json!({ "email": JANE, "businessId": 7 });
    let request = Request::post(&format!("{USERS}/startPasswordReset")).json(&body);
    server.send(&request).envelope(200);
    relay.next_mail();
    relay.next_mail();
    for message in ["mail not sent; trying again", "mail sent"] {
        let line = wait_until(message, || {
            lines(&server)
                .into_iter()
                .find(|line| line["fields"]["message"] == message)
        });
        assert_eq!(within(&line, "mail", "message"), Some(&json!(1)), "{line}");
    }
}

/// Assertion 81. Line breaks and escape sequences of a stranger make no record of their own and reach no
/// terminal, in either format.
#[test]
fn what_strangers_send_makes_one_escaped_record() {
    for format in ["json", "pretty"] {
        let site = talkative("file:mail").set("log.format", format);
        let mut server = site.serve();
        let body =
            "{\"email\":\"eve\\r\\n\\u001b[2Jforged=line\\u202e@example.com\",\"businessId\":7}";
        let request = format!(
            "POST {USERS}/startPasswordReset HTTP/1.1\r\nhost: x\r\nuser-agent: \u{1b}[31mforged=agent\r\n\
             content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        send_raw(server.address, request.as_bytes());
        send_raw(
            server.address,
            b"GET /%0d%0aforged=path%1b HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        );
        server.signal("TERM");
        assert_eq!(server.wait().code(), Some(0));
        let log = wait_until("the log's end", || {
            let log = server.log();
            log.contains("stopped").then_some(log)
        });
        assert!(
            !log.lines()
                .any(|line| line.trim_start().starts_with("forged")),
            "{log}"
        );
        let acts = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!log.contains(acts), "{log:?}");
    }
}

/// The head of the audit log is noted at the start and at the stop, so that whoever keeps the log
/// elsewhere can tell when the end of the other was cut off.
#[test]
fn the_head_of_the_audit_log_is_noted() {
    let site = Site::in_memory("file:mail").set("log.format", "json");
    site.add_jane(PASSWORD);
    let mut server = site.serve();
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(0));
    let noted = wait_until("both lines", || {
        let noted: Vec<_> = lines(&server)
            .into_iter()
            .filter(|line| line["fields"]["message"] == "the audit log so far")
            .collect();
        server.log().contains("stopped").then_some(noted)
    });
    let head = noted.last().expect("a line")["fields"]["head"].clone();
    let head = head.as_str().expect("a head");
    site.ok(&["audit", "verify", "--head", head]);
}
