//! One attempt, under a lease that lasts as long as it does.

use std::sync::Arc;

use super::Worker;
use crate::clock::Timestamp;
use crate::outbox::lanes::Lane;
use crate::outbox::relays::Delivery;
use crate::outbox::sql::{self, Lease};
use crate::outbox::transport::{Failure, FailureKind, Letter};
use crate::outbox::{Claimed, Draft};
use crate::store::StoreError;

/// Takes a message off the list of those under way, however its attempt ends.
struct UnderWay<'a> {
    worker: &'a Worker,
    attempt: (i64, u32),
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.worker.under_way().remove(&self.attempt);
    }
}

impl Worker {
    pub(super) async fn deliver(&self, message: &Claimed, draft: &Draft, lane: Lane) {
        let _under_way = UnderWay {
            worker: self,
            attempt: (message.id, message.attempt),
        };
        let delivery = match self.renderer.letter(message, draft, self.clock.now()) {
            Ok(letter) => {
                let letter = self.signed(letter);
                self.send(message, &letter).await
            }
            Err(error) => {
                tracing::error!(id = message.id, %error, "a mail cannot be rendered");
                let text = "the mail could not be rendered; see the log";
                Some(Delivery::failed(ours(text), self.clock.now()))
            }
        };
        drop(lane);
        if let Some(delivery) = delivery {
            self.mark(message, draft, &Arc::new(delivery)).await;
        }
    }

    fn signed(&self, mut letter: Letter) -> Letter {
        let now = self.clock.now();
        letter.bytes = self.dkim.sign(letter.bytes, letter.sender.domain(), now);
        letter
    }

    /// Sends, and renews the lease as often as that takes. None when the message is another's by now,
    /// who says what becomes of it.
    async fn send(&self, message: &Claimed, letter: &Letter) -> Option<Delivery> {
        let mut sending = std::pin::pin!(self.relays.send(letter));
        let mut lease_until = message.lease_until;
        // Twice as often as would do, for the database may have to be asked a second time.
        let mut renew_at = lease_until.before(self.lease / 2);
        loop {
            // One that has waited for its lane for long shows first that it is still ours.
            if self.clock.now() < renew_at {
                tokio::select! {
                    biased;
                    delivery = &mut sending => return Some(delivery),
                    () = self.clock.sleep_until(renew_at) => {}
                }
            }
            let now = self.clock.now();
            match self.renew(message, now).await {
                Ok(true) => {
                    lease_until = now.after(self.lease);
                    renew_at = lease_until.before(self.lease / 2);
                }
                Ok(false) => {
                    tracing::warn!(id = message.id, "another server has taken a message over");
                    return None;
                }
                // An attempt ends before its lease does, or another worker could start the same.
                Err(_) if self.clock.now() >= lease_until.before(self.lease / 10) => {
                    let text = "the attempt took as long as its lease, which could not be renewed";
                    return Some(Delivery::failed(ours(text), self.clock.now()));
                }
                Err(error) => {
                    tracing::warn!(id = message.id, %error, "a lease cannot be renewed yet");
                    renew_at = now.after(self.poll.min(self.lease / 10));
                }
            }
        }
    }

    async fn renew(&self, message: &Claimed, now: Timestamp) -> Result<bool, StoreError> {
        let (id, attempt) = (message.id, message.attempt);
        let (owner, lease_until) = (self.owner.clone(), now.after(self.lease));
        self.store
            .write_patiently(move |tx| {
                let owner = &owner;
                sql::renew(tx, &Lease { id, owner, attempt }, lease_until)
            })
            .await
    }
}

/// A failure on our side, which may pass.
fn ours(text: &str) -> Failure {
    Failure {
        kind: FailureKind::Deferred,
        stage: None,
        code: None,
        enhanced: None,
        text: text.to_owned(),
    }
}
