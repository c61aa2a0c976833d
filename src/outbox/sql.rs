//! The outbox in the database.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{Claimed, Listed, NewMessage, State};
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

pub(crate) fn insert(tx: &Tx<'_>, message: &NewMessage, now: Timestamp) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO outbox (kind, recipient, account_id, business_id, client, message_id, \
         next_attempt_at, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)",
    )?
    .execute(params![
        message.kind,
        message.recipient,
        message.account,
        message.business,
        message.client,
        message.message_id,
        now,
    ])?;
    Ok(())
}

/// When the next message is due, or its lease runs out.
pub(crate) fn next_due(db: &Connection) -> Result<Option<Timestamp>, StoreError> {
    Ok(db
        .prepare_cached(
            "SELECT min(next_attempt_at) FROM outbox WHERE state IN ('queued', 'sending')",
        )?
        .query_row([], |row| row.get(0))?)
}

/// A row that this program cannot read: another version wrote it, or somebody by hand.
#[derive(Debug)]
pub(crate) struct Unreadable {
    pub(crate) id: i64,
    pub(crate) attempt: u32,
    pub(crate) error: rusqlite::Error,
}

/// Takes up to `limit` due messages, counting the attempt, until `lease_until`.
pub(crate) fn claim(
    tx: &Tx<'_>,
    owner: &str,
    lease_until: Timestamp,
    limit: usize,
    now: Timestamp,
) -> Result<Vec<Result<Claimed, Unreadable>>, StoreError> {
    let mut statement = tx.prepare_cached(
        "UPDATE outbox SET state = 'sending', attempts = attempts + 1, lease_owner = ?1, \
         next_attempt_at = ?2 \
         WHERE id IN (SELECT id FROM outbox WHERE state IN ('queued', 'sending') \
                      AND next_attempt_at <= ?3 ORDER BY next_attempt_at, id LIMIT ?4) \
         RETURNING id, kind, recipient, account_id, business_id, client, message_id, attempts, \
         created_at",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = statement.query_map(params![owner, lease_until, now, limit], |row| {
        let (id, attempt) = (row.get(0)?, row.get(7)?);
        let read = || {
            Ok(Claimed {
                id,
                kind: row.get(1)?,
                recipient: row.get(2)?,
                account: row.get(3)?,
                business: row.get(4)?,
                client: row.get(5)?,
                message_id: row.get(6)?,
                attempt,
                lease_until,
                created_at: row.get(8)?,
            })
        };
        Ok(read().map_err(|error| Unreadable { id, attempt, error }))
    })?;
    let mut claimed = rows.collect::<Result<Vec<_>, _>>()?;
    // SQLite returns updated rows in no particular order.
    claimed.sort_by_key(|message| message.as_ref().map_or_else(|row| row.id, |row| row.id));
    Ok(claimed)
}

/// Who holds a claim: the process, and which of its attempts. A worker whose lease ran out and whose
/// message was taken by another changes nothing any more.
#[derive(Clone, Debug)]
pub(crate) struct Lease<'a> {
    pub(crate) id: i64,
    pub(crate) owner: &'a str,
    pub(crate) attempt: u32,
}

/// Ends a claim for good.
pub(crate) fn finish(
    tx: &Tx<'_>,
    lease: &Lease<'_>,
    state: State,
    reply: Option<&str>,
    reason: Option<&str>,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE outbox SET state = ?4, last_reply = coalesce(?5, last_reply), reason = ?6, \
         finished_at = ?7, lease_owner = NULL \
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
    Ok(())
}

/// Ends a claim until `next_attempt_at`.
pub(crate) fn retry(
    tx: &Tx<'_>,
    lease: &Lease<'_>,
    reply: &str,
    next_attempt_at: Timestamp,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE outbox SET state = 'queued', last_reply = ?4, next_attempt_at = ?5, \
         lease_owner = NULL \
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

/// Puts a claimed message back as if it had not been claimed, until `at`.
pub(crate) fn put_back(tx: &Tx<'_>, lease: &Lease<'_>, at: Timestamp) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE outbox SET state = 'queued', attempts = attempts - 1, next_attempt_at = ?4, \
         lease_owner = NULL \
         WHERE id = ?1 AND lease_owner = ?2 AND attempts = ?3 AND state = 'sending'",
    )?
    .execute(params![lease.id, lease.owner, lease.attempt, at])?;
    Ok(())
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

const LISTED: &str = "id, kind, state, recipient, account_id, business_id, client, message_id, \
                      attempts, next_attempt_at, last_reply, reason, created_at, finished_at";

fn listed(row: &Row<'_>) -> rusqlite::Result<Listed> {
    let state: State = row.get(2)?;
    let next_attempt_at: Timestamp = row.get(9)?;
    Ok(Listed {
        id: row.get(0)?,
        kind: row.get(1)?,
        state,
        recipient: row.get(3)?,
        account_id: row.get(4)?,
        business_id: row.get(5)?,
        client: row.get(6)?,
        message_id: row.get(7)?,
        attempts: row.get(8)?,
        next_attempt_at: matches!(state, State::Queued | State::Sending).then_some(next_attempt_at),
        last_reply: row.get(10)?,
        reason: row.get(11)?,
        created_at: row.get(12)?,
        finished_at: row.get(13)?,
    })
}

/// The newest `limit` messages, newest first, of one state or of all.
pub(crate) fn list(
    db: &Connection,
    state: Option<State>,
    limit: u32,
) -> Result<Vec<Listed>, StoreError> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {LISTED} FROM outbox WHERE ?1 IS NULL OR state = ?1 ORDER BY id DESC LIMIT ?2"
    ))?;
    let rows = statement.query_map(params![state, limit], listed)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(crate) fn show(db: &Connection, id: i64) -> Result<Option<Listed>, StoreError> {
    Ok(db
        .prepare_cached(&format!("SELECT {LISTED} FROM outbox WHERE id = ?1"))?
        .query_row([id], listed)
        .optional()?)
}
