//! The worker: claims due messages, sends them, marks them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use super::schedule::{self, Attempt, Policy, Verdict};
use super::sql::{self, Lease, Unreadable};
use super::transport::{Failure, FailureKind, Reply, Transport};
use super::{Claimed, Composed, Draft, Own, OwnRelays, Renderer, State};
use crate::clock::{Clock, Timestamp};
use crate::config;
use crate::entropy::Entropy;
use crate::store::{Store, StoreError, Tx};

/// Finds out what there is to send for a claimed message, in the transaction that claims it. The
/// domain that asked for the mail knows; the outbox does not.
pub type Compose =
    Arc<dyn Fn(&Tx<'_>, &Claimed, Timestamp) -> Result<Composed, StoreError> + Send + Sync>;

/// Everything that sending takes.
pub struct Worker {
    store: Store,
    transport: Transport,
    own_relays: OwnRelays,
    renderer: Renderer,
    compose: Compose,
    clock: Clock,
    entropy: Entropy,
    policy: Policy,
    lease: Duration,
    poll: Duration,
    /// Messages under way at once.
    lanes: Arc<Semaphore>,
    /// Names this process in its leases.
    owner: String,
    /// Attempts whose outcome the database has not taken yet.
    unmarked: AtomicUsize,
}

/// The parts that a [`Worker`] is made of.
pub struct Parts {
    /// The database.
    pub store: Store,
    /// The common relay.
    pub transport: Transport,
    /// Those of businesses.
    pub own_relays: OwnRelays,
    /// Templates and keys.
    pub renderer: Renderer,
    /// See [`Compose`].
    pub compose: Compose,
    /// The time.
    pub clock: Clock,
    /// Jitter, and the owner's name.
    pub entropy: Entropy,
}

type Job = (Claimed, Box<Draft>);

/// How long a message goes back into the queue whose business's own relay is busy.
const BUSY: Duration = Duration::from_secs(5);

impl Worker {
    /// A worker that sends on up to `connections` lanes.
    pub fn new(parts: Parts, config: &config::Outbox, connections: usize) -> Arc<Self> {
        Arc::new(Self {
            owner: parts.entropy.token::<9>(),
            store: parts.store,
            transport: parts.transport,
            own_relays: parts.own_relays,
            renderer: parts.renderer,
            compose: parts.compose,
            clock: parts.clock,
            entropy: parts.entropy,
            policy: Policy {
                first_retry: config.first_retry,
                max_retry: config.max_retry,
            },
            lease: config.lease,
            poll: config.poll,
            lanes: Arc::new(Semaphore::new(connections)),
            unmarked: AtomicUsize::new(0),
        })
    }

    /// Sends until `stop` turns true, then gives what is under way up to `grace` to finish, and gives
    /// the leases of the rest back.
    pub async fn run(self: Arc<Self>, mut stop: watch::Receiver<bool>, grace: Duration) {
        let mut sending = JoinSet::new();
        while !*stop.borrow() {
            while sending.try_join_next().is_some() {}
            let claimed = match self.claim_due().await {
                Ok(jobs) => jobs,
                Err(error) => {
                    tracing::error!(%error, "the outbox cannot be read; trying again");
                    // What keeps the database from answering may last: asking at once would be a loop.
                    let pause = self.clock.now().after(self.poll);
                    tokio::select! {
                        () = self.clock.sleep_until(pause) => {}
                        _ = stop.wait_for(|stop| *stop) => {}
                    }
                    continue;
                }
            };
            if claimed.is_empty() {
                tokio::select! {
                    () = self.due() => {}
                    _ = stop.wait_for(|stop| *stop) => {}
                }
                continue;
            }
            for (message, draft) in claimed {
                let worker = Arc::clone(&self);
                // For one business's relay the others' mail does not wait.
                if let Some(own) = self.own_relays.of(&draft.brand) {
                    let stop = stop.clone();
                    sending.spawn(async move {
                        worker.deliver_by_own(&message, &draft, &own, stop).await;
                    });
                    continue;
                }
                // Every lane busy: wait for one, so that no more is claimed than can be sent. What has
                // not begun by the time of a stop does not begin any more.
                let lane = tokio::select! {
                    biased;
                    _ = stop.wait_for(|stop| *stop) => break,
                    lane = Arc::clone(&self.lanes).acquire_owned() => lane,
                };
                let Ok(lane) = lane else { return };
                sending.spawn(async move {
                    worker.deliver(&message, &draft, None, lane).await;
                });
            }
        }
        let finished = async { while sending.join_next().await.is_some() {} };
        if tokio::time::timeout(grace, finished).await.is_err() {
            tracing::warn!(
                mails = sending.len(),
                "mail under way was cut off; it is sent again"
            );
            sending.shutdown().await;
        }
        self.transport.close().await;
        self.own_relays.close().await;
        let (owner, now) = (self.owner.clone(), self.clock.now());
        let released: Result<usize, StoreError> = self
            .store
            .write_patiently(move |tx| sql::release(tx, &owner, now))
            .await;
        if let Err(error) = released {
            tracing::warn!(%error, "leases could not be given back; they run out by themselves");
        }
    }

    /// Waits until a message may be due: one was queued, the earliest has come due, or the poll
    /// interval is over (another process may have queued one).
    async fn due(&self) {
        let earliest = self.store.read(sql::next_due).await;
        let now = self.clock.now();
        let at_latest = now.after(self.poll);
        let deadline = match earliest {
            Ok(Some(earliest)) if self.unmarked.load(Ordering::Acquire) == 0 => {
                if earliest <= now {
                    return;
                }
                earliest.min(at_latest)
            }
            _ => at_latest,
        };
        tokio::select! {
            () = self.store.mail_queued() => {}
            () = self.clock.sleep_until(deadline) => {}
        }
    }

    /// Claims what is due and has it composed, in one transaction.
    async fn claim_due(&self) -> Result<Vec<Job>, StoreError> {
        // While an outcome cannot be written, neither can a claim be trusted: the message that was
        // sent but not marked would be taken again as soon as its lease is over.
        if self.unmarked.load(Ordering::Acquire) > 0 {
            return Ok(Vec::new());
        }
        let now = self.clock.now();
        let due = self.store.read(sql::next_due).await?;
        if due.is_none_or(|due| due > now) {
            return Ok(Vec::new());
        }
        let (owner, lease_until) = (self.owner.clone(), now.after(self.lease));
        // A few more than there are lanes keep these busy while the next claim commits.
        let limit = self.lanes.available_permits().max(1) * 4;
        let compose = Arc::clone(&self.compose);
        let policy = self.policy;
        self.store
            .write_patiently(move |tx| {
                let mut jobs = Vec::new();
                for row in sql::claim(tx, &owner, lease_until, limit, now)? {
                    jobs.extend(prepare(tx, row, &owner, &compose, &policy, now)?);
                }
                Ok(jobs)
            })
            .await
    }

    async fn deliver(
        &self,
        message: &Claimed,
        draft: &Draft,
        own: Option<&Own>,
        lane: tokio::sync::OwnedSemaphorePermit,
    ) {
        let letter = self.renderer.letter(message, draft, self.clock.now());
        self.renderer
            .report_failures(&self.store, self.clock.now())
            .await;
        let result = match letter {
            Ok(letter) => {
                // An attempt ends before its lease does, or another worker could start the same.
                let now = self.clock.now();
                let limit = message.lease_until.since(now).mul_f64(0.9);
                let sending = async {
                    match own {
                        Some(own) => own.send(&letter, now).await,
                        None => self.transport.send(&letter, now).await,
                    }
                };
                tokio::time::timeout(limit, sending)
                    .await
                    .unwrap_or_else(|_| Err(timed_out()))
            }
            Err(error) => {
                tracing::error!(id = message.id, %error, "a mail cannot be rendered");
                Err(Failure {
                    kind: FailureKind::Deferred,
                    code: None,
                    text: "the mail could not be rendered; see the log".to_owned(),
                })
            }
        };
        drop(lane);
        self.mark(message, result).await;
    }

    /// Waits for a lane to a business's own relay and delivers. When there is none for too long, or too
    /// many wait already, the message goes back into the queue.
    async fn deliver_by_own(
        &self,
        message: &Claimed,
        draft: &Draft,
        own: &Own,
        mut stop: watch::Receiver<bool>,
    ) {
        let Ok(_seat) = Arc::clone(&own.seats).try_acquire_owned() else {
            return self.put_back(message).await;
        };
        // The lease has to last for the attempt, too.
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
    }

    /// Lets a message wait whose relay has no lane free. It was not tried.
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

    /// Writes the outcome, trying again for as long as the database refuses.
    async fn mark(&self, message: &Claimed, result: Result<Reply, Failure>) {
        let now = self.clock.now();
        let verdict = result.as_ref().err().map(|failure| {
            let attempt = Attempt {
                kind: message.kind,
                number: message.attempt,
                age: now.since(message.created_at),
                failure: failure.kind,
            };
            schedule::decide(&attempt, &self.policy, self.entropy.fraction())
        });
        let reply = match &result {
            Ok(reply) => format!("{} {}", reply.code, reply.text),
            Err(failure) => failure.to_string(),
        };
        match verdict {
            None => tracing::debug!(id = message.id, kind = %message.kind, "mail sent"),
            Some(Verdict::Retry(wait)) => {
                tracing::warn!(id = message.id, kind = %message.kind, %reply, ?wait, "mail not sent; trying again");
            }
            Some(Verdict::Dead(why)) => {
                tracing::error!(id = message.id, kind = %message.kind, %reply, why, "mail given up");
            }
        }
        let mut counted = false;
        loop {
            let (id, attempt) = (message.id, message.attempt);
            let (owner, reply) = (self.owner.clone(), reply.clone());
            let marked: Result<(), StoreError> = self
                .store
                .write_patiently(move |tx| {
                    let owner = &owner;
                    let lease = Lease { id, owner, attempt };
                    match verdict {
                        None => sql::finish(tx, &lease, State::Sent, Some(&reply), None, now),
                        Some(Verdict::Retry(wait)) => {
                            sql::retry(tx, &lease, &reply, now.after(wait))
                        }
                        Some(Verdict::Dead(why)) => {
                            sql::finish(tx, &lease, State::Dead, Some(&reply), Some(why), now)
                        }
                    }
                })
                .await;
            let Err(error) = marked else { break };
            tracing::error!(id = message.id, %error, "the outcome of a mail cannot be written yet");
            if !counted {
                counted = true;
                self.unmarked.fetch_add(1, Ordering::AcqRel);
            }
            self.clock
                .sleep_until(self.clock.now().after(self.poll))
                .await;
        }
        if counted {
            self.unmarked.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

/// Has a claimed row composed. One that there is nothing to send for is marked in the same
/// transaction, and never holds up the others.
fn prepare(
    tx: &Tx<'_>,
    row: Result<Claimed, Unreadable>,
    owner: &str,
    compose: &Compose,
    policy: &Policy,
    now: Timestamp,
) -> Result<Option<Job>, StoreError> {
    let (id, attempt) = match &row {
        Ok(message) => (message.id, message.attempt),
        Err(row) => (row.id, row.attempt),
    };
    let lease = Lease { id, owner, attempt };
    let end = |state, why: &str| {
        sql::finish(tx, &lease, state, None, Some(why), now)?;
        Ok(None)
    };
    let message = match row {
        Ok(message) => message,
        Err(Unreadable { error, .. }) => {
            tracing::error!(id, %error, "a message cannot be read");
            return end(State::Dead, &format!("the message cannot be read: {error}"));
        }
    };
    // It may have waited for us rather than for the relay.
    if let Some(why) = schedule::too_late(message.kind, now.since(message.created_at)) {
        tracing::error!(id, kind = %message.kind, why, "mail given up");
        return end(State::Dead, why);
    }
    match compose(tx, &message, now) {
        Ok(Composed::Send(draft)) => Ok(Some((message, draft))),
        Ok(Composed::Drop(why)) => end(State::Dropped, &why),
        Err(StoreError::Sql(error)) => {
            tracing::error!(id, %error, "a message cannot be composed");
            let next = now.after(policy.first_retry);
            sql::retry(tx, &lease, "it could not be composed", next)?;
            Ok(None)
        }
        Err(other) => Err(other),
    }
}

fn timed_out() -> Failure {
    Failure {
        kind: FailureKind::Timeout,
        code: None,
        text: "the attempt took as long as its lease".to_owned(),
    }
}
