//! Writing down how an attempt ended.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::Worker;
use crate::clock::Timestamp;
use crate::email::EmailAddress;
use crate::outbox::relays::{Delivery, Try};
use crate::outbox::schedule::{self, Attempt, Blame, Verdict};
use crate::outbox::sql::{self, Lease};
use crate::outbox::{Claimed, Draft, State, suppression};
use crate::store::{StoreError, Tx};

/// What there is to be written about one attempt.
struct Outcome {
    id: i64,
    owner: String,
    attempt: u32,
    due_at: Timestamp,
    delivery: Arc<Delivery>,
    verdict: Option<Verdict>,
    /// The address to which no mail is to be sent any more, and why.
    bounced: Option<(EmailAddress, String)>,
    now: Timestamp,
}

impl Worker {
    /// Writes the outcome, trying again for as long as the database refuses.
    pub(super) async fn mark(&self, message: &Claimed, draft: &Draft, delivery: &Arc<Delivery>) {
        let outcome = Arc::new(self.judge(message, draft, delivery));
        let mut counted = false;
        loop {
            let job = Arc::clone(&outcome);
            let marked: Result<(), StoreError> =
                self.store.write_patiently(move |tx| job.write(tx)).await;
            let Err(error) = marked else { break };
            tracing::error!(id = message.id, %error, "the outcome of a mail cannot be written yet");
            if !counted {
                counted = true;
                self.unmarked.fetch_add(1, Ordering::AcqRel);
            }
            self.clock.sleep(self.poll).await;
        }
        if counted {
            self.unmarked.fetch_sub(1, Ordering::AcqRel);
        }
        if delivery.news.iter().any(|news| news.down_since.is_none()) {
            self.recovered.notify_one();
        }
    }

    /// Decides what becomes of the message, and says so in the log and the counters.
    fn judge(&self, message: &Claimed, draft: &Draft, delivery: &Arc<Delivery>) -> Outcome {
        let now = self.clock.now();
        let (id, kind) = (message.id, message.kind);
        let last = delivery.tries.last();
        let failure = last.and_then(|last| last.outcome.as_ref().err());
        let verdict = failure.map(|failure| {
            let attempt = Attempt {
                kind,
                number: message.attempt,
                age: now.since(message.fresh_since),
                failure,
            };
            schedule::decide(&attempt, &self.policy, self.entropy.fraction())
        });
        let mut bounced = None;
        match (failure, verdict) {
            (Some(reply), Some(Verdict::Retry(wait))) => {
                self.meter.retried();
                tracing::warn!(id, %kind, %reply, ?wait, "mail not sent; trying again");
            }
            (Some(reply), Some(Verdict::Dead(why))) => {
                self.meter.dead(why);
                tracing::error!(id, %kind, %reply, %why, "mail given up");
                if schedule::blame(reply) == Blame::Mailbox {
                    bounced = Some((draft.recipient.clone(), reply.text.clone()));
                }
            }
            _ if last.is_some() => {
                self.meter.sent(now.since(message.created_at));
                tracing::debug!(id, %kind, "mail sent");
            }
            _ => tracing::debug!(id, %kind, "mail waits for a relay"),
        }
        Outcome {
            id,
            owner: self.owner.clone(),
            attempt: message.attempt,
            due_at: message.due_at,
            delivery: Arc::clone(delivery),
            verdict,
            bounced,
            now,
        }
    }
}

impl Outcome {
    fn write(&self, tx: &Tx<'_>) -> Result<(), StoreError> {
        let lease = Lease {
            id: self.id,
            owner: &self.owner,
            attempt: self.attempt,
        };
        sql::note_relays(tx, &self.delivery.news, self.now)?;
        let Some(last) = self.delivery.tries.last() else {
            return sql::put_back(tx, &lease, self.due_at);
        };
        let reply = reply(last);
        let ours = match self.verdict {
            None => sql::finish(tx, &lease, State::Sent, Some(&reply), None, self.now)?,
            Some(Verdict::Retry(wait)) => sql::retry(tx, &lease, &reply, self.now.after(wait))?,
            Some(Verdict::Dead(why)) => {
                let why = why.to_string();
                sql::finish(tx, &lease, State::Dead, Some(&reply), Some(&why), self.now)?
            }
        };
        if !ours {
            return Ok(());
        }
        for (turn, tried) in self.delivery.tries.iter().enumerate() {
            sql::note_attempt(tx, &lease, turn, tried)?;
        }
        if let Some((address, why)) = &self.bounced {
            suppression::add(tx, address, why, self.now)?;
        }
        Ok(())
    }
}

/// What was heard last, as lists show it.
fn reply(last: &Try) -> String {
    match &last.outcome {
        Ok(reply) => format!("{} {}", reply.code, reply.text),
        Err(failure) => failure.to_string(),
    }
}
