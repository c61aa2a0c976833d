//! Threads that read, each on a read-only connection of its own.
//!
//! Like the writer they take what waits in groups: to begin a transaction takes locks in shared memory,
//! and to wake a thread takes longer than most queries. A group shares both. It begins after its
//! queries were handed in, so that each sees everything that was answered before.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::{OpenError, Options, StoreError, open};

/// The most queries that share one transaction, so that none waits long for those before it.
const MAX_GROUP: usize = 32;

/// Runs and answers by itself.
type Query = Box<dyn FnOnce(&Connection) + Send>;

/// The handle to the threads.
pub(super) struct Readers {
    queue: Arc<Queue>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

#[derive(Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    changed: Condvar,
    threads: usize,
}

#[derive(Default)]
struct Waiting {
    queries: VecDeque<Query>,
    closed: bool,
}

impl Readers {
    pub(super) fn open(options: &Options) -> Result<Self, OpenError> {
        let connections = (0..options.readers)
            .map(|_| open::read_only(options))
            .collect::<Result<Vec<_>, _>>()?;
        let queue = Arc::new(Queue {
            threads: connections.len(),
            ..Queue::default()
        });
        let start = |connection| {
            let queue = Arc::clone(&queue);
            std::thread::Builder::new()
                .name("reader".to_owned())
                .spawn(move || queue.serve(&connection))
                .expect("a thread can be started at start-up")
        };
        let threads = connections.into_iter().map(start).collect();
        Ok(Self {
            queue,
            threads: Mutex::new(threads),
        })
    }

    pub(super) async fn run<T, E, F>(&self, query: F) -> Result<T, E>
    where
        F: FnOnce(&Connection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let span = tracing::Span::current();
        let query: Query = Box::new(move |connection| {
            let result = catch_unwind(AssertUnwindSafe(|| span.in_scope(|| query(connection))))
                .unwrap_or_else(|_| Err(StoreError::Panicked.into()));
            // The caller may have gone away.
            let _ = reply.send(result);
        });
        self.queue.put(query);
        answer.await.unwrap_or_else(|_| {
            Err(StoreError::Unavailable("the database is closed".to_owned()).into())
        })
    }

    /// Answers what waits, refuses what comes, and closes the connections.
    pub(super) async fn close(&self) {
        self.queue.lock().closed = true;
        self.queue.changed.notify_all();
        let threads =
            std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        let join = || {
            for thread in threads {
                let _ = thread.join();
            }
        };
        let _ = tokio::task::spawn_blocking(join).await;
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A query that comes after the end is dropped, and its caller told so by that.
    fn put(&self, query: Query) {
        let mut waiting = self.lock();
        if !waiting.closed {
            waiting.queries.push_back(query);
            drop(waiting);
            self.changed.notify_one();
        }
    }

    /// The next group; none after the end.
    fn take(&self) -> Option<Vec<Query>> {
        let mut waiting = self.lock();
        while waiting.queries.is_empty() {
            if waiting.closed {
                return None;
            }
            waiting = self
                .changed
                .wait(waiting)
                .unwrap_or_else(PoisonError::into_inner);
        }
        // A share of them: the rest is for the other threads.
        let share = (waiting.queries.len() / self.threads).clamp(1, MAX_GROUP);
        Some(waiting.queries.drain(..share).collect())
    }

    fn serve(&self, connection: &Connection) {
        let execute = |sql| {
            let executed = connection
                .prepare_cached(sql)
                .and_then(|mut it| it.execute([]));
            // Without it each query reads by itself, which is as right and slower.
            if let Err(error) = executed {
                tracing::error!(%error, sql, "a group of queries has no transaction");
            }
        };
        while let Some(group) = self.take() {
            let shared = group.len() > 1;
            if shared {
                execute("BEGIN");
            }
            for query in group {
                query(connection);
            }
            if shared {
                execute("COMMIT");
            }
        }
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.queue.lock().closed = true;
        self.queue.changed.notify_all();
    }
}
