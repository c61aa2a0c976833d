//! Group commit: what jobs of one group have to do with each other, which is as little as possible.

use futures_util::FutureExt as _;
use readmit::store::StoreError;

use super::{Opened, job, numbers, submit};

/// Why a job of these tests fails, as its domain would say it.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error("on purpose")]
    OnPurpose,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Storage's promise to its callers (assertions 63 and 76): one transaction may serve many, and yet
/// each succeeds or fails alone.
#[test]
fn a_job_that_fails_or_panics_leaves_no_trace_and_does_its_group_no_harm() {
    let opened = Opened::new();
    let (store, database) = (&opened.store, opened.database());
    let occupied = opened.occupy_writer();
    let (before, failing, panicking, after) = opened.wait(async {
        let before = submit(job(store, "INSERT INTO t VALUES (1)")).await;
        let failing = submit(store.write(|tx| {
            tx.execute("INSERT INTO t VALUES (2)", [])
                .map_err(StoreError::from)?;
            Err::<(), _>(Failed::OnPurpose)
        }))
        .await;
        let panicking = submit(store.write(|tx| {
            tx.execute("INSERT INTO t VALUES (3)", [])?;
            panic!("on purpose");
            #[expect(
                unreachable_code,
                reason = "names the type of a result that never comes"
            )]
            Ok::<(), StoreError>(())
        }))
        .await;
        let after = submit(store.write(move |tx| {
            tx.execute("INSERT INTO t VALUES (4)", [])?;
            let seen: i64 = tx.query_row("SELECT count(*) FROM t", [], |row| row.get(0))?;
            Ok::<_, StoreError>((seen, numbers(&database)))
        }))
        .await;
        drop(occupied);
        (before.await, failing.await, panicking.await, after.await)
    });

    before.expect("the first job is not concerned");
    assert!(matches!(failing, Err(Failed::OnPurpose)), "{failing:?}");
    assert!(
        matches!(panicking, Err(StoreError::Panicked)),
        "{panicking:?}"
    );
    // In the group its jobs see each other's work; outside nobody sees any of it yet.
    assert_eq!(after.expect("the last job is not concerned"), (2, vec![]));
    assert_eq!(opened.on_disk(), [1, 4]);
}

/// Assertion 76. When the transaction itself is lost, all that was done in it is: nobody may be told
/// otherwise, whatever their own job returned. The connection is opened anew, because the state of the
/// old one cannot be trusted; a temporary table shows that, since it goes with its connection.
#[test]
fn a_group_whose_transaction_is_lost_fails_as_a_whole_and_the_connection_is_replaced() {
    let opened = Opened::new();
    opened
        .write("CREATE TEMP TABLE mine (n INTEGER)")
        .expect("a table of the connection's own");
    let store = &opened.store;
    let occupied = opened.occupy_writer();
    let (before, losing, after) = opened.wait(async {
        let before = submit(job(store, "INSERT INTO t VALUES (1)")).await;
        let losing = submit(job(store, "ROLLBACK")).await;
        let after = submit(job(store, "INSERT INTO t VALUES (2)")).await;
        drop(occupied);
        (before.await, losing.await, after.await)
    });
    for answer in [before, losing, after] {
        assert!(
            matches!(answer, Err(StoreError::Unavailable(_))),
            "{answer:?}"
        );
    }
    assert!(opened.on_disk().is_empty());

    opened
        .write("INSERT INTO t VALUES (3)")
        .expect("the store goes on");
    assert_eq!(opened.on_disk(), [3]);
    opened
        .write("INSERT INTO mine VALUES (1)")
        .expect_err("the table went with the old connection");
}

/// Load is shed at once instead of piled up, and work that was accepted earlier waits instead.
#[test]
fn a_full_queue_refuses_at_once_and_loses_nothing_that_it_took() {
    let opened = Opened::with(|options| options.queue = 2);
    let store = &opened.store;
    let occupied = opened.occupy_writer();
    opened.wait(async {
        let first = submit(job(store, "INSERT INTO t VALUES (1)")).await;
        let second = submit(job(store, "INSERT INTO t VALUES (2)")).await;
        let patient = submit(store.write_patiently(|tx| {
            tx.execute("INSERT INTO t VALUES (3)", [])?;
            Ok::<_, StoreError>(())
        }))
        .await;
        let refused = job(store, "INSERT INTO t VALUES (4)")
            .now_or_never()
            .expect("an answer at once");
        assert!(matches!(refused, Err(StoreError::Full)), "{refused:?}");
        drop(occupied);
        first.await.expect("the first is written");
        second.await.expect("the second is written");
        patient.await.expect("the patient one is written");
    });
    assert_eq!(opened.on_disk(), [1, 2, 3]);
}

/// Assertion 89, the database's part: a stop finishes what was accepted, and takes no more. The caller
/// of one job has gone away meanwhile, as a client may; what was accepted is done all the same.
#[test]
fn jobs_that_were_accepted_before_the_close_are_on_disk_after_it() {
    let opened = Opened::new();
    let store = &opened.store;
    let occupied = opened.occupy_writer();
    opened.wait(async {
        let first = submit(job(store, "INSERT INTO t VALUES (1)")).await;
        drop(submit(job(store, "INSERT INTO t VALUES (2)")).await);
        let closing = submit(store.close()).await;
        let late = job(store, "INSERT INTO t VALUES (3)")
            .now_or_never()
            .expect("an answer at once");
        assert!(matches!(late, Err(StoreError::Unavailable(_))), "{late:?}");
        drop(occupied);
        closing.await;
        first.await.expect("the first is written");
    });
    let wal = opened.folder.path().join("readmit.db-wal");
    assert!(
        wal.metadata().map_or(0, |wal| wal.len()) == 0,
        "the WAL is empty"
    );
    assert_eq!(opened.on_disk(), [1, 2]);
}

/// One job a commit is what the benchmark compares groups with; it must be the same store otherwise.
#[test]
fn a_group_of_one_commits_each_job_alone() {
    let opened = Opened::with(|options| options.max_group = 1);
    let (store, database) = (&opened.store, opened.database());
    let occupied = opened.occupy_writer();
    let seen = opened.wait(async {
        let first = submit(job(store, "INSERT INTO t VALUES (1)")).await;
        let second = submit(store.write(move |tx| {
            tx.execute("INSERT INTO t VALUES (2)", [])?;
            Ok::<_, StoreError>(numbers(&database))
        }))
        .await;
        drop(occupied);
        first.await.expect("the first is written");
        second.await.expect("the second is written")
    });
    assert_eq!(seen, [1], "the first was committed before the second ran");
    assert_eq!(opened.on_disk(), [1, 2]);
}
