//! One-time codes in the database.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::accounts::{Account, AccountId};
use crate::business::BusinessId;
use crate::clock::Timestamp;
use crate::email::EmailAddress;
use crate::outbox::Claimed;
use crate::store::{StoreError, Tx};
use crate::token::Jti;

/// Notes that a code was asked for; how long to wait, if that was too soon after the last time.
pub(super) fn note_request(
    tx: &Tx<'_>,
    email: &EmailAddress,
    cooldown: Duration,
    now: Timestamp,
) -> Result<Option<Duration>, StoreError> {
    // A time ahead of the clock was written before it was stepped back, and binds nobody.
    let noted = tx
        .prepare_cached(
            "INSERT INTO otp_requests (email_key, at) VALUES (?1, ?2) \
             ON CONFLICT (email_key) DO UPDATE SET at = ?2 WHERE at <= ?3 OR at > ?2",
        )?
        .execute(params![email.key(), now, now.before(cooldown)])?;
    if noted == 1 {
        return Ok(None);
    }
    let last: Timestamp = tx
        .prepare_cached("SELECT at FROM otp_requests WHERE email_key = ?1")?
        .query_row([email.key()], |row| row.get(0))?;
    Ok(Some(last.after(cooldown).since(now)))
}

pub(super) fn purge_requests(tx: &Tx<'_>, now: Timestamp) -> Result<usize, StoreError> {
    Ok(tx
        .prepare_cached(
            "DELETE FROM otp_requests WHERE email_key IN \
             (SELECT email_key FROM otp_requests WHERE at < ?1 LIMIT 1000)",
        )?
        .execute([now.before(Duration::from_hours(24))])?)
}

pub(super) fn insert(
    tx: &Tx<'_>,
    id: &Jti,
    account: &Account,
    message: &Claimed,
    expires_at: Timestamp,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO otp_codes (id, account_id, business_id, outbox_id, credential_version, \
         issued_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        id,
        account.id,
        message.business,
        message.id,
        account.credential_version,
        now,
        expires_at
    ])?;
    Ok(())
}

/// The code that an earlier attempt at a message made.
pub(super) struct Earlier {
    pub(super) id: Jti,
    pub(super) unused: bool,
    pub(super) credential_version: i64,
}

/// Ends the codes of all accounts. Their messages, should they be sent anew, make their own.
pub(super) fn end_every(tx: &Tx<'_>, now: Timestamp) -> Result<usize, StoreError> {
    Ok(tx.execute(
        "UPDATE otp_codes SET used_at = ?1, outbox_id = NULL WHERE used_at IS NULL",
        [now],
    )?)
}

/// Ends the code that an earlier attempt at a message made, so that the next one makes its own. Its id,
/// which is the magic link's, too.
pub(crate) fn renounce(
    tx: &Tx<'_>,
    message: i64,
    now: Timestamp,
) -> Result<Option<Jti>, StoreError> {
    Ok(tx
        .prepare_cached(
            "UPDATE otp_codes SET used_at = coalesce(used_at, ?2), outbox_id = NULL \
             WHERE outbox_id = ?1 RETURNING id",
        )?
        .query_row(params![message, now], |row| row.get(0))
        .optional()?)
}

pub(super) fn of_message(db: &Connection, message: i64) -> Result<Option<Earlier>, StoreError> {
    Ok(db
        .prepare_cached(
            "SELECT id, used_at IS NULL, credential_version FROM otp_codes WHERE outbox_id = ?1",
        )?
        .query_row([message], |row| {
            Ok(Earlier {
                id: row.get(0)?,
                unused: row.get(1)?,
                credential_version: row.get(2)?,
            })
        })
        .optional()?)
}

/// Starts the lifetime anew, because the code is sent only now.
pub(super) fn renew(
    tx: &Tx<'_>,
    id: &Jti,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE otp_codes SET issued_at = ?2, expires_at = ?3 WHERE id = ?1")?
        .execute(params![id, now, expires_at])?;
    Ok(())
}

/// How many codes the account could use, or will be able to once their mail gets through. One that was
/// tried too often is none: whoever tried it must not keep the member from the next. Neither is one that was
/// made under earlier credentials, or by a clock that was ahead of this one.
pub(super) fn pending(
    db: &Connection,
    account: AccountId,
    max_attempts: u32,
    now: Timestamp,
) -> Result<u32, StoreError> {
    Ok(db
        .prepare_cached(
            "SELECT count(*) FROM otp_codes c LEFT JOIN outbox o ON o.id = c.outbox_id \
             WHERE c.account_id = ?1 AND c.used_at IS NULL AND c.attempts < ?3 \
             AND c.issued_at <= ?2 AND c.credential_version = \
             (SELECT credential_version FROM accounts WHERE accounts.id = ?1) \
             AND coalesce(o.state, 'sent') <> 'dead' \
             AND (c.expires_at > ?2 OR coalesce(o.state, 'sent') IN ('queued', 'sending'))",
        )?
        .query_row(params![account, now, max_attempts], |row| row.get(0))?)
}

/// Counts a try against the account and each of its codes that could still be used, and returns
/// those. For no account it does the same work on nothing.
pub(super) fn count_try(
    tx: &Tx<'_>,
    account: Option<AccountId>,
    business: BusinessId,
    max_attempts: u32,
    max_failures: u32,
    now: Timestamp,
) -> Result<Vec<Jti>, StoreError> {
    tx.prepare_cached("UPDATE accounts SET otp_failures = otp_failures + 1 WHERE id = ?1")?
        .execute([account])?;
    let mut statement = tx.prepare_cached(
        "UPDATE otp_codes SET attempts = attempts + 1 \
         WHERE account_id = ?1 AND business_id = ?2 AND used_at IS NULL AND expires_at > ?3 \
         AND attempts < ?4 \
         AND credential_version = (SELECT credential_version FROM accounts WHERE id = ?1 \
                                   AND suspended_at IS NULL AND otp_failures <= ?5) \
         RETURNING id",
    )?;
    let rows = statement.query_map(
        params![account, business, now, max_attempts, max_failures],
        |row| row.get(0),
    )?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Uses a code up that was just found right. True for exactly one caller, and only while the account may
/// still come in with it: its password may have been changed since the try was counted.
pub(super) fn redeem(tx: &Tx<'_>, id: &Jti, now: Timestamp) -> Result<bool, StoreError> {
    let used = tx
        .prepare_cached(
            "UPDATE otp_codes SET used_at = ?2 WHERE id = ?1 AND used_at IS NULL \
             AND credential_version = (SELECT credential_version FROM accounts \
                                       WHERE accounts.id = otp_codes.account_id \
                                       AND suspended_at IS NULL)",
        )?
        .execute(params![id, now])?;
    Ok(used == 1)
}

/// Uses a code up, whatever else holds. True for exactly one caller.
pub(super) fn use_up(tx: &Tx<'_>, id: &Jti, now: Timestamp) -> Result<bool, StoreError> {
    let used = tx
        .prepare_cached("UPDATE otp_codes SET used_at = ?2 WHERE id = ?1 AND used_at IS NULL")?
        .execute(params![id, now])?;
    Ok(used == 1)
}

pub(super) fn forget_failures(tx: &Tx<'_>, account: AccountId) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE accounts SET otp_failures = 0 WHERE id = ?1 AND otp_failures > 0")?
        .execute([account])?;
    Ok(())
}
