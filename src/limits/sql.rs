//! What the limits held back, in the database.

use rusqlite::{Connection, params};

use crate::clock::Timestamp;
use crate::store::{StoreError, Tx};

pub(super) fn add(
    tx: &Tx<'_>,
    minute: Timestamp,
    rule: &str,
    requests: u64,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO limited (at, rule, requests) VALUES (?1, ?2, ?3) \
         ON CONFLICT (at, rule) DO UPDATE SET requests = requests + ?3",
    )?
    .execute(params![
        minute,
        rule,
        i64::try_from(requests).unwrap_or(i64::MAX)
    ])?;
    Ok(())
}

pub(super) fn since(db: &Connection, at: Timestamp) -> Result<Vec<(String, u64)>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT rule, sum(requests) FROM limited WHERE at >= ?1 \
         GROUP BY rule ORDER BY sum(requests) DESC, rule",
    )?;
    let rows = statement.query_map([at], |row| {
        let requests: i64 = row.get(1)?;
        Ok((row.get(0)?, requests.unsigned_abs()))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn remove_before(tx: &Tx<'_>, at: Timestamp) -> Result<usize, StoreError> {
    Ok(tx
        .prepare_cached("DELETE FROM limited WHERE at < ?1")?
        .execute([at])?)
}
