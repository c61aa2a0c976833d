//! The audit log in the database.

use rusqlite::types::Value;
use rusqlite::{Connection, Row, params, params_from_iter};

use super::{Entry, Filter, Listed, Outcome};
use crate::clock::Timestamp;
use crate::store::{Page, Place, StoreError, Tx, anywhere};

pub(super) fn insert(tx: &Tx<'_>, entry: &Entry<'_>, now: Timestamp) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO audit (at, actor, event, outcome, account_id, business_id, client, detail) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![
        now,
        entry.actor.to_string(),
        entry.event,
        match entry.outcome {
            Outcome::Ok => "ok",
            Outcome::Refused => "refused",
        },
        entry.account,
        entry.business,
        entry.client,
        entry.detail,
    ])?;
    Ok(())
}

fn listed(row: &Row<'_>) -> rusqlite::Result<Listed> {
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
    if let Some(account) = filter.account {
        values.push(account.to_string().into());
        terms.push(format!("t.account_id = ?{}", values.len()));
    }
    (terms.join(" AND "), values)
}

pub(super) fn page(
    db: &Connection,
    filter: &Filter,
    place: &Place<i64>,
    reach: usize,
) -> Result<Page<Listed>, StoreError> {
    let (condition, values) = condition(filter);
    let read = |from: String, order: &str, limit: usize| {
        let sql = format!(
            "SELECT t.id, t.at, t.actor, t.event, t.outcome, t.account_id, a.email, t.business_id, \
             t.client, t.detail FROM audit t LEFT JOIN accounts a ON a.id = t.account_id \
             WHERE {condition} AND {from} ORDER BY t.id {order} LIMIT {limit}"
        );
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
