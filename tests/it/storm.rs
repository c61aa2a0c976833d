//! Long runs of what must hold under faults, with figures. Small versions of each run with the other
//! tests; the full ones by `cargo test --release -- --ignored --nocapture storm`.

mod disk;
mod keep;
mod kills;
mod outage;
mod power;

use std::collections::BTreeSet;
use std::net::SocketAddr;

use readmit::entropy::Entropy;
use serde_json::json;

use crate::support::http::{Request, try_send_raw};
use crate::support::process::Site;

/// Prints what a full run has measured.
#[expect(
    clippy::print_stdout,
    reason = "a run of its own whose output is the figures"
)]
fn report(title: &str, figures: &[(&str, String)]) {
    println!("== {title}");
    for (name, value) in figures {
        println!("{name:40} {value}");
    }
}

/// What happened to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answered {
    /// With 200: it is on disk.
    Accepted,
    /// With 503: it is not.
    TurnedAway,
    /// Not at all, because the server is gone.
    Never,
}

fn address(n: usize) -> String {
    format!("p{n:06}@example.com")
}

fn ask(server: SocketAddr, email: &str) -> Answered {
    let request = Request::post("/api/sys/users/startPasswordReset");
    let bytes = request.json(&json!({ "email": email })).to_bytes();
    match try_send_raw(server, &bytes) {
        Ok(answer) if answer.status == 200 => Answered::Accepted,
        Ok(answer) if answer.status == 503 => Answered::TurnedAway,
        Ok(answer) => panic!("{}: {}", answer.status, answer.text()),
        Err(_) => Answered::Never,
    }
}

/// Has so many people, who have no password yet, be members.
fn add_people(site: &Site, count: usize) {
    let people = "WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n + 1 < ?1) \
                  INSERT INTO accounts (id, email, email_key, name, must_reset_password, \
                  created_at, updated_at) \
                  SELECT printf('00000000-0000-4000-8000-%012d', n), printf('p%06d@example.com', n), \
                  printf('p%06d@example.com', n), 'Pat', 1, 0, 0 FROM n";
    let count = i64::try_from(count).expect("a number");
    site.sql().execute(people, [count]).expect("people");
}

/// Whom the outbox holds a message for.
fn stored(site: &Site) -> BTreeSet<String> {
    let sql = site.sql();
    let mut statement = sql
        .prepare("SELECT recipient FROM outbox")
        .expect("a statement");
    let rows = statement.query_map([], |row| row.get(0)).expect("rows");
    rows.collect::<Result<_, _>>().expect("addresses")
}

/// A number in `0..below`.
fn draw(entropy: &Entropy, below: usize) -> usize {
    let number = usize::from(u16::from_be_bytes(entropy.bytes()));
    number % below
}
