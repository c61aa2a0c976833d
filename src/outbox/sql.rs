//! The outbox in the database: its rows' way from queued to their end.

mod ahead;
mod claim;
mod history;
mod keep;
mod listing;
mod relays;

pub(crate) use self::ahead::{Reach, any_ahead, bring_near};
pub(crate) use self::claim::{Claim, Due, claim};
pub(crate) use self::history::{attempts, note_attempt};
pub(crate) use self::keep::{Cut, cancel, cut, hurry, remove, revive};
pub(crate) use self::listing::{
    Selection, activity, backlog, counts, list, of_account, page, select, show,
};
pub(crate) use self::relays::{forget_relays, note_relays, relays};

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, params};

use super::{NewMessage, State};
use crate::clock::Timestamp;
use crate::store::{StoreError, Tx};

impl ToSql for State {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.as_str().into())
    }
}

impl FromSql for State {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value.as_str()? {
            "queued" => Ok(Self::Queued),
            "sending" => Ok(Self::Sending),
            "sent" => Ok(Self::Sent),
            "dead" => Ok(Self::Dead),
            "dropped" => Ok(Self::Dropped),
            _ => Err(FromSqlError::InvalidType),
        }
    }
}

/// Every priority that a row can have, the most urgent first.
const PRIORITIES: std::ops::RangeInclusive<u8> = 0..=2;

/// Adds a message that waits to be sent, or was dropped for this reason.
pub(crate) fn insert(
    tx: &Tx<'_>,
    message: &NewMessage,
    dropped: Option<&str>,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO outbox (kind, recipient, account_id, business_id, client, message_id, \
         next_attempt_at, created_at, priority, state, reason, finished_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8, ?9, ?10, ?11)",
    )?
    .execute(params![
        message.kind,
        message.recipient,
        message.account,
        message.business,
        message.client,
        message.message_id,
        now,
        message.kind.priority(),
        dropped.map_or(State::Queued, |_| State::Dropped),
        dropped,
        dropped.map(|_| now),
    ])?;
    Ok(())
}

/// When the next message is due, or its lease runs out.
pub(crate) fn next_due(db: &Connection) -> Result<Option<Timestamp>, StoreError> {
    // One look into the index a priority: over all of them the earliest could not be found there.
    let mut statement = db.prepare_cached(
        "SELECT min(next_attempt_at) FROM outbox \
         WHERE state IN ('queued', 'sending') AND priority = ?1",
    )?;
    let mut earliest: Option<Timestamp> = None;
    for priority in PRIORITIES {
        let next: Option<Timestamp> = statement.query_row([priority], |row| row.get(0))?;
        earliest = earliest.into_iter().chain(next).min();
    }
    Ok(earliest)
}

/// Who holds a claim: the process, and which of its attempts. A worker whose lease ran out and whose
/// message was taken by another changes nothing any more.
#[derive(Clone, Debug)]
pub(crate) struct Lease<'a> {
    pub(crate) id: i64,
    pub(crate) owner: &'a str,
    pub(crate) attempt: u32,
}

/// Ends a claim for good. False when it is another's by now, who says what becomes of the message.
pub(crate) fn finish(
    tx: &Tx<'_>,
    lease: &Lease<'_>,
    state: State,
    reply: Option<&str>,
    reason: Option<&str>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let ended = tx
        .prepare_cached(
            "UPDATE outbox SET state = ?4, last_reply = coalesce(?5, last_reply), reason = ?6, \
             finished_at = ?7, lease_owner = NULL, crashes = 0 \
             WHERE id = ?1 AND lease_owner = ?2 AND attempts = ?3 AND state = 'sending'",
        )?
        .execute(params![
            lease.id,
            lease.owner,
            lease.attempt,
            state,
            reply,
            reason,
            now
        ])?;
    Ok(ended == 1)
}

/// Ends a claim until `next_attempt_at`. False as in [`finish`].
pub(crate) fn retry(
    tx: &Tx<'_>,
    lease: &Lease<'_>,
    reply: &str,
    next_attempt_at: Timestamp,
) -> Result<bool, StoreError> {
    let ended = tx
        .prepare_cached(
            "UPDATE outbox SET state = 'queued', last_reply = ?4, next_attempt_at = ?5, \
             lease_owner = NULL, crashes = 0 \
             WHERE id = ?1 AND lease_owner = ?2 AND attempts = ?3 AND state = 'sending'",
        )?
        .execute(params![
            lease.id,
            lease.owner,
            lease.attempt,
            reply,
            next_attempt_at
        ])?;
    Ok(ended == 1)
}

/// Ends a claim that came to nothing because of the message itself, as by a crash.
pub(crate) fn crashed(
    tx: &Tx<'_>,
    lease: &Lease<'_>,
    reply: &str,
    next_attempt_at: Timestamp,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE outbox SET state = 'queued', last_reply = ?4, next_attempt_at = ?5, \
         lease_owner = NULL, crashes = crashes + 1 \
         WHERE id = ?1 AND lease_owner = ?2 AND attempts = ?3 AND state = 'sending'",
    )?
    .execute(params![
        lease.id,
        lease.owner,
        lease.attempt,
        reply,
        next_attempt_at
    ])?;
    Ok(())
}

/// Ends a claim under which nothing was tried: the message waits as before, due since `due`.
pub(crate) fn put_back(tx: &Tx<'_>, lease: &Lease<'_>, due: Timestamp) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE outbox SET state = 'queued', next_attempt_at = ?4, lease_owner = NULL, \
         attempts = attempts - 1 \
         WHERE id = ?1 AND lease_owner = ?2 AND attempts = ?3 AND state = 'sending'",
    )?
    .execute(params![lease.id, lease.owner, lease.attempt, due])?;
    Ok(())
}

/// Makes a claim last until `lease_until`. False when it is another's by now.
pub(crate) fn renew(
    tx: &Tx<'_>,
    lease: &Lease<'_>,
    lease_until: Timestamp,
) -> Result<bool, StoreError> {
    let renewed = tx
        .prepare_cached(
            "UPDATE outbox SET next_attempt_at = ?4 \
             WHERE id = ?1 AND lease_owner = ?2 AND attempts = ?3 AND state = 'sending'",
        )?
        .execute(params![lease.id, lease.owner, lease.attempt, lease_until])?;
    Ok(renewed == 1)
}

/// Notes which account a message turned out to be for.
pub(crate) fn set_account(
    tx: &Tx<'_>,
    id: i64,
    account: crate::accounts::AccountId,
) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE outbox SET account_id = ?2 WHERE id = ?1")?
        .execute(params![id, account])?;
    Ok(())
}

/// Gives back what `owner` still holds, due at once.
pub(crate) fn release(tx: &Tx<'_>, owner: &str, now: Timestamp) -> Result<usize, StoreError> {
    Ok(tx.execute(
        "UPDATE outbox SET state = 'queued', next_attempt_at = ?2, lease_owner = NULL \
         WHERE lease_owner = ?1 AND state = 'sending'",
        params![owner, now],
    )?)
}
