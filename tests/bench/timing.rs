//! Assertions 16 and 18: whether the time of an answer tells who has an account, or that of the request behind it, by interleaved
//! pairs, one of each class, every request for an address that was never asked for before.

use std::net::SocketAddr;
use std::time::Duration;

use crate::load::{Connection, reset_request};
use crate::sink::Sink;
use crate::stats::{median, median_interval};
use crate::support::process::Site;

/// How many pairs there are of each class; `BENCH_PAIRS` in the environment asks for fewer.
const PAIRS: usize = 10_000;

/// How long the server is left alone behind each request and the one behind that, so that what it does about
/// one does not fall to the next.
const QUIET: Duration = Duration::from_millis(14);

/// How the account stands that a link is asked for: a letter that its addresses begin with, and a name.
const CLASSES: [(char, &str); 4] = [
    ('u', "unknown"),
    ('s', "suspended"),
    ('c', "cooling down"),
    // The class with itself: what the method shows where there is nothing to see.
    ('l', "known"),
];

/// The class that the others are held against. Each of its requests sends a mail.
const KNOWN: char = 'k';

pub(crate) fn run() {
    let pairs = std::env::var("BENCH_PAIRS");
    let pairs = pairs
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(PAIRS);
    // On a thread of its own, so that a mail that is taken does not hold the clock up.
    let relay_runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let relay = relay_runtime.block_on(Sink::start());
    let site = Site::new(&format!("smtp://{}", relay.address)).set("reset.cooldown", "1d");
    site.add_jane("nine otters in the old mill");
    add_people(&site, pairs);
    let process = site.serve();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    println!(
        "known against another class, {pairs} interleaved pairs each: median difference [95% interval]"
    );
    println!("{:14} {:32} of the request behind it", "", "of the answer");
    for (at, (letter, class)) in CLASSES.into_iter().enumerate() {
        let measuring = compare(process.address, at * pairs, letter, pairs);
        let [own, behind] = runtime.block_on(measuring).map(|mut differences| {
            let (low, high) = median_interval(&differences);
            format!(
                "{:+.1} us [{low:+.1}, {high:+.1}]",
                median(&mut differences)
            )
        });
        println!("{class:14} {own:32} {behind}");
    }
}

/// The accounts of every class: those of the known one for each of the others, and those that stand
/// otherwise. Who cools down was sent a link just now.
fn add_people(site: &Site, pairs: usize) {
    let sql = site.sql();
    let numbers =
        "WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n + 1 < ?1)";
    let count = |count: usize| i64::try_from(count).expect("a number");
    for (letter, people, suspended) in [
        (KNOWN, CLASSES.len() * pairs, "NULL"),
        ('l', pairs, "NULL"),
        ('s', pairs, "1"),
        ('c', pairs, "NULL"),
    ] {
        let address = format!("'{letter}' || printf('%07d', n) || '@example.com'");
        let insert = format!(
            "{numbers} INSERT INTO accounts (id, email, email_key, name, must_reset_password, \
             suspended_at, created_at, updated_at) SELECT printf('000000%02x-0000-4000-8000-%012d', \
             unicode('{letter}'), n), {address}, {address}, 'Pat', 1, {suspended}, 0, 0 FROM n"
        );
        sql.execute(&insert, [count(people)]).expect("people");
    }
    let links = "INSERT INTO reset_tokens (jti, account_id, credential_version, issued_at, expires_at) \
                 SELECT email, id, credential_version, unixepoch() * 1000, (unixepoch() + 3600) * 1000 \
                 FROM accounts WHERE email LIKE 'c%'";
    sql.execute(links, []).expect("links");
}

/// By how much the known class takes longer than the other, pair by pair in microseconds: its own request,
/// and the one behind that.
async fn compare(address: SocketAddr, first: usize, letter: char, pairs: usize) -> [Vec<f64>; 2] {
    let mut connection = Connection::open(address).await;
    let mut differences = [Vec::with_capacity(pairs), Vec::with_capacity(pairs)];
    for n in 0..pairs {
        let known = format!("{KNOWN}{:07}@example.com", first + n);
        let other = format!("{letter}{n:07}@example.com");
        // Turn about, so that whoever comes second is not always the same.
        let (known, other) = if n % 2 == 0 {
            let known = measure(&mut connection, &known).await;
            (known, measure(&mut connection, &other).await)
        } else {
            let other = measure(&mut connection, &other).await;
            (measure(&mut connection, &known).await, other)
        };
        for (at, differences) in differences.iter_mut().enumerate() {
            differences.push(known[at] - other[at]);
        }
    }
    differences
}

/// How long a request for that address takes, and the one right behind it, which is for nobody.
async fn measure(connection: &mut Connection, email: &str) -> [f64; 2] {
    let (own, behind) = (reset_request(email), reset_request("nobody@example.com"));
    let own = time(connection, &own).await;
    let behind = time(connection, &behind).await;
    #[expect(clippy::disallowed_methods, reason = "quiet cannot be waited for")]
    tokio::time::sleep(QUIET).await;
    [own, behind]
}

/// How long an answer takes, in microseconds.
async fn time(connection: &mut Connection, request: &[u8]) -> f64 {
    let start = crate::now();
    assert_eq!(connection.ask(request).await, 200);
    start.elapsed().as_secs_f64() * 1_000_000.0
}
