//! The store by itself: durable connections, groups of jobs, and what becomes of the ones that fail.

mod groups;
mod locks;
mod reads;
mod spans;

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::mpsc;
use std::time::Duration;

use readmit::store::{Options, Store, StoreError};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::support::process::Site;
use crate::support::stores::no_hooks;

/// A store with a table `t` for the jobs of a test.
struct Opened {
    runtime: Runtime,
    store: Store,
    folder: TempDir,
}

impl Opened {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut Options)) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut options = options(folder.path().join("readmit.db"));
        change(&mut options);
        let opened = Self {
            runtime: tokio::runtime::Builder::new_multi_thread()
                .worker_threads(1)
                .enable_all()
                .build()
                .expect("a runtime"),
            store: Store::open(&options, no_hooks()).expect("the store opens"),
            folder,
        };
        opened.write("CREATE TABLE t (n INTEGER)").expect("a table");
        opened
    }

    fn wait<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    fn write(&self, sql: &'static str) -> Result<(), StoreError> {
        self.wait(job(&self.store, sql))
    }

    /// What the table holds, by a connection of the test's own.
    fn on_disk(&self) -> Vec<i64> {
        numbers(&self.database())
    }

    fn database(&self) -> PathBuf {
        self.folder.path().join("readmit.db")
    }

    /// Keeps the writer busy until the returned end is dropped, so that jobs pile up behind.
    fn occupy_writer(&self) -> mpsc::Sender<()> {
        let (begun, has_begun) = mpsc::channel();
        let (release, released) = mpsc::channel::<()>();
        let store = self.store.clone();
        self.runtime.spawn(async move {
            store
                .write(move |_| {
                    begun.send(()).expect("the test waits");
                    let _ = released.recv();
                    Ok::<_, StoreError>(())
                })
                .await
        });
        has_begun.recv().expect("the writer takes the job");
        release
    }
}

fn options(path: PathBuf) -> Options {
    Options {
        path,
        max_group: 256,
        queue: 64,
        readers: 2,
        busy_timeout: Duration::from_secs(5),
    }
}

async fn job(store: &Store, sql: &'static str) -> Result<(), StoreError> {
    store.write(move |tx| Ok(tx.execute_batch(sql)?)).await
}

/// Hands a job in, and returns what will be its answer.
async fn submit<F: Future>(future: F) -> Pin<Box<F>> {
    let mut future = Box::pin(future);
    assert!(
        futures_util::poll!(&mut future).is_pending(),
        "the writer is occupied"
    );
    future
}

fn numbers(database: &std::path::Path) -> Vec<i64> {
    let connection = rusqlite::Connection::open(database).expect("the database opens");
    let mut statement = connection
        .prepare("SELECT n FROM t ORDER BY rowid")
        .expect("the table is there");
    let rows = statement.query_map([], |row| row.get(0)).expect("a query");
    rows.collect::<Result<_, _>>().expect("numbers")
}

fn pragma(connection: &rusqlite::Connection, name: &str) -> String {
    connection
        .pragma_query_value(None, name, |row| {
            row.get::<_, rusqlite::types::Value>(0)
                .map(|value| format!("{value:?}"))
        })
        .unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Assertion 72. An answer means nothing unless the commit was synced, and in WAL mode only FULL does
/// so. The connection that takes over after a failed commit is no exception.
#[test]
fn every_connection_uses_the_wal_and_syncs_each_commit() {
    let opened = Opened::with(|options| options.readers = 3);
    let durable = |connection: &rusqlite::Connection| {
        assert_eq!(pragma(connection, "journal_mode"), r#"Text("wal")"#);
        assert_eq!(pragma(connection, "synchronous"), "Integer(2)");
        assert_eq!(pragma(connection, "foreign_keys"), "Integer(1)");
        Ok::<_, StoreError>(())
    };
    opened
        .wait(opened.store.write(move |tx| durable(tx)))
        .expect("a durable writer");

    // All three readers at once, so that each is looked at.
    let all_there = std::sync::Arc::new(std::sync::Barrier::new(3));
    let reads = (0..3).map(|_| {
        let all_there = std::sync::Arc::clone(&all_there);
        opened.store.read(move |db| {
            all_there.wait();
            durable(db)
        })
    });
    for read in opened.wait(futures_util::future::join_all(reads)) {
        read.expect("a durable reader");
    }

    opened
        .write("ROLLBACK")
        .expect_err("a job that ends the transaction fails");
    opened
        .wait(opened.store.write(move |tx| durable(tx)))
        .expect("a durable successor");
}

/// Assertion 72. A database in memory cannot have a WAL, and nothing would be durable: the name has a
/// meaning to SQLite, and the check at the start sees what became of it.
#[test]
fn a_database_without_a_wal_is_refused_in_words() {
    let site = Site::new("file:mail").set("storage.path", ":memory:");
    let output = site.run(&["serve"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "readmit: cannot use the database :memory:: journal_mode is memory, must be wal\n"
    );
}

/// Assertion 73. Older versions can corrupt a database when a WAL is reset at a bad moment
/// (<https://sqlite.org/wal.html#walresetbug>), and 3.52.0 was withdrawn.
#[test]
fn the_sqlite_inside_is_free_of_the_wal_reset_bug() {
    let opened = Opened::new();
    let version: String = opened
        .wait(opened.store.read(|db| {
            Ok::<_, StoreError>(db.query_row("SELECT sqlite_version()", [], |row| row.get(0))?)
        }))
        .expect("a version");
    let parts: Vec<u32> = version
        .split('.')
        .map(|part| part.parse().expect("a number"))
        .collect();
    assert!(parts >= vec![3, 51, 3], "{version}");
    assert_ne!(parts, [3, 52, 0]);
}
