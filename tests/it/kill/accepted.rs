//! What was answered with 200 is on disk.

use std::sync::mpsc;

use super::{address, ask};
use crate::support::faults::Faults;
use crate::support::process::{Process, Site};

/// Fails unless each of these requests stands in the outbox once.
fn assert_stored(site: &Site, confirmed: &[String]) {
    let listed = site.ok(&["outbox", "list", "--json", "--limit", "1000"]);
    let listed: serde_json::Value = serde_json::from_str(&listed).expect("JSON");
    let stored: Vec<&str> = listed
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|message| message["recipient"].as_str())
        .collect();
    for email in confirmed {
        let times = stored.iter().filter(|stored| *stored == email).count();
        assert_eq!(times, 1, "{email}");
    }
}

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
    assert_stored(&site, &confirmed);
}

/// Assertion 63, without luck: the process dies in the middle of its n-th operation on the log of the
/// database. Whichever step of which commit that is, its requests have not been answered yet.
#[test]
fn no_request_is_confirmed_before_its_commit_is_complete() {
    let site = Site::new("smtp://127.0.0.1:1");
    let mut confirmed = Vec::new();
    drop(site.serve());
    // A commit is some nine operations, so that steps of four come by each of them.
    for operation in (1..50).step_by(4) {
        let faults = Faults::new();
        let serve = site.command(&["serve"]);
        let serve = faults.load_to_die_at(operation, serve, "/readmit.db-wal");
        let mut server = Process::start(serve);
        faults.assert_loaded();
        let mut emails = (0..50).map(|request| address(operation * 50 + request));
        confirmed.extend(
            emails
                .by_ref()
                .take_while(|email| ask(server.address, email)),
        );
        server.wait();
    }
    assert!(confirmed.len() >= 6, "{}", confirmed.len());
    assert_stored(&site, &confirmed);
}
