//! Saved templates in the database.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension as _, params};
use serde::Serialize;

use super::{Kind, Part, Place, Stored};
use crate::business::BusinessId;
use crate::clock::Timestamp;
use crate::locale::Locale;
use crate::store::{StoreError, Tx};

macro_rules! named_column {
    ($type:ty) => {
        impl ToSql for $type {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(self.as_str().into())
            }
        }

        impl FromSql for $type {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                value.as_str()?.parse().map_err(FromSqlError::other)
            }
        }
    };
}

named_column!(Kind);
named_column!(Part);

/// A template that could be used for a mail.
pub(super) struct Candidate {
    pub(super) id: i64,
    pub(super) version: i64,
    pub(super) part: Part,
    pub(super) business: Option<BusinessId>,
    pub(super) locale: Option<Locale>,
}

/// The templates that could be used, the most exact first.
pub(super) fn candidates(
    db: &Connection,
    kind: Kind,
    business: Option<BusinessId>,
    locale: &Locale,
) -> Result<Vec<Candidate>, StoreError> {
    let tags = locale.tags();
    let exact = &tags[0];
    let language = &tags[tags.len() - 1];
    let mut statement = db.prepare_cached(
        "SELECT t.id, t.version, t.part, t.business_id, t.locale FROM templates t \
         JOIN template_versions v ON v.template_id = t.id AND v.version = t.version \
         WHERE t.kind = ?1 AND (t.business_id IS NULL OR t.business_id = ?2) \
         AND (t.locale IS NULL OR t.locale IN (?3, ?4)) AND v.source IS NOT NULL \
         ORDER BY t.business_id IS NULL, t.locale IS NULL, t.locale IS NOT ?3",
    )?;
    let rows = statement.query_map(params![kind, business, exact, language], |row| {
        Ok(Candidate {
            id: row.get(0)?,
            version: row.get(1)?,
            part: row.get(2)?,
            business: row.get(3)?,
            locale: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn source(db: &Connection, id: i64, version: i64) -> Result<Option<String>, StoreError> {
    Ok(db
        .prepare_cached(
            "SELECT source FROM template_versions WHERE template_id = ?1 AND version = ?2",
        )?
        .query_row([id, version], |row| row.get(0))
        .optional()?
        .flatten())
}

const AT_PLACE: &str = "t.kind = ?1 AND t.part = ?2 AND t.business_id IS ?3 AND t.locale IS ?4";

/// The source of a version; see [`super::version`].
pub(super) fn version(
    db: &Connection,
    place: &Place,
    version: i64,
) -> Result<Option<Stored>, StoreError> {
    let sql = format!(
        "SELECT v.source FROM templates t JOIN template_versions v ON v.template_id = t.id \
         WHERE {AT_PLACE} AND v.version = ?5"
    );
    Ok(db
        .prepare_cached(&sql)?
        .query_row(
            params![
                place.kind,
                place.part,
                place.business,
                place.locale,
                version
            ],
            |row| {
                let source: Option<String> = row.get(0)?;
                Ok(source.map_or(Stored::TakenBack, Stored::Source))
            },
        )
        .optional()?)
}

/// Saves a version and puts it into force; without a source the template is taken back. The new
/// version's number.
pub(crate) fn put(
    tx: &Tx<'_>,
    place: &Place,
    source: Option<&str>,
    (actor, note): (&str, Option<&str>),
    now: Timestamp,
) -> Result<i64, StoreError> {
    let sql = format!("SELECT t.id, t.version FROM templates t WHERE {AT_PLACE}");
    let key = params![place.kind, place.part, place.business, place.locale];
    let found: Option<(i64, i64)> = tx
        .prepare_cached(&sql)?
        .query_row(key, |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (id, version) = if let Some((id, latest)) = found {
        tx.execute(
            "UPDATE templates SET version = ?2, failed_at = NULL, failure = NULL WHERE id = ?1",
            [id, latest + 1],
        )?;
        (id, latest + 1)
    } else {
        tx.execute(
            "INSERT INTO templates (kind, part, business_id, locale, version) \
             VALUES (?1, ?2, ?3, ?4, 1)",
            key,
        )?;
        (tx.last_insert_rowid(), 1)
    };
    tx.execute(
        "INSERT INTO template_versions (template_id, version, source, at, actor, note) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![id, version, source, now, actor, note],
    )?;
    Ok(version)
}

pub(super) fn set_failure(
    tx: &Tx<'_>,
    id: i64,
    version: i64,
    why: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE templates SET failed_at = ?3, failure = ?4 WHERE id = ?1 AND version = ?2",
        params![id, version, now, why],
    )?;
    Ok(())
}

/// A place as listings show it.
#[derive(Clone, Debug, Serialize)]
pub struct Listed {
    /// What the template is for.
    #[serde(flatten)]
    pub place: Place,
    /// The version in force.
    pub version: i64,
    /// Whether it was taken back: the next one in the order stands in for it.
    pub taken_back: bool,
    /// When the version was saved.
    pub at: Timestamp,
    /// By whom.
    pub actor: String,
    /// Why.
    pub note: Option<String>,
    /// When it last failed; the built-in one stood in.
    pub failed_at: Option<Timestamp>,
    /// Why it failed.
    pub failure: Option<String>,
}

pub(super) fn list(db: &Connection) -> Result<Vec<Listed>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT t.kind, t.part, t.business_id, t.locale, t.version, v.source IS NULL, v.at, \
         v.actor, v.note, t.failed_at, t.failure FROM templates t \
         JOIN template_versions v ON v.template_id = t.id AND v.version = t.version \
         ORDER BY t.business_id IS NULL, t.business_id, t.kind, t.part, t.locale",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(Listed {
            place: Place {
                kind: row.get(0)?,
                part: row.get(1)?,
                business: row.get(2)?,
                locale: row.get(3)?,
            },
            version: row.get(4)?,
            taken_back: row.get(5)?,
            at: row.get(6)?,
            actor: row.get(7)?,
            note: row.get(8)?,
            failed_at: row.get(9)?,
            failure: row.get(10)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A version of a template.
#[derive(Clone, Debug, Serialize)]
pub struct Version {
    /// Its number, from 1.
    pub version: i64,
    /// When it was saved.
    pub at: Timestamp,
    /// By whom.
    pub actor: String,
    /// Why.
    pub note: Option<String>,
    /// How long it is; none when the template was taken back.
    pub bytes: Option<i64>,
    /// Whether it is in force.
    pub current: bool,
}

pub(super) fn history(db: &Connection, place: &Place) -> Result<Vec<Version>, StoreError> {
    let sql = format!(
        "SELECT v.version, v.at, v.actor, v.note, octet_length(v.source), v.version = t.version \
         FROM templates t JOIN template_versions v ON v.template_id = t.id \
         WHERE {AT_PLACE} ORDER BY v.version DESC"
    );
    let mut statement = db.prepare_cached(&sql)?;
    let key = params![place.kind, place.part, place.business, place.locale];
    let rows = statement.query_map(key, |row| {
        Ok(Version {
            version: row.get(0)?,
            at: row.get(1)?,
            actor: row.get(2)?,
            note: row.get(3)?,
            bytes: row.get(4)?,
            current: row.get(5)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
