//! What was answered with 200 is on disk.

use std::sync::mpsc;

use super::{address, ask};
use crate::support::process::Site;

/// Assertion 63: the answer is sent when the request is on disk, and not before: killed right after
/// an answer, while other requests are being written, the server has lost none that it confirmed.
#[test]
fn no_confirmed_request_is_lost_by_a_kill() {
    // Nobody listens there: what is on disk is the only trace of a request.
    let site = Site::new("smtp://127.0.0.1:1");
    let mut confirmed = Vec::new();
    for round in 0..20 {
        let server = site.serve();
        let at = server.address;
        let (answered, answers) = mpsc::channel();
        let clients: Vec<_> = (0..4)
            .map(|client| {
                let answered = answered.clone();
                std::thread::spawn(move || {
                    for request in 0..3 {
                        let email = address(round * 12 + client * 3 + request);
                        if !ask(at, &email) || answered.send(email).is_err() {
                            break;
                        }
                    }
                })
            })
            .collect();
        drop(answered);
        // From the very first answer to one in the middle.
        confirmed.extend(answers.iter().take(1 + round % 6));
        server.kill();
        confirmed.extend(answers.iter());
        for client in clients {
            client.join().expect("the client ends");
        }
    }
    assert!(confirmed.len() > 40, "{}", confirmed.len());
    let listed = site.ok(&["outbox", "list", "--json", "--limit", "1000"]);
    let listed: serde_json::Value = serde_json::from_str(&listed).expect("JSON");
    let stored: Vec<&str> = listed
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|message| message["recipient"].as_str())
        .collect();
    for email in confirmed {
        let times = stored.iter().filter(|stored| **stored == email).count();
        assert_eq!(times, 1, "{email}");
    }
}
