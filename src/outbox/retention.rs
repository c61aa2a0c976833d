//! Removing what has come to its end, long ago.

use std::time::Duration;

use super::State;
use super::sql::{self, Cut};
use crate::clock::Timestamp;
use crate::config;
use crate::store::{Store, StoreError};

/// How many messages one transaction removes. Others wait for the database meanwhile: so few take a
/// few milliseconds, with all that goes with them.
pub const BATCH: usize = 100;

/// Removes what has been kept for as long as the configuration says; how many messages.
///
/// Each batch is a job of its own, so that the jobs of requests come in between.
pub async fn sweep(
    store: &Store,
    config: &config::Outbox,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let ends: [(State, Duration); 3] = [
        (State::Sent, config.keep_sent),
        (State::Dropped, config.keep_dropped),
        (State::Dead, config.keep_dead),
    ];
    let mut removed = 0;
    for (state, keep) in ends {
        let what = Cut {
            state,
            before: now.before(keep),
        };
        loop {
            let batch: usize = store
                .write_patiently(move |tx| sql::cut(tx, what, BATCH))
                .await?;
            removed += batch;
            if batch < BATCH {
                break;
            }
        }
    }
    Ok(removed)
}
