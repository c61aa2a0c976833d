//! Bodies that are too large, too slow, too deep or too long.

use std::time::{Duration, Instant};

use super::{COMPLETE_RESET, FORM, JSON, START_RESET, TOKEN, oauth_error};
use crate::support::app::TestApp;
use crate::support::connection::Connection;
use crate::support::contract;
use crate::support::http::{Answer, Request};
use crate::support::process::Site;

const LIMIT: usize = 16 * 1024;

/// A head for a body that comes, or does not, behind it.
fn head(path: &str, content_type: &str, framing: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nhost: readmit.test\r\ncontent-type: {content_type}\r\n{framing}\r\n\r\n"
    )
    .into_bytes()
}

/// A reset request of exactly this many bytes.
fn padded(length: usize) -> Vec<u8> {
    let mut body = br#"{"email":"jane@example.com"}"#.to_vec();
    body.resize(length, b' ');
    body
}

fn too_large(answer: &Answer, path: &str) {
    contract::check("POST", path, answer);
    if path == TOKEN {
        assert_eq!(oauth_error(answer, 413), "invalid_request");
    } else {
        assert_eq!(answer.refusal(413), "The request body is too large.");
    }
}

/// Assertion 5, with a length declared: it is refused before any of it came.
#[test]
fn a_body_that_declares_too_much_is_refused_unread() {
    let app = TestApp::start();
    for (path, content_type) in [(START_RESET, JSON), (COMPLETE_RESET, JSON), (TOKEN, FORM)] {
        for length in ["16385", "99999999999"] {
            let mut connection = Connection::open(app.address);
            let framing = format!("content-length: {length}");
            connection.write(&head(path, content_type, &framing));
            too_large(&connection.read(), path);
        }
    }
}

#[test]
fn a_body_of_just_the_limit_is_taken() {
    let app = TestApp::builder().without_worker().start();
    let post = |length| app.send(&Request::post(START_RESET).body(JSON, padded(length)));
    post(LIMIT).envelope(200);
    post(LIMIT + 1).envelope(413);
    let app = TestApp::builder()
        .without_worker()
        .set("http.max_body", "100")
        .start();
    let post = |length| app.send(&Request::post(START_RESET).body(JSON, padded(length)));
    post(100).envelope(200);
    post(101).envelope(413);
}

/// Assertion 5, without a length: the limit holds while reading, and the end is not waited for.
#[test]
fn a_chunked_body_is_refused_as_soon_as_it_is_too_large() {
    let app = TestApp::builder().without_worker().start();
    let chunked = "transfer-encoding: chunked";
    for (path, content_type) in [(START_RESET, JSON), (COMPLETE_RESET, JSON), (TOKEN, FORM)] {
        let mut connection = Connection::open(app.address);
        connection.write(&head(path, content_type, chunked));
        connection.write(&chunk(&padded(LIMIT)));
        connection.write(&chunk(b" "));
        too_large(&connection.read(), path);
    }
    let mut connection = Connection::open(app.address);
    connection.write(&head(START_RESET, JSON, chunked));
    for piece in padded(LIMIT).chunks(1000) {
        connection.write(&chunk(piece));
    }
    connection.write(b"0\r\n\r\n");
    connection.read().envelope(200);
}

fn chunk(data: &[u8]) -> Vec<u8> {
    let mut chunk = format!("{:x}\r\n", data.len()).into_bytes();
    chunk.extend_from_slice(data);
    chunk.extend_from_slice(b"\r\n");
    chunk
}

/// Assertion 5: however much somebody sends, it is not kept.
#[test]
fn an_endless_body_takes_no_memory() {
    const MIB: usize = 1024 * 1024;
    let site = Site::new("file:mail");
    let server = site.serve();
    server.send(&Request::get("/healthz"));
    let peak = || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", server.id()));
        let status = status.expect("the process lives");
        let line = status.lines().find(|line| line.starts_with("VmHWM:"));
        let words = line.expect("a peak").split_whitespace().nth(1);
        words.expect("a number").parse::<usize>().expect("a number")
    };
    let before = peak();
    let data = chunk(&vec![b' '; MIB]);
    for path in [START_RESET, TOKEN] {
        let content_type = if path == TOKEN { FORM } else { JSON };
        let mut connection = Connection::open(server.address);
        connection.write(&head(path, content_type, "transfer-encoding: chunked"));
        let taken = (0..64).take_while(|_| connection.write(&data)).count();
        assert!(taken < 64, "the server reads on and on");
    }
    let grown = peak() - before;
    assert!(grown < 4 * 1024, "grown by {grown} KiB");
}

/// The rest of a body that does not come is not waited for.
#[test]
fn a_body_that_comes_too_slowly_is_given_up() {
    let app = TestApp::builder()
        .set("http.request_timeout", "40ms")
        .start();
    for (path, content_type) in [(START_RESET, JSON), (COMPLETE_RESET, JSON), (TOKEN, FORM)] {
        for framing in ["content-length: 30", "transfer-encoding: chunked"] {
            let mut connection = Connection::open(app.address);
            connection.write(&head(path, content_type, framing));
            connection.write(b"2\r\n{\"\r\n");
            let answer = connection.read();
            contract::check("POST", path, &answer);
            if path == TOKEN {
                assert_eq!(oauth_error(&answer, 408), "invalid_request");
            } else {
                let words = "The request took too long to arrive.";
                assert_eq!(answer.refusal(408), words);
            }
        }
    }
}

/// Fails unless the server answers within 50 ms; in one of a few tries, so that a busy machine is not
/// taken for a slow program.
fn answered_quickly(what: &str, mut try_once: impl FnMut()) {
    let mut took = || {
        #[expect(clippy::disallowed_methods, reason = "measures the server")]
        let start = Instant::now();
        try_once();
        start.elapsed()
    };
    let quick = (0..10).any(|_| took() < Duration::from_millis(50));
    assert!(quick, "slow every time: {what}");
}

/// Assertion 6.
#[test]
fn deep_and_long_bodies_are_answered_quickly() {
    const DEPTH: usize = 5000;
    let app = TestApp::builder().set("http.max_body", "64KiB").start();
    let (open, close) = ("[".repeat(DEPTH), "]".repeat(DEPTH));
    let objects = format!("{}1{}", r#"{"a":"#.repeat(DEPTH), "}".repeat(DEPTH));
    let long = "x".repeat(50_000);
    let zeros = "0".repeat(50_000);
    let starts = [
        format!("{open}{close}"),
        format!(r#"{{"email":{open}{close}}}"#),
        format!(r#"{{"email":"a@example.com","x":{objects}}}"#),
        objects,
        open,
        format!(r#"{{"email":"{long}"}}"#),
        format!(r#"{{"email":"{long}@example.com"}}"#),
        format!(r#"{{"{long}":1}}"#),
        format!(r#"{{"email":"a@example.com","businessId":1{zeros}}}"#),
        format!("{{{}}}", many(|number| format!(r#""{number}":0"#), ",")),
    ];
    for body in starts {
        let request = Request::post(START_RESET).body(JSON, body.as_str());
        answered_quickly(&body[..40], || {
            app.send(&request).envelope(400);
        });
    }
    for body in [
        format!(r#"{{"Token":"{long}","Password":"x"}}"#),
        format!(r#"{{"Token":"x.y.z","Password":"{long}"}}"#),
    ] {
        let request = Request::post(COMPLETE_RESET).body(JSON, body.as_str());
        answered_quickly(&body[..40], || {
            app.send(&request).envelope(400);
        });
    }
    for form in [
        format!("grant_type={long}"),
        format!("grant_type=password&username={long}&password=x"),
        format!("grant_type=password&username=jane@example.com&password={long}"),
        format!("grant_type=password&username=a@example.com&password=x&client_id={long}"),
        "&".repeat(50_000),
        "%41".repeat(15_000),
        many(|number| number.to_string(), "&"),
    ] {
        let request = Request::post(TOKEN).body(FORM, form.as_str());
        answered_quickly(&form[..40], || {
            oauth_error(&app.send(&request), 400);
        });
    }
}

/// As many parts, all different, as the body has room for.
fn many(part: impl Fn(usize) -> String, between: &str) -> String {
    let parts: Vec<_> = (0..6000).map(part).collect();
    parts.join(between)
}
