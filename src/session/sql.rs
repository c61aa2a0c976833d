//! Sessions, refresh tokens and login tokens in the database.

use rusqlite::{Connection, params};

use super::NewSession;
use crate::accounts::AccountId;
use crate::clock::Timestamp;
use crate::store::{StoreError, Tx};
use crate::token::{Jti, Subject};

pub(super) fn open(
    tx: &Tx<'_>,
    new: &NewSession,
    expires_at: Timestamp,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO sessions (id, account_id, business_id, client_id, created_at, expires_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        new.id,
        new.account,
        new.business,
        new.client_id,
        now,
        expires_at
    ])?;
    tx.prepare_cached(
        "INSERT INTO refresh_tokens (hash, session_id, issued_at, expires_at) \
         VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute(params![new.refresh_hash(), new.id, now, expires_at])?;
    Ok(())
}

/// Deletes the refresh tokens with their sessions' revocation: nothing can be done with them.
pub(super) fn revoke_sessions(
    tx: &Tx<'_>,
    account: AccountId,
    why: &str,
    now: Timestamp,
) -> Result<usize, StoreError> {
    tx.prepare_cached(
        "DELETE FROM refresh_tokens WHERE session_id IN \
         (SELECT id FROM sessions WHERE account_id = ?1 AND revoked_at IS NULL)",
    )?
    .execute([account])?;
    Ok(tx
        .prepare_cached(
            "UPDATE sessions SET revoked_at = ?3, revoked_why = ?2 \
             WHERE account_id = ?1 AND revoked_at IS NULL",
        )?
        .execute(params![account, why, now])?)
}

pub(super) fn count_open(
    db: &Connection,
    account: AccountId,
    now: Timestamp,
) -> Result<u32, StoreError> {
    Ok(db
        .prepare_cached(
            "SELECT count(*) FROM sessions \
             WHERE account_id = ?1 AND revoked_at IS NULL AND expires_at > ?2",
        )?
        .query_row(params![account, now], |row| row.get(0))?)
}

/// Stores the token under the account's present credential version.
pub(super) fn insert_login_token(tx: &Tx<'_>, token: &Subject) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO login_tokens (jti, account_id, business_id, credential_version, issued_at, \
         expires_at) SELECT ?1, id, ?3, credential_version, ?4, ?5 FROM accounts WHERE id = ?2",
    )?
    .execute(params![
        token.jti,
        token.account,
        token.business,
        token.issued_at,
        token.expires_at
    ])?;
    Ok(())
}

/// Uses a login token up. True for exactly one caller, and only while the account's credentials are
/// those that the token was made under and it may come in.
pub(super) fn use_login_token(
    tx: &Tx<'_>,
    jti: &Jti,
    account: AccountId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let used = tx
        .prepare_cached(
            "UPDATE login_tokens SET used_at = ?3 \
             WHERE jti = ?1 AND account_id = ?2 AND used_at IS NULL AND revoked_at IS NULL \
             AND expires_at > ?3 \
             AND credential_version = (SELECT credential_version FROM accounts \
                                       WHERE id = ?2 AND suspended_at IS NULL \
                                       AND must_reset_password = 0)",
        )?
        .execute(params![jti, account, now])?;
    Ok(used == 1)
}

pub(super) fn revoke_login_tokens(
    tx: &Tx<'_>,
    account: AccountId,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE login_tokens SET revoked_at = ?2 \
         WHERE account_id = ?1 AND used_at IS NULL AND revoked_at IS NULL",
    )?
    .execute(params![account, now])?;
    Ok(())
}
