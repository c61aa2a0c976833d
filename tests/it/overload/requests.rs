//! More requests at once than there are places.

use std::sync::mpsc;
use std::thread;

use serde_json::json;

use crate::support::app::{TestApp, USERS};
use crate::support::connection::Connection;
use crate::support::http::{Answer, Request};
use crate::support::parallel::all_at_once;
use crate::support::wait::wait_until;

fn reset() -> Request {
    Request::post(&format!("{USERS}/startPasswordReset"))
        .json(&json!({ "email": "nobody@example.com" }))
}

fn in_flight(app: &TestApp) -> usize {
    app.app().load.snapshot().in_flight
}

/// Sends so many requests for a link, which wait for a database that another program holds, and looks
/// at the server meanwhile; what became of the requests.
fn while_waiting(app: &TestApp, requests: usize, look: impl FnOnce()) -> Vec<Answer> {
    let database = app.sql();
    database.execute_batch("BEGIN IMMEDIATE").expect("the lock");
    let (done, answers) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..requests {
            let done = done.clone();
            scope.spawn(move || done.send(app.send(&reset())));
        }
        wait_until("all wait", || (in_flight(app) == requests).then_some(()));
        look();
        database.execute_batch("ROLLBACK").expect("the lock goes");
    });
    drop(done);
    answers.iter().collect()
}

/// Who finds no place is told so at once, in the words of the place; who has one is not disturbed by it.
#[test]
fn requests_beyond_the_most_are_turned_away_at_once() {
    let app = TestApp::builder()
        .set("http.max_in_flight", 3)
        .set("storage.busy_timeout", "20s")
        .start()
        .and_hosted();
    let answers = while_waiting(&app, 3, || {
        let refused = app.send(&reset());
        assert!(refused.refusal(503).contains("busy"));
        assert_eq!(refused.header("retry-after"), Some("2"));
        let refused = app.sign_in("jane@example.com", "x");
        assert_eq!(refused.json()["error"], "temporarily_unavailable");
        assert_eq!(refused.header("retry-after"), Some("2"));
        let page = app.send(&Request::get("/p/7/sign-in"));
        assert_eq!(page.status, 503);
        assert_eq!(page.header("retry-after"), Some("2"));
        // A form, too, and what is nowhere.
        app.send(&Request::get("/nothing")).refusal(503);
    });
    for answer in answers {
        answer.envelope(200);
    }
    assert_eq!(app.outbox().len(), 3);
    let load = app.app().load.snapshot();
    assert_eq!((load.in_flight, load.shed), (0, 4));
    app.send(&reset()).envelope(200);
}

/// Who is turned away gets an answer like any other: with an id, counted, careful of browsers, and to be read
/// by the portal's script; nobody else's reads it.
#[test]
fn a_refusal_has_all_that_every_answer_has() {
    const PORTAL: &str = "https://canal.test";
    let app = TestApp::builder()
        .set("http.max_in_flight", 1)
        .set("http.allowed_origins", "https://app.acme.test")
        .set("storage.busy_timeout", "20s")
        .start()
        .and_jane();
    let from = |origin: &str| app.send(&reset().header("origin", origin));
    let usual = from(PORTAL);
    assert_eq!(usual.header("access-control-allow-origin"), Some(PORTAL));
    while_waiting(&app, 1, || {
        for origin in [PORTAL, "https://app.acme.test"] {
            let refused = from(origin);
            assert_eq!(refused.status, 503);
            assert_eq!(refused.header("access-control-allow-origin"), Some(origin));
            assert_eq!(refused.header("vary"), Some("Origin"));
        }
        let refused = from("https://evil.test");
        assert_eq!(refused.header("access-control-allow-origin"), None);
        for (name, value) in &usual.headers {
            let theirs = refused.header(name);
            match name.as_str() {
                "x-request-id" | "date" | "content-length" => assert!(theirs.is_some(), "{name}"),
                // No limit was asked.
                "access-control-allow-origin"
                | "access-control-expose-headers"
                | "ratelimit-policy" => {}
                _ => assert_eq!(theirs, Some(value.as_str()), "{name}"),
            }
        }
        // A browser that asks whether it may is not told that there is too much to do.
        let asked = app.send(
            &Request::new("OPTIONS", "/api/sys/users/startPasswordReset")
                .header("origin", PORTAL)
                .header("access-control-request-method", "POST"),
        );
        assert_eq!(asked.status, 204);
    });
    let turned_away = app
        .app()
        .requests
        .counts()
        .into_iter()
        .find(|(it, _)| it.status == 503);
    let (answered, count) = turned_away.expect("refusals are counted");
    assert_eq!(
        (&*answered.route, answered.method, count),
        ("/api/sys/users/startPasswordReset", "POST", 3)
    );
}

/// Assertion 87: whether it lives, the server says at any time.
#[test]
fn a_server_without_a_place_left_says_that_it_lives() {
    let app = TestApp::builder()
        .set("http.max_in_flight", 1)
        .set("storage.busy_timeout", "20s")
        .start();
    while_waiting(&app, 1, || {
        assert_eq!(app.send(&Request::get("/healthz")).status, 200);
        app.send(&reset()).refusal(503);
    });
    assert_eq!(app.send(&Request::get("/readyz")).status, 200);
}

/// Assertions 12 and 87: being turned away says nothing of who was asked for.
#[test]
fn whoever_is_asked_for_the_refusal_is_the_same() {
    let app = TestApp::builder()
        .set("http.max_in_flight", 1)
        .set("storage.busy_timeout", "20s")
        .start()
        .and_jane();
    while_waiting(&app, 1, || {
        let [known, unknown] = ["jane@example.com", "nobody@example.com"]
            .map(|address| app.start_reset(&json!({ "email": address })).comparable());
        assert_eq!(known, unknown);
        known.refusal(503);
    });
}

/// Assertion 86: a client that dawdles with its body takes nobody's place, and takes its own when the
/// body is there.
#[test]
fn a_request_that_waits_for_its_body_takes_no_place() {
    let app = TestApp::builder()
        .set("http.max_in_flight", 2)
        .set("http.request_timeout", "1h")
        .start();
    let body = br#"{"email":"nobody@example.com"}"#;
    let head = format!(
        "POST {USERS}/startPasswordReset HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    );
    let mut slow: Vec<_> = (0..20).map(|_| Connection::open(app.address)).collect();
    for connection in &mut slow {
        connection.write(head.as_bytes());
        connection.write(&body[..1]);
        // Each takes a place for a moment, until it is known that the body is not there. Another request
        // beside it shows that it is over, so that they do not come all at once.
        wait_until("there is a place", || {
            (app.send(&reset()).status == 200).then_some(())
        });
    }
    for connection in &mut slow {
        connection.write(&body[1..]);
        connection.read().envelope(200);
        // The place is given back after the answer is made, which may be a moment after it is read.
        wait_until("the place is free", || (in_flight(&app) == 0).then_some(()));
    }
    assert_eq!(app.outbox().len(), 40);
}

/// A place is given back however a request ends: by an answer, a refusal, or a client that hangs up.
#[test]
fn every_place_is_given_back() {
    let app = TestApp::builder()
        .set("http.max_in_flight", 2)
        .set("http.request_timeout", "50ms")
        .start();
    let target = format!("{USERS}/startPasswordReset");
    for _ in 0..5 {
        app.send(&Request::post(&target).body("application/json", "{"))
            .refusal(400);
        app.send(&Request::get("/nothing")).refusal(404);
        let mut gone = Connection::open(app.address);
        gone.write(
            format!("POST {target} HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n").as_bytes(),
        );
    }
    wait_until("every place is free", || {
        (in_flight(&app) == 0).then_some(())
    });
    app.send(&reset()).envelope(200);
}

/// The burst is more than places and queue hold together: each is answered with 200 or 503, and what was
/// answered with 200 is there.
#[test]
fn a_burst_is_taken_as_far_as_it_can_be() {
    let app = TestApp::builder()
        .set("http.max_in_flight", 4)
        .set("storage.queue", 2)
        .without_worker()
        .start();
    let statuses = all_at_once(&[(); 60], |()| app.send(&reset()).status);
    let taken = statuses.iter().filter(|status| **status == 200).count();
    let refused = statuses.iter().filter(|status| **status == 503).count();
    assert_eq!(taken + refused, 60, "{statuses:?}");
    assert!(taken > 0);
    assert_eq!(app.outbox().len(), taken);
    app.send(&reset()).envelope(200);
}
