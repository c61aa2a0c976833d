//! A small pool of read-only connections.

use std::sync::{Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::{OpenError, Options, StoreError, open};

/// Idle connections, and as many permits as there are connections in all.
pub(super) struct Readers {
    idle: std::sync::Arc<Mutex<Vec<Connection>>>,
    permits: Semaphore,
}

impl Readers {
    pub(super) fn open(options: &Options) -> Result<Self, OpenError> {
        let connections = (0..options.readers)
            .map(|_| open::read_only(options))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            permits: Semaphore::new(connections.len()),
            idle: std::sync::Arc::new(Mutex::new(connections)),
        })
    }

    pub(super) async fn run<T, E, F>(&self, query: F) -> Result<T, E>
    where
        F: FnOnce(&Connection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let closed = || E::from(StoreError::Unavailable("the database is closed".to_owned()));
        let _permit = self.permits.acquire().await.map_err(|_| closed())?;
        let idle = std::sync::Arc::clone(&self.idle);
        tokio::task::spawn_blocking(move || {
            let connection = idle
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .pop()
                .ok_or_else(closed)?;
            let lent = Lent {
                connection: Some(connection),
                idle,
            };
            query(lent.get())
        })
        .await
        .map_err(|_| E::from(StoreError::Panicked))?
    }

    pub(super) fn close(&self) {
        self.permits.close();
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}

/// Puts the connection back even when the query panics.
struct Lent {
    connection: Option<Connection>,
    idle: std::sync::Arc<Mutex<Vec<Connection>>>,
}

impl Lent {
    fn get(&self) -> &Connection {
        self.connection
            .as_ref()
            .expect("the connection is there until drop")
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.idle
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(connection);
        }
    }
}
