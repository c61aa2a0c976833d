//! Wrong guesses at a password or a code: the next one has to wait, longer each time.
//!
//! The count stands in the database under the submitted address *and* the network that guesses, so
//! that a restart forgets nothing, an address without an account looks the same, and a stranger
//! cannot lock a member out from where the member is.

use std::net::IpAddr;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::clock::Timestamp;
use crate::email::EmailAddress;
use crate::limits::network;
use crate::store::{StoreError, Tx};

/// So many wrong guesses cost nothing: people mistype.
const FREE: u32 = 4;

/// The longest wait.
const LONGEST: Duration = Duration::from_mins(15);

/// A pair that has been quiet for this long after its wait starts anew.
const FORGOTTEN_AFTER: Duration = Duration::from_hours(24);

/// Who guesses at what.
#[derive(Clone, Debug)]
pub struct Guesser {
    email_key: String,
    network: String,
}

impl Guesser {
    /// Somebody at `client` who guesses at the credentials of `email`.
    pub fn new(email: &EmailAddress, client: IpAddr) -> Self {
        Self {
            email_key: email.key().to_owned(),
            network: network(client).to_string(),
        }
    }
}

/// How long the next guess has to wait after so many wrong ones.
fn wait_after(failures: u32) -> Duration {
    match failures.checked_sub(FREE) {
        None | Some(0) => Duration::ZERO,
        Some(over) => Duration::from_secs(1 << (over - 1).min(20)).min(LONGEST),
    }
}

/// Refuses a guesser that has to wait yet, by what `refusal` makes of that time.
///
/// Where a hash is computed in between, this is asked before it and after it: many can have been let in
/// at once before the first of them was counted. Those learn nothing, whatever they guessed.
pub fn may_guess<E: From<StoreError>>(
    db: &Connection,
    guesser: &Guesser,
    now: Timestamp,
    refusal: impl FnOnce(Duration) -> E,
) -> Result<(), E> {
    match must_wait(db, guesser, now)? {
        Some(wait) => Err(refusal(wait)),
        None => Ok(()),
    }
}

/// How long this guesser has to wait yet; none if it may guess.
fn must_wait(
    db: &Connection,
    guesser: &Guesser,
    now: Timestamp,
) -> Result<Option<Duration>, StoreError> {
    let next_at: Option<Timestamp> = db
        .prepare_cached("SELECT next_at FROM guesses WHERE email_key = ?1 AND network = ?2")?
        .query_row(params![guesser.email_key, guesser.network], |row| {
            row.get(0)
        })
        .optional()?;
    // A time further ahead than the longest wait was written before the clock was stepped back, and binds
    // nobody; the count stands, and the next wrong guess waits by the new time.
    Ok(next_at
        .map(|next_at| next_at.since(now))
        .filter(|wait| !wait.is_zero() && *wait <= LONGEST))
}

/// How many guessers have to wait.
pub fn held_back(db: &Connection, now: Timestamp) -> Result<u32, StoreError> {
    Ok(db
        .prepare_cached("SELECT count(*) FROM guesses WHERE next_at > ?1 AND next_at <= ?2")?
        .query_row([now, now.after(LONGEST)], |row| row.get(0))?)
}

/// Counts a wrong guess, or one that is not compared yet; [`forget`] takes a right one back.
pub fn count(tx: &Tx<'_>, guesser: &Guesser, now: Timestamp) -> Result<(), StoreError> {
    let failures: u32 = tx
        .prepare_cached(
            "INSERT INTO guesses (email_key, network, failures, next_at) VALUES (?1, ?2, 1, ?3) \
             ON CONFLICT (email_key, network) DO UPDATE SET \
             failures = CASE WHEN next_at < ?4 THEN 1 ELSE failures + 1 END \
             RETURNING failures",
        )?
        .query_row(
            params![
                guesser.email_key,
                guesser.network,
                now,
                now.before(FORGOTTEN_AFTER)
            ],
            |row| row.get(0),
        )?;
    tx.prepare_cached("UPDATE guesses SET next_at = ?3 WHERE email_key = ?1 AND network = ?2")?
        .execute(params![
            guesser.email_key,
            guesser.network,
            now.after(wait_after(failures))
        ])?;
    Ok(())
}

/// Forgets the wrong guesses of one who got it right.
pub fn forget(tx: &Tx<'_>, guesser: &Guesser) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM guesses WHERE email_key = ?1 AND network = ?2")?
        .execute(params![guesser.email_key, guesser.network])?;
    Ok(())
}

/// Removes up to a thousand pairs that have been quiet for long.
pub fn purge(tx: &Tx<'_>, now: Timestamp) -> Result<usize, StoreError> {
    Ok(tx
        .prepare_cached(
            "DELETE FROM guesses WHERE (email_key, network) IN \
             (SELECT email_key, network FROM guesses WHERE next_at < ?1 LIMIT 1000)",
        )?
        .execute([now.before(FORGOTTEN_AFTER)])?)
}
