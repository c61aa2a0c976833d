//! Signals to the real program: what is under way is finished, and then it ends with status 0.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::app::{NEW_PASSWORD, PASSWORD, USERS};
use crate::support::process::{Process, Site, signal};
use crate::support::smtp::SmtpServer;
use crate::support::wait::wait_until;

/// A request that the server has begun to read: its head is there and its body is not.
struct UnderWay {
    stream: TcpStream,
    body: Vec<u8>,
}

impl UnderWay {
    /// Sends the head and waits for the server to ask for the body, which it does when a handler wants it.
    fn begin(server: &Process, path: &str, body: &Value) -> Self {
        let body = body.to_string().into_bytes();
        let mut stream = connect(server);
        write!(
            stream,
            "POST {USERS}/{path} HTTP/1.1\r\nhost: readmit.test\r\ncontent-type: application/json\r\n\
             content-length: {}\r\nexpect: 100-continue\r\n\r\n",
            body.len()
        )
        .expect("the head is sent");
        let mut reply = Vec::new();
        while !reply.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).expect("the server answers");
            reply.push(byte[0]);
        }
        assert!(reply.starts_with(b"HTTP/1.1 100 "), "{reply:?}");
        Self { stream, body }
    }

    fn send_body(&mut self) {
        self.stream
            .write_all(&self.body)
            .expect("the server still reads");
    }

    /// The answer's body, once the server has closed the connection behind it.
    fn answer(mut self) -> Value {
        let mut reply = String::new();
        self.stream
            .read_to_string(&mut reply)
            .expect("the server answers and closes");
        assert!(reply.starts_with("HTTP/1.1 200 "), "{reply}");
        let (_, body) = reply.split_once("\r\n\r\n").expect("a body");
        serde_json::from_str(body).expect("an envelope")
    }
}

fn connect(server: &Process) -> TcpStream {
    let stream = TcpStream::connect(server.address).expect("the server accepts");
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .expect("a time-out can be set");
    stream
}

fn takes_no_more_connections(server: &Process) {
    wait_until("the server takes no connections any more", || {
        TcpStream::connect(server.address).is_err().then_some(())
    });
}

/// Whether all of the database is in its one file.
fn is_checkpointed(site: &Site) -> bool {
    let wal = site.folder().join("readmit.db-wal");
    wal.metadata().map_or(0, |wal| wal.len()) == 0
}

/// Assertion 89. Either signal stops the listening and nothing else: a request whose body is still on
/// its way is read, answered and on disk before the process ends. More signals, of an impatient
/// administrator or of a service manager, change nothing; a connection that waits for its next request
/// holds nothing up, nor does one on which a request has hardly begun. The time limit is so long that
/// only the end of the work can have ended the process.
#[test]
fn a_stop_finishes_the_request_under_way_and_leaves_one_file() {
    for (first, second) in [("TERM", "INT"), ("INT", "TERM")] {
        let site = Site::new("file:mail")
            .set("http.shutdown_timeout", "1h")
            .set("http.header_timeout", "1h");
        let mut server = site.serve();
        let body = json!({ "email": "jane@example.com" });
        let mut request = UnderWay::begin(&server, "startPasswordReset", &body);
        let idle = connect(&server);
        server.signal(first);
        takes_no_more_connections(&server);
        for name in [first, second, first] {
            server.signal(name);
        }
        request.send_body();
        assert_eq!(request.answer()["WasSuccessful"], true);
        let status = server.wait();
        assert_eq!(status.code(), Some(0), "{status:?}: {}", server.log());
        drop(idle);
        assert!(is_checkpointed(&site));
        let stored: String = site
            .sql()
            .query_row("SELECT recipient FROM outbox", [], |row| row.get(0))
            .expect("the request");
        assert_eq!(stored, "jane@example.com");
    }
}

/// Assertion 89. A completion spends most of its time on the hash of the new password, between two
/// transactions. One that had begun is finished in whole, and so is the one that waits behind it for
/// the only thread that hashes.
#[test]
fn a_stop_waits_for_completions_that_are_being_hashed() {
    let relay = SmtpServer::start();
    let site = Site::new(&relay.url())
        .set("http.shutdown_timeout", "1h")
        .set("password.threads", 1)
        .set("password.argon2_memory_kib", 1024)
        .set("password.argon2_iterations", 200);
    site.add_jane(PASSWORD);
    let john = ["user", "add", "john@example.com", "--name=John"];
    site.ok(&john);
    let mut server = site.serve();
    let completions = ["jane@example.com", "john@example.com"].map(|email| {
        let ask = json!({ "email": email });
        let mut asked = UnderWay::begin(&server, "startPasswordReset", &ask);
        asked.send_body();
        let token = relay.next_mail().token();
        json!({ "Token": token, "Password": NEW_PASSWORD })
    });
    let mut completions =
        completions.map(|body| UnderWay::begin(&server, "completePasswordReset", &body));
    for completion in &mut completions {
        completion.send_body();
    }
    server.signal("TERM");
    for completion in completions {
        assert!(completion.answer()["Value"].is_string());
    }
    assert_eq!(server.wait().code(), Some(0));
    assert!(is_checkpointed(&site));
    let changed: i64 = site
        .sql()
        .query_row(
            "SELECT count(*) FROM accounts WHERE credential_version = 2 AND password_hash IS NOT NULL",
            [],
            |row| row.get(0),
        )
        .expect("a count");
    assert_eq!(changed, 2);
}

/// Assertion 89. Nobody can keep the process from ending by not ending their request: it is cut off
/// when the time is over. That is an orderly end, too: nothing was promised to that client.
#[test]
fn a_request_that_never_ends_is_cut_off_when_the_time_is_over() {
    let site = Site::new("file:mail").set("http.shutdown_timeout", "300ms");
    let mut server = site.serve();
    let body = json!({ "email": "jane@example.com" });
    let mut request = UnderWay::begin(&server, "startPasswordReset", &body);
    server.signal("TERM");
    let status = server.wait();
    assert_eq!(status.code(), Some(0), "{status:?}: {}", server.log());
    let mut rest = Vec::new();
    let _ = request.stream.read_to_end(&mut rest);
    assert!(rest.is_empty(), "{}", String::from_utf8_lossy(&rest));
    assert!(is_checkpointed(&site));
    assert!(
        server.log().contains("some requests were cut off"),
        "{}",
        server.log()
    );
}

/// Assertion 89. A signal that comes before the server is ready is not lost, and not the end of the
/// process in the midst of a migration either: the start is finished, and then the stop begins.
#[test]
fn a_signal_during_the_start_stops_the_server_in_order() {
    let site = Site::new("file:mail").set("storage.busy_timeout", "60s");
    let lock = site.sql();
    lock.execute_batch("BEGIN IMMEDIATE").expect("a lock");
    std::fs::set_permissions(site.database(), PermissionsExt::from_mode(0o644))
        .expect("a mode can be set");
    let child = site
        .command(&["serve"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    wait_until("the start comes to the database", || {
        let mode = site
            .database()
            .metadata()
            .expect("a file")
            .permissions()
            .mode();
        (mode & 0o777 == 0o600).then_some(())
    });
    signal(child.id(), "TERM");
    lock.execute_batch("COMMIT")
        .expect("the lock is given back");
    let output = child.wait_with_output().expect("the program ends");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(log.contains("stopping"), "{log}");
    assert!(is_checkpointed(&site));
}
