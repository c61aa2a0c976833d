//! The real program, killed without a warning at the worst moments.

mod accepted;
mod deliveries;
mod rounds;
mod signals;

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::json;

use crate::support::http::{Request, try_send_raw};
use crate::support::process::{Process, Site};
use crate::support::smtp::SmtpServer;

/// A site with short leases, where one account may have as many links as a test wants.
fn site(relay: &SmtpServer) -> Site {
    Site::new(&relay.url())
        .set("outbox.lease", "800ms")
        .set("smtp.timeout", "700ms")
        .set("outbox.poll", "50ms")
        .set("outbox.first_retry", "100ms")
        .set("outbox.max_retry", "100ms")
        // It is the test that kills, and no message is to blame.
        .set("outbox.max_crashes", 1000)
        .set("reset.cooldown", "0s")
        .set("reset.max_pending", 100)
}

fn address(n: usize) -> String {
    format!("p{n:03}@example.com")
}

/// Imports that many people, who have no password yet.
fn add_people(site: &Site, count: usize) {
    let mut csv = "email,name,business,password\n".to_owned();
    for n in 0..count {
        csv.push_str(&address(n));
        csv.push_str(",Pat,,\n");
    }
    std::fs::write(site.folder().join("people.csv"), csv).expect("a file");
    let printed = site.ok(&["user", "import", "people.csv"]);
    assert_eq!(printed, format!("{count} people imported\n"));
}

/// Asks for a link; true when the answer was a whole 200.
fn ask(server: std::net::SocketAddr, email: &str) -> bool {
    let request = Request::post("/api/sys/users/startPasswordReset");
    let bytes = request.json(&json!({ "email": email })).to_bytes();
    try_send_raw(server, &bytes).is_ok_and(|answer| {
        assert_eq!(answer.status, 200, "{}", answer.text());
        true
    })
}

/// The outbox's rows as they are on disk: state, attempts, next attempt or end of the lease.
fn rows(site: &Site) -> Vec<(String, u32, i64)> {
    let sql = site.sql();
    let mut statement = sql
        .prepare("SELECT state, attempts, next_attempt_at FROM outbox ORDER BY id")
        .expect("a statement");
    let rows = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .expect("rows");
    rows.collect::<Result<_, _>>().expect("rows")
}

fn all_sent(rows: &[(String, u32, i64)]) -> bool {
    rows.iter().all(|(state, ..)| state == "sent")
}

/// A server that a closure of the relay can kill.
#[derive(Clone, Default)]
struct Victim(Arc<Mutex<Option<Process>>>);

impl Victim {
    fn is(&self, process: Process) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(process);
    }

    /// SIGKILL; returns when the process is gone. The second call does nothing.
    fn kill(&self) {
        let process = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(process) = process {
            process.kill();
        }
    }

    fn is_gone(&self) -> bool {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_none()
    }
}
