//! The outbox as administrators see it.

use serde::Serialize;

use super::relays::RelayStatus;
use super::{Kind, State, sql};
use crate::accounts::AccountId;
use crate::business::BusinessId;
use crate::clock::Timestamp;
use crate::config::RelayUrl;
use crate::store::{Page, Place, StoreError};

/// The newest messages that the filter lets through, newest first.
pub fn list(
    db: &rusqlite::Connection,
    filter: &Filter,
    limit: u32,
) -> Result<Vec<Listed>, StoreError> {
    sql::list(db, filter, limit)
}

/// A stretch of the messages that the filter lets through, newest first.
pub fn page(
    db: &rusqlite::Connection,
    filter: &Filter,
    place: &Place<i64>,
    reach: usize,
) -> Result<Page<Listed>, StoreError> {
    sql::page(db, filter, place, reach)
}

/// How many messages came in, and how many went out, in each of `count` spans of `span` milliseconds
/// from `since` on.
pub fn activity(
    db: &rusqlite::Connection,
    since: Timestamp,
    span: i64,
    count: usize,
) -> Result<(Vec<u32>, Vec<u32>), StoreError> {
    sql::activity(db, since, span, count)
}

/// What waits and what was given up.
pub fn backlog(db: &rusqlite::Connection) -> Result<Backlog, StoreError> {
    sql::backlog(db)
}

/// The message of that number, with everything that was tried for it.
pub fn show(db: &rusqlite::Connection, id: i64) -> Result<Option<Shown>, StoreError> {
    let Some(message) = sql::show(db, id)? else {
        return Ok(None);
    };
    let history = sql::attempts(db, id)?;
    Ok(Some(Shown { message, history }))
}

/// The outbox in numbers, with these relays, of which a server has noted what it knows.
pub fn stats(db: &rusqlite::Connection, relays: &[RelayUrl]) -> Result<Stats, StoreError> {
    Ok(Stats {
        messages: sql::counts(db)?,
        oldest_due: sql::next_due(db)?,
        relays: self::relays(db, relays)?,
    })
}

/// What has not come to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Messages that wait for their next attempt.
    pub queued: u32,
    /// Messages that are being sent.
    pub sending: u32,
    /// Queued messages whose time has come.
    pub due: u32,
    /// Since when the oldest of those has been due.
    pub oldest_due: Option<Timestamp>,
}

/// What waits now.
pub fn waiting(db: &rusqlite::Connection, now: Timestamp) -> Result<Waiting, StoreError> {
    sql::waiting(db, now)
}

/// How these relays are, as the server that last used them has found them.
pub fn relays(
    db: &rusqlite::Connection,
    relays: &[RelayUrl],
) -> Result<Vec<RelayStatus>, StoreError> {
    let noted = sql::relays(db)?;
    let status = |(place, url): (usize, &RelayUrl)| {
        let relay = url.to_string();
        let known = noted.iter().find(|one| one.relay == relay).cloned();
        known.unwrap_or(RelayStatus {
            relay,
            place,
            down_since: None,
            next_probe_at: None,
            failure: None,
        })
    };
    Ok(relays.iter().enumerate().map(status).collect())
}

/// The newest messages of an account.
pub fn of_account(
    db: &rusqlite::Connection,
    account: AccountId,
    limit: usize,
) -> Result<Vec<Listed>, StoreError> {
    sql::of_account(db, account, limit)
}

/// A message as listings show it.
#[derive(Clone, Debug, Serialize)]
pub struct Listed {
    /// Its number.
    pub id: i64,
    /// What it is.
    pub kind: Kind,
    /// Where it stands.
    pub state: State,
    /// The address that was submitted, or the stored one.
    pub recipient: String,
    /// The account, once known.
    pub account_id: Option<AccountId>,
    /// The location, as submitted.
    pub business_id: Option<BusinessId>,
    /// Who asked.
    pub client: Option<String>,
    /// Its Message-ID.
    pub message_id: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next; the end of the lease while it is being sent.
    pub next_attempt_at: Option<Timestamp>,
    /// What the relay said last.
    pub last_reply: Option<String>,
    /// Why it is dead or was dropped.
    pub reason: Option<String>,
    /// When it was put into the outbox.
    pub created_at: Timestamp,
    /// When it was sent, dropped or given up.
    pub finished_at: Option<Timestamp>,
    /// When somebody had it sent anew, after it was given up.
    pub renewed_at: Option<Timestamp>,
    /// How many attempts in a row ended with the end of the server.
    pub crashes: u32,
}

/// Which messages are meant: those that meet everything that is given.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only these; all when empty.
    pub ids: Vec<i64>,
    /// Only those in one of these states; in any when empty.
    pub states: Vec<State>,
    /// Only those of this kind.
    pub kind: Option<Kind>,
    /// Only those of this location, as it was submitted.
    pub business: Option<BusinessId>,
    /// Only those to addresses that contain this, whatever its case.
    pub recipient: Option<String>,
    /// Only those that were put into the outbox before.
    pub before: Option<Timestamp>,
}

/// A message with its history.
#[derive(Clone, Debug, Serialize)]
pub struct Shown {
    /// The message.
    #[serde(flatten)]
    pub message: Listed,
    /// What was tried, in its order.
    pub history: Vec<Attempted>,
}

/// What came of one relay within an attempt.
#[derive(Clone, Debug, Serialize)]
pub struct Attempted {
    /// Which attempt it was, from 1.
    pub attempt: u32,
    /// When it ended.
    pub at: Timestamp,
    /// The relay's URL; none when it came to no relay.
    pub relay: Option<String>,
    /// How far the conversation came; none when the relay took the mail.
    pub stage: Option<String>,
    /// The reply code.
    pub code: Option<u16>,
    /// The enhanced status code (RFC 3463).
    pub enhanced: Option<String>,
    /// What the relay said, or what happened instead.
    pub text: String,
}

/// How many messages there are of one kind in one state.
#[derive(Clone, Debug, Serialize)]
pub struct Count {
    /// The state.
    pub state: State,
    /// The kind.
    pub kind: Kind,
    /// How many.
    pub messages: i64,
    /// When the oldest of them was put into the outbox.
    pub oldest: Timestamp,
}

/// What waits and what was given up.
#[derive(Clone, Copy, Debug)]
pub struct Backlog {
    /// Messages that wait or are being sent.
    pub waiting: u32,
    /// When the oldest of these was put into the outbox.
    pub oldest: Option<Timestamp>,
    /// Messages that were given up.
    pub dead: u32,
}

/// The outbox in numbers.
#[derive(Clone, Debug, Serialize)]
pub struct Stats {
    /// How many messages there are.
    pub messages: Vec<Count>,
    /// When the earliest attempt is or was due, or the earliest lease runs out.
    pub oldest_due: Option<Timestamp>,
    /// The relays, as the server that last used them has found them.
    pub relays: Vec<RelayStatus>,
}
