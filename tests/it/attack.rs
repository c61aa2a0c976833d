//! What somebody does who wants in: every parser of what comes from outside under inputs that are made by
//! its grammar and then damaged.
//!
//! The short forms run with the other tests, from a fixed seed. The long ones print how much they have
//! tried: `cargo test --release -- --ignored --nocapture attack`.

mod addresses;
mod clock_steps;
mod damage;
mod documented;
mod forms;
mod json;
mod members;
mod relay_replies;
mod servers;
mod settings;
mod template_sources;
mod tokens;

use std::fmt::Debug;
use std::time::{Duration, Instant};

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngSeed, TestRunner};

/// How long a property is tried.
#[derive(Clone, Copy)]
enum Effort {
    /// So many cases.
    Cases(u32),
    /// So many, and a line about them.
    Told(u32),
    /// As many as a minute has room for, and a line about them.
    Minute,
}

/// How many cases a run for a minute tries between two looks at the clock.
const BATCH: u32 = 500;

/// Fails with the smallest input that it can find for which `property` panics.
fn attack<S>(what: &str, effort: Effort, inputs: &S, property: impl Fn(S::Value))
where
    S: Strategy<Value: Debug>,
{
    match effort {
        Effort::Cases(cases) => search(what, cases, 1, inputs, &property),
        Effort::Told(cases) => {
            search(what, cases, 2, inputs, &property);
            report(what, &format!("{cases} cases"));
        }
        Effort::Minute => {
            let start = moment();
            let mut tried: u64 = 0;
            for seed in 2.. {
                search(what, BATCH, seed, inputs, &property);
                tried += u64::from(BATCH);
                if start.elapsed() >= Duration::from_mins(1) {
                    break;
                }
            }
            report(what, &format!("{tried} cases"));
        }
    }
}

fn search<S>(what: &str, cases: u32, seed: u64, inputs: &S, property: &impl Fn(S::Value))
where
    S: Strategy<Value: Debug>,
{
    let config = Config {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(seed),
        max_shrink_iters: 2000,
        max_shrink_time: 60_000,
        ..Config::default()
    };
    let outcome = TestRunner::new(config).run(inputs, |input| {
        property(input);
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{what}, seed {seed}: {error}");
    }
}

/// Prints what a long run has tried.
#[expect(
    clippy::print_stdout,
    reason = "a run of its own whose output is the figures"
)]
fn report(what: &str, figure: &str) {
    println!("{what:60} {figure}");
}

fn moment() -> Instant {
    #[expect(
        clippy::disallowed_methods,
        reason = "bounds how long a long run goes on"
    )]
    Instant::now()
}
