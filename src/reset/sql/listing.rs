//! Looking at reset tokens.

use rusqlite::{Connection, Params, params};

use crate::accounts::AccountId;
use crate::clock::Timestamp;
use crate::reset::{Listed, PageKey, Row};
use crate::store::{Page, Place, StoreError, anywhere};

/// What is read of each; `?1` is the present.
const COLUMNS: &str = "t.rowid, t.jti, t.account_id, a.email, t.business_id, t.issued_at, t.expires_at, \
                       t.used_at, t.revoked_at, t.revoked_why, t.refused_passwords, \
                       a.suspended_at IS NULL AND a.credential_version = t.credential_version, \
                       a.name, b.name, o.client, o.id, o.state";

const TABLES: &str = "reset_tokens t JOIN accounts a ON a.id = t.account_id \
                      LEFT JOIN businesses b ON b.id = t.business_id \
                      LEFT JOIN outbox o ON o.id = t.outbox_id";

/// A token that could still be used.
const PENDING: &str = "t.used_at IS NULL AND t.revoked_at IS NULL AND t.expires_at > ?1 \
                       AND a.suspended_at IS NULL AND a.credential_version = t.credential_version";

fn from_row(row: &rusqlite::Row<'_>, now: Timestamp) -> rusqlite::Result<Row> {
    let expires_at: Timestamp = row.get(6)?;
    let used_at: Option<Timestamp> = row.get(7)?;
    let revoked_at: Option<Timestamp> = row.get(8)?;
    let standing: bool = row.get(11)?;
    let state = match (used_at, revoked_at) {
        (Some(_), _) => "used",
        (None, Some(_)) => "revoked",
        (None, None) if !standing => "revoked",
        (None, None) if expires_at <= now => "expired",
        (None, None) => "pending",
    };
    Ok(Row {
        key: (state != "pending", row.get(0)?),
        link: Listed {
            jti: row.get(1)?,
            account_id: row.get(2)?,
            email: row.get(3)?,
            business_id: row.get(4)?,
            state,
            issued_at: row.get(5)?,
            expires_at,
            used_at,
            revoked_at,
            revoked_why: row.get(9)?,
            refused_passwords: row.get(10)?,
        },
        name: row.get(12)?,
        business: row.get(13)?,
        client: row.get(14)?,
        message: row.get(15)?,
        mail: row.get(16)?,
    })
}

fn read(
    db: &Connection,
    rest: &str,
    values: impl Params,
    now: Timestamp,
) -> Result<Vec<Row>, StoreError> {
    let mut statement = db.prepare_cached(&format!("SELECT {COLUMNS} FROM {TABLES} {rest}"))?;
    let rows = statement.query_map(values, |row| from_row(row, now))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Newest first; only those that can still be used unless `all`.
pub(in crate::reset) fn list(
    db: &Connection,
    all: bool,
    now: Timestamp,
) -> Result<Vec<Listed>, StoreError> {
    let rows = read(
        db,
        "WHERE ?1 IS NOT NULL ORDER BY t.issued_at DESC, t.jti",
        [now],
        now,
    )?;
    let listed = rows.into_iter().map(|row| row.link);
    Ok(listed
        .filter(|link| all || link.state == "pending")
        .collect())
}

pub(in crate::reset) fn of_account(
    db: &Connection,
    account: AccountId,
    limit: usize,
    now: Timestamp,
) -> Result<Vec<Row>, StoreError> {
    let rest =
        format!("WHERE ?1 IS NOT NULL AND t.account_id = ?2 ORDER BY t.rowid DESC LIMIT {limit}");
    read(db, &rest, params![now, account], now)
}

/// See [`crate::reset::page`]. Those pending are few and are found by their expiry; those over may be
/// many and are read in the order in which they lie.
pub(in crate::reset) fn page(
    db: &Connection,
    all: bool,
    search: &str,
    place: &Place<PageKey>,
    reach: usize,
    now: Timestamp,
) -> Result<Page<Row>, StoreError> {
    let pattern = anywhere(search);
    let found = "(a.email LIKE ?2 ESCAPE '\\' OR a.name LIKE ?2 ESCAPE '\\' \
                 OR b.name LIKE ?2 ESCAPE '\\')";
    let pending = |from: &str, id: i64, order: &str, limit: usize| {
        let rest = format!(
            "WHERE {PENDING} AND {found} AND +t.rowid {from} ?3 ORDER BY +t.rowid {order} LIMIT {limit}"
        );
        read(db, &rest, params![now, pattern, id], now)
    };
    let over = |from: &str, id: i64, order: &str, limit: usize| {
        let rest = format!(
            "WHERE NOT ({PENDING}) AND {found} AND t.rowid {from} ?3 ORDER BY t.rowid {order} LIMIT {limit}"
        );
        read(db, &rest, params![now, pattern, id], now)
    };
    place.page(
        reach,
        |key, limit| {
            let &(is_over, id) = key.unwrap_or(&(false, i64::MAX));
            if is_over {
                return over("<=", id, "DESC", limit);
            }
            let mut rows = pending("<=", id, "DESC", limit)?;
            if all && rows.len() < limit {
                rows.append(&mut over("<=", i64::MAX, "DESC", limit - rows.len())?);
            }
            Ok::<_, StoreError>(rows)
        },
        |key, limit| {
            let &(is_over, id) = key.unwrap_or(&(all, i64::MIN));
            if !is_over {
                return pending(">", id, "ASC", limit);
            }
            let mut rows = over(">", id, "ASC", limit)?;
            if rows.len() < limit {
                rows.append(&mut pending(">", i64::MIN, "ASC", limit - rows.len())?);
            }
            Ok(rows)
        },
    )
}
