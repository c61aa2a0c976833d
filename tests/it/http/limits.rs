//! How much one caller may ask for.

use std::time::Duration;

use serde_json::json;

use super::{COMPLETE_RESET, EXCHANGE, JSON, START_RESET, TOKEN, oauth_error, post_json};
use crate::support::app::{Builder, PASSWORD, TestApp};
use crate::support::http::{Answer, Request};

/// A deployment where each action is limited to two in ten seconds.
fn limited() -> Builder {
    ["reset", "complete", "sign_in", "exchange"]
        .iter()
        .fold(TestApp::builder(), |builder, action| {
            builder.set(&format!("limits.{action}"), "2/10s")
        })
        .set("limits.enabled", "true")
}

fn reset(from: &[&str]) -> Request {
    let request = Request::post(START_RESET).json(&json!({ "email": "nobody@example.com" }));
    from.iter().fold(request, |request, hops| {
        request.header("x-forwarded-for", hops)
    })
}

fn over(answer: &Answer, retry_after: &str) {
    let words = "Too many requests. Please wait a moment and try again.";
    assert_eq!(answer.refusal(429), words);
    assert_eq!(answer.header("retry-after"), Some(retry_after));
}

/// Each action counts for itself. At the token endpoint the refusal is OAuth's (assertion 40).
#[test]
fn a_caller_over_its_limit_is_told_when_to_come_again() {
    let app = limited().without_worker().start().and_jane();
    let complete = json!({ "Token": "x", "Password": "a fine new password" });
    let exchange = format!("{EXCHANGE}?token=x&validForInMinutes=5");
    let requests = [
        (200, reset(&[])),
        (400, Request::post(COMPLETE_RESET).json(&complete)),
        (401, Request::post(&exchange)),
    ];
    for (status, request) in requests {
        for _ in 0..2 {
            app.send(&request).envelope(status);
        }
        over(&app.send(&request), "5");
        over(&app.send(&request), "5");
    }
    for password in [PASSWORD, "wrong"] {
        assert_ne!(app.sign_in("jane@example.com", password).status, 429);
    }
    let refused = app.sign_in("jane@example.com", PASSWORD);
    assert_eq!(oauth_error(&refused, 429), "temporarily_unavailable");
    assert_eq!(refused.header("retry-after"), Some("5"));
}

/// The wait is rounded up, so that whoever comes then is admitted; and one at a time, so that nobody
/// gets twice the quota by waiting for a window to turn.
#[test]
fn waiting_admits_again() {
    let app = limited().without_worker().start();
    for _ in 0..2 {
        app.send(&reset(&[])).envelope(200);
    }
    over(&app.send(&reset(&[])), "5");
    app.advance(Duration::from_millis(3900));
    over(&app.send(&reset(&[])), "2");
    app.advance(Duration::from_millis(1099));
    over(&app.send(&reset(&[])), "1");
    app.advance(Duration::from_millis(1));
    app.send(&reset(&[])).envelope(200);
    over(&app.send(&reset(&[])), "5");
    app.advance(Duration::from_mins(1));
    for _ in 0..2 {
        app.send(&reset(&[])).envelope(200);
    }
    over(&app.send(&reset(&[])), "5");
}

/// Assertion 50: between looking and counting there is no gap to slip through.
#[test]
fn of_many_requests_at_once_just_the_quota_is_admitted() {
    let app = limited()
        .set("limits.reset", "7/1h")
        .without_worker()
        .start();
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let callers: Vec<_> = (0..40)
            .map(|_| scope.spawn(|| app.send(&reset(&[])).status))
            .collect();
        let status = |caller: std::thread::ScopedJoinHandle<'_, u16>| caller.join();
        let statuses: Result<_, _> = callers.into_iter().map(status).collect();
        statuses.expect("every caller is answered")
    });
    let admitted = statuses.iter().filter(|status| **status == 200).count();
    let refused = statuses.iter().filter(|status| **status == 429).count();
    assert_eq!((admitted, refused), (7, 33));
    assert_eq!(app.outbox().len(), 7);
}

#[test]
fn limits_can_be_off() {
    let app = limited()
        .set("limits.enabled", "false")
        .without_worker()
        .start();
    for _ in 0..20 {
        app.send(&reset(&[])).envelope(200);
    }
}

/// A body that cannot be read is refused for that: a limit counts what it is about.
#[test]
fn a_malformed_request_is_refused_for_what_it_is() {
    let app = limited().without_worker().start();
    for _ in 0..5 {
        post_json(&app, START_RESET, "{").envelope(400);
    }
    let request = Request::post(TOKEN).body(JSON, "{}");
    for _ in 0..5 {
        oauth_error(&app.send(&request), 400);
    }
    app.send(&reset(&[])).envelope(200);
}

/// Assertion 48: anybody can write that header.
#[test]
fn forwarding_headers_of_strangers_are_ignored() {
    let app = limited().without_worker().start();
    for caller in ["203.0.113.1", "203.0.113.2"] {
        let request = reset(&[caller])
            .header("forwarded", &format!("for={caller}"))
            .header("x-real-ip", caller)
            .header("cf-connecting-ip", caller);
        app.send(&request).envelope(200);
    }
    over(&app.send(&reset(&["203.0.113.3"])), "5");
    let clients: i64 = app.query("SELECT count(*) FROM outbox WHERE client = '127.0.0.1'");
    assert_eq!(clients, 2);
}

/// Assertion 48: what stands left of the first address that is not trusted was written by whoever
/// is behind it.
#[test]
fn behind_trusted_proxies_the_rightmost_other_address_counts() {
    let app = limited()
        .set("http.trusted_proxies", "127.0.0.1,10.0.0.0/8")
        .without_worker()
        .start();
    let client = |hops: &[&str]| {
        app.send(&reset(hops)).envelope(200);
        let last = app.outbox().pop().expect("a message");
        last.client.expect("a client")
    };
    let cases: [(&[&str], &str); 11] = [
        (&[], "127.0.0.1"),
        (&["203.0.113.1"], "203.0.113.1"),
        (&["198.51.100.7, 203.0.113.2"], "203.0.113.2"),
        (&["203.0.113.3, 10.1.2.3"], "203.0.113.3"),
        (&["203.0.113.4,10.1.2.3 ,\t10.9.9.9"], "203.0.113.4"),
        (&["198.51.100.7", "203.0.113.5", "10.0.0.1"], "203.0.113.5"),
        (&["203.0.113.6:4711"], "203.0.113.6"),
        (&["::ffff:203.0.113.7"], "203.0.113.7"),
        (&["[2001:db8::1]:4711"], "2001:db8::1"),
        (&["10.0.0.2, 10.0.0.1"], "10.0.0.2"),
        // Nothing further left is believed once something cannot be read.
        (&["203.0.113.8, unknown, 10.0.0.3"], "10.0.0.3"),
    ];
    for (hops, expected) in cases {
        assert_eq!(client(hops), expected, "{hops:?}");
    }
    // Each has a limit of its own, whatever was put before it.
    app.send(&reset(&["203.0.113.9, 203.0.113.1"]))
        .envelope(200);
    over(&app.send(&reset(&["192.0.2.1, 203.0.113.1"])), "5");
    app.send(&reset(&["203.0.113.1, 203.0.113.2"]))
        .envelope(200);
}

/// Assertion 49: one subscriber has 2^64 addresses, and many ways to write each.
#[test]
fn an_ipv6_network_counts_as_one_caller() {
    let app = limited()
        .set("http.trusted_proxies", "127.0.0.1")
        .without_worker()
        .start();
    app.send(&reset(&["2001:db8:0:1::1"])).envelope(200);
    app.send(&reset(&["2001:DB8:0:1:ffff::2"])).envelope(200);
    for same in [
        "2001:db8:0:1::3",
        "2001:0db8:0000:0001:0000:0000:0000:0004",
        "[2001:db8:0:1::5]",
    ] {
        over(&app.send(&reset(&[same])), "5");
    }
    app.send(&reset(&["2001:db8:0:2::1"])).envelope(200);
    for mapped in ["::ffff:203.0.113.1", "::FFFF:cb00:7101"] {
        app.send(&reset(&[mapped])).envelope(200);
    }
    over(&app.send(&reset(&["203.0.113.1"])), "5");
    app.send(&reset(&["::ffff:203.0.113.2"])).envelope(200);
}
