//! Second factors in the database.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::Status;
use crate::accounts::AccountId;
use crate::clock::Timestamp;
use crate::store::{StoreError, Tx};

/// A stored secret.
pub(super) struct Stored {
    /// Sealed.
    pub(super) secret: Vec<u8>,
    pub(super) confirmed: bool,
    pub(super) last_step: Option<i64>,
    /// Consecutive wrong codes.
    pub(super) failures: u32,
}

pub(super) fn find(db: &Connection, account: AccountId) -> Result<Option<Stored>, StoreError> {
    Ok(db
        .prepare_cached(
            "SELECT secret, confirmed_at IS NOT NULL, last_step, failures FROM totp \
             WHERE account_id = ?1",
        )?
        .query_row([account], |row| {
            Ok(Stored {
                secret: row.get(0)?,
                confirmed: row.get(1)?,
                last_step: row.get(2)?,
                failures: row.get(3)?,
            })
        })
        .optional()?)
}

pub(super) fn status(db: &Connection, account: AccountId) -> Result<Option<Status>, StoreError> {
    Ok(db
        .prepare_cached(
            "SELECT confirmed_at, (SELECT count(*) FROM recovery_codes r \
                                   WHERE r.account_id = ?1 AND r.used_at IS NULL) \
             FROM totp WHERE account_id = ?1 AND confirmed_at IS NOT NULL",
        )?
        .query_row([account], |row| {
            Ok(Status {
                since: row.get(0)?,
                recovery_codes: row.get(1)?,
            })
        })
        .optional()?)
}

/// Stores a secret in the place of an unconfirmed one. False when a confirmed one is there.
pub(super) fn put(
    tx: &Tx<'_>,
    account: AccountId,
    secret: &[u8],
    confirmed_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let stored = tx
        .prepare_cached(
            "INSERT INTO totp (account_id, secret, created_at, confirmed_at) \
             VALUES (?1, ?2, ?3, ?4) ON CONFLICT (account_id) DO UPDATE \
             SET secret = ?2, created_at = ?3, confirmed_at = ?4 WHERE confirmed_at IS NULL",
        )?
        .execute(params![account, secret, now, confirmed_at])?;
    Ok(stored == 1)
}

/// Switches two-factor authentication on, and uses up the step that showed it to work.
pub(super) fn confirm(
    tx: &Tx<'_>,
    account: AccountId,
    step: i64,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let confirmed = tx
        .prepare_cached(
            "UPDATE totp SET confirmed_at = ?3, last_step = ?2 \
             WHERE account_id = ?1 AND confirmed_at IS NULL",
        )?
        .execute(params![account, step, now])?;
    Ok(confirmed == 1)
}

/// Counts a wrong code, or forgets those before a right one.
pub(super) fn set_failures(
    tx: &Tx<'_>,
    account: AccountId,
    failures: u32,
) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE totp SET failures = ?2 WHERE account_id = ?1")?
        .execute(params![account, failures])?;
    Ok(())
}

/// Uses a step up. True for exactly one caller.
pub(super) fn use_step(tx: &Tx<'_>, account: AccountId, step: i64) -> Result<bool, StoreError> {
    let used = tx
        .prepare_cached(
            "UPDATE totp SET last_step = ?2 WHERE account_id = ?1 AND confirmed_at IS NOT NULL \
             AND (last_step IS NULL OR last_step < ?2)",
        )?
        .execute(params![account, step])?;
    Ok(used == 1)
}

/// An account whose device has shown a code.
pub(super) fn any_confirmed(db: &Connection) -> Result<Option<AccountId>, StoreError> {
    Ok(db
        .prepare_cached("SELECT account_id FROM totp WHERE confirmed_at IS NOT NULL LIMIT 1")?
        .query_row([], |row| row.get(0))
        .optional()?)
}

/// Uses up every step to this one, for everybody.
pub(super) fn use_steps_to(tx: &Tx<'_>, step: i64) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE totp SET last_step = max(coalesce(last_step, 0), ?1) WHERE confirmed_at IS NOT NULL",
        [step],
    )?;
    Ok(())
}

pub(super) fn insert_recovery_code(
    tx: &Tx<'_>,
    account: AccountId,
    hash: [u8; 32],
) -> Result<(), StoreError> {
    tx.prepare_cached("INSERT INTO recovery_codes (account_id, hash) VALUES (?1, ?2)")?
        .execute(params![account, hash])?;
    Ok(())
}

/// Uses a recovery code up. True for exactly one caller.
pub(super) fn use_recovery_code(
    tx: &Tx<'_>,
    account: AccountId,
    hash: [u8; 32],
    now: Timestamp,
) -> Result<bool, StoreError> {
    let used = tx
        .prepare_cached(
            "UPDATE recovery_codes SET used_at = ?3 \
             WHERE account_id = ?1 AND hash = ?2 AND used_at IS NULL",
        )?
        .execute(params![account, hash, now])?;
    Ok(used == 1)
}

/// Removes the secret and, with it, the recovery codes. Whether two-factor authentication was on.
pub(super) fn remove(tx: &Tx<'_>, account: AccountId) -> Result<bool, StoreError> {
    let was_on = tx
        .prepare_cached(
            "DELETE FROM totp WHERE account_id = ?1 RETURNING confirmed_at IS NOT NULL",
        )?
        .query_row([account], |row| row.get(0))
        .optional()?;
    Ok(was_on.unwrap_or(false))
}
