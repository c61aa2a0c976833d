//! Clients that are slow, a thousand of them, against the real program.

use serde_json::json;

use crate::support::app::USERS;
use crate::support::connection::Connection;
use crate::support::http::Request;
use crate::support::process::Site;

/// Assertion 86: a thousand clients that begin a request and do not end it change nothing for the
/// others, with the defaults.
#[test]
fn a_thousand_slow_clients_change_nothing() {
    const HEAD: &str = "POST /api/sys/users/startPasswordReset HTTP/1.1\r\nhost: x\r\n";
    let site = Site::new("smtp://127.0.0.1:9");
    let process = site.serve();
    let mut slow: Vec<_> = (0..1000)
        .map(|_| Connection::open(process.address))
        .collect();
    for (number, connection) in slow.iter_mut().enumerate() {
        connection.write(HEAD.as_bytes());
        if number % 2 == 0 {
            connection.write(b"content-type: application/json\r\ncontent-length: 30\r\n\r\n{");
        }
    }
    for number in 0..50 {
        let body = json!({ "email": format!("m{number}@example.com") });
        let request = Request::post(&format!("{USERS}/startPasswordReset")).json(&body);
        process.send(&request).envelope(200);
    }
    assert_eq!(process.send(&Request::get("/healthz")).status, 200);
    let ready = process.send(&Request::get("/readyz"));
    assert_eq!(ready.status, 200, "{}", ready.text());
    // They are still there: none was sent away to make room.
    let (mut last, body) = (slow.remove(998), r#""email":"nobody@example.com"}"#);
    last.write(&body.as_bytes()[..29]);
    last.read().envelope(200);
}
