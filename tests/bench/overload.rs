//! Three times as much as the server can do, and a thousand clients that do not end what they begin.
//!
//! Saturation is what so many connections get done that each send their next request when the answer is
//! there. Then requests come at a fixed rate, whether or not the earlier ones are answered: as many as
//! were done, and three times as many. A second client asks meanwhile whether the server lives.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::load::{self, Connection, MakeRequest, reset_request};
use crate::sign_in::sign_in_request;
use crate::stats::{median, quantile, rate};
use crate::support::process::{Process, Site};

const ROUNDS: usize = 3;
const SPAN: Duration = Duration::from_secs(8);

pub(crate) fn run() {
    let site = Site::new("smtp://127.0.0.1:9")
        .set("password.argon2_memory_kib", 19456)
        .set("password.argon2_iterations", 2);
    site.add_jane("nine otters in the old mill");
    let process = site.serve();
    println!(
        "median of {ROUNDS} rounds of {} s; p99 is that of requests that were answered with 200",
        SPAN.as_secs()
    );
    println!(
        "             | at saturation: /s   p99 ms | offered /s  done /s   503 /s   p99 ms | ratio | /healthz p99 ms"
    );
    let intake: MakeRequest = Arc::new(|n| reset_request(&format!("nobody{n}@example.com")));
    overload("reset links", &process, 256, &intake);
    let sign_in: MakeRequest = Arc::new(|_| sign_in_request());
    overload("sign-ins", &process, 64, &sign_in);
    slow_clients(&process, &intake);
}

/// One line: what the server does at saturation, and when three times as much is asked of it.
fn overload(name: &str, process: &Process, connections: usize, make: &MakeRequest) {
    let mut rounds: Vec<(load::Outcome, Offered)> = (0..ROUNDS)
        .map(|_| {
            let saturated = load::run(process.address, connections, SPAN, make);
            let offered = offer(process.address, 3.0 * saturated.per_second, make);
            (saturated, offered)
        })
        .collect();
    rounds.sort_by(|a, b| ratio(a).total_cmp(&ratio(b)));
    let (saturated, offered) = &rounds[ROUNDS / 2];
    println!(
        "{name:12} | {:17.0} {:8.1} | {:10.0} {:8.0} {:8.0} {:8.1} | {:5.2} | {:15.1}",
        saturated.per_second,
        millis(saturated.p99),
        offered.sent,
        offered.done,
        offered.refused,
        millis(offered.p99),
        ratio(&rounds[ROUNDS / 2]),
        millis(offered.healthz),
    );
}

fn ratio((saturated, offered): &(load::Outcome, Offered)) -> f64 {
    millis(offered.p99) / millis(saturated.p99)
}

/// The p99 of others with and without a thousand clients that stop half-way, in turns.
fn slow_clients(process: &Process, make: &MakeRequest) {
    const HEAD: &[u8] = b"POST /api/sys/users/startPasswordReset HTTP/1.1\r\nhost: x\r\n";
    let p99 = || load::run(process.address, 64, SPAN, make).p99;
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        alone.push(millis(p99()));
        let slow: Vec<_> = (0..1000)
            .map(|_| {
                let mut connection = crate::support::connection::Connection::open(process.address);
                connection.write(HEAD);
                connection
            })
            .collect();
        beside.push(millis(p99()));
        drop(slow);
    }
    let (alone, beside) = (median(&mut alone), median(&mut beside));
    println!(
        "p99 of requests at 64 connections: {alone:.1} ms, beside 1000 slow clients: {beside:.1} ms; ratio {:.2}",
        beside / alone
    );
}

/// What came of requests at a fixed rate.
struct Offered {
    sent: f64,
    done: f64,
    refused: f64,
    p99: Duration,
    /// The p99 of the questions whether the server lives.
    healthz: Duration,
}

/// Sends requests at this rate for a while, over as many connections as it takes, and asks on another
/// one whether the server lives.
fn offer(address: SocketAddr, per_second: f64, make: &MakeRequest) -> Offered {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let healthz = scope.spawn(|| health(address, &over));
        let mut offered = at_rate(address, per_second, make);
        over.store(true, Ordering::Relaxed);
        offered.healthz = healthz.join().expect("the server lives");
        offered
    })
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

fn health(address: SocketAddr, over: &AtomicBool) -> Duration {
    runtime().block_on(async {
        let mut connection = Connection::open(address).await;
        let mut ticks = tokio::time::interval(Duration::from_millis(10));
        let mut latencies = Vec::new();
        while !over.load(Ordering::Relaxed) {
            ticks.tick().await;
            let sent = crate::now();
            let status = connection
                .ask(b"GET /healthz HTTP/1.1\r\nhost: bench\r\n\r\n")
                .await;
            assert_eq!(status, 200);
            latencies.push(sent.elapsed());
        }
        latencies.sort_unstable();
        quantile(&latencies, 0.99)
    })
}

/// The most connections of the load generator, below what the server takes.
const MOST: usize = 2000;

/// Every millisecond so many requests become due, and each is sent by the next connection that is idle.
fn at_rate(address: SocketAddr, per_second: f64, make: &MakeRequest) -> Offered {
    let tasks = tokio::task::LocalSet::new();
    tasks.block_on(&runtime(), async {
        let due = Rc::new(Semaphore::new(0));
        let came = Rc::new(RefCell::new(Came::default()));
        let (mut released, mut open) = (0, 0);
        let mut ticks = tokio::time::interval(Duration::from_millis(1));
        let start = crate::now();
        while start.elapsed() < SPAN {
            ticks.tick().await;
            // Nobody is idle: those that are due are more than the connections can carry.
            if due.available_permits() > 0 && open < MOST {
                let more = due.available_permits().min(MOST - open);
                for _ in 0..more {
                    let (due, came) = (Rc::clone(&due), Rc::clone(&came));
                    tokio::task::spawn_local(send(address, due, came, Arc::clone(make)));
                }
                open += more;
            }
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a count of requests"
            )]
            let by_now = (start.elapsed().as_secs_f64() * per_second) as usize;
            due.add_permits(by_now - released);
            released = by_now;
        }
        let elapsed = start.elapsed();
        let mut came = came.take();
        came.latencies.sort_unstable();
        Offered {
            sent: rate(came.sent, elapsed),
            done: rate(came.latencies.len(), elapsed),
            refused: rate(came.refused, elapsed),
            p99: quantile(&came.latencies, 0.99),
            healthz: Duration::ZERO,
        }
    })
}

/// What has come of the requests so far.
#[derive(Default)]
struct Came {
    sent: usize,
    refused: usize,
    latencies: Vec<Duration>,
}

/// One connection: sends a request whenever one is due.
async fn send(address: SocketAddr, due: Rc<Semaphore>, came: Rc<RefCell<Came>>, make: MakeRequest) {
    let mut connection = Connection::open(address).await;
    while let Ok(one) = due.acquire().await {
        one.forget();
        let number = came.borrow().sent;
        came.borrow_mut().sent += 1;
        let question = make(number);
        let sent = crate::now();
        let status = connection.ask(&question).await;
        let latency = sent.elapsed();
        match status {
            200 => came.borrow_mut().latencies.push(latency),
            _ => came.borrow_mut().refused += 1,
        }
    }
}

fn millis(span: Duration) -> f64 {
    span.as_secs_f64() * 1000.0
}
