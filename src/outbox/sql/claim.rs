//! Taking what is due.

use std::collections::HashSet;

use rusqlite::{Row, params};

use super::PRIORITIES;
use crate::clock::Timestamp;
use crate::outbox::Claimed;
use crate::store::{StoreError, Tx};

/// What is to be claimed, by whom and until when.
pub(crate) struct Claim<'a> {
    pub(crate) owner: &'a str,
    pub(crate) lease_until: Timestamp,
    /// How many messages at most.
    pub(crate) limit: usize,
    /// After how many crashes a message is not tried any more.
    pub(crate) max_crashes: u32,
    /// What this process has under way, by number and attempt, whatever the rows' leases say.
    pub(crate) under_way: &'a HashSet<(i64, u32)>,
    pub(crate) now: Timestamp,
}

/// A message that was claimed, one way or another.
#[derive(Debug)]
pub(crate) enum Due {
    /// To be sent.
    Ready(Claimed),
    /// This program cannot read it: another version wrote it, or somebody by hand.
    Unreadable {
        id: i64,
        attempt: u32,
        error: rusqlite::Error,
    },
    /// So many attempts at it ended with the end of the process.
    Crashed { id: i64, attempt: u32, crashes: u32 },
}

/// What was claimed.
#[derive(Debug, Default)]
pub(crate) struct Claims {
    pub(crate) due: Vec<Due>,
    /// Whether what comes next must have the process to itself: one more crash would condemn it, and
    /// nothing else shall be under way then that could be to blame. It has been claimed only if nothing is.
    pub(crate) alone: bool,
}

/// Takes due messages, the most urgent first, counting the attempt. An attempt that left no outcome
/// behind, because its lease ran out, is counted as a crash.
pub(crate) fn claim(tx: &Tx<'_>, claim: &Claim<'_>) -> Result<Claims, StoreError> {
    let mut claims = Claims::default();
    let mut find = tx.prepare_cached(
        "SELECT id, attempts + 1, crashes, next_attempt_at, kind, recipient, account_id, \
         business_id, client, message_id, created_at, coalesce(renewed_at, created_at), \
         state = 'sending' \
         FROM outbox WHERE state IN ('queued', 'sending') AND priority = ?1 \
         AND next_attempt_at <= ?2 ORDER BY next_attempt_at, id LIMIT ?3",
    )?;
    let mut take = tx.prepare_cached(
        "UPDATE outbox SET state = 'sending', attempts = ?2, crashes = ?3, lease_owner = ?4, \
         next_attempt_at = ?5 WHERE id = ?1",
    )?;
    for priority in PRIORITIES {
        let most = claim.limit - claims.due.len() + claim.under_way.len();
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let found = find.query_map(params![priority, claim.now, most], |row| {
            Ok(Candidate {
                id: row.get(0)?,
                attempt: row.get(1)?,
                crashes: row.get(2)?,
                left_over: row.get(12)?,
                message: read(row, claim.lease_until),
            })
        })?;
        // All of them first: what a query meets that is changed while it runs, is undefined.
        for found in found.collect::<Result<Vec<_>, _>>()? {
            let (id, attempt) = (found.id, found.attempt);
            let crashes = found.crashes + u32::from(found.left_over);
            if claims.due.len() == claim.limit {
                return Ok(claims);
            }
            if found.left_over && claim.under_way.contains(&(id, attempt - 1)) {
                continue;
            }
            let condemned = crashes >= claim.max_crashes;
            let suspect = !condemned && crashes + 1 >= claim.max_crashes;
            if suspect {
                claims.alone = claims.due.is_empty();
                if !claims.alone || !claim.under_way.is_empty() {
                    return Ok(claims);
                }
            }
            take.execute(params![
                id,
                attempt,
                crashes,
                claim.owner,
                claim.lease_until
            ])?;
            claims.due.push(match found.message {
                _ if condemned => Due::Crashed {
                    id,
                    attempt,
                    crashes,
                },
                Ok(message) => Due::Ready(message),
                Err(error) => Due::Unreadable { id, attempt, error },
            });
            if suspect {
                return Ok(claims);
            }
        }
    }
    Ok(claims)
}

struct Candidate {
    id: i64,
    attempt: u32,
    crashes: u32,
    /// Whether an earlier attempt has ended without an outcome.
    left_over: bool,
    message: rusqlite::Result<Claimed>,
}

fn read(row: &Row<'_>, lease_until: Timestamp) -> rusqlite::Result<Claimed> {
    Ok(Claimed {
        id: row.get(0)?,
        attempt: row.get(1)?,
        due_at: row.get(3)?,
        kind: row.get(4)?,
        recipient: row.get(5)?,
        account: row.get(6)?,
        business: row.get(7)?,
        client: row.get(8)?,
        message_id: row.get(9)?,
        lease_until,
        created_at: row.get(10)?,
        fresh_since: row.get(11)?,
    })
}
