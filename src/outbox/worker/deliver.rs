//! One attempt, under a lease that lasts as long as it does.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::Worker;
use crate::clock::Timestamp;
use crate::outbox::relays::Delivery;
use crate::outbox::sql::{self, Lease};
use crate::outbox::transport::{Failure, FailureKind, Letter};
use crate::outbox::{Claimed, Draft, Own};
use crate::store::StoreError;

/// How long a message goes back into the queue whose business's own relay is busy or down.
const BUSY: Duration = Duration::from_secs(5);

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
    /// Sends by the business's own relay or the common ones. `lane` is given back when that is done.
    pub(super) async fn deliver(
        &self,
        message: &Claimed,
        draft: &Draft,
        own: Option<&Own>,
        lane: impl Send,
    ) {
        let _under_way = UnderWay {
            worker: self,
            attempt: (message.id, message.attempt),
        };
        let letter = self.renderer.letter(message, draft, self.clock.now());
        self.renderer
            .report_failures(&self.store, self.clock.now())
            .await;
        let delivery = match letter {
            Ok(letter) => self.send(message, &self.signed(letter), own).await,
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

    /// Waits for a lane to a business's own relay and delivers. When there is none for too long, too many
    /// wait already, or the relay is down, the message goes back into the queue.
    pub(super) async fn deliver_by_own(
        &self,
        message: &Claimed,
        draft: &Draft,
        own: &Own,
        mut stop: watch::Receiver<bool>,
    ) {
        let under_way = UnderWay {
            worker: self,
            attempt: (message.id, message.attempt),
        };
        let seat = Arc::clone(&own.seats).try_acquire_owned();
        if own.is_down() || seat.is_err() {
            return self.put_back(message).await;
        }
        let patience = self.clock.now().after(self.lease / 4);
        let lane = tokio::select! {
            biased;
            // Its lease is given back with the others.
            _ = stop.wait_for(|stop| *stop) => return,
            lane = Arc::clone(&own.lanes).acquire_owned() => lane.ok(),
            () = self.clock.sleep_until(patience) => None,
        };
        match lane {
            Some(lane) => self.deliver(message, draft, Some(own), lane).await,
            None => self.put_back(message).await,
        }
        drop(under_way);
    }

    /// Lets a message wait that was not tried.
    async fn put_back(&self, message: &Claimed) {
        let (id, attempt, owner) = (message.id, message.attempt, self.owner.clone());
        let at = self.clock.now().after(BUSY);
        let done: Result<(), StoreError> = self
            .store
            .write_patiently(move |tx| {
                let owner = &owner;
                sql::put_back(tx, &Lease { id, owner, attempt }, at)
            })
            .await;
        if let Err(error) = done {
            tracing::warn!(id, %error, "a message could not be put back; its lease runs out by itself");
        }
    }

    /// Sends, and renews the lease as often as that takes. None when the message is another's by now,
    /// who says what becomes of it.
    async fn send(
        &self,
        message: &Claimed,
        letter: &Letter,
        own: Option<&Own>,
    ) -> Option<Delivery> {
        let mut sending = std::pin::pin!(async {
            match own {
                Some(own) => own.send(letter, self.clock.now()).await,
                None => self.relays.send(letter).await,
            }
        });
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
