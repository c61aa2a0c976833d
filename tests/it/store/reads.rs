//! The pool of readers.

use std::sync::mpsc;

use readmit::store::{Store, StoreError};

use super::{Opened, submit};

async fn count(store: &Store) -> Result<i64, StoreError> {
    store
        .read(|db| Ok(db.query_row("SELECT count(*) FROM t", [], |row| row.get(0))?))
        .await
}

/// What was answered before is there, for whoever reads next.
#[test]
fn a_read_sees_every_write_that_was_answered_before_it() {
    let opened = Opened::new();
    for written in 1..=50 {
        opened
            .write("INSERT INTO t VALUES (1)")
            .expect("it is written");
        assert_eq!(opened.wait(count(&opened.store)).expect("a count"), written);
    }
}

/// Only the writer writes: what comes in by a reader would pass the groups, and their syncs, by.
#[test]
fn a_read_cannot_write() {
    let opened = Opened::new();
    let answer: Result<usize, StoreError> = opened.wait(
        opened
            .store
            .read(|db| Ok(db.execute("INSERT INTO t VALUES (1)", [])?)),
    );
    assert!(
        matches!(answer, Err(StoreError::Unavailable(_))),
        "{answer:?}"
    );
    assert!(opened.on_disk().is_empty());
}

/// A defect in one query must not take the pool down with it, one connection a time.
#[test]
fn a_panicking_read_fails_alone_and_leaves_the_pool_usable() {
    let opened = Opened::with(|options| options.readers = 1);
    for _ in 0..3 {
        let answer = opened.wait(opened.store.read(|_| {
            panic!("on purpose");
            #[expect(
                unreachable_code,
                reason = "names the type of a result that never comes"
            )]
            Ok::<(), StoreError>(())
        }));
        assert!(matches!(answer, Err(StoreError::Panicked)), "{answer:?}");
        assert_eq!(opened.wait(count(&opened.store)).expect("a count"), 0);
    }
}

/// A client that hangs up ends its handler at once, while its query still runs: the next one waits for
/// the connection to come back instead of being told that there is none.
#[test]
fn a_read_whose_caller_goes_away_keeps_its_place_until_it_is_over() {
    let opened = Opened::with(|options| options.readers = 1);
    let store = &opened.store;
    let (begun, has_begun) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .max_blocking_threads(2)
        .build()
        .expect("a runtime");
    let answer = runtime.block_on(async {
        let read = submit(store.read(move |_| {
            begun.send(()).expect("the test waits");
            let _ = released.recv();
            Ok::<_, StoreError>(())
        }))
        .await;
        has_begun.recv().expect("the query runs");
        drop(read);
        let next = submit(count(store)).await;
        // Of the two threads one is taken: had the next query been let through, it would be over when
        // the other has come to this.
        tokio::task::spawn_blocking(|| {})
            .await
            .expect("a thread is free");
        drop(release);
        next.await
    });
    assert_eq!(answer.expect("a count"), 0);
}
