//! What is kept of messages that have come to their end, and for how long.

use rusqlite::params;

use crate::clock::Timestamp;
use crate::outbox::State;
use crate::store::{StoreError, Tx};

/// Which messages are removed: those that came to this end before that time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut {
    pub(crate) state: State,
    pub(crate) before: Timestamp,
}

/// Removes up to `limit` of them, with what is known of their attempts; how many there were.
pub(crate) fn cut(tx: &Tx<'_>, cut: Cut, limit: usize) -> Result<usize, StoreError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    Ok(tx
        .prepare_cached(
            "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE state = ?1 \
             AND finished_at IS NOT NULL AND finished_at < ?2 LIMIT ?3)",
        )?
        .execute(params![cut.state, cut.before, limit])?)
}

/// Removes one message that has come to its end; false if it has not.
pub(crate) fn remove(tx: &Tx<'_>, id: i64) -> Result<bool, StoreError> {
    let removed = tx
        .prepare_cached(
            "DELETE FROM outbox WHERE id = ?1 AND state IN ('sent', 'dead', 'dropped')",
        )?
        .execute([id])?;
    Ok(removed == 1)
}

/// Ends a message that waits; false if it does not wait.
pub(crate) fn cancel(
    tx: &Tx<'_>,
    id: i64,
    reason: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let cancelled = tx
        .prepare_cached(
            "UPDATE outbox SET state = 'dropped', reason = ?2, finished_at = ?3 \
             WHERE id = ?1 AND state = 'queued'",
        )?
        .execute(params![id, reason, now])?;
    Ok(cancelled == 1)
}

/// Makes dead letters of all that wait or are being sent. How many there were.
pub(crate) fn set_aside(tx: &Tx<'_>, reason: &str, now: Timestamp) -> Result<usize, StoreError> {
    Ok(tx.execute(
        "UPDATE outbox SET state = 'dead', reason = ?1, finished_at = ?2, lease_owner = NULL, \
         crashes = 0 WHERE state IN ('queued', 'sending')",
        params![reason, now],
    )?)
}

/// Has a message that waits tried at once; false if it does not wait.
pub(crate) fn hurry(tx: &Tx<'_>, id: i64, now: Timestamp) -> Result<bool, StoreError> {
    let hurried = tx
        .prepare_cached(
            "UPDATE outbox SET next_attempt_at = min(next_attempt_at, ?2) \
             WHERE id = ?1 AND state = 'queued'",
        )?
        .execute(params![id, now])?;
    Ok(hurried == 1)
}

/// Has a dead message sent anew, as a letter of its own: its Message-ID begins with
/// `new_letter` then, if there is one. False if it is not dead.
pub(crate) fn revive(
    tx: &Tx<'_>,
    id: i64,
    new_letter: Option<&str>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let revived = tx
        .prepare_cached(
            "UPDATE outbox SET state = 'queued', next_attempt_at = ?3, renewed_at = ?3, \
             reason = NULL, finished_at = NULL, crashes = 0, \
             message_id = CASE WHEN ?2 IS NULL THEN message_id \
                          ELSE ?2 || substr(message_id, instr(message_id, '@')) END \
             WHERE id = ?1 AND state = 'dead'",
        )?
        .execute(params![id, new_letter, now])?;
    Ok(revived == 1)
}
