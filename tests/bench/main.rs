//! Measurements, printed: `cargo bench`, or `cargo bench -- intake` for one of them.
//!
//! Each measures the release binary as a process of its own, over loopback, with the load generator
//! on the same machine. What is compared is measured in the same run, in turns, so that a noisy
//! machine changes both alike; medians stand beside their spread.

#![expect(clippy::print_stdout, reason = "figures are printed")]

mod console;
mod intake;
mod load;
mod mails;
mod memory;
mod overload;
mod renders;
mod sign_in;
mod sink;
mod start;
mod stats;
#[expect(dead_code, reason = "the tests use the rest")]
#[path = "../it/support/mod.rs"]
mod support;
mod timing;
mod tokens;

fn main() {
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let benches: [(&str, fn()); 10] = [
        ("start", start::run),
        ("memory", memory::run),
        ("intake", intake::run),
        ("sign-in", sign_in::run),
        ("mails", mails::run),
        ("renders", renders::run),
        ("tokens", tokens::run),
        ("overload", overload::run),
        ("timing", timing::run),
        ("console", console::run),
    ];
    println!(
        "readmit {}, {} cores",
        env!("CARGO_PKG_VERSION"),
        std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
    );
    for (name, run) in benches {
        if wanted.is_empty() || wanted.iter().any(|filter| name.contains(filter.as_str())) {
            println!("\n== {name}");
            run();
        }
    }
}

/// The wall time that `work` takes.
fn timed<T>(work: impl FnOnce() -> T) -> (T, std::time::Duration) {
    let start = now();
    let result = work();
    (result, start.elapsed())
}

#[expect(clippy::disallowed_methods, reason = "time is what is measured here")]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}
