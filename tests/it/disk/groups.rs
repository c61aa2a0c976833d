//! What group commit is for: one sync for many requests, and none for nothing.

use super::{DATABASE, ask_for_link, count};
use crate::support::faults::Faults;
use crate::support::http::Request;
use crate::support::process::{Process, Site};

/// Places in the queue, and so requests that wait while the test holds the lock.
const QUEUE: usize = 31;

/// Has requests pile up behind a lock and lets them go. How many of them were accepted, and how many
/// syncs of the WAL it took.
fn pile_up(max_group: usize) -> (usize, usize) {
    let faults = Faults::new();
    let site = Site::new("file:mail")
        .set("storage.max_group", max_group)
        .set("storage.queue", QUEUE)
        .set("storage.busy_timeout", "60s");
    let server = Process::start(faults.load(site.command(&["serve"]), DATABASE));
    // Opening is over, and the worker has looked, before the count begins.
    assert_eq!(server.send(&Request::get("/readyz")).status, 200);
    let before = faults.syncs("readmit.db-wal");

    let lock = site.sql();
    lock.execute_batch("BEGIN IMMEDIATE").expect("a lock");
    let (refused, has_refused) = std::sync::mpsc::channel();
    let accepted = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..2 * QUEUE)
            .map(|client| {
                let (server, refused) = (&server, refused.clone());
                scope.spawn(move || {
                    let request = ask_for_link(&format!("c{client}@example.com"));
                    let status = server.send(&request).status;
                    if status == 503 {
                        let _ = refused.send(());
                    }
                    status == 200
                })
            })
            .collect();
        // One too many: now all places are taken.
        has_refused.recv().expect("the queue runs full");
        lock.execute_batch("COMMIT")
            .expect("the lock is given back");
        clients
            .into_iter()
            .map(|client| client.join().expect("a client"))
            .filter(|accepted| *accepted)
            .count()
    });
    assert_eq!(i64::try_from(accepted), Ok(count(&site, "outbox")));
    (accepted, faults.syncs("readmit.db-wal") - before)
}

/// Assertion 63. Requests that wait at the same time share one sync, and the count of syncs says so;
/// the worker's own commits are among them. That each commit is synced at all shows with groups of
/// one.
#[test]
fn requests_that_wait_together_share_a_sync() {
    let (accepted, syncs) = pile_up(256);
    assert!(accepted >= QUEUE, "{accepted}");
    assert!(syncs >= 1);
    assert!(
        syncs * 3 <= accepted,
        "{syncs} syncs for {accepted} requests"
    );

    let (accepted, syncs) = pile_up(1);
    assert!(accepted >= QUEUE, "{accepted}");
    assert!(syncs >= accepted, "{syncs} syncs for {accepted} requests");
}
