//! Businesses in the database.

use std::str::FromStr;
use std::time::Duration;

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, Type, ValueRef};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{
    Business, BusinessError, BusinessId, Colour, Lifetime, LinkPattern, OwnRelay, PortalUrl,
    RelayLogin,
};
use crate::locale::{Locale, Zone};
use crate::store::{StoreError, Tx};

impl ToSql for Locale {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.to_string().into())
    }
}

impl FromSql for Locale {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Self::parse(value.as_str()?).map_err(FromSqlError::other)
    }
}

impl ToSql for BusinessId {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.get().into())
    }
}

impl FromSql for BusinessId {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let number = value.as_i64()?;
        Self::new(number).ok_or(FromSqlError::OutOfRange(number))
    }
}

macro_rules! text_column {
    ($type:ty) => {
        impl ToSql for $type {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(self.as_str().into())
            }
        }

        impl FromSql for $type {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                Self::parse(value.as_str()?).map_err(FromSqlError::other)
            }
        }
    };
}

text_column!(PortalUrl);
text_column!(LinkPattern);
text_column!(Colour);

impl ToSql for Lifetime {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        // Ten years fit.
        Ok(i64::try_from(self.get().as_millis())
            .unwrap_or(i64::MAX)
            .into())
    }
}

impl FromSql for Lifetime {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let millis = u64::try_from(value.as_i64()?).map_err(FromSqlError::other)?;
        Self::new(Duration::from_millis(millis)).map_err(FromSqlError::other)
    }
}

/// Reads a text that says what it is.
fn parsed<T>(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<T>>
where
    T: FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let text: Option<String> = row.get(column)?;
    text.map(|text| text.parse()).transpose().map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
    })
}

fn relay(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<OwnRelay>> {
    let Some(url) = parsed(row, column)? else {
        return Ok(None);
    };
    let (username, sealed): (Option<String>, Option<Vec<u8>>) =
        (row.get(column + 1)?, row.get(column + 2)?);
    let login = username
        .zip(sealed)
        .map(|(username, sealed)| RelayLogin { username, sealed });
    Ok(Some(OwnRelay { url, login }))
}

const COLUMNS: &str = "id, name, portal_url, sender_name, sender_address, reply_to, colour, \
                       logo_url, reset_link, magic_link, locale, created_at, updated_at, time_zone, \
                       password_min_length, access_ttl, refresh_ttl, allowed_origins, smtp_url, \
                       smtp_username, smtp_password";

fn from_row(row: &Row<'_>) -> rusqlite::Result<Business> {
    Ok(Business {
        id: row.get(0)?,
        name: row.get(1)?,
        portal_url: row.get(2)?,
        sender_name: row.get(3)?,
        sender_address: row.get(4)?,
        reply_to: row.get(5)?,
        colour: row.get(6)?,
        logo_url: row.get(7)?,
        reset_link: row.get(8)?,
        magic_link: row.get(9)?,
        locale: row.get(10)?,
        created_at: row.get(11)?,
        updated_at: row.get(12)?,
        time_zone: parsed(row, 13)?,
        password_min_length: row.get(14)?,
        access_ttl: row.get(15)?,
        refresh_ttl: row.get(16)?,
        allowed_origins: parsed(row, 17)?.unwrap_or_default(),
        smtp: relay(row, 18)?,
    })
}

pub(crate) fn find(db: &Connection, id: BusinessId) -> Result<Option<Business>, StoreError> {
    Ok(db
        .prepare_cached(&format!("SELECT {COLUMNS} FROM businesses WHERE id = ?1"))?
        .query_row([id], from_row)
        .optional()?)
}

/// The lifetimes that a business sets, of access tokens and of sessions.
pub(super) fn lifetimes(
    db: &Connection,
    id: BusinessId,
) -> Result<(Option<Lifetime>, Option<Lifetime>), StoreError> {
    Ok(db
        .prepare_cached("SELECT access_ttl, refresh_ttl FROM businesses WHERE id = ?1")?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?
        .unwrap_or_default())
}

pub(crate) fn all(db: &Connection) -> Result<Vec<Business>, StoreError> {
    let mut statement =
        db.prepare_cached(&format!("SELECT {COLUMNS} FROM businesses ORDER BY id"))?;
    let rows = statement.query_map([], from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(crate) fn insert(tx: &Tx<'_>, business: &Business) -> Result<(), BusinessError> {
    if find(tx, business.id)?.is_some() {
        return Err(BusinessError::Exists(business.id));
    }
    let sql = format!(
        "INSERT INTO businesses ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, \
         ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)"
    );
    write(tx, &sql, business)?;
    Ok(())
}

pub(crate) fn update(tx: &Tx<'_>, business: &Business) -> Result<(), StoreError> {
    write(
        tx,
        "UPDATE businesses SET name = ?2, portal_url = ?3, sender_name = ?4, sender_address = ?5, \
         reply_to = ?6, colour = ?7, logo_url = ?8, reset_link = ?9, magic_link = ?10, \
         locale = ?11, created_at = ?12, updated_at = ?13, time_zone = ?14, \
         password_min_length = ?15, access_ttl = ?16, refresh_ttl = ?17, allowed_origins = ?18, \
         smtp_url = ?19, smtp_username = ?20, smtp_password = ?21 WHERE id = ?1",
        business,
    )
}

fn write(tx: &Tx<'_>, sql: &str, business: &Business) -> Result<(), StoreError> {
    let login = business
        .smtp
        .as_ref()
        .and_then(|relay| relay.login.as_ref());
    tx.prepare_cached(sql)?.execute(params![
        business.id,
        business.name,
        business.portal_url,
        business.sender_name,
        business.sender_address,
        business.reply_to,
        business.colour,
        business.logo_url,
        business.reset_link,
        business.magic_link,
        business.locale,
        business.created_at,
        business.updated_at,
        business.time_zone.as_ref().map(Zone::name),
        business.password_min_length,
        business.access_ttl,
        business.refresh_ttl,
        business.allowed_origins.to_string(),
        business.smtp.as_ref().map(|relay| relay.url.to_string()),
        login.map(|login| &login.username),
        login.map(|login| &login.sealed),
    ])?;
    Ok(())
}

pub(crate) fn remove(tx: &Tx<'_>, id: BusinessId) -> Result<(), BusinessError> {
    let accounts: i64 = tx
        .prepare_cached("SELECT count(*) FROM accounts WHERE business_id = ?1")
        .and_then(|mut statement| statement.query_row([id], |row| row.get(0)))
        .map_err(StoreError::from)?;
    if accounts > 0 {
        return Err(BusinessError::HasAccounts { id, accounts });
    }
    let removed = tx
        .execute("DELETE FROM businesses WHERE id = ?1", [id])
        .map_err(StoreError::from)?;
    if removed == 0 {
        return Err(BusinessError::Unknown(id));
    }
    Ok(())
}
