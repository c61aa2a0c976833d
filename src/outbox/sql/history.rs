//! What was tried, and what was heard.

use rusqlite::{Connection, params};

use super::Lease;
use crate::outbox::Attempted;
use crate::outbox::relays::Try;
use crate::outbox::transport::Stage;
use crate::store::{StoreError, Tx};

/// Notes what came of one relay within an attempt.
pub(crate) fn note_attempt(
    tx: &Tx<'_>,
    lease: &Lease<'_>,
    turn: usize,
    tried: &Try,
) -> Result<(), StoreError> {
    let turn = i64::try_from(turn).unwrap_or(i64::MAX);
    let (stage, code, enhanced, text) = match &tried.outcome {
        Ok(reply) => (None, Some(reply.code), reply.enhanced(), &reply.text),
        Err(failure) => (failure.stage, failure.code, failure.enhanced, &failure.text),
    };
    tx.prepare_cached(
        "INSERT INTO outbox_attempts (outbox_id, attempt, turn, at, relay, stage, code, enhanced, \
         text) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute(params![
        lease.id,
        lease.attempt,
        turn,
        tried.at,
        tried.relay,
        stage.map(Stage::as_str),
        code,
        enhanced.map(|code| code.to_string()),
        text,
    ])?;
    Ok(())
}

/// Everything that was tried for a message, in its order.
pub(crate) fn attempts(db: &Connection, id: i64) -> Result<Vec<Attempted>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT attempt, at, relay, stage, code, enhanced, text FROM outbox_attempts \
         WHERE outbox_id = ?1 ORDER BY attempt, turn",
    )?;
    let rows = statement.query_map([id], |row| {
        Ok(Attempted {
            attempt: row.get(0)?,
            at: row.get(1)?,
            relay: row.get(2)?,
            stage: row.get(3)?,
            code: row.get(4)?,
            enhanced: row.get(5)?,
            text: row.get(6)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
