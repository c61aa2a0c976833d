//! Mails to a relay on loopback: how many a second, and how soon one leaves.

use std::time::Duration;

use crate::load::{Connection, reset_request};
use crate::sink::Sink;
use crate::stats::{quantile, rate, spread};
use crate::support::process::Site;

const PEOPLE: usize = 5000;
const ROUNDS: usize = 3;

pub(crate) fn run() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let mut rates = Vec::new();
    for _ in 0..ROUNDS {
        rates.push(runtime.block_on(drain()));
    }
    println!(
        "{PEOPLE} queued links, from first to last: {}",
        spread(&mut rates, "mails/s")
    );

    let mut delays = runtime.block_on(delays());
    delays.sort_unstable();
    println!(
        "from the request to the relay's having it: p50 {:.1} ms, p99 {:.1} ms",
        quantile(&delays, 0.5).as_secs_f64() * 1000.0,
        quantile(&delays, 0.99).as_secs_f64() * 1000.0
    );
}

/// A site with many people of Canal House.
fn site_with_people(relay: &Sink) -> Site {
    use std::fmt::Write as _;
    let site = Site::new(&relay.url());
    site.add_jane("nine otters in the old mill");
    let mut file = "email,name,business,password\n".to_owned();
    for n in 0..PEOPLE {
        writeln!(file, "member{n}@example.com,Member {n},7,").expect("text grows");
    }
    std::fs::write(site.folder().join("people.csv"), file).expect("a file is written");
    site.ok(&["user", "import", "people.csv"]);
    site
}

/// Queues a link for everybody while nothing is sent, then lets the server send them all.
async fn drain() -> f64 {
    let sink = Sink::start().await;
    let site = site_with_people(&sink);
    {
        let sql = site.sql();
        let insert = "INSERT INTO outbox (kind, recipient, business_id, message_id, \
                      next_attempt_at, created_at) \
                      SELECT 'reset', email, business_id, id || '@readmit.test', \
                      created_at, created_at FROM accounts WHERE email LIKE 'member%'";
        assert_eq!(sql.execute(insert, []).expect("rows are written"), PEOPLE);
    }
    let process = site.serve();
    sink.wait_for(1).await;
    let start = crate::now();
    sink.wait_for(PEOPLE).await;
    let took = start.elapsed();
    process.kill();
    rate(PEOPLE - 1, took)
}

/// Asks for one link after the other, and waits for each mail.
async fn delays() -> Vec<Duration> {
    let sink = Sink::start().await;
    let site = site_with_people(&sink);
    let process = site.serve();
    let mut connection = Connection::open(process.address).await;
    let mut delays = Vec::new();
    for n in 0..300 {
        let request = reset_request(&format!("member{n}@example.com"));
        let start = crate::now();
        assert_eq!(connection.ask(&request).await, 200);
        sink.wait_for(n + 1).await;
        delays.push(start.elapsed());
    }
    process.kill();
    delays
}
