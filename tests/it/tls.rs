//! The listener's own TLS: agreed on with every client of today, renewed without a restart, and nobody's
//! trouble but that of who cannot speak it.

mod refused;
mod renewed;
mod watched;

use serde_json::json;
use tokio_rustls::rustls::version::{TLS12, TLS13};

use crate::support::app::{TestApp, USERS};
use crate::support::connection::Connection;
use crate::support::http::Request;
use crate::support::https::{CertificateFiles, Https, Offer};

/// A server with these files, and with what else is set.
fn server(files: &CertificateFiles, settings: &[(&str, &str)]) -> TestApp {
    let mut builder = TestApp::builder()
        .set("http.tls_cert", files.cert().display())
        .set("http.tls_key", files.key().display());
    for (key, value) in settings {
        builder = builder.set(key, value);
    }
    builder.start()
}

fn hsts(app: &TestApp, files: &CertificateFiles) -> Option<String> {
    let mut connection = Https::open(app.address, &files.ca).expect("a private connection");
    let answer = connection.send(&Request::get("/healthz"), false);
    assert_eq!(answer.status, 200);
    let header = answer.header("strict-transport-security");
    header.map(ToOwned::to_owned)
}

/// A browser offers HTTP/2 first; what is served is HTTP/1.1, and both versions of TLS that are not broken.
#[test]
fn the_api_is_served_over_tls() {
    let files = CertificateFiles::new();
    let app = server(&files, &[]);
    for versions in [&[&TLS12][..], &[&TLS13]] {
        let offer = Offer {
            protocols: &[b"h2", b"http/1.1"],
            versions,
        };
        let mut connection =
            Https::offering(&offer, app.address, &files.ca).expect("a private connection");
        assert_eq!(connection.protocol(), Some(&b"http/1.1"[..]));
        let body = json!({ "email": "nobody@example.com" });
        let request = Request::post(&format!("{USERS}/startPasswordReset")).json(&body);
        connection.send(&request, true).envelope(200);
        // The connection serves more than one request.
        assert_eq!(
            connection.send(&Request::get("/healthz"), false).status,
            200
        );
    }
}

/// Without ALPN a client means HTTP/1.1; with nothing that we speak it is told so (RFC 7301, 3.2).
#[test]
fn a_client_that_speaks_another_protocol_is_turned_away_and_one_that_names_none_is_not() {
    let files = CertificateFiles::new();
    let app = server(&files, &[]);
    let versions = tokio_rustls::rustls::ALL_VERSIONS;
    let foreign = Offer {
        protocols: &[b"h2"],
        versions,
    };
    let error = Https::offering(&foreign, app.address, &files.ca);
    let error = error.err().expect("no common protocol").to_string();
    assert!(error.contains("NoApplicationProtocol"), "{error}");
    let silent = Offer {
        protocols: &[],
        versions,
    };
    let mut connection = Https::offering(&silent, app.address, &files.ca).expect("HTTP/1.1");
    let answer = connection.send(&Request::get("/healthz"), false);
    assert_eq!(answer.status, 200);
}

/// The promise to browsers is made where TLS ends here and the world's address is https, and nowhere else:
/// on plain HTTP it must not stand (RFC 6797, 7.2), and a browser holds us to it for a year.
#[test]
fn browsers_are_told_to_stay_with_tls_only_where_it_is_ours_to_say() {
    let files = CertificateFiles::new();
    let told = hsts(&server(&files, &[]), &files);
    assert_eq!(told.as_deref(), Some("max-age=31536000"));
    let told = hsts(&server(&files, &[("http.hsts", "2d")]), &files);
    assert_eq!(told.as_deref(), Some("max-age=172800"));
    let told = hsts(&server(&files, &[("http.hsts", "0s")]), &files);
    assert_eq!(told, None);
    let internal = server(&files, &[("http.public_url", "http://id.readmit.test/")]);
    assert_eq!(hsts(&internal, &files), None);

    let plain = TestApp::start();
    let answer = plain.send(&Request::get("/healthz"));
    assert_eq!(answer.header("strict-transport-security"), None);
}

/// Whoever speaks plain HTTP to the private port sees it closed, without an answer, and its request is not
/// carried out.
#[test]
fn plain_http_to_the_private_port_is_closed() {
    let files = CertificateFiles::new();
    let app = server(&files, &[]);
    let body = json!({ "email": "nobody@example.com" });
    let request = Request::post(&format!("{USERS}/startPasswordReset")).json(&body);
    let mut connection = Connection::open(app.address);
    connection.write(&request.to_bytes());
    let rest = connection.read_to_end();
    assert!(!rest.starts_with(b"HTTP/"), "{rest:?}");
    assert!(app.outbox().is_empty());
}

/// Assertion 86, before the first byte of HTTP: who is slow to agree holds up nobody and is cut off in time.
#[test]
fn slow_handshakes_hold_nobody_up_and_are_cut_off() {
    let files = CertificateFiles::new();
    let app = server(&files, &[("http.header_timeout", "2s")]);
    let mut slow: Vec<_> = (0..100).map(|_| Connection::open(app.address)).collect();
    for connection in slow.iter_mut().step_by(2) {
        // The head of a record that promises 512 bytes.
        connection.write(b"\x16\x03\x01\x02\x00\x01");
    }
    for _ in 0..5 {
        let mut quick = Https::open(app.address, &files.ca).expect("a private connection");
        assert_eq!(quick.send(&Request::get("/healthz"), false).status, 200);
    }
    for mut connection in slow {
        connection.read_to_end();
    }
}

/// On one of the last seats, of which there are few, a handshake is given a moment only, however patient the
/// server is with others.
#[test]
fn a_handshake_on_one_of_the_last_seats_is_hurried() {
    let files = CertificateFiles::new();
    let settings = [("http.max_connections", "1"), ("http.header_timeout", "1h")];
    let app = server(&files, &settings);
    let mut seated = Https::open(app.address, &files.ca).expect("a private connection");
    assert_eq!(seated.send(&Request::get("/healthz"), true).status, 200);
    let mut silent = Connection::open(app.address);
    assert!(silent.read_to_end().is_empty());
    assert_eq!(seated.send(&Request::get("/healthz"), false).status, 200);
}

/// A stop waits for answers under way, and a handshake is none.
#[test]
fn a_stop_does_not_wait_for_handshakes() {
    let files = CertificateFiles::new();
    let mut app = server(
        &files,
        &[
            ("http.header_timeout", "1h"),
            ("http.shutdown_timeout", "1h"),
        ],
    );
    let mut silent = Connection::open(app.address);
    silent.write(b"\x16\x03\x01");
    let mut quick = Https::open(app.address, &files.ca).expect("a private connection");
    assert_eq!(quick.send(&Request::get("/healthz"), true).status, 200);
    app.stop();
    silent.read_to_end();
    // The other one was idle, which is no reason to wait, either.
    drop(quick);
}
