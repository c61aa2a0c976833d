//! Reset tokens in the database.

mod listing;

use std::time::Duration;

use rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension as _, params};

pub(super) use self::listing::{list, of_account, page};
use super::Pending;
use crate::accounts::{Account, AccountId};
use crate::business::BusinessId;
use crate::clock::Timestamp;
use crate::store::{StoreError, Tx};
use crate::token::Jti;

impl ToSql for Jti {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.as_str().into())
    }
}

impl FromSql for Jti {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str().map(|text| Self::from_text(text.to_owned()))
    }
}

pub(crate) struct NewToken<'a> {
    pub(crate) jti: &'a Jti,
    pub(crate) account: &'a Account,
    pub(crate) business: Option<BusinessId>,
    /// The message that carries the link; none for one that is told by telephone.
    pub(crate) message: Option<i64>,
    pub(crate) expires_at: Timestamp,
}

pub(crate) fn insert(tx: &Tx<'_>, token: &NewToken<'_>, now: Timestamp) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO reset_tokens (jti, account_id, business_id, outbox_id, credential_version, \
         issued_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        token.jti,
        token.account.id,
        token.business,
        token.message,
        token.account.credential_version,
        now,
        token.expires_at,
    ])?;
    Ok(())
}

/// The token that an earlier attempt of a message minted.
pub(crate) struct Earlier {
    pub(crate) jti: Jti,
    pub(crate) alive: bool,
    pub(crate) credential_version: i64,
}

pub(crate) fn of_message(db: &Connection, message: i64) -> Result<Option<Earlier>, StoreError> {
    Ok(db
        .prepare_cached(
            "SELECT jti, used_at IS NULL AND revoked_at IS NULL, credential_version \
             FROM reset_tokens WHERE outbox_id = ?1",
        )?
        .query_row([message], |row| {
            Ok(Earlier {
                jti: row.get(0)?,
                alive: row.get(1)?,
                credential_version: row.get(2)?,
            })
        })
        .optional()?)
}

/// Starts the lifetime anew, because the link is sent only now.
pub(crate) fn renew(
    tx: &Tx<'_>,
    jti: &Jti,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE reset_tokens SET issued_at = ?2, expires_at = ?3 WHERE jti = ?1")?
        .execute(params![jti, now, expires_at])?;
    Ok(())
}

/// Ends the link that an earlier attempt at a message made, so that the next one makes its own.
pub(crate) fn renounce(
    tx: &Tx<'_>,
    message: i64,
    why: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE reset_tokens SET outbox_id = NULL, revoked_at = coalesce(revoked_at, ?3), \
         revoked_why = coalesce(revoked_why, ?2) WHERE outbox_id = ?1",
    )?
    .execute(params![message, why, now])?;
    Ok(())
}

/// Whose link that is, and of which location.
pub(crate) fn whose(
    db: &Connection,
    jti: &Jti,
) -> Result<Option<(AccountId, Option<BusinessId>)>, StoreError> {
    Ok(db
        .prepare_cached("SELECT account_id, business_id FROM reset_tokens WHERE jti = ?1")?
        .query_row([jti], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?)
}

/// Counts the links that the account could use, or will be able to once their mail gets through. A
/// link whose mail was given up never reached anybody and does not count, and neither does one that was made
/// by a clock that was ahead of this one: it would keep the member waiting for as long.
pub(crate) fn pending(
    db: &Connection,
    account: AccountId,
    now: Timestamp,
    cooldown: Duration,
) -> Result<Pending, StoreError> {
    Ok(db
        .prepare_cached(
            "SELECT count(*), count(*) FILTER (WHERE t.issued_at > ?3) \
             FROM reset_tokens t LEFT JOIN outbox o ON o.id = t.outbox_id \
             WHERE t.account_id = ?1 AND t.used_at IS NULL AND t.revoked_at IS NULL \
             AND t.issued_at <= ?2 AND coalesce(o.state, 'sent') <> 'dead' \
             AND (t.expires_at > ?2 OR coalesce(o.state, 'sent') IN ('queued', 'sending'))",
        )?
        .query_row(params![account, now, now.before(cooldown)], |row| {
            Ok(Pending {
                all: row.get(0)?,
                recent: row.get(1)?,
            })
        })?)
}

/// Whether the token could be used: the same conditions as [`use_up`].
pub(crate) fn is_open(db: &Connection, jti: &Jti, now: Timestamp) -> Result<bool, StoreError> {
    Ok(db
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM reset_tokens t JOIN accounts a ON a.id = t.account_id \
             WHERE t.jti = ?1 AND t.used_at IS NULL AND t.revoked_at IS NULL AND t.expires_at > ?2 \
             AND a.suspended_at IS NULL AND a.credential_version = t.credential_version)",
        )?
        .query_row(params![jti, now], |row| row.get(0))?)
}

/// Uses the token up. True for exactly one caller, and only while the account's credentials are
/// those that the token was made under.
pub(crate) fn use_up(
    tx: &Tx<'_>,
    jti: &Jti,
    account: AccountId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let used = tx
        .prepare_cached(
            "UPDATE reset_tokens SET used_at = ?3 \
             WHERE jti = ?1 AND account_id = ?2 AND used_at IS NULL AND revoked_at IS NULL \
             AND expires_at > ?3 \
             AND credential_version = (SELECT credential_version FROM accounts \
                                       WHERE id = ?2 AND suspended_at IS NULL)",
        )?
        .execute(params![jti, account, now])?;
    Ok(used == 1)
}

pub(crate) fn count_refused_password(tx: &Tx<'_>, jti: &Jti) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE reset_tokens SET refused_passwords = refused_passwords + 1 WHERE jti = ?1",
    )?
    .execute([jti])?;
    Ok(())
}

pub(crate) fn revoke_open(
    tx: &Tx<'_>,
    account: AccountId,
    why: &str,
    now: Timestamp,
) -> Result<usize, StoreError> {
    Ok(tx
        .prepare_cached(
            "UPDATE reset_tokens SET revoked_at = ?3, revoked_why = ?2 \
             WHERE account_id = ?1 AND used_at IS NULL AND revoked_at IS NULL",
        )?
        .execute(params![account, why, now])?)
}

/// Revokes the links of all accounts. Their messages, should they be sent anew, make their own.
pub(super) fn revoke_every(tx: &Tx<'_>, why: &str, now: Timestamp) -> Result<usize, StoreError> {
    Ok(tx.execute(
        "UPDATE reset_tokens SET revoked_at = ?2, revoked_why = ?1, outbox_id = NULL \
         WHERE used_at IS NULL AND revoked_at IS NULL",
        params![why, now],
    )?)
}

/// Revokes one link; the account that it was for, unless it is used, revoked or unknown.
pub(crate) fn revoke(
    tx: &Tx<'_>,
    jti: &Jti,
    why: &str,
    now: Timestamp,
) -> Result<Option<AccountId>, StoreError> {
    Ok(tx
        .prepare_cached(
            "UPDATE reset_tokens SET revoked_at = ?3, revoked_why = ?2 \
             WHERE jti = ?1 AND used_at IS NULL AND revoked_at IS NULL RETURNING account_id",
        )?
        .query_row(params![jti, why, now], |row| row.get(0))
        .optional()?)
}
