//! Looking at the outbox.

use std::collections::BTreeMap;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _, Row, params_from_iter};

use crate::accounts::AccountId;
use crate::business::BusinessId;
use crate::clock::Timestamp;
use crate::outbox::{Count, Filter, Kind, Listed, State};
use crate::store::StoreError;

const LISTED: &str = "id, kind, state, recipient, account_id, business_id, client, message_id, \
                      attempts, next_attempt_at, last_reply, reason, created_at, finished_at, \
                      renewed_at, crashes";

fn listed(row: &Row<'_>) -> rusqlite::Result<Listed> {
    let state: State = row.get(2)?;
    let next_attempt_at: Timestamp = row.get(9)?;
    Ok(Listed {
        id: row.get(0)?,
        kind: row.get(1)?,
        state,
        recipient: row.get(3)?,
        account_id: row.get(4)?,
        business_id: row.get(5)?,
        client: row.get(6)?,
        message_id: row.get(7)?,
        attempts: row.get(8)?,
        next_attempt_at: matches!(state, State::Queued | State::Sending).then_some(next_attempt_at),
        last_reply: row.get(10)?,
        reason: row.get(11)?,
        created_at: row.get(12)?,
        finished_at: row.get(13)?,
        renewed_at: row.get(14)?,
        crashes: row.get(15)?,
    })
}

/// The filter as a condition with its values; true of everything when nothing is asked for.
fn condition(filter: &Filter) -> (String, Vec<Value>) {
    let (mut terms, mut values) = (vec!["1".to_owned()], Vec::new());
    let mut term = |condition: &str, value: Value| {
        values.push(value);
        terms.push(condition.replace('?', &format!("?{}", values.len())));
    };
    if !filter.ids.is_empty() {
        let ids: Vec<String> = filter.ids.iter().map(ToString::to_string).collect();
        let ids = format!("[{}]", ids.join(","));
        term("id IN (SELECT value FROM json_each(?))", ids.into());
    }
    if !filter.states.is_empty() {
        let states: Vec<&str> = filter.states.iter().map(|state| state.as_str()).collect();
        let states = format!("[\"{}\"]", states.join("\",\""));
        term("state IN (SELECT value FROM json_each(?))", states.into());
    }
    if let Some(kind) = filter.kind {
        term("kind = ?", kind.as_str().to_owned().into());
    }
    if let Some(business) = filter.business {
        term("business_id = ?", business.get().into());
    }
    if let Some(recipient) = &filter.recipient {
        term(
            "instr(lower(recipient), ?) > 0",
            recipient.to_ascii_lowercase().into(),
        );
    }
    if let Some(before) = filter.before {
        term("created_at < ?", before.millis().into());
    }
    (terms.join(" AND "), values)
}

/// The newest `limit` messages, newest first.
pub(crate) fn list(
    db: &Connection,
    filter: &Filter,
    limit: u32,
) -> Result<Vec<Listed>, StoreError> {
    let (condition, mut values) = condition(filter);
    values.push(i64::from(limit).into());
    let mut statement = db.prepare(&format!(
        "SELECT {LISTED} FROM outbox WHERE {condition} ORDER BY id DESC LIMIT ?{}",
        values.len()
    ))?;
    let rows = statement.query_map(params_from_iter(values), listed)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(crate) fn show(db: &Connection, id: i64) -> Result<Option<Listed>, StoreError> {
    Ok(db
        .prepare_cached(&format!("SELECT {LISTED} FROM outbox WHERE id = ?1"))?
        .query_row([id], listed)
        .optional()?)
}

/// A message that somebody acts on.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    pub(crate) id: i64,
    pub(crate) state: State,
    pub(crate) kind: Kind,
    pub(crate) account: Option<AccountId>,
    pub(crate) business: Option<BusinessId>,
}

/// Up to `limit` messages behind the number `after`, in their order.
pub(crate) fn select(
    db: &Connection,
    filter: &Filter,
    after: i64,
    limit: u32,
) -> Result<Vec<Selection>, StoreError> {
    let (condition, mut values) = condition(filter);
    values.push(after.into());
    values.push(i64::from(limit).into());
    let mut statement = db.prepare(&format!(
        "SELECT id, state, kind, account_id, business_id FROM outbox WHERE {condition} \
         AND id > ?{} ORDER BY id LIMIT ?{}",
        values.len() - 1,
        values.len()
    ))?;
    let rows = statement.query_map(params_from_iter(values), |row| {
        Ok(Selection {
            id: row.get(0)?,
            state: row.get(1)?,
            kind: row.get(2)?,
            account: row.get(3)?,
            business: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How many messages there are of each kind in each state, and since when the oldest is there.
pub(crate) fn counts(db: &Connection) -> Result<Vec<Count>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT state, kind, count(*), min(created_at) FROM outbox GROUP BY state, kind",
    )?;
    let rows = statement.query_map([], |row| {
        let (state, kind): (State, Kind) = (row.get(0)?, row.get(1)?);
        let count = Count {
            state,
            kind,
            messages: row.get(2)?,
            oldest: row.get(3)?,
        };
        Ok(((state as u8, kind.priority(), kind.as_str()), count))
    })?;
    let sorted: BTreeMap<_, Count> = rows.collect::<Result<_, _>>()?;
    Ok(sorted.into_values().collect())
}
