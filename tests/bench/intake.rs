//! Reset requests: in groups, and with one commit a request.

use std::sync::Arc;
use std::time::Duration;

use crate::load::{self, MakeRequest, Outcome, reset_request};
use crate::stats::median;
use crate::support::process::{Process, Site};

const ROUNDS: usize = 3;
const SPAN: Duration = Duration::from_secs(3);

pub(crate) fn run() {
    let site = |group: usize| {
        Site::new("smtp://127.0.0.1:9")
            .set("storage.max_group", group)
            .set("storage.queue", 4096)
    };
    let (grouped, alone) = (site(256), site(1));
    let (grouped, alone) = (grouped.serve(), alone.serve());
    println!(
        "median of {ROUNDS} rounds of {} s, in turns",
        SPAN.as_secs()
    );
    println!(
        "connections | grouped: req/s   p50 ms  p99 ms | commit each: req/s  p50 ms  p99 ms | ratio"
    );
    for connections in [1, 16, 64, 256] {
        let mut rounds: Vec<(Outcome, Outcome)> = (0..ROUNDS)
            .map(|_| (measure(&grouped, connections), measure(&alone, connections)))
            .collect();
        let ratios = rounds.iter().map(|(a, b)| a.per_second / b.per_second);
        let ratio = median(&mut ratios.collect::<Vec<_>>());
        rounds.sort_by(|a, b| a.0.per_second.total_cmp(&b.0.per_second));
        let (a, b) = &rounds[ROUNDS / 2];
        println!(
            "{connections:11} | {:14.0} {:8.2} {:7.2} | {:18.0} {:7.2} {:7.2} | {ratio:.1}",
            a.per_second,
            millis(a.p50),
            millis(a.p99),
            b.per_second,
            millis(b.p50),
            millis(b.p99),
        );
        let refused: usize = rounds.iter().map(|(a, b)| a.refused + b.refused).sum();
        if refused > 0 {
            println!("            | {refused} requests were refused");
        }
    }
}

fn measure(process: &Process, connections: usize) -> Outcome {
    let make: MakeRequest = Arc::new(|n| reset_request(&format!("nobody{n}@example.com")));
    load::run(process.address, connections, SPAN, &make)
}

fn millis(span: Duration) -> f64 {
    span.as_secs_f64() * 1000.0
}
