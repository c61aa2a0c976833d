//! Whether the time of an answer tells who has an account: interleaved pairs, one of each class.

use crate::load::{Connection, reset_request};
use crate::stats::{median, median_interval};
use crate::support::process::Site;

const PAIRS: usize = 10_000;

pub(crate) fn run() {
    let site = Site::new("smtp://127.0.0.1:9");
    site.add_jane("nine otters in the old mill");
    let add = |email: &str| site.ok(&["user", "add", email, "--name=Somebody", "--business=7"]);
    add("sam@example.com");
    site.ok(&["user", "suspend", "sam@example.com"]);
    let process = site.serve();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    println!(
        "known against another class, {PAIRS} interleaved pairs each: median difference [95% interval]"
    );
    for (class, other) in [
        ("unknown", "who@example.com"),
        ("suspended", "sam@example.com"),
        // The class with itself: what the method shows where there is nothing to see.
        ("known", "jane@example.com"),
    ] {
        let mut differences = runtime.block_on(async {
            let mut connection = Connection::open(process.address).await;
            let (known, other) = (reset_request("jane@example.com"), reset_request(other));
            let mut differences = Vec::with_capacity(PAIRS);
            for n in 0..PAIRS {
                // Turn about, so that whoever comes second is not always the same.
                let (a, b) = if n % 2 == 0 {
                    (&known, &other)
                } else {
                    (&other, &known)
                };
                let first = time(&mut connection, a).await;
                let second = time(&mut connection, b).await;
                let difference = if n % 2 == 0 {
                    first - second
                } else {
                    second - first
                };
                differences.push(difference);
            }
            differences
        });
        let (low, high) = median_interval(&differences);
        println!(
            "{class:10} {:+.1} us [{low:+.1}, {high:+.1}]",
            median(&mut differences)
        );
    }
}

/// How long an answer takes, in microseconds.
async fn time(connection: &mut Connection, request: &[u8]) -> f64 {
    let start = crate::now();
    assert_eq!(connection.ask(request).await, 200);
    start.elapsed().as_secs_f64() * 1_000_000.0
}
