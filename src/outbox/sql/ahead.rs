//! Times that a clock wrote that was ahead of the one of today.

use std::time::Duration;

use rusqlite::{Connection, params};

use crate::clock::Timestamp;
use crate::store::{StoreError, Tx};

/// Up to when a message can have to wait by a clock that goes right.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reach {
    /// For its next attempt.
    pub(crate) retry: Duration,
    /// For the end of an attempt that is under way.
    pub(crate) lease: Duration,
}

/// Queued messages of the future, or that would wait for longer than any may.
const QUEUED: &str = "state = 'queued' AND next_attempt_at > ?1 AND (created_at > ?1 \
                      OR coalesce(renewed_at, created_at) > ?1 OR next_attempt_at > ?2)";

const SENDING: &str = "state = 'sending' AND next_attempt_at > ?1";

/// Whether a message waits by a clock that was ahead.
pub(crate) fn any_ahead(db: &Connection, reach: Reach, now: Timestamp) -> Result<bool, StoreError> {
    let look = |condition: &str| format!("SELECT EXISTS (SELECT 1 FROM outbox WHERE {condition})");
    let queued: bool = db
        .prepare_cached(&look(QUEUED))?
        .query_row(params![now, now.after(reach.retry)], |row| row.get(0))?;
    let sending: bool = db
        .prepare_cached(&look(SENDING))?
        .query_row([now.after(reach.lease)], |row| row.get(0))?;
    Ok(queued || sending)
}

/// Has those messages be due at once, and leases end when one that is taken now would.
pub(crate) fn bring_near(tx: &Tx<'_>, reach: Reach, now: Timestamp) -> Result<usize, StoreError> {
    let queued = tx
        .prepare_cached(&format!(
            "UPDATE outbox SET next_attempt_at = ?1 WHERE {QUEUED}"
        ))?
        .execute(params![now, now.after(reach.retry)])?;
    let sending = tx
        .prepare_cached(&format!(
            "UPDATE outbox SET next_attempt_at = ?1 WHERE {SENDING}"
        ))?
        .execute([now.after(reach.lease)])?;
    Ok(queued + sending)
}
