//! Whether the server can do its work.

use crate::backup::schedule;
use crate::clock::Timestamp;
use crate::config;
use crate::outbox::{self, RelayStatus};
use crate::store::{Store, StoreError};

/// How the parts are: `ok`, or what is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Whether the disk takes a write.
    pub database: String,
    /// Whether mail leaves when it is due.
    pub outbox: String,
    /// Whether the relays work. One that does not is no reason to take the server away: requests are
    /// accepted all the same. It becomes one when mail has waited for too long.
    pub relay: String,
    /// Whether the backups that the server makes by itself are made: `ok`, `off`, or what is wrong. Members
    /// do not need them, so this is no reason to take the server away either.
    pub backup: String,
}

/// How a part is that has no trouble.
pub(crate) const OK: &str = "ok";

impl Report {
    /// Whether the server does its work.
    pub fn is_ready(&self) -> bool {
        self.database == OK && self.outbox == OK
    }
}

/// Looks at every part. That the schema is up to date is known from the start: the database would
/// not have been opened otherwise.
pub async fn check(
    store: &Store,
    relays: &[RelayStatus],
    backups: Option<&schedule::Status>,
    config: &config::Outbox,
    now: Timestamp,
) -> Report {
    let wrote: Result<(), StoreError> = store
        .write(move |tx| {
            tx.prepare_cached(
                "INSERT INTO probe (id, at) VALUES (1, ?1) ON CONFLICT (id) DO UPDATE SET at = ?1",
            )?
            .execute([now])?;
            Ok(())
        })
        .await;
    let due: Result<_, StoreError> = store.read(outbox::sql::next_due).await;
    Report {
        database: match wrote {
            Ok(()) => OK.to_owned(),
            Err(error) => error.to_string(),
        },
        outbox: match due {
            Ok(due) => outbox(due, relays, config, now),
            Err(error) => error.to_string(),
        },
        relay: relay(relays),
        backup: backup(backups),
    }
}

fn backup(status: Option<&schedule::Status>) -> String {
    let Some(status) = status else {
        return "off".to_owned();
    };
    match &status.last_failure {
        None => OK.to_owned(),
        Some((at, why)) => format!(
            "{} in a row failed, the last at {at}: {why}",
            status.failures
        ),
    }
}

fn outbox(
    due: Option<Timestamp>,
    relays: &[RelayStatus],
    config: &config::Outbox,
    now: Timestamp,
) -> String {
    let too_long = |since: &Timestamp| now.since(*since) > config.alarm_after;
    if let Some(due) = due.filter(too_long) {
        return format!("a message has been due since {due}");
    }
    // What was tried in vain has a next attempt to come, so its due time alone would never tell.
    let down_since = relays.iter().map(|relay| relay.down_since).min().flatten();
    match (due, down_since.filter(too_long)) {
        (Some(_), Some(since)) => format!("mail waits, and no relay takes any since {since}"),
        _ => OK.to_owned(),
    }
}

fn relay(relays: &[RelayStatus]) -> String {
    let down: Vec<String> = relays
        .iter()
        .filter_map(|status| {
            let (since, next) = (status.down_since?, status.next_probe_at?);
            let why = status.failure.as_deref().unwrap_or("it fails");
            let relay = &status.relay;
            Some(format!(
                "{relay} is down since {since}, next try {next}: {why}"
            ))
        })
        .collect();
    if down.is_empty() {
        OK.to_owned()
    } else {
        down.join("; ")
    }
}
