//! Sign-ins, beside what Argon2 alone can do on the same cores.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use argon2::{Algorithm, Argon2, Block, Params, Version};

use crate::load::{self, MakeRequest, post};
use crate::stats::{median, rate, spread};
use crate::support::process::Site;

const ROUNDS: usize = 5;
const SPAN: Duration = Duration::from_secs(3);
const PASSWORD: &str = "nine otters in the old mill";

pub(crate) fn run() {
    let site = Site::new("smtp://127.0.0.1:9")
        .set("password.argon2_memory_kib", 19456)
        .set("password.argon2_iterations", 2);
    site.add_jane(PASSWORD);
    let process = site.serve();
    let make: MakeRequest = Arc::new(|_| sign_in_request());
    let (mut bare, mut served, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let alone = bare_rate();
        let outcome = load::run(process.address, 16, SPAN, &make);
        assert_eq!(outcome.refused, 0, "every sign-in succeeds");
        ratios.push(outcome.per_second / alone);
        bare.push(alone);
        served.push(outcome.per_second);
    }
    println!(
        "Argon2id (19456 KiB, 2, 1) alone:   {}",
        spread(&mut bare, "hashes/s")
    );
    println!(
        "sign-ins at 16 connections:         {}",
        spread(&mut served, "sign-ins/s")
    );
    println!(
        "ratio, round by round:              {:.3}",
        median(&mut ratios)
    );
}

pub(crate) fn sign_in_request() -> Vec<u8> {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "password");
    form.append_pair("username", "jane@example.com");
    form.append_pair("password", PASSWORD);
    post(
        "/api/token",
        "application/x-www-form-urlencoded",
        &form.finish(),
    )
}

/// Hashes a second on every core, with memory that is reused.
fn bare_rate() -> f64 {
    let count = AtomicUsize::new(0);
    let start = crate::now();
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                let params = Params::new(19456, 2, 1, Some(32)).expect("the cost is valid");
                let mut memory = vec![Block::default(); params.block_count()];
                let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
                while start.elapsed() < SPAN {
                    let mut out = [0; 32];
                    argon2
                        .hash_password_into_with_memory(
                            PASSWORD.as_bytes(),
                            b"sixteen bytes!!!",
                            &mut out,
                            &mut memory,
                        )
                        .expect("a hash is made");
                    count.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    rate(count.load(Ordering::Relaxed), start.elapsed())
}
