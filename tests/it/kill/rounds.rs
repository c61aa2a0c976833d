//! Killed again and again, at moments that a fixed seed chooses.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use readmit::entropy::Entropy;

use super::{Victim, add_people, address, ask, rows, site};
use crate::support::smtp::{Action, SmtpServer, Stage};
use crate::support::wait::wait_until;

const ROUNDS: usize = 25;
const REQUESTS: usize = 4;

/// Kills the server when the relay has reached so many stages.
#[derive(Clone, Default)]
struct Trap {
    victim: Victim,
    stages_left: Arc<Mutex<usize>>,
}

impl Trap {
    fn arm(&self, stages: usize) {
        *self.left() = stages;
    }

    fn step(&self) {
        let mut left = self.left();
        if *left == 1 {
            self.victim.kill();
        }
        *left = left.saturating_sub(1);
    }

    fn left(&self) -> std::sync::MutexGuard<'_, usize> {
        self.stages_left
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Assertions 63, 64 and 70, together and at random moments: while requests come in, the server is
/// killed at whatever stage of whichever conversation with the relay. In the end every request that
/// was answered with 200 has been delivered; what came twice has one Message-ID; and nothing came
/// that nobody asked for.
#[test]
fn whatever_moment_it_is_killed_at_every_confirmed_request_is_delivered() {
    let relay = SmtpServer::start();
    let site = site(&relay)
        .set("outbox.lease", "700ms")
        .set("smtp.timeout", "600ms")
        .set("outbox.concurrency", 3);
    add_people(&site, ROUNDS * REQUESTS);
    let trap = Trap::default();
    for stage in [
        Stage::Connect,
        Stage::Ehlo,
        Stage::Mail,
        Stage::Rcpt,
        Stage::Data,
        Stage::Dot,
    ] {
        let trap = trap.clone();
        relay.always(stage, Action::Run(Box::new(move || trap.step())));
    }
    let entropy = Entropy::seeded(63);
    let mut confirmed = Vec::new();
    let mut killed_by_a_stage = 0;
    for round in 0..ROUNDS {
        let [draw] = entropy.bytes::<1>();
        let server = site.serve();
        let at = server.address;
        trap.victim.is(server);
        trap.arm(1 + usize::from(draw) % 20);
        for request in 0..REQUESTS {
            let email = address(round * REQUESTS + request);
            if ask(at, &email) {
                confirmed.push(email);
            }
        }
        killed_by_a_stage += usize::from(trap.victim.is_gone());
        trap.victim.kill();
    }
    // Not an assertion about the program: with fewer, the test would say little.
    assert!(killed_by_a_stage >= 5, "{killed_by_a_stage}");
    assert!(confirmed.len() >= ROUNDS, "{}", confirmed.len());

    let _server = site.serve();
    wait_until("the outbox settles", || {
        let open = |state: &str| matches!(state, "queued" | "sending");
        (!rows(&site).iter().any(|(state, ..)| open(state))).then_some(())
    });
    let mut delivered: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for mail in relay.mails() {
        let id = mail.header("Message-ID").expect("a Message-ID");
        let [recipient] = mail.recipients.try_into().expect("one recipient");
        delivered.entry(recipient).or_default().push(id);
    }
    for email in &confirmed {
        assert!(delivered.contains_key(email), "{email} was lost");
    }
    let mut ids = Vec::new();
    for (email, mut copies) in delivered {
        copies.dedup();
        assert_eq!(copies.len(), 1, "{email} got different mails");
        ids.append(&mut copies);
    }
    let messages = rows(&site).len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), messages, "one Message-ID for each request");
}
