//! A disk that fails or is full, under the real program.

mod faults;
mod groups;
mod import;

use serde_json::json;

use crate::support::app::USERS;
use crate::support::faults::Faults;
use crate::support::http::{Answer, Request};
use crate::support::process::{Process, Site};
use crate::support::smtp::SmtpServer;

/// What the paths of the database's files have in common.
const DATABASE: &str = "/readmit.db";

/// The program on a disk that can fail, with Canal House and Jane in its database.
struct Deployment {
    relay: SmtpServer,
    site: Site,
    faults: Faults,
    server: Process,
}

impl Deployment {
    fn start(password: &str) -> Self {
        let (relay, faults) = (SmtpServer::start(), Faults::new());
        let site = Site::new(&relay.url()).set("outbox.poll", "50ms");
        site.add_jane(password);
        let server = Process::start(faults.load(site.command(&["serve"]), DATABASE));
        faults.assert_loaded();
        Self {
            relay,
            site,
            faults,
            server,
        }
    }

    fn ask(&self, address: &str) -> Answer {
        self.server.send(&ask_for_link(address))
    }

    fn complete(&self, token: &str, password: &str) -> Answer {
        let body = json!({ "Token": token, "Password": password });
        self.server
            .send(&Request::post(&format!("{USERS}/completePasswordReset")).json(&body))
    }

    fn exchange(&self, token: &str) -> Answer {
        let target = format!("{USERS}/exchange?token={token}&validForInMinutes=60");
        self.server.send(&Request::post(&target))
    }

    fn sign_in(&self, username: &str, password: &str) -> Answer {
        self.server.send(&Request::post("/api/token").form(&[
            ("grant_type", "password"),
            ("username", username),
            ("password", password),
        ]))
    }
}

fn ask_for_link(address: &str) -> Request {
    Request::post(&format!("{USERS}/startPasswordReset")).json(&json!({ "email": address }))
}

fn count(site: &Site, what: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {what}");
    site.sql()
        .query_row(&sql, [], |row| row.get(0))
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
}
