//! Whom a proxy speaks for, by `Forwarded` (RFC 7239). `X-Forwarded-For` has its tests in `http/limits`.

use serde_json::json;

use crate::support::app::{TestApp, USERS};
use crate::support::http::Request;

fn behind_proxies(header: &str) -> TestApp {
    TestApp::builder()
        .set("http.trusted_proxies", "127.0.0.1,::ffff:10.0.0.0/104")
        .set("http.forwarding_header", header)
        .without_worker()
        .start()
}

/// Who is said to have asked, by a request with these headers.
fn client(app: &TestApp, headers: &[(&str, &str)]) -> String {
    let body = json!({ "email": "nobody@example.com" });
    let request = Request::post(&format!("{USERS}/startPasswordReset")).json(&body);
    let with = |request: Request, (name, value): &(&str, &str)| request.header(name, value);
    app.send(&headers.iter().fold(request, with)).envelope(200);
    let last = app.outbox().pop().expect("a message");
    last.client.expect("a client")
}

/// Assertion 48. From the right, past those that are trusted; what a client wrote into the same header
/// or into the parameters around it leads nowhere.
#[test]
fn the_rightmost_address_that_is_no_proxy_counts() {
    let app = behind_proxies("forwarded");
    let cases: [(&[&str], &str); 19] = [
        (&[], "127.0.0.1"),
        (&["for=203.0.113.1"], "203.0.113.1"),
        (
            &["For=203.0.113.1;proto=https;by=203.0.113.9"],
            "203.0.113.1",
        ),
        (&["for=198.51.100.7, for=203.0.113.2"], "203.0.113.2"),
        (&["for=198.51.100.7", "for=203.0.113.3"], "203.0.113.3"),
        (&["for=203.0.113.4, for=10.1.2.3;proto=http"], "203.0.113.4"),
        (&[r#"for="203.0.113.5:4711""#], "203.0.113.5"),
        (&[r#"for="[2001:DB8::1]:4711""#], "2001:db8::1"),
        (&[r#"for="[2001:db8:0:0::2]""#], "2001:db8::2"),
        (&[r#"for="[::ffff:203.0.113.6]""#], "203.0.113.6"),
        (&["proto=https;for=203.0.113.7;host=a.test"], "203.0.113.7"),
        // A host name is the client's to choose, quoted or not.
        (
            &[r#"for=203.0.113.8;host="x, for=198.51.100.7;y=""#],
            "203.0.113.8",
        ),
        (
            &[r#"for=203.0.113.9;host="\", for=198.51.100.7""#],
            "203.0.113.9",
        ),
        // From what cannot be read on, nothing is believed: the last proxy counts.
        (&["for=198.51.100.7, for=unknown"], "127.0.0.1"),
        (&["for=198.51.100.7, for=_hidden, for=10.0.0.1"], "10.0.0.1"),
        (&["for=198.51.100.7, proto=https"], "127.0.0.1"),
        (&["for=198.51.100.7;for=198.51.100.8"], "127.0.0.1"),
        (&[r#"for="198.51.100.7"#, "for=10.0.0.1"], "10.0.0.1"),
        (&["", ",;=,", "for=203.0.113.10"], "203.0.113.10"),
    ];
    for (lines, expected) in cases {
        let headers: Vec<_> = lines.iter().map(|line| ("forwarded", *line)).collect();
        assert_eq!(client(&app, &headers), expected, "{lines:?}");
    }
}

/// Assertion 48: a proxy that writes one of the two headers passes the other on as the client sent it.
#[test]
fn the_header_that_the_proxies_do_not_write_is_ignored() {
    let both = [
        ("forwarded", "for=203.0.113.1"),
        ("x-forwarded-for", "203.0.113.2"),
        ("x-real-ip", "203.0.113.3"),
    ];
    let app = behind_proxies("Forwarded");
    assert_eq!(client(&app, &both), "203.0.113.1");
    assert_eq!(client(&app, &both[1..]), "127.0.0.1");
    let app = behind_proxies("X-Forwarded-For");
    assert_eq!(client(&app, &both), "203.0.113.2");
    assert_eq!(client(&app, &both[..1]), "127.0.0.1");
}

/// A line that a client made unreadable does not hide what the proxy added to it.
#[test]
fn bytes_that_are_no_text_hide_no_address() {
    let app = behind_proxies("X-Forwarded-For");
    assert_eq!(
        client(
            &app,
            &[("x-forwarded-for", "198.51.100.7, \u{fe}, 203.0.113.1")]
        ),
        "203.0.113.1"
    );
    assert_eq!(
        client(
            &app,
            &[("x-forwarded-for", "198.51.100.7, \u{fe}, 10.0.0.1")]
        ),
        "10.0.0.1"
    );
}
