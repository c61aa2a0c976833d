//! More connections than there are seats.

use std::time::Duration;

use crate::support::app::TestApp;
use crate::support::connection::Connection;
use crate::support::http::Request;
use crate::support::wait::wait_until;

/// What a client sends that keeps its seat.
const HEALTH: &[u8] = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
const KEYS: &[u8] = b"GET /.well-known/jwks.json HTTP/1.1\r\nhost: x\r\n\r\n";

/// A deployment with so many seats, all of them taken.
fn full(seats: usize) -> (TestApp, Vec<Connection>) {
    let app = TestApp::builder()
        .set("http.max_connections", seats)
        .start();
    let mut seated: Vec<_> = (0..seats).map(|_| Connection::open(app.address)).collect();
    for connection in &mut seated {
        connection.write(KEYS);
        assert_eq!(connection.read().status, 200);
    }
    (app, seated)
}

fn connections(app: &TestApp) -> usize {
    app.app().load.snapshot().connections
}

/// A full server says that it is, on a connection that it closes then; and it says that it lives.
#[test]
fn a_connection_beyond_the_most_is_told_so_and_closed() {
    let (app, mut seated) = full(3);
    app.send(&Request::get("/.well-known/jwks.json"))
        .refusal(503);
    let mut crowded = Connection::open(app.address);
    crowded.write(KEYS);
    let refused = crowded.read();
    refused.refusal(503);
    assert_eq!(refused.header("retry-after"), Some("2"));
    assert_eq!(refused.header("connection"), Some("close"));
    assert!(crowded.read_to_end().is_empty());
    assert_eq!(app.send(&Request::get("/healthz")).status, 200);
    assert_eq!(app.send(&Request::get("/readyz")).status, 200);

    for connection in &mut seated {
        connection.write(KEYS);
        assert_eq!(connection.read().status, 200, "who has a seat keeps it");
    }
    seated.pop();
    wait_until("a seat is free", || (connections(&app) == 2).then_some(()));
    assert_eq!(
        app.send(&Request::get("/.well-known/jwks.json")).status,
        200
    );
    let load = app.app().load.snapshot();
    assert_eq!((load.shed, load.crowded, load.closed), (2, 4, 0));
}

/// The last seats are few, so who sits there without a word must go soon, and who finds none is not kept
/// waiting; afterwards all is as before.
#[test]
fn whoever_finds_no_seat_at_all_is_closed_at_once() {
    const LAST: usize = 16;
    let (app, seated) = full(2);
    let silent: Vec<_> = (0..LAST).map(|_| Connection::open(app.address)).collect();
    wait_until("all seats are taken", || {
        (connections(&app) == 2 + LAST).then_some(())
    });
    let mut nowhere = Connection::open(app.address);
    nowhere.write(HEALTH);
    assert!(nowhere.read_to_end().is_empty());
    assert_eq!(app.app().load.snapshot().closed, 1);
    // They are hurried, and the probes come through again although nobody else has gone.
    for mut connection in silent {
        assert!(connection.read_to_end().is_empty());
    }
    wait_until("the last seats are free", || {
        (connections(&app) == 2).then_some(())
    });
    assert_eq!(app.send(&Request::get("/healthz")).status, 200);
    drop(seated);
}

/// A client that asks for a long answer and reads nothing of it loses its connection.
#[test]
fn who_does_not_take_an_answer_loses_the_seat() {
    let app = TestApp::builder()
        .set("http.request_timeout", "100ms")
        .start();
    let mut greedy = Connection::open(app.address);
    greedy.write(HEALTH);
    assert_eq!(greedy.read().status, 200);
    // More than the system's buffers hold.
    for _ in 0..40 {
        if !greedy.write(b"GET /docs HTTP/1.1\r\nhost: x\r\n\r\n") {
            break;
        }
    }
    wait_until("the connection is over", || {
        (connections(&app) == 0).then_some(())
    });
    drop(greedy);
}

/// A slow reader that does read is served to the end, however long the whole takes: what counts is how long
/// not a byte of it was taken. The whole is more than the system's buffers hold, so that the server waits.
#[test]
fn who_takes_an_answer_slowly_gets_all_of_it() {
    const PAGES: usize = 20;
    let app = TestApp::builder().set("http.request_timeout", "1s").start();
    let page = app.send(&Request::get("/docs")).body;
    let mut slow = Connection::open(app.address);
    for _ in 1..PAGES {
        slow.write(b"GET /docs HTTP/1.1\r\nhost: x\r\n\r\n");
    }
    slow.write(b"GET /docs HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    let read = slow.read_slowly(PAGES * page.len() / 30, Duration::from_millis(40));
    assert!(read.len() > PAGES * page.len());
    assert!(read.ends_with(&page));
}
