//! Finding and claiming what is due, and having it composed.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError};

use super::{Compose, Found, Job, Worker};
use crate::clock::Timestamp;
use crate::outbox::meter::Meter;
use crate::outbox::schedule::{self, Cause, Policy};
use crate::outbox::sql::{self, Claim, Due, Lease};
use crate::outbox::{Claimed, Composed, State};
use crate::store::{StoreError, Tx};

/// What composing a claimed message takes.
struct Desk {
    owner: String,
    compose: Compose,
    policy: Policy,
    meter: Arc<Meter>,
}

impl Worker {
    /// Claims what is due and has it composed, in one transaction.
    pub(super) async fn find_due(&self) -> Result<Found, StoreError> {
        let window = self.relays.window();
        if !self.may_claim() || window == 0 {
            return Ok(Found::Nothing(None));
        }
        let now = self.clock.now();
        self.follow_clock(now).await?;
        let due = self.store.read(sql::next_due).await?;
        if due.is_none_or(|due| due > now) {
            return Ok(Found::Nothing(due));
        }
        let limit = self.batch(window);
        let lease_until = now.after(self.lease);
        let max_crashes = self.max_crashes;
        let under_way: HashSet<(i64, u32)> = self.under_way().clone();
        let desk = Desk {
            owner: self.owner.clone(),
            compose: Arc::clone(&self.compose),
            policy: self.policy,
            meter: Arc::clone(&self.meter),
        };
        let found = self
            .store
            .write_patiently(move |tx| {
                let claims = sql::claim(
                    tx,
                    &Claim {
                        owner: &desk.owner,
                        lease_until,
                        limit,
                        max_crashes,
                        under_way: &under_way,
                        now,
                    },
                )?;
                if claims.due.is_empty() {
                    return Ok(if claims.alone {
                        Found::MustBeAlone
                    } else {
                        Found::Nothing(None)
                    });
                }
                let mut jobs = Vec::new();
                for due in claims.due {
                    jobs.extend(desk.prepare(tx, due, now)?);
                }
                Ok::<_, StoreError>(Found::Jobs(jobs, claims.alone))
            })
            .await?;
        if let Found::Jobs(jobs, _) = &found {
            self.under_way().extend(
                jobs.iter()
                    .map(|(message, _)| (message.id, message.attempt)),
            );
        }
        Ok(found)
    }

    /// Claims the next messages while those before are handed out, so that the lanes wait for relays and
    /// not for a commit. Only after a look that found as many as it wanted, for then there are more; and not
    /// while a rate or a relay on probation holds mail back, for what is claimed early goes before what is
    /// more urgent and comes later.
    pub(super) async fn find_ahead(&self, found_before: usize) -> Option<Found> {
        let window = self.relays.window();
        if self.pace.is_some() || window < self.concurrency || found_before < window {
            return None;
        }
        // Anything else is looked for again when it is needed.
        let found = self.find_due().await.ok()?;
        matches!(found, Found::Jobs(..)).then_some(found)
    }

    /// How many messages to claim: as many as can be sent at once. More would keep the lanes busier, but the
    /// writer longer from the requests that wait for it, and a code from overtaking. A relay that is on
    /// probation gets no more than it may have.
    fn batch(&self, window: usize) -> usize {
        self.pace.as_ref().map_or(window, |pace| {
            let pace = pace.lock().unwrap_or_else(PoisonError::into_inner);
            window.min(pace.batch())
        })
    }
}

impl Desk {
    /// Has a claimed row composed. One that there is nothing to send for is marked in the same
    /// transaction, and never holds up the others.
    fn prepare(&self, tx: &Tx<'_>, due: Due, now: Timestamp) -> Result<Option<Job>, StoreError> {
        let (id, attempt) = match &due {
            Due::Ready(message) => (message.id, message.attempt),
            Due::Unreadable { id, attempt, .. } | Due::Crashed { id, attempt, .. } => {
                (*id, *attempt)
            }
        };
        let owner = self.owner.as_str();
        let lease = Lease { id, owner, attempt };
        let bury = |cause: Cause, why: &str| {
            tracing::error!(id, why, "mail given up");
            self.meter.dead(cause);
            sql::finish(tx, &lease, State::Dead, None, Some(why), now)?;
            Ok(None)
        };
        let message = match due {
            Due::Ready(message) => message,
            Due::Unreadable { error, .. } => {
                let cause = Cause::Unreadable;
                return bury(cause, &format!("{cause}: {error}"));
            }
            Due::Crashed { crashes, .. } => {
                let cause = Cause::Crashed(crashes);
                return bury(cause, &cause.to_string());
            }
        };
        // It may have waited for us rather than for the relay.
        if let Some(cause) = schedule::too_late(message.kind, now.since(message.fresh_since)) {
            return bury(cause, &cause.to_string());
        }
        if message.attempt == 1 {
            self.meter.begun();
        }
        match self.compose(tx, &message, now)? {
            Some(Ok(Composed::Send(draft))) => Ok(Some((message, draft))),
            Some(Ok(Composed::Drop(why))) => {
                self.meter.dropped(&why);
                let why = why.to_string();
                sql::finish(tx, &lease, State::Dropped, None, Some(&why), now)?;
                Ok(None)
            }
            Some(Err(error)) => {
                tracing::error!(id, %error, "a message cannot be composed");
                let next = now.after(self.policy.first_retry);
                sql::retry(tx, &lease, "it could not be composed", next)?;
                Ok(None)
            }
            None => {
                tracing::error!(id, "a panic while a message was composed");
                let next = now.after(self.policy.first_retry);
                sql::crashed(tx, &lease, "a defect kept it from being composed", next)?;
                Ok(None)
            }
        }
    }

    /// Has one message composed, within a savepoint: what fails leaves nothing behind, and takes none
    /// of the others with it. None when it panicked.
    fn compose(
        &self,
        tx: &Tx<'_>,
        message: &Claimed,
        now: Timestamp,
    ) -> Result<Option<Result<Composed, rusqlite::Error>>, StoreError> {
        let execute = |sql| tx.prepare_cached(sql)?.execute([]);
        execute("SAVEPOINT message")?;
        let composed = catch_unwind(AssertUnwindSafe(|| (self.compose)(tx, message, now)));
        let outcome = match composed {
            Ok(Ok(composed)) => Some(Ok(composed)),
            Ok(Err(StoreError::Sql(error))) => Some(Err(error)),
            Ok(Err(other)) => return Err(other),
            Err(_) => None,
        };
        if !matches!(outcome, Some(Ok(_))) {
            execute("ROLLBACK TO message")?;
        }
        execute("RELEASE message")?;
        Ok(outcome)
    }
}
