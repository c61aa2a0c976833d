//! The power fails: whatever was not synced is lost, but for some blocks of it.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;
use std::sync::Mutex;

use readmit::entropy::Entropy;

use super::{Answered, address, ask, draw, report, stored};
use crate::support::faults::Faults;
use crate::support::process::{Process, Site, to_its_end};

/// Clients that ask at the same time, so that commits are of several requests.
const CLIENTS: usize = 3;

struct Figures {
    cuts: usize,
    /// Cuts before the server took its first request.
    at_the_start: usize,
    accepted: usize,
    unanswered_and_kept: usize,
}

/// Assertion 63: cuts the power at random operations on the database and its log; fails if anything that
/// was answered with 200 is not there afterwards, or if the file is damaged.
fn cut_again_and_again(cuts: usize, seed: u64) -> Figures {
    let site = Site::in_memory("smtp://127.0.0.1:1");
    drop(site.serve());
    let entropy = Entropy::seeded(seed);
    let accepted = Mutex::new(BTreeSet::new());
    let mut at_the_start = 0;
    for cut in 0..cuts {
        let faults = Faults::new();
        let operation = 1 + draw(&entropy, 120);
        let noise = u64::try_from(cut).expect("a number") ^ seed;
        let serve = site.command(&["serve"]);
        let serve = faults.load_to_cut_at(operation, noise, serve, "/readmit.db");
        match Process::try_start(serve) {
            Err(_) => at_the_start += 1,
            Ok(mut server) => {
                std::thread::scope(|scope| {
                    for client in 0..CLIENTS {
                        let (accepted, at) = (&accepted, server.address);
                        scope.spawn(move || {
                            for n in 0..200 {
                                let email = address(cut * 1000 + client * 200 + n);
                                match ask(at, &email) {
                                    Answered::Accepted => {
                                        accepted.lock().expect("the lock").insert(email);
                                    }
                                    Answered::TurnedAway => {}
                                    Answered::Never => return,
                                }
                            }
                        });
                    }
                });
                server.wait();
            }
        }
        let trace = faults.trace();
        let end = trace.iter().find(|line| line.ends_with(" CUT"));
        assert!(end.is_some(), "the power was never cut: {trace:#?}");
        // Not each time: what the cut has left must be read by the next server, too.
        if cut % 5 == 4 || cut + 1 == cuts {
            let accepted = accepted.lock().expect("the lock");
            let stored = stored(&site);
            let lost: Vec<_> = accepted.difference(&stored).collect();
            assert!(lost.is_empty(), "lost by cut {cut} at {end:?}: {lost:?}");
            let check: String = site
                .sql()
                .query_row("PRAGMA quick_check", [], |row| row.get(0))
                .expect("a check");
            assert_eq!(check, "ok", "after cut {cut}");
        }
    }
    let accepted = accepted.into_inner().expect("the lock");
    Figures {
        cuts,
        at_the_start,
        accepted: accepted.len(),
        unanswered_and_kept: stored(&site).difference(&accepted).count(),
    }
}

/// Assertion 63, on the same disk with fewer cuts.
#[test]
fn what_was_accepted_is_there_after_a_cut_of_power() {
    let figures = cut_again_and_again(12, 63);
    assert!(figures.accepted >= 20, "{}", figures.accepted);
}

#[test]
#[ignore = "takes minutes; prints figures"]
fn storm_of_power_cuts_at_a_thousand_points() {
    let figures = cut_again_and_again(1000, 6363);
    report(
        "power cuts",
        &[
            ("cuts at random operations", figures.cuts.to_string()),
            (
                "of them before the first answer",
                figures.at_the_start.to_string(),
            ),
            ("accepted with 200", figures.accepted.to_string()),
            ("of them lost", "0".to_owned()),
            (
                "kept without an answer",
                figures.unanswered_and_kept.to_string(),
            ),
        ],
    );
}

/// The disk of these tests does lose what was not synced, and only that: without this, the others would
/// prove nothing. Four blocks are written over and synced; the power is cut before the sync, and after it.
#[test]
fn the_disk_of_these_tests_loses_what_was_not_synced() {
    let folder = tempfile::tempdir().expect("a folder");
    let (from, to) = (folder.path().join("new"), folder.path().join("victim"));
    fs::write(&from, [b'n'; 16384]).expect("a file");
    let mut outcomes = BTreeSet::new();
    for (operation, seed) in (5..=6).flat_map(|at| (1..=6).map(move |seed| (at, seed))) {
        fs::write(&to, [b'o'; 16384]).expect("a file");
        let faults = Faults::new();
        let mut copy = Command::new("dd");
        copy.arg(format!("if={}", from.display()))
            .arg(format!("of={}", to.display()))
            .args(["bs=4096", "conv=fsync,notrunc"]);
        let mut copy = faults.load_to_cut_at(operation, seed, copy, "/victim");
        to_its_end(&mut copy);
        faults.assert_loaded();
        let blocks: String = fs::read(&to)
            .expect("a file")
            .chunks(4096)
            .map(|block| char::from(block[0]))
            .collect();
        if operation == 6 {
            assert_eq!(blocks, "nnnn", "all of it was synced");
        } else {
            outcomes.insert(blocks);
        }
    }
    assert!(outcomes.len() >= 4, "{outcomes:?}");
    assert!(
        !outcomes.contains("nnnn") || outcomes.len() > 4,
        "{outcomes:?}"
    );
}
