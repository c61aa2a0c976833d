//! The audit log in the database.

use data_encoding::HEXLOWER;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _, params, params_from_iter};

use super::chain::{Anchor, Fields, GENESIS, Hash, Head, Row};
use super::{Filter, Listed};
use crate::clock::Timestamp;
use crate::store::{Page, Place, StoreError, Tx, anywhere};

/// Behind which entry the next one is written.
pub(super) struct Newest {
    /// The highest number that was ever given. It is higher than the newest entry's when somebody removed
    /// entries, and then the gap stays.
    pub(super) number: i64,
    pub(super) hash: Hash,
}

pub(super) fn head(tx: &Tx<'_>) -> Result<Newest, StoreError> {
    let newest = newest(tx)?;
    let (id, hash) = newest.map_or((0, GENESIS), |head| (head.id, head.hash));
    let number = last_number(tx)?.max(id);
    Ok(Newest { number, hash })
}

pub(super) fn newest(db: &Connection) -> Result<Option<Head>, StoreError> {
    let found = db
        .prepare_cached("SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1")?
        .query_row([], |row| {
            Ok(Head {
                id: row.get(0)?,
                hash: row.get::<_, Option<Hash>>(1)?.unwrap_or(GENESIS),
            })
        })
        .optional()?;
    match found {
        Some(head) => Ok(Some(head)),
        None => Ok(anchor(db)?
            .filter(|(anchor, _)| anchor.through > 0)
            .map(|(anchor, _)| Head {
                id: anchor.through,
                hash: anchor.hash,
            })),
    }
}

fn last_number(db: &Connection) -> Result<i64, StoreError> {
    let number = db
        .prepare_cached("SELECT seq FROM sqlite_sequence WHERE name = 'audit'")?
        .query_row([], |row| row.get(0))
        .optional()?;
    Ok(number.unwrap_or(0))
}

pub(super) fn insert(tx: &Tx<'_>, fields: &Fields<'_>, hash: &Hash) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO audit \
         (id, at, actor, event, outcome, account_id, business_id, client, detail, hash) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?
    .execute(params![
        fields.id,
        fields.at,
        fields.actor,
        fields.event,
        fields.outcome,
        fields.account,
        fields.business,
        fields.client,
        fields.detail,
        hash,
    ])?;
    Ok(())
}

const ROW: &str =
    "id, at, actor, event, outcome, account_id, business_id, client, detail, hash FROM audit";

fn whole(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    Ok(Row {
        id: row.get(0)?,
        at: row.get(1)?,
        actor: row.get(2)?,
        event: row.get(3)?,
        outcome: row.get(4)?,
        account: row.get(5)?,
        business: row.get(6)?,
        client: row.get(7)?,
        detail: row.get(8)?,
        hash: row.get(9)?,
    })
}

/// The entries behind this one, oldest first.
pub(super) fn rows(db: &Connection, after: i64, limit: usize) -> Result<Vec<Row>, StoreError> {
    let sql = format!("SELECT {ROW} WHERE id > ?1 ORDER BY id LIMIT {limit}");
    let mut statement = db.prepare_cached(&sql)?;
    let rows = statement.query_map([after], whole)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn is_behind(db: &Connection) -> Result<bool, StoreError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM audit WHERE hash IS NULL)";
    Ok(db.query_row(sql, [], |row| row.get(0))?)
}

/// Entries without a hash, oldest first.
pub(super) fn unsealed(db: &Connection, limit: usize) -> Result<Vec<Row>, StoreError> {
    let sql = format!("SELECT {ROW} WHERE hash IS NULL ORDER BY id LIMIT {limit}");
    let mut statement = db.prepare_cached(&sql)?;
    let rows = statement.query_map([], whole)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn before(db: &Connection, id: i64) -> Result<Option<Row>, StoreError> {
    let sql = format!("SELECT {ROW} WHERE id < ?1 ORDER BY id DESC LIMIT 1");
    Ok(db.prepare_cached(&sql)?.query_row([id], whole).optional()?)
}

pub(super) fn set_hash(tx: &Tx<'_>, id: i64, hash: &Hash) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE audit SET hash = ?2 WHERE id = ?1")?
        .execute(params![id, hash])?;
    Ok(())
}

/// With its authentication.
pub(super) fn anchor(db: &Connection) -> Result<Option<(Anchor, Hash)>, StoreError> {
    let sql = "SELECT through_id, through_hash, through_at, adopted_through, broken_id, mac \
               FROM audit_anchor";
    let found = db.prepare_cached(sql)?.query_row([], |row| {
        let anchor = Anchor {
            through: row.get(0)?,
            hash: row.get(1)?,
            at: row.get(2)?,
            adopted_through: row.get(3)?,
            broken: row.get(4)?,
        };
        Ok((anchor, row.get(5)?))
    });
    Ok(found.optional()?)
}

pub(super) fn set_anchor(tx: &Tx<'_>, anchor: &Anchor, mac: &Hash) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO audit_anchor \
         (id, through_id, through_hash, through_at, adopted_through, broken_id, mac) \
         VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6) \
         ON CONFLICT (id) DO UPDATE SET through_id = ?1, through_hash = ?2, through_at = ?3, \
         adopted_through = ?4, broken_id = ?5, mac = ?6",
    )?
    .execute(params![
        anchor.through,
        anchor.hash,
        anchor.at,
        anchor.adopted_through,
        anchor.broken,
        mac,
    ])?;
    Ok(())
}

pub(super) fn remove_through(tx: &Tx<'_>, id: i64) -> Result<usize, StoreError> {
    Ok(tx
        .prepare_cached("DELETE FROM audit WHERE id <= ?1")?
        .execute([id])?)
}

/// When the oldest entry was written.
pub(super) fn oldest(db: &Connection) -> Result<Option<Timestamp>, StoreError> {
    let sql = "SELECT at FROM audit ORDER BY id LIMIT 1";
    let at = db.prepare_cached(sql)?.query_row([], |row| row.get(0));
    Ok(at.optional()?)
}

/// What a verification looks at, all of one moment.
pub(super) struct Look {
    pub(super) anchor: Option<(Anchor, Hash)>,
    pub(super) rows: Vec<Row>,
    /// The highest number that was ever given.
    pub(super) last_number: i64,
}

pub(super) fn look(db: &Connection, after: i64, limit: usize) -> Result<Look, StoreError> {
    // A savepoint begins a transaction where there is none yet.
    db.execute_batch("SAVEPOINT look")?;
    let found = anchor(db).and_then(|anchor| {
        Ok(Look {
            anchor,
            rows: rows(db, after, limit)?,
            last_number: last_number(db)?,
        })
    });
    db.execute_batch("RELEASE look")?;
    found
}

fn listed(row: &rusqlite::Row<'_>) -> rusqlite::Result<Listed> {
    Ok(Listed {
        id: row.get(0)?,
        at: row.get(1)?,
        actor: row.get(2)?,
        event: row.get(3)?,
        outcome: row.get(4)?,
        account_id: row.get(5)?,
        email: row.get(6)?,
        business_id: row.get(7)?,
        client: row.get(8)?,
        detail: row.get(9)?,
        hash: row
            .get::<_, Option<Hash>>(10)?
            .map(|hash| HEXLOWER.encode(&hash)),
    })
}

fn condition(filter: &Filter) -> (String, Vec<Value>) {
    let (mut terms, mut values) = (vec!["1".to_owned()], Vec::new());
    let mut term = |columns: &[&str], text: &Option<String>| {
        if let Some(text) = text {
            values.push(Value::from(anywhere(text)));
            let place = values.len();
            let like = |column: &&str| format!("{column} LIKE ?{place} ESCAPE '\\'");
            let either: Vec<_> = columns.iter().map(like).collect();
            terms.push(format!("({})", either.join(" OR ")));
        }
    };
    term(&["t.actor"], &filter.actor);
    term(&["a.email"], &filter.email);
    term(&["t.event"], &filter.event);
    let all = [
        "t.actor",
        "t.event",
        "t.outcome",
        "a.email",
        "t.client",
        "t.detail",
    ];
    term(&all, &filter.anywhere);
    let mut exactly = |condition: &str, value: Option<Value>| {
        if let Some(value) = value {
            values.push(value);
            terms.push(format!("{condition} ?{}", values.len()));
        }
    };
    let time = |at: Option<Timestamp>| at.map(|at| Value::from(at.millis()));
    exactly(
        "t.account_id =",
        filter.account.map(|account| account.to_string().into()),
    );
    exactly(
        "t.outcome =",
        filter.outcome.map(|it| it.as_str().to_owned().into()),
    );
    exactly("t.at >=", time(filter.since));
    exactly("t.at <", time(filter.until));
    (terms.join(" AND "), values)
}

const LISTED: &str = "SELECT t.id, t.at, t.actor, t.event, t.outcome, t.account_id, a.email, \
                      t.business_id, t.client, t.detail, t.hash \
                      FROM audit t LEFT JOIN accounts a ON a.id = t.account_id";

/// The entries behind this one that meet the filter, oldest first.
pub(super) fn following(
    db: &Connection,
    filter: &Filter,
    after: i64,
    limit: usize,
) -> Result<Vec<Listed>, StoreError> {
    let (condition, values) = condition(filter);
    let sql = format!("{LISTED} WHERE {condition} AND t.id > {after} ORDER BY t.id LIMIT {limit}");
    let mut statement = db.prepare(&sql)?;
    let rows = statement.query_map(params_from_iter(&values), listed)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn page(
    db: &Connection,
    filter: &Filter,
    place: &Place<i64>,
    reach: usize,
) -> Result<Page<Listed>, StoreError> {
    let (condition, values) = condition(filter);
    let read = |from: String, order: &str, limit: usize| {
        let sql =
            format!("{LISTED} WHERE {condition} AND {from} ORDER BY t.id {order} LIMIT {limit}");
        let mut statement = db.prepare_cached(&sql)?;
        let rows = statement.query_map(params_from_iter(&values), listed)?;
        Ok(rows.collect::<Result<_, _>>()?)
    };
    place.page(
        reach,
        |key, limit| {
            read(
                format!("t.id <= {}", key.unwrap_or(&i64::MAX)),
                "DESC",
                limit,
            )
        },
        |key, limit| read(format!("t.id > {}", key.unwrap_or(&i64::MIN)), "ASC", limit),
    )
}

pub(super) fn activity(
    db: &Connection,
    since: Timestamp,
    span: i64,
    count: usize,
) -> Result<(Vec<u32>, Vec<u32>), StoreError> {
    let (mut sign_ins, mut refusals) = (vec![0; count], vec![0; count]);
    let mut statement = db.prepare_cached(
        "SELECT (at - ?1) / ?2, \
         count(*) FILTER (WHERE event = 'session.sign_in' AND outcome = 'ok'), \
         count(*) FILTER (WHERE outcome = 'refused') FROM audit WHERE at >= ?1 GROUP BY 1",
    )?;
    let mut rows = statement.query((since, span))?;
    while let Some(row) = rows.next()? {
        let place = usize::try_from(row.get::<_, i64>(0)?).unwrap_or(count);
        if place < count {
            sign_ins[place] = row.get(1)?;
            refusals[place] = row.get(2)?;
        }
    }
    Ok((sign_ins, refusals))
}
