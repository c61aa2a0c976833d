//! Mails to a relay on loopback: how many a second, how soon one leaves, what that does to the intake,
//! and what a long past does to both.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Runtime;

use crate::load::{self, Connection, MakeRequest, Outcome, reset_request};
use crate::sink::Sink;
use crate::stats::{median, quantile, rate, spread};
use crate::support::process::Site;

const PEOPLE: usize = 5000;
const ROUNDS: usize = 3;
/// How long the intake is loaded at a time.
const SPAN: Duration = Duration::from_secs(3);
/// How many messages a deployment has sent in its past.
const SHORT_PAST: usize = 1_000;
const LONG_PAST: usize = 1_000_000;

pub(crate) fn run() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let mut rates = Vec::new();
    for _ in 0..ROUNDS {
        rates.push(runtime.block_on(drain(0)));
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
    beside_the_intake(&runtime);
    after_a_long_past(&runtime);
}

/// The intake while a backlog leaves, in turns with the intake while nothing does.
fn beside_the_intake(runtime: &Runtime) {
    const BACKLOG: usize = 100_000;
    let (mut quiet, mut busy, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let sink = runtime.block_on(Sink::start());
        let site = site_with_people(&sink);
        let process = site.serve();
        let before = intake(process.address);
        process.kill();
        queue(&site, BACKLOG);
        let process = site.serve();
        runtime.block_on(sink.wait_for(1));
        let during = intake(process.address);
        process.kill();
        ratios.push(during.p99.as_secs_f64() / before.p99.as_secs_f64());
        quiet.push(before.p99.as_secs_f64() * 1000.0);
        busy.push(during.p99.as_secs_f64() * 1000.0);
    }
    println!(
        "p99 of requests at 16 connections: {}, while {BACKLOG} mails leave: {}; ratio {:.1}",
        spread(&mut quiet, "ms"),
        spread(&mut busy, "ms"),
        median(&mut ratios)
    );
}

/// Intake and mails of a deployment that has sent a million messages, and of one that has sent a thousand.
fn after_a_long_past(runtime: &Runtime) {
    let (mut intakes, mut drains) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let [short, long] = [SHORT_PAST, LONG_PAST].map(|past| {
            let site = Site::new("smtp://127.0.0.1:9");
            drop(site.serve());
            remember(&site, past);
            let process = site.serve();
            let outcome = intake(process.address);
            process.kill();
            let drained = runtime.block_on(drain(past));
            (outcome.per_second, drained)
        });
        intakes.push(100.0 * long.0 / short.0);
        drains.push(100.0 * long.1 / short.1);
    }
    println!(
        "with {LONG_PAST} messages in the past, against {SHORT_PAST}: requests a second {}, mails a second {}",
        spread(&mut intakes, "%"),
        spread(&mut drains, "%")
    );
}

fn intake(address: std::net::SocketAddr) -> Outcome {
    let make: MakeRequest = Arc::new(|n| reset_request(&format!("nobody{n}@example.com")));
    load::run(address, 16, SPAN, &make)
}

/// Messages that were sent long ago.
fn remember(site: &Site, count: usize) {
    let insert = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) \
                  INSERT INTO outbox (kind, recipient, state, attempts, message_id, \
                  next_attempt_at, created_at, finished_at, last_reply) \
                  SELECT 'reset', 'member' || i || '@example.com', 'sent', 1, i || '@past.test', \
                  t, t, t, '250 2.0.0 ok' FROM n, (SELECT unixepoch() * 1000 AS t)";
    let written = site
        .sql()
        .execute(insert, [i64::try_from(count).expect("a count")])
        .expect("rows are written");
    assert_eq!(written, count);
}

/// Notices for people of Canal House, which nothing keeps from being sent.
fn queue(site: &Site, count: usize) {
    let insert = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) \
                  INSERT INTO outbox (kind, recipient, account_id, business_id, message_id, \
                  next_attempt_at, created_at) \
                  SELECT 'changed', email, id, business_id, i || '@queue.test', created_at, \
                  created_at FROM n, (SELECT * FROM accounts LIMIT 1)";
    let written = site
        .sql()
        .execute(insert, [i64::try_from(count).expect("a count")])
        .expect("rows are written");
    assert_eq!(written, count);
}

/// A site with many people of Canal House.
fn site_with_people(relay: &Sink) -> Site {
    use std::fmt::Write as _;
    let site = Site::new(&relay.url()).set("outbox.concurrency", 16);
    site.add_jane("nine otters in the old mill");
    let mut file = "email,name,business,password\n".to_owned();
    for n in 0..PEOPLE {
        writeln!(file, "member{n}@example.com,Member {n},7,").expect("text grows");
    }
    std::fs::write(site.folder().join("people.csv"), file).expect("a file is written");
    site.ok(&["user", "import", "people.csv"]);
    site
}

/// Queues a link for everybody while nothing is sent, then lets the server send them all. It has sent so
/// many messages before.
async fn drain(past: usize) -> f64 {
    let sink = Sink::start().await;
    let site = site_with_people(&sink);
    if past > 0 {
        remember(&site, past);
    }
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
