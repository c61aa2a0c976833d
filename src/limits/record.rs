//! Which limits bite, noted by the minute: a console or a command is another process, and cannot look
//! into the server's memory. Only counts are noted, never whom they are of.

use std::collections::HashMap;
use std::time::Duration;

use rusqlite::Connection;

use super::{Limits, Rule, sql};
use crate::clock::Timestamp;
use crate::store::{Store, StoreError, Tx};

/// How long it is kept.
const KEPT: Duration = Duration::from_hours(24);

/// What has been noted so far of the limits of one server.
#[derive(Debug, Default)]
pub struct Record(HashMap<Rule, u64>);

impl Record {
    /// Notes what was held back since the last time. What cannot be written is noted the next time.
    pub async fn note(
        &mut self,
        limits: &Limits,
        store: &Store,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let counts = limits.snapshot().rules;
        let fresh: Vec<(Rule, u64)> = counts
            .iter()
            .map(|count| (count.rule, count.limited - self.noted(count.rule)))
            .filter(|(_, requests)| *requests > 0)
            .collect();
        if fresh.is_empty() {
            return Ok(());
        }
        let minute = Timestamp::from_seconds(now.seconds().div_euclid(60) * 60);
        let rows = fresh.clone();
        let written: Result<(), StoreError> = store
            .write_patiently(move |tx| {
                rows.iter().try_for_each(|(rule, requests)| {
                    sql::add(tx, minute, &rule.to_string(), *requests)
                })
            })
            .await;
        written?;
        for (rule, requests) in fresh {
            *self.0.entry(rule).or_default() += requests;
        }
        Ok(())
    }

    fn noted(&self, rule: Rule) -> u64 {
        self.0.get(&rule).copied().unwrap_or_default()
    }
}

/// Each limit that has held requests back since then, by its name in the configuration, and how many; the
/// one that bites hardest first.
pub fn held_back(db: &Connection, since: Timestamp) -> Result<Vec<(String, u64)>, StoreError> {
    sql::since(db, since)
}

/// Removes what is a day old.
pub fn purge(tx: &Tx<'_>, now: Timestamp) -> Result<usize, StoreError> {
    sql::remove_before(tx, now.before(KEPT))
}
