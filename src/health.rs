//! Whether the server can do its work.

use crate::clock::Timestamp;
use crate::config;
use crate::outbox;
use crate::store::{Store, StoreError};

/// How the parts are: `ok`, or what is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Whether the disk takes a write.
    pub database: String,
    /// Whether mail is picked up when it is due.
    pub outbox: String,
}

const OK: &str = "ok";

impl Report {
    /// Whether every part is well.
    pub fn is_ready(&self) -> bool {
        self.database == OK && self.outbox == OK
    }
}

/// Looks at every part. That the schema is up to date is known from the start: the database would
/// not have been opened otherwise.
pub async fn check(store: &Store, config: &config::Outbox, now: Timestamp) -> Report {
    let wrote: Result<(), StoreError> = store
        .write(move |tx| {
            tx.prepare_cached(
                "INSERT INTO probe (id, at) VALUES (1, ?1) ON CONFLICT (id) DO UPDATE SET at = ?1",
            )?
            .execute([now])?;
            Ok(())
        })
        .await;
    let due: Result<_, StoreError> = store.read(outbox::sql::next_due).await;
    // A worker that lives picks a due message up within a poll, and one that died frees its own
    // within a lease; twice both is stuck.
    let patience = (config.lease + config.poll) * 2;
    Report {
        database: match wrote {
            Ok(()) => OK.to_owned(),
            Err(error) => error.to_string(),
        },
        outbox: match due {
            Ok(Some(due)) if now.since(due) > patience => {
                format!("a message has been due since {due}")
            }
            Ok(_) => OK.to_owned(),
            Err(error) => error.to_string(),
        },
    }
}
