//! Acts on messages in the outbox, and on the addresses that none is sent to.
//!
//! Many messages at once are taken in small batches, each in a transaction of its own with its audit
//! entries, so that the server beside goes on meanwhile.

use serde::Serialize;

use super::{Admin, note};
use crate::clock::Timestamp;
use crate::email::EmailAddress;
use crate::entropy::Entropy;
use crate::outbox::sql::{self, Selection};
use crate::outbox::{Filter, Kind, State, suppression};
use crate::store::{StoreError, Tx};
use crate::{otp, reset};

/// How many messages one transaction acts on.
const BATCH: u32 = 100;

/// What became of an act on messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Acted {
    /// Messages that it was done to.
    pub done: usize,
    /// Messages that were meant and are in no state for it.
    pub passed_over: usize,
}

impl Admin {
    /// Has messages sent anew that are dead, and tries those at once that wait. A dead one's link or code
    /// never comes to life again: the new letter has its own, and a Message-ID of its own.
    pub async fn retry_messages(
        &self,
        filter: Filter,
        now: Timestamp,
    ) -> Result<Acted, StoreError> {
        let entropy = self.entropy.clone();
        let states = [State::Dead, State::Queued];
        let retry = move |tx: &Tx<'_>, message: &Selection| retry(tx, message, &entropy, now);
        self.each(filter, &states, "outbox.retry", now, retry).await
    }

    /// Ends messages that wait; what an earlier attempt may have delivered opens nothing any more.
    pub async fn cancel_messages(
        &self,
        filter: Filter,
        now: Timestamp,
    ) -> Result<Acted, StoreError> {
        let why = format!("cancelled by {}", self.actor);
        let cancel = move |tx: &Tx<'_>, message: &Selection| {
            let cancelled = sql::cancel(tx, message.id, &why, now)?;
            if cancelled {
                renounce(tx, message, "its message was cancelled", now)?;
            }
            Ok(cancelled)
        };
        self.each(filter, &[State::Queued], "outbox.cancel", now, cancel)
            .await
    }

    /// Removes messages that have come to their end.
    pub async fn purge_messages(
        &self,
        filter: Filter,
        now: Timestamp,
    ) -> Result<Acted, StoreError> {
        let states = [State::Sent, State::Dead, State::Dropped];
        let remove = move |tx: &Tx<'_>, message: &Selection| {
            if message.state == State::Dead {
                // Its link reached nobody. Without the message nobody could tell, and it would count
                // among those that the account may still use.
                renounce(tx, message, "its message was given up and removed", now)?;
            }
            sql::remove(tx, message.id)
        };
        self.each(filter, &states, "outbox.purge", now, remove)
            .await
    }

    /// Sends no more mail to the address; false if none is sent already.
    pub async fn suppress(
        &self,
        address: EmailAddress,
        reason: String,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let actor = self.actor.clone();
        self.store
            .write(move |tx| {
                let added = suppression::add(tx, &address, &reason, now)?;
                if added {
                    let detail = Some(address.key());
                    note(tx, actor, "outbox.suppress", (None, None), detail, now)?;
                }
                Ok(added)
            })
            .await
    }

    /// Sends mail to the address again; false if it is sent already.
    pub async fn release(&self, address: EmailAddress, now: Timestamp) -> Result<bool, StoreError> {
        let actor = self.actor.clone();
        self.store
            .write(move |tx| {
                let released = suppression::release(tx, &address)?;
                if released {
                    let detail = Some(address.key());
                    note(tx, actor, "outbox.release", (None, None), detail, now)?;
                }
                Ok(released)
            })
            .await
    }

    /// Acts on every message that is meant, batch by batch, and notes each that it was done to. Without
    /// numbers or a state in the filter, those in these `states` are meant.
    async fn each<F>(
        &self,
        mut filter: Filter,
        states: &[State],
        event: &'static str,
        now: Timestamp,
        act: F,
    ) -> Result<Acted, StoreError>
    where
        F: Fn(&Tx<'_>, &Selection) -> Result<bool, StoreError> + Clone + Send + 'static,
    {
        if filter.ids.is_empty() && filter.states.is_empty() {
            filter.states = states.to_vec();
        }
        let (mut acted, mut after) = (Acted::default(), 0);
        loop {
            let (filter, actor, act) = (filter.clone(), self.actor.clone(), act.clone());
            let batch: (Acted, Option<i64>) = self
                .store
                .write_patiently(move |tx| {
                    let (mut acted, mut last) = (Acted::default(), None);
                    for message in sql::select(tx, &filter, after, BATCH)? {
                        last = Some(message.id);
                        if !act(tx, &message)? {
                            acted.passed_over += 1;
                            continue;
                        }
                        acted.done += 1;
                        let whom = (message.account, message.business);
                        let detail = format!("message {}", message.id);
                        note(tx, actor.clone(), event, whom, Some(&detail), now)?;
                    }
                    Ok::<_, StoreError>((acted, last))
                })
                .await?;
            acted.done += batch.0.done;
            acted.passed_over += batch.0.passed_over;
            match batch.1 {
                Some(last) => after = last,
                None => return Ok(acted),
            }
        }
    }
}

fn retry(
    tx: &Tx<'_>,
    message: &Selection,
    entropy: &Entropy,
    now: Timestamp,
) -> Result<bool, StoreError> {
    if message.state == State::Queued {
        return sql::hurry(tx, message.id, now);
    }
    let new_letter = message.kind.opens_a_door().then(|| entropy.token::<16>());
    if !sql::revive(tx, message.id, new_letter.as_deref(), now)? {
        return Ok(false);
    }
    renounce(tx, message, "its message was sent anew", now)?;
    tx.announce_mail();
    Ok(true)
}

/// Ends what an earlier attempt at the message has minted.
fn renounce(tx: &Tx<'_>, message: &Selection, why: &str, now: Timestamp) -> Result<(), StoreError> {
    match message.kind {
        Kind::Reset | Kind::Welcome => reset::sql::renounce(tx, message.id, why, now),
        Kind::Otp => otp::renounce(tx, message.id, now),
        Kind::Changed | Kind::SignIn => Ok(()),
    }
}
