//! Addresses that no mail is sent to any more, because it bounced for good or an administrator said so.
//!
//! Going on writing to mailboxes that do not exist is what spammers do, and relays judge a sender by it.

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::Serialize;

use crate::clock::Timestamp;
use crate::email::EmailAddress;
use crate::store::{StoreError, Tx};

/// An address on the list.
#[derive(Clone, Debug, Serialize)]
pub struct Suppression {
    /// The address in ASCII lower case, which is how addresses are compared.
    pub address: String,
    /// Why: what the relay said, or what an administrator noted.
    pub reason: String,
    /// Since when.
    pub at: Timestamp,
}

fn read(row: &Row<'_>) -> rusqlite::Result<Suppression> {
    Ok(Suppression {
        address: row.get(0)?,
        reason: row.get(1)?,
        at: row.get(2)?,
    })
}

/// Why mail to the address is dropped; none if it is not.
pub(crate) fn find(
    db: &Connection,
    address: &EmailAddress,
) -> Result<Option<Suppression>, StoreError> {
    Ok(db
        .prepare_cached("SELECT email_key, reason, at FROM suppressions WHERE email_key = ?1")?
        .query_row([address.key()], read)
        .optional()?)
}

/// All of them, the latest first.
pub fn list(db: &Connection) -> Result<Vec<Suppression>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT email_key, reason, at FROM suppressions ORDER BY at DESC, email_key",
    )?;
    let rows = statement.query_map([], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Puts an address on the list; false when it is there already, with its first reason.
pub(crate) fn add(
    tx: &Tx<'_>,
    address: &EmailAddress,
    reason: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let added = tx
        .prepare_cached(
            "INSERT INTO suppressions (email_key, reason, at) VALUES (?1, ?2, ?3) \
             ON CONFLICT (email_key) DO NOTHING",
        )?
        .execute(params![address.key(), reason, now])?;
    Ok(added == 1)
}

/// Takes an address off the list; false when it is not there.
pub(crate) fn release(tx: &Tx<'_>, address: &EmailAddress) -> Result<bool, StoreError> {
    let released = tx
        .prepare_cached("DELETE FROM suppressions WHERE email_key = ?1")?
        .execute([address.key()])?;
    Ok(released == 1)
}
