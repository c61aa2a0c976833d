//! Connections that are slow, idle or many.

use std::thread;
use std::time::Duration;

use super::START_RESET;
use crate::support::app::TestApp;
use crate::support::connection::Connection;
use crate::support::http::Request;

/// What a slow client begins with and does not end.
const BEGUN: &[u8] = b"POST /api/sys/users/startPasswordReset HTTP/1.1\r\nhost: x\r\n";

fn impatient() -> TestApp {
    TestApp::builder()
        .set("http.header_timeout", "100ms")
        .start()
}

/// Assertion 86: the time is for the whole head; a byte now and then does not begin it anew.
#[test]
fn a_head_that_comes_byte_by_byte_is_cut_off() {
    const BYTES: usize = 400;
    let app = impatient();
    let mut connection = Connection::open(app.address);
    let mut writer = connection.second();
    let writer = thread::spawn(move || {
        writer.write(BEGUN);
        writer.write(b"x-slow: ");
        (0..BYTES)
            .take_while(|_| {
                // Nobody unparks this thread, so this takes its time.
                thread::park_timeout(Duration::from_millis(10));
                writer.write(b"a")
            })
            .count()
    });
    let rest = connection.read_to_end();
    drop(connection);
    let written = writer.join().expect("the writer ends");
    assert!(written < BYTES, "the server waited for all of it");
    assert!(!rest.starts_with(b"HTTP/1.1 2"));
}

/// Assertion 86.
#[test]
fn an_idle_connection_is_closed() {
    let app = impatient();
    let mut silent = Connection::open(app.address);
    assert!(silent.read_to_end().is_empty());

    let mut used = Connection::open(app.address);
    let request = "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
    for _ in 0..3 {
        used.write(request.as_bytes());
        assert_eq!(used.read().status, 200, "kept open meanwhile");
    }
    assert!(used.read_to_end().is_empty());
}

/// Assertion 86: who dawdles holds up nobody else.
#[test]
fn many_slow_clients_leave_the_others_alone() {
    let app = TestApp::start();
    let mut slow: Vec<_> = (0..150).map(|_| Connection::open(app.address)).collect();
    for (number, connection) in slow.iter_mut().enumerate() {
        connection.write(BEGUN);
        if number % 2 == 0 {
            let rest = b"content-type: application/json\r\ncontent-length: 30\r\n\r\n{";
            connection.write(rest);
        }
    }
    for _ in 0..20 {
        let body = serde_json::json!({ "email": "nobody@example.com" });
        app.send(&Request::post(START_RESET).json(&body))
            .envelope(200);
    }
    drop(slow);
}

/// What is no HTTP is refused without a word about who refuses it.
#[test]
fn what_is_no_http_is_refused() {
    let app = TestApp::start();
    for (bytes, status) in [
        (&b"hello\r\n\r\n"[..], "400"),
        (b"GET /healthz HTTP/1.1\r\nhost x\r\n\r\n", "400"),
        (b"GET /healthz HTTP/3.0\r\n\r\n", "400"),
        (
            b"POST /api/token HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
            "400",
        ),
        (
            b"POST /api/token HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
            "400",
        ),
    ] {
        let mut connection = Connection::open(app.address);
        connection.write(bytes);
        let answer = String::from_utf8_lossy(&connection.read_to_end()).to_lowercase();
        assert!(
            answer.starts_with(&format!("http/1.1 {status} ")),
            "{answer}"
        );
        assert!(!answer.contains("server:"), "{answer}");
    }
    let mut connection = Connection::open(app.address);
    connection.write(b"GET /healthz HTTP/1.1\r\nx-long: ");
    connection.write(&vec![b'a'; 64 * 1024]);
    let answer = connection.read_to_end();
    assert!(!answer.starts_with(b"HTTP/1.1 2"), "no head is that long");
    assert_eq!(app.send(&Request::get("/healthz")).status, 200);
}
