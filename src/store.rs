//! The database: one SQLite file in WAL mode.
//!
//! [`Store::write`] hands a job to the one writer thread, which commits jobs in groups (see
//! `writer.rs`); [`Store::read`] goes to a few threads with read-only connections. An answer from
//! `write` means that the transaction has been synced to disk.
//!
//! Architecture invariant: no transaction spans an SMTP conversation or a password hash. Work of
//! that kind happens between two jobs.

mod copy;
mod hooks;
mod job;
mod lock;
mod meter;
mod open;
mod page;
mod readers;
mod swap;
mod types;
mod watch;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

pub use self::copy::{Contents, CopyError, Unsound, copy, integrity, newest, orphans, verify};
pub use self::hooks::Hooks;
pub use self::meter::Meter;
pub use self::open::OpenError;
pub(crate) use self::page::anywhere;
pub use self::page::{Page, Place};
pub use self::swap::Swap;
pub use self::watch::Watch;
pub use self::writer::Tx;

/// How a store is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// The database file; its folder is made when missing.
    pub path: PathBuf,
    /// The most jobs that share one commit. One makes every job commit alone.
    pub max_group: usize,
    /// The most jobs that wait for the writer; more are refused with [`StoreError::Full`].
    pub queue: usize,
    /// Read-only connections.
    pub readers: usize,
    /// How long to wait for another process that holds the write lock.
    pub busy_timeout: Duration,
}

impl From<&crate::config::Storage> for Options {
    fn from(config: &crate::config::Storage) -> Self {
        Self {
            path: config.path.clone(),
            max_group: config.max_group,
            queue: config.queue,
            readers: config.readers,
            busy_timeout: config.busy_timeout,
        }
    }
}

/// Why a job has no result.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Too many jobs wait already. Nothing was done; try again.
    #[error("too many writes are waiting")]
    Full,
    /// The disk refused, or another process kept the lock. Nothing was done; try again later.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// The job panicked and was rolled back.
    #[error("a database job panicked")]
    Panicked,
    /// A statement that should have worked did not: a defect.
    #[error("database error: {0}")]
    Sql(rusqlite::Error),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        match error.sqlite_error_code() {
            Some(
                ErrorCode::DiskFull
                | ErrorCode::SystemIoFailure
                | ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::ReadOnly
                | ErrorCode::CannotOpen
                | ErrorCode::PermissionDenied
                | ErrorCode::FileLockingProtocolFailed
                | ErrorCode::OutOfMemory,
            ) => Self::Unavailable(error.to_string()),
            _ => Self::Sql(error),
        }
    }
}

/// An open database. Clones share the same connections.
#[derive(Clone)]
pub struct Store {
    writer: Arc<writer::Writer>,
    readers: Arc<readers::Readers>,
    mail_queued: Arc<Notify>,
    /// Kept until the store is closed.
    in_use: Arc<Mutex<Option<lock::Lock>>>,
}

impl Store {
    /// Opens the file, making it when missing (0600), brings its schema and its rows up to date, and
    /// starts the writer thread.
    pub fn open(options: &Options, hooks: Hooks) -> Result<Self, OpenError> {
        let in_use = lock::share(&options.path)?;
        open::prepare_file(&options.path)?;
        let mut connection = open::writable(options)?;
        open::migrate(&mut connection)?;
        writer::catch_up(&connection, &hooks).map_err(OpenError::CatchUp)?;
        let mail_queued = Arc::new(Notify::new());
        Ok(Self {
            readers: Arc::new(readers::Readers::open(options)?),
            writer: Arc::new(writer::Writer::start(
                connection,
                options.clone(),
                hooks,
                Arc::clone(&mail_queued),
            )),
            mail_queued,
            in_use: Arc::new(Mutex::new(Some(in_use))),
        })
    }

    /// The version of the newest migration that this program knows.
    pub fn latest_schema() -> u32 {
        open::latest_version()
    }

    /// Runs `job` in a transaction of its own standing and returns its result once that is on disk.
    ///
    /// A job that returns an error or panics leaves no trace. When the queue is full the call fails
    /// at once, so that load is shed rather than piled up.
    pub async fn write<T, E, F>(&self, job: F) -> Result<T, E>
    where
        F: FnOnce(&Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.writer.submit(job).await
    }

    /// Like [`Store::write`], for work that is already accepted: waits for room in the queue.
    pub async fn write_patiently<T, E, F>(&self, job: F) -> Result<T, E>
    where
        F: FnOnce(&Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.writer.submit_patiently(job).await
    }

    /// Runs `query` on a read-only connection, which sees everything that was answered before.
    pub async fn read<T, E, F>(&self, query: F) -> Result<T, E>
    where
        F: FnOnce(&rusqlite::Connection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.readers.run(query).await
    }

    /// What SQLite's own check of the file says: `ok`, or what is damaged.
    pub async fn quick_check(&self) -> Result<String, StoreError> {
        self.read(|db| Ok(db.pragma_query_value(None, "quick_check", |row| row.get(0))?))
            .await
    }

    /// What the writer has done since the start.
    pub fn meter(&self) -> &Meter {
        self.writer.meter()
    }

    /// How many jobs wait for the writer.
    pub fn waiting(&self) -> usize {
        self.writer.waiting()
    }

    /// Returns when a commit of this process has queued mail since the last call.
    pub async fn mail_queued(&self) {
        self.mail_queued.notified().await;
    }

    /// Finishes the jobs that were accepted, checkpoints the WAL and closes the file.
    pub async fn close(&self) {
        self.writer.close().await;
        self.readers.close().await;
        let mut in_use = self.in_use.lock().unwrap_or_else(PoisonError::into_inner);
        drop(in_use.take());
    }
}

/// Nobody but this process uses the database, and nobody begins to, while this lives.
pub struct Alone {
    database: PathBuf,
    _lock: lock::Lock,
}

impl Alone {
    /// None when a server, a console or a command has the database open. What an earlier restore has left
    /// half done is done before.
    pub fn with(database: &Path) -> Result<Option<Self>, OpenError> {
        Ok(lock::exclude(database)?.map(|lock| Self {
            database: database.to_owned(),
            _lock: lock,
        }))
    }

    /// Exchanges files as one act; see [`Swap`].
    pub fn swap(&self, swap: &Swap) -> std::io::Result<()> {
        swap::swap(&self.database, swap)
    }
}

/// Whether there is a database, or will be one as soon as it is opened: a restore that was killed while it
/// exchanged the files.
pub fn exists(path: &Path) -> bool {
    path.exists() || swap::is_pending(path)
}

/// Opens a database to look at it: nothing is made, changed or brought up to date.
pub fn inspect(options: &Options) -> Result<rusqlite::Connection, OpenError> {
    open::read_only(options)
}

/// The schema version of an open database; none when it is not one of ours.
pub fn schema_version(db: &rusqlite::Connection) -> Option<u32> {
    open::schema_version(db)
}

/// How large the database is, in bytes, without its write-ahead log.
pub fn size(db: &rusqlite::Connection) -> Result<u64, StoreError> {
    let ask = |pragma| db.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    let bytes = ask("page_count")?.saturating_mul(ask("page_size")?);
    Ok(bytes.unsigned_abs())
}
