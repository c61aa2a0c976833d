//! A disk that fills up and is cleared, again and again, while requests come in and mail goes out.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::{Answered, add_people, address, ask, report, stored};
use crate::support::faults::{Fault, Faults};
use crate::support::http::Request;
use crate::support::process::{Process, Site};
use crate::support::smtp::SmtpServer;
use crate::support::wait::wait_until;

const CLIENTS: usize = 4;

struct Figures {
    accepted: usize,
    turned_away: usize,
    failed_writes: usize,
    doubles: usize,
}

/// Assertions 63 and 76: fails unless everything that was accepted is on disk after a kill, and sent in the
/// end, no matter how often there was no room.
fn fill_and_clear(times: usize, members: usize) -> Figures {
    let relay = SmtpServer::start();
    let site = Site::new(&relay.url())
        .set("outbox.poll", "20ms")
        .set("outbox.lease", "800ms")
        .set("outbox.max_crashes", 1000)
        .set("smtp.timeout", "700ms");
    drop(site.serve());
    add_people(&site, members);
    let faults = Faults::new();
    let serve = || Process::start(faults.load(site.command(&["serve"]), "/readmit.db"));
    let server = serve();
    let (at, is_over) = (server.address, AtomicBool::new(false));
    let (accepted, turned_away) = (Mutex::new(BTreeSet::new()), AtomicUsize::new(0));
    let taken = || accepted.lock().expect("the lock").len();
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (accepted, turned_away, is_over) = (&accepted, &turned_away, &is_over);
            scope.spawn(move || {
                for n in 0.. {
                    let email = address(client * members / CLIENTS + n);
                    match ask(at, &email) {
                        Answered::Accepted => {
                            accepted.lock().expect("the lock").insert(email);
                        }
                        Answered::TurnedAway => {
                            turned_away.fetch_add(1, Ordering::AcqRel);
                        }
                        Answered::Never => return,
                    }
                    if is_over.load(Ordering::Acquire) {
                        return;
                    }
                }
            });
        }
        for _ in 0..times {
            let (failed, before) = (faults.failures(), taken());
            faults.begin(Fault::DiskFull);
            wait_until("writes fail", || {
                (faults.failures() >= failed + 5).then_some(())
            });
            faults.end(Fault::DiskFull);
            wait_until("requests are accepted again", || {
                (taken() >= before + 5).then_some(())
            });
        }
        server.kill();
        is_over.store(true, Ordering::Release);
    });
    let failed_writes = faults.failures();
    let accepted = accepted.into_inner().expect("the lock");
    let stored = stored(&site);
    let lost: Vec<_> = accepted.difference(&stored).collect();
    assert!(lost.is_empty(), "accepted and not on disk: {lost:?}");

    let server = serve();
    assert_eq!(server.send(&Request::get("/readyz")).status, 200);
    let sql = site.sql();
    wait_until("everything is sent", || {
        let left = "SELECT count(*) FROM outbox WHERE state <> 'sent'";
        let left: i64 = sql.query_row(left, [], |row| row.get(0)).ok()?;
        (left == 0).then_some(())
    });
    let mails = relay.mails();
    let ids: BTreeSet<_> = mails.iter().map(|mail| mail.header("Message-ID")).collect();
    assert_eq!(ids.len(), stored.len(), "one letter for each request");
    Figures {
        accepted: accepted.len(),
        turned_away: turned_away.into_inner(),
        failed_writes,
        doubles: mails.len() - ids.len(),
    }
}

/// Assertions 63 and 76, a few times.
#[test]
fn nothing_that_was_accepted_is_lost_to_a_disk_that_fills_up() {
    let figures = fill_and_clear(2, 8000);
    assert!(figures.turned_away > 0 && figures.failed_writes >= 10);
}

#[test]
#[ignore = "takes minutes; prints figures"]
fn storm_of_a_disk_that_fills_up_and_clears() {
    let figures = fill_and_clear(500, 100_000);
    report(
        "a disk that fills up and clears, 500 times",
        &[
            ("accepted with 200", figures.accepted.to_string()),
            ("turned away with 503", figures.turned_away.to_string()),
            ("writes that failed", figures.failed_writes.to_string()),
            ("accepted and not on disk", "0".to_owned()),
            ("accepted and not sent", "0".to_owned()),
            ("sent twice", figures.doubles.to_string()),
        ],
    );
}
