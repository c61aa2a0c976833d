//! The one writer: a thread that commits waiting jobs in groups.
//!
//! A sync to disk costs the same for one job as for two hundred, so the thread takes all that wait,
//! runs each in a savepoint of one transaction, commits once, and only then answers. A job that
//! fails or panics rolls back its own savepoint; a commit that fails answers every job of the group
//! with an error and reopens the connection, because after a failed sync the state of the old one
//! cannot be trusted (Rebello et al., "Can Applications Recover from fsync Failures?", 2020).

use std::cell::Cell;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::{Notify, mpsc};

use super::job::{Job, call, closed, wait};
use super::{Hooks, Meter, Options, StoreError, open};
use crate::clock::Clock;

/// A write transaction, as a job sees it. Functions that change state take one, so that what belongs
/// together is committed together.
pub struct Tx<'c> {
    connection: &'c Connection,
    queued_mail: &'c Cell<bool>,
    hooks: &'c Hooks,
}

impl Tx<'_> {
    /// HMAC-SHA-256 under a key that the database does not hold. What is made for one `purpose` says
    /// nothing about another.
    pub(crate) fn mac(&self, purpose: &str, message: &[u8]) -> Result<[u8; 32], StoreError> {
        (self.hooks.mac)(purpose, message)
    }

    /// Wakes the outbox worker once this transaction is on disk.
    pub(crate) fn announce_mail(&self) {
        self.queued_mail.set(true);
    }
}

impl Deref for Tx<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}

/// The handle to the writer thread.
pub(super) struct Writer {
    queue: Mutex<Option<mpsc::Sender<Box<dyn Job>>>>,
    meter: Arc<Meter>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    pub(super) fn start(
        connection: Connection,
        options: Options,
        hooks: Hooks,
        mail_queued: Arc<Notify>,
    ) -> Self {
        let (sender, receiver) = mpsc::channel(options.queue);
        let meter = Arc::new(Meter::default());
        let counting = Arc::clone(&meter);
        let thread = std::thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || {
                Loop {
                    connection: Some(connection),
                    options,
                    hooks,
                    meter: counting,
                    mail_queued,
                }
                .run(receiver);
            })
            .expect("a thread can be started at start-up");
        Self {
            queue: Mutex::new(Some(sender)),
            meter,
            thread: Mutex::new(Some(thread)),
        }
    }

    pub(super) async fn submit<T, E, F>(&self, job: F) -> Result<T, E>
    where
        F: FnOnce(&Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (call, answer) = call(job);
        // The end of the queue is not held while waiting: the thread runs until nobody holds one.
        let sent = self.queue()?.try_send(call);
        match sent {
            Ok(()) => wait(answer).await,
            Err(mpsc::error::TrySendError::Full(_)) => {
                self.meter.refused.add();
                Err(StoreError::Full.into())
            }
            Err(mpsc::error::TrySendError::Closed(_)) => Err(closed().into()),
        }
    }

    pub(super) async fn submit_patiently<T, E, F>(&self, job: F) -> Result<T, E>
    where
        F: FnOnce(&Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (call, answer) = call(job);
        let queue = self.queue()?;
        queue.send(call).await.map_err(|_| closed())?;
        drop(queue);
        wait(answer).await
    }

    fn queue(&self) -> Result<mpsc::Sender<Box<dyn Job>>, StoreError> {
        self.queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
            .ok_or_else(closed)
    }

    pub(super) fn meter(&self) -> &Meter {
        &self.meter
    }

    pub(super) fn waiting(&self) -> usize {
        self.queue()
            .map_or(0, |queue| queue.max_capacity() - queue.capacity())
    }

    pub(super) async fn close(&self) {
        drop(
            self.queue
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread {
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }
}

/// What the thread owns.
struct Loop {
    /// Absent after a failed commit, until it can be opened again.
    connection: Option<Connection>,
    options: Options,
    hooks: Hooks,
    meter: Arc<Meter>,
    mail_queued: Arc<Notify>,
}

impl Loop {
    fn run(mut self, mut queue: mpsc::Receiver<Box<dyn Job>>) {
        let mut group = Vec::with_capacity(self.options.max_group);
        while let Some(first) = queue.blocking_recv() {
            group.push(first);
            while group.len() < self.options.max_group {
                match queue.try_recv() {
                    Ok(job) => group.push(job),
                    Err(_) => break,
                }
            }
            let queued_mail = Cell::new(false);
            let committed = self.commit(&mut group, &queued_mail);
            if committed.is_ok() && queued_mail.get() {
                self.mail_queued.notify_one();
            }
            for job in group.drain(..) {
                job.answer(match &committed {
                    Ok(()) => Ok(()),
                    Err(why) => Err(StoreError::Unavailable(why.clone())),
                });
            }
        }
        if let Some(connection) = self.connection {
            // Leaves one file behind that can be copied; a reader elsewhere may prevent it, which is harmless.
            let _ = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        }
    }

    /// Runs and commits one group. On an error nothing of it is in the database.
    fn commit(
        &mut self,
        group: &mut [Box<dyn Job>],
        queued_mail: &Cell<bool>,
    ) -> Result<(), String> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => open::writable(&self.options).map_err(|error| {
                tracing::error!(%error, "the database cannot be reopened");
                error.to_string()
            })?,
        };
        // Whatever clock the program goes by, this is the disk's time.
        let begun = Clock::System.uptime();
        let done = run_group(&connection, &self.hooks, group, queued_mail);
        let took = Clock::System.uptime().saturating_sub(begun);
        match done {
            Ok(()) => {
                self.meter.groups.observe(group.len() as u64);
                self.meter.commits.took(took);
                self.connection = Some(connection);
                Ok(())
            }
            Err(error) => {
                self.meter.failed.add();
                tracing::error!(%error, jobs = group.len(), "a commit failed; its jobs are refused");
                if is_lock_wait(&error) && connection.is_autocommit() {
                    // Another process held the lock for too long: nothing is wrong with the connection.
                    self.connection = Some(connection);
                }
                Err(error.to_string())
            }
        }
    }
}

fn is_lock_wait(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy)
}

/// Brings rows of an older program up to date before anything else is written, a few in each transaction,
/// so that other processes come in between and a kill costs little.
pub(super) fn catch_up(connection: &Connection, hooks: &Hooks) -> Result<(), StoreError> {
    let mut go_on = true;
    while go_on && (hooks.is_behind)(connection)? {
        connection.execute_batch("BEGIN IMMEDIATE")?;
        let tx = Tx {
            connection,
            queued_mail: &Cell::new(false),
            hooks,
        };
        let done = (hooks.catch_up)(&tx).and_then(|more| {
            connection.execute_batch("COMMIT")?;
            Ok(more)
        });
        if done.is_err() && !connection.is_autocommit() {
            let _ = connection.execute_batch("ROLLBACK");
        }
        go_on = done?;
    }
    Ok(())
}

fn run_group(
    connection: &Connection,
    hooks: &Hooks,
    group: &mut [Box<dyn Job>],
    queued_mail: &Cell<bool>,
) -> rusqlite::Result<()> {
    let execute = |sql| connection.prepare_cached(sql)?.execute([]);
    execute("BEGIN IMMEDIATE")?;
    for job in group.iter_mut() {
        let announced = Cell::new(false);
        let tx = Tx {
            connection,
            queued_mail: &announced,
            hooks,
        };
        execute("SAVEPOINT job")?;
        let keep = job.run(&tx);
        if connection.is_autocommit() {
            // SQLite rolls the whole transaction back by itself on a full disk or an I/O error
            // (https://www.sqlite.org/lang_transaction.html, "Response To Errors Within A Transaction").
            return Err(rusqlite::Error::SqliteFailure(
                rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR),
                Some("the transaction was rolled back by the database".to_owned()),
            ));
        }
        if keep {
            queued_mail.set(queued_mail.get() || announced.get());
        } else {
            execute("ROLLBACK TO job")?;
        }
        execute("RELEASE job")?;
    }
    execute("COMMIT").map(|_| ()).inspect_err(|_| {
        if !connection.is_autocommit() {
            let _ = connection.execute_batch("ROLLBACK");
        }
    })
}
