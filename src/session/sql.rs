//! Sessions, refresh tokens and login tokens in the database.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{Listed, Opened};
use crate::accounts::{self, Account, AccountId};
use crate::business::BusinessId;
use crate::clock::Timestamp;
use crate::email::EmailAddress;
use crate::store::{StoreError, Tx};
use crate::token::{Jti, Subject};

pub(super) fn open(
    tx: &Tx<'_>,
    session: &Opened,
    client: &str,
    ends_at: Timestamp,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO sessions (id, account_id, business_id, client_id, client, created_at, \
         expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        session.id,
        session.account,
        session.business,
        session.client_id,
        client,
        now,
        ends_at
    ])?;
    put_refresh_token(tx, session, None, ends_at, now)
}

fn put_refresh_token(
    tx: &Tx<'_>,
    session: &Opened,
    parent: Option<&[u8; 32]>,
    ends_at: Timestamp,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO refresh_tokens (hash, session_id, issued_at, expires_at, parent) \
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![
        session.refresh_hash(),
        session.id,
        now,
        ends_at,
        parent
    ])?;
    Ok(())
}

/// A refresh token with its session and its account.
pub(super) struct FoundToken {
    pub(super) session: String,
    pub(super) account: AccountId,
    pub(super) email: EmailAddress,
    pub(super) business: Option<BusinessId>,
    pub(super) client_id: String,
    pub(super) issued_at: Timestamp,
    pub(super) expires_at: Timestamp,
    pub(super) used_at: Option<Timestamp>,
    standing: bool,
}

impl FoundToken {
    /// Whether its session is open and its account may come in.
    pub(super) fn is_alive(&self, now: Timestamp) -> bool {
        self.standing && self.expires_at > now
    }
}

pub(super) fn find_refresh_token(
    db: &Connection,
    hash: &[u8; 32],
) -> Result<Option<FoundToken>, StoreError> {
    Ok(db
        .prepare_cached(
            "SELECT s.id, s.account_id, a.email, s.business_id, s.client_id, r.issued_at, \
             r.expires_at, r.used_at, s.revoked_at IS NULL AND a.suspended_at IS NULL \
             AND a.must_reset_password = 0 \
             FROM refresh_tokens r JOIN sessions s ON s.id = r.session_id \
             JOIN accounts a ON a.id = s.account_id WHERE r.hash = ?1",
        )?
        .query_row([hash], |row| {
            Ok(FoundToken {
                session: row.get(0)?,
                account: row.get(1)?,
                email: row.get(2)?,
                business: row.get(3)?,
                client_id: row.get(4)?,
                issued_at: row.get(5)?,
                expires_at: row.get(6)?,
                used_at: row.get(7)?,
                standing: row.get(8)?,
            })
        })
        .optional()?)
}

/// Whether a token that was given for this one has been used itself: then its answer did arrive.
pub(super) fn successor_is_used(db: &Connection, hash: &[u8; 32]) -> Result<bool, StoreError> {
    Ok(db
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM refresh_tokens r JOIN refresh_tokens me \
             ON me.session_id = r.session_id AND me.hash = ?1 \
             WHERE r.parent = ?1 AND r.used_at IS NOT NULL)",
        )?
        .query_row([hash], |row| row.get(0))?)
}

/// Forgets the tokens that were given for this one and never used.
pub(super) fn drop_successors(tx: &Tx<'_>, hash: &[u8; 32]) -> Result<(), StoreError> {
    tx.prepare_cached(
        "DELETE FROM refresh_tokens WHERE parent = ?1 AND session_id = \
         (SELECT session_id FROM refresh_tokens WHERE hash = ?1)",
    )?
    .execute([hash])?;
    Ok(())
}

/// Uses a token up and puts the next one in its place.
pub(super) fn rotate(
    tx: &Tx<'_>,
    hash: &[u8; 32],
    next: &Opened,
    ends_at: Timestamp,
    now: Timestamp,
) -> Result<(), StoreError> {
    // The first use counts for the grace period, not the second.
    tx.prepare_cached("UPDATE refresh_tokens SET used_at = coalesce(used_at, ?2) WHERE hash = ?1")?
        .execute(params![hash, now])?;
    tx.prepare_cached("UPDATE sessions SET last_used_at = ?2 WHERE id = ?1")?
        .execute(params![next.id, now])?;
    put_refresh_token(tx, next, Some(hash), ends_at, now)
}

/// The account of a session that is open, if it may come in.
pub(super) fn open_session(
    db: &Connection,
    session: &str,
    account: AccountId,
    now: Timestamp,
) -> Result<Option<Account>, StoreError> {
    let open: bool = db
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM sessions WHERE id = ?1 AND account_id = ?2 \
             AND revoked_at IS NULL AND expires_at > ?3)",
        )?
        .query_row(params![session, account, now], |row| row.get(0))?;
    if !open {
        return Ok(None);
    }
    let account = accounts::sql::by_id(db, account)?;
    Ok(account.filter(|account| account.suspended_at.is_none() && !account.must_reset_password))
}

/// Whether the account has ever had a session of that client.
pub(super) fn knows_client(
    db: &Connection,
    account: AccountId,
    client_id: &str,
) -> Result<bool, StoreError> {
    Ok(db
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM sessions WHERE account_id = ?1 AND client_id = ?2)",
        )?
        .query_row(params![account, client_id], |row| row.get(0))?)
}

pub(super) fn open_count(db: &Connection, now: Timestamp) -> Result<u32, StoreError> {
    let sql = "SELECT count(*) FROM sessions WHERE revoked_at IS NULL AND expires_at > ?1";
    Ok(db.prepare_cached(sql)?.query_row([now], |row| row.get(0))?)
}

pub(super) fn list(
    db: &Connection,
    account: AccountId,
    now: Timestamp,
) -> Result<Vec<Listed>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT id, client_id, business_id, client, created_at, last_used_at, expires_at \
         FROM sessions WHERE account_id = ?1 AND revoked_at IS NULL AND expires_at > ?2 \
         ORDER BY created_at DESC, id",
    )?;
    let rows = statement.query_map(params![account, now], |row| {
        Ok(Listed {
            id: row.get(0)?,
            client_id: row.get(1)?,
            business_id: row.get(2)?,
            client: row.get(3)?,
            created_at: row.get(4)?,
            last_used_at: row.get(5)?,
            expires_at: row.get(6)?,
            current: false,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Ends one session of the account; false when it is not the account's or has ended.
pub(super) fn revoke_session(
    tx: &Tx<'_>,
    account: AccountId,
    session: &str,
    why: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let ended = tx
        .prepare_cached(
            "UPDATE sessions SET revoked_at = ?4, revoked_why = ?3 \
             WHERE id = ?1 AND account_id = ?2 AND revoked_at IS NULL",
        )?
        .execute(params![session, account, why, now])?;
    drop_refresh_tokens(tx, account)?;
    Ok(ended == 1)
}

/// Ends the account's sessions, but for one if it is named.
pub(super) fn revoke_sessions(
    tx: &Tx<'_>,
    account: AccountId,
    but: Option<&str>,
    why: &str,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let ended = tx
        .prepare_cached(
            "UPDATE sessions SET revoked_at = ?4, revoked_why = ?3 \
             WHERE account_id = ?1 AND revoked_at IS NULL AND id IS NOT ?2",
        )?
        .execute(params![account, but, why, now])?;
    drop_refresh_tokens(tx, account)?;
    Ok(ended)
}

/// Ends the sessions of all accounts.
pub(super) fn revoke_every_session(
    tx: &Tx<'_>,
    why: &str,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let ended = tx.execute(
        "UPDATE sessions SET revoked_at = ?2, revoked_why = ?1 WHERE revoked_at IS NULL",
        params![why, now],
    )?;
    tx.execute("DELETE FROM refresh_tokens", [])?;
    Ok(ended)
}

/// Kills the login tokens of all accounts.
pub(super) fn revoke_every_login_token(tx: &Tx<'_>, now: Timestamp) -> Result<usize, StoreError> {
    Ok(tx.execute(
        "UPDATE login_tokens SET revoked_at = ?1 WHERE used_at IS NULL AND revoked_at IS NULL",
        [now],
    )?)
}

/// Deletes the refresh tokens of the account's sessions that have ended: nothing can be done with them.
fn drop_refresh_tokens(tx: &Tx<'_>, account: AccountId) -> Result<(), StoreError> {
    tx.prepare_cached(
        "DELETE FROM refresh_tokens WHERE session_id IN \
         (SELECT id FROM sessions WHERE account_id = ?1 AND revoked_at IS NOT NULL)",
    )?
    .execute([account])?;
    Ok(())
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

/// Stores the token under the account's present credential version; one that is there already, for
/// a mail that is sent again, lives anew unless it was used.
pub(super) fn put_login_token(tx: &Tx<'_>, token: &Subject) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO login_tokens (jti, account_id, business_id, credential_version, issued_at, \
         expires_at) SELECT ?1, id, ?3, credential_version, ?4, ?5 FROM accounts WHERE id = ?2 \
         ON CONFLICT (jti) DO UPDATE SET issued_at = ?4, expires_at = ?5",
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

/// Whether a login token can be used: nobody has used it, and the account's credentials are those that
/// it was made under and it may come in.
pub(super) fn login_token_is_open(
    db: &Connection,
    jti: &Jti,
    account: AccountId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    Ok(db
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM login_tokens t JOIN accounts a ON a.id = t.account_id \
             WHERE t.jti = ?1 AND t.account_id = ?2 AND t.used_at IS NULL \
             AND t.revoked_at IS NULL AND t.expires_at > ?3 \
             AND t.credential_version = a.credential_version \
             AND a.suspended_at IS NULL AND a.must_reset_password = 0)",
        )?
        .query_row(params![jti, account, now], |row| row.get(0))?)
}

/// Uses a login token up that has just been found open, in the same transaction. There is one writer,
/// so that no other can come between.
pub(super) fn use_login_token(tx: &Tx<'_>, jti: &Jti, now: Timestamp) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE login_tokens SET used_at = ?2 WHERE jti = ?1 AND used_at IS NULL")?
        .execute(params![jti, now])?;
    Ok(())
}

pub(super) fn revoke_login_token(tx: &Tx<'_>, jti: &Jti, now: Timestamp) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE login_tokens SET revoked_at = ?2 \
         WHERE jti = ?1 AND used_at IS NULL AND revoked_at IS NULL",
    )?
    .execute(params![jti, now])?;
    Ok(())
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
