//! Resident memory: idle, and after load.

use std::sync::Arc;
use std::time::Duration;

use crate::load::{self, MakeRequest, reset_request};
use crate::sign_in::sign_in_request;
use crate::support::process::Site;
use crate::support::wait::wait_until;

pub(crate) fn run() {
    let site = Site::new("smtp://127.0.0.1:9")
        .set("password.argon2_memory_kib", 19456)
        .set("password.argon2_iterations", 2);
    site.add_jane("nine otters in the old mill");
    let process = site.serve();
    println!(
        "idle after start:                        {:.1} MiB",
        resident(process.id())
    );
    let resets: MakeRequest = Arc::new(|n| reset_request(&format!("nobody{n}@example.com")));
    load::run(process.address, 64, Duration::from_secs(5), &resets);
    println!(
        "after 5 s of reset requests at 64:       {:.1} MiB",
        resident(process.id())
    );
    let sign_ins: MakeRequest = Arc::new(|_| sign_in_request());
    load::run(process.address, 64, Duration::from_secs(5), &sign_ins);
    println!(
        "after 5 s of sign-ins at 64:             {:.1} MiB",
        resident(process.id())
    );
    println!(
        "the largest it ever was:                 {:.1} MiB",
        status(process.id(), "VmHWM")
    );
}

/// The resident size once it stands still: answers leave before their buffers do.
fn resident(process: u32) -> f64 {
    let mut last = f64::NAN;
    wait_until("memory stands still", || {
        std::thread::park_timeout(Duration::from_millis(300));
        let size = status(process, "VmRSS");
        let settled = (size - last).abs() < 0.1;
        last = size;
        settled.then_some(size)
    })
}

/// A figure of `/proc/PID/status`, in MiB.
fn status(process: u32, figure: &str) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{process}/status")).expect("it runs");
    text.lines()
        .find_map(|line| line.strip_prefix(figure)?.strip_prefix(':'))
        .and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<f64>().ok())
        .expect("the figure stands there")
        / 1024.0
}
