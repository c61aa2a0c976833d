//! Accounts in the database.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{Account, AccountError, AccountId, Credentials, NewAccount};
use crate::business;
use crate::clock::Timestamp;
use crate::email::EmailAddress;
use crate::locale::Locale;
use crate::password::PasswordHash;
use crate::store::{Page, Place, StoreError, Tx, anywhere};

impl ToSql for AccountId {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.to_string().into())
    }
}

impl FromSql for AccountId {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Self::parse(value.as_str()?).ok_or(FromSqlError::InvalidType)
    }
}

impl ToSql for PasswordHash {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.as_stored().into())
    }
}

impl FromSql for PasswordHash {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Ok(Self::from_stored(value.as_str()?.to_owned()))
    }
}

const COLUMNS: &str = "id, email, name, business_id, password_hash IS NOT NULL, must_reset_password, \
                       suspended_at, credential_version, created_at, updated_at, locale";

fn from_row(row: &Row<'_>) -> rusqlite::Result<Account> {
    Ok(Account {
        id: row.get(0)?,
        email: row.get(1)?,
        name: row.get(2)?,
        business_id: row.get(3)?,
        has_password: row.get(4)?,
        must_reset_password: row.get(5)?,
        suspended_at: row.get(6)?,
        credential_version: row.get(7)?,
        created_at: row.get(8)?,
        updated_at: row.get(9)?,
        locale: row.get(10)?,
    })
}

pub(crate) fn by_email(
    db: &Connection,
    email: &EmailAddress,
) -> Result<Option<Account>, StoreError> {
    Ok(db
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM accounts WHERE email_key = ?1"
        ))?
        .query_row([email.key()], from_row)
        .optional()?)
}

pub(crate) fn by_id(db: &Connection, id: AccountId) -> Result<Option<Account>, StoreError> {
    Ok(db
        .prepare_cached(&format!("SELECT {COLUMNS} FROM accounts WHERE id = ?1"))?
        .query_row([id], from_row)
        .optional()?)
}

pub(crate) fn credentials(
    db: &Connection,
    email: &EmailAddress,
) -> Result<Option<Credentials>, StoreError> {
    Ok(db
        .prepare_cached(&format!(
            "SELECT {COLUMNS}, password_hash FROM accounts WHERE email_key = ?1"
        ))?
        .query_row([email.key()], with_hash)
        .optional()?)
}

fn with_hash(row: &Row<'_>) -> rusqlite::Result<Credentials> {
    Ok(Credentials {
        account: from_row(row)?,
        password_hash: row.get(11)?,
    })
}

pub(crate) fn all_credentials(db: &Connection) -> Result<Vec<Credentials>, StoreError> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS}, password_hash FROM accounts ORDER BY email_key"
    ))?;
    let rows = statement.query_map([], with_hash)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(crate) fn all(db: &Connection) -> Result<Vec<Account>, StoreError> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM accounts ORDER BY email_key"
    ))?;
    let rows = statement.query_map([], from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(crate) fn page(
    db: &Connection,
    search: &str,
    place: &Place<String>,
    reach: usize,
) -> Result<Page<Account>, StoreError> {
    let pattern = (!search.is_empty()).then(|| anywhere(search));
    let matches = if pattern.is_some() {
        "(email_key LIKE ?2 ESCAPE '\\' OR name LIKE ?2 ESCAPE '\\')"
    } else {
        "?2 IS NULL"
    };
    let read = |from: &str, key: Option<&String>, order: &str, limit: usize| {
        let sql = format!(
            "SELECT {COLUMNS} FROM accounts WHERE rowid IN (SELECT rowid FROM accounts \
             WHERE {from} AND {matches} ORDER BY email_key {order} LIMIT {limit}) \
             ORDER BY email_key {order}"
        );
        let mut statement = db.prepare_cached(&sql)?;
        let rows = statement.query_map(params![key, pattern], from_row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    };
    place.page(
        reach,
        |key, limit| read("email_key >= coalesce(?1, '')", key, "ASC", limit),
        |key, limit| match key {
            Some(key) => read("email_key < ?1", Some(key), "DESC", limit),
            None => read("?1 IS NULL", None, "DESC", limit),
        },
    )
}

pub(crate) fn insert(tx: &Tx<'_>, person: &NewAccount, now: Timestamp) -> Result<(), AccountError> {
    if by_email(tx, &person.email)?.is_some() {
        return Err(AccountError::Exists(person.email.clone()));
    }
    if by_id(tx, person.id)?.is_some() {
        return Err(AccountError::IdTaken(person.id));
    }
    if let Some(id) = person.business_id
        && business::sql::find(tx, id)?.is_none()
    {
        return Err(AccountError::UnknownBusiness(id));
    }
    tx.prepare_cached(
        "INSERT INTO accounts (id, email, email_key, name, business_id, password_hash, \
         must_reset_password, suspended_at, created_at, updated_at, locale) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, ?10)",
    )
    .and_then(|mut statement| {
        statement.execute(params![
            person.id,
            person.email,
            person.email.key(),
            person.name,
            person.business_id,
            person.password_hash,
            person.must_reset_password,
            person.suspended_at,
            now,
            person.locale,
        ])
    })
    .map_err(StoreError::from)?;
    Ok(())
}

/// Replaces the password and with it everything that was made under the old one.
pub(crate) fn set_password(
    tx: &Tx<'_>,
    id: AccountId,
    hash: &PasswordHash,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE accounts SET password_hash = ?2, must_reset_password = 0, \
         credential_version = credential_version + 1, updated_at = ?3 WHERE id = ?1",
    )?
    .execute(params![id, hash, now])?;
    Ok(())
}

/// Stores another hash of the same password, unless it was replaced meanwhile. Nothing that was made
/// under the password ends: it is still the same.
pub(crate) fn renew_hash(
    tx: &Tx<'_>,
    id: AccountId,
    old: &PasswordHash,
    new: &PasswordHash,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE accounts SET password_hash = ?3 WHERE id = ?1 AND password_hash = ?2",
    )?
    .execute(params![id, old, new])?;
    Ok(())
}

/// Names the person, and the language of their mail. Neither ends anything.
pub(crate) fn set_person(
    tx: &Tx<'_>,
    id: AccountId,
    name: &str,
    locale: Option<&Locale>,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE accounts SET name = ?2, locale = ?3, updated_at = ?4 WHERE id = ?1",
        params![id, name, locale, now],
    )?;
    Ok(())
}

/// Shuts the account out (`Some`) or lets it in again (`None`).
pub(crate) fn set_suspended(
    tx: &Tx<'_>,
    id: AccountId,
    since: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE accounts SET suspended_at = ?2, credential_version = credential_version + 1, \
         updated_at = ?3 WHERE id = ?1",
        params![id, since, now],
    )?;
    Ok(())
}

pub(crate) fn require_reset(tx: &Tx<'_>, id: AccountId, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE accounts SET must_reset_password = 1, \
         credential_version = credential_version + 1, updated_at = ?2 WHERE id = ?1",
        params![id, now],
    )?;
    Ok(())
}

pub(crate) fn remove(tx: &Tx<'_>, id: AccountId) -> Result<(), StoreError> {
    tx.execute("DELETE FROM accounts WHERE id = ?1", [id])?;
    Ok(())
}
