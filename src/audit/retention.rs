//! Removing entries that are older than they are to be kept.

use std::time::Duration;

use super::chain::{self, Anchor};
use super::sql;
use super::walk::Walk;
use crate::clock::Timestamp;
use crate::store::{Store, StoreError, Tx};

/// How many entries one transaction removes: so few take a few milliseconds.
const BATCH: usize = 200;

/// Removes the oldest entries, as far as they are older than `keep`; how many. Zero keeps everything.
///
/// Each batch is a job of its own, so that the jobs of requests come in between.
pub(super) async fn sweep(
    store: &Store,
    keep: Duration,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let mut removed = 0;
    if keep.is_zero() {
        return Ok(removed);
    }
    let before = now.before(keep);
    loop {
        let oldest: Option<Timestamp> = store.read(sql::oldest).await?;
        if oldest.is_none_or(|oldest| oldest >= before) {
            return Ok(removed);
        }
        let batch: usize = store.write_patiently(move |tx| cut(tx, before)).await?;
        removed += batch;
        if batch == 0 {
            return Ok(removed);
        }
    }
}

/// Moves the anchor behind the oldest entries, and removes them. What is removed can be verified no more,
/// so it is verified now; what does not fit is noted for good.
fn cut(tx: &Tx<'_>, before: Timestamp) -> Result<usize, StoreError> {
    let mut rows = sql::rows(tx, i64::MIN, BATCH)?;
    let young = rows.iter().position(|row| row.at >= before);
    rows.truncate(young.unwrap_or(rows.len()));
    let Some(newest) = rows.last() else {
        return Ok(0);
    };
    let mac: chain::Mac<'_> = &|purpose, message| tx.mac(purpose, message);
    let anchor = sql::anchor(tx)?;
    let (mut walk, problem) = Walk::from(anchor.as_ref(), mac)?;
    let start = anchor.map_or(Anchor::START, |(anchor, _)| anchor);
    let mut broken = start.broken.or(problem.map(|_| start.through));
    for row in &rows {
        if let Some(problem) = walk.step(row, mac)? {
            tracing::error!(%problem, "the audit log was tampered with");
            broken = broken.or(Some(row.id));
        }
    }
    let anchor = Anchor {
        through: walk.last(),
        hash: walk.head().hash,
        at: newest.at,
        adopted_through: start.adopted_through,
        broken,
    };
    chain::set_anchor(tx, &anchor)?;
    sql::remove_through(tx, newest.id)
}
