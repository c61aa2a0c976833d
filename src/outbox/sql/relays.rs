//! How the relays are, for other processes to read.

use rusqlite::{Connection, params};

use crate::clock::Timestamp;
use crate::outbox::relays::RelayStatus;
use crate::store::{StoreError, Tx};

/// Writes down how these relays are.
pub(crate) fn note_relays(
    tx: &Tx<'_>,
    statuses: &[RelayStatus],
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut statement = tx.prepare_cached(
        "INSERT INTO relays (relay, place, down_since, next_probe_at, failure, at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (relay) DO UPDATE \
         SET place = ?2, down_since = ?3, next_probe_at = ?4, failure = ?5, at = ?6",
    )?;
    for status in statuses {
        let place = i64::try_from(status.place).unwrap_or(i64::MAX);
        statement.execute(params![
            status.relay,
            place,
            status.down_since,
            status.next_probe_at,
            status.failure,
            now
        ])?;
    }
    Ok(())
}

/// Forgets all of them: a server that starts finds out anew which of them work.
pub(crate) fn forget_relays(tx: &Tx<'_>) -> Result<(), StoreError> {
    tx.execute("DELETE FROM relays", [])?;
    Ok(())
}

/// All of which something was heard, in the order of preference.
pub(crate) fn relays(db: &Connection) -> Result<Vec<RelayStatus>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT relay, place, down_since, next_probe_at, failure FROM relays ORDER BY place",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(RelayStatus {
            relay: row.get(0)?,
            place: usize::try_from(row.get::<_, i64>(1)?).unwrap_or(usize::MAX),
            down_since: row.get(2)?,
            next_probe_at: row.get(3)?,
            failure: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
