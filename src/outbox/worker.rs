//! The worker: claims due messages, sends them, marks them.

mod claim;
mod clock;
mod deliver;
mod mark;

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tracing::Instrument as _;

use super::lanes::{Lane, Lanes};
use super::meter::Meter;
use super::pace::Pace;
use super::relays::{RelayStatus, Relays};
use super::schedule::Policy;
use super::sql;
use super::{Claimed, Composed, Draft, OwnRelays, Renderer};
use crate::clock::{Clock, Timestamp};
use crate::config;
use crate::dkim::Dkim;
use crate::entropy::Entropy;
use crate::store::{Store, StoreError, Tx};

/// Finds out what there is to send for a claimed message, in the transaction that claims it. The
/// domain that asked for the mail knows; the outbox does not.
pub type Compose =
    Arc<dyn Fn(&Tx<'_>, &Claimed, Timestamp) -> Result<Composed, StoreError> + Send + Sync>;

/// How long at most a message is left alone that comes while there is nothing to do.
const LINGER: Duration = Duration::from_millis(10);

/// Everything that sending takes.
pub struct Worker {
    store: Store,
    relays: Relays,
    own_relays: OwnRelays,
    renderer: Renderer,
    dkim: Dkim,
    compose: Compose,
    clock: Clock,
    entropy: Entropy,
    policy: Policy,
    lease: Duration,
    poll: Duration,
    concurrency: usize,
    max_crashes: u32,
    /// Attempts under way at once.
    lanes: Arc<Lanes>,
    pace: Option<Mutex<Pace>>,
    /// Names this process in its leases.
    owner: String,
    /// Those attempts by message and number, up to the writing of their outcome.
    under_way: Mutex<HashSet<(i64, u32)>>,
    /// Attempts whose outcome the database has not taken yet.
    unmarked: AtomicUsize,
    /// When the outbox was last looked at; none before the first time.
    latest: Mutex<Option<Timestamp>>,
    /// A relay is known to work again.
    recovered: Notify,
    meter: Arc<Meter>,
}

/// The parts that a [`Worker`] is made of.
pub struct Parts {
    /// The database.
    pub store: Store,
    /// The relays.
    pub relays: Relays,
    /// Those of businesses.
    pub own_relays: OwnRelays,
    /// Templates and keys.
    pub renderer: Renderer,
    /// The signatures of sender domains.
    pub dkim: Dkim,
    /// See [`Compose`].
    pub compose: Compose,
    /// The time.
    pub clock: Clock,
    /// Jitter, and the owner's name.
    pub entropy: Entropy,
}

type Job = (Claimed, Box<Draft>);

/// What a look at the outbox has found to do.
enum Found {
    /// These, and whether they must have the process to themselves.
    Jobs(Vec<Job>, bool),
    /// One that must have the process to itself, which it has not yet.
    MustBeAlone,
    /// Nothing before this time; none when something has to change first.
    Nothing(Option<Timestamp>),
}

impl Worker {
    /// A worker that has claimed nothing yet.
    pub fn new(parts: Parts, config: &config::Outbox) -> Arc<Self> {
        Arc::new(Self {
            owner: parts.entropy.token::<9>(),
            store: parts.store,
            relays: parts.relays,
            own_relays: parts.own_relays,
            renderer: parts.renderer,
            dkim: parts.dkim,
            compose: parts.compose,
            clock: parts.clock,
            entropy: parts.entropy,
            policy: Policy::from(config),
            lease: config.lease,
            poll: config.poll,
            concurrency: config.concurrency,
            max_crashes: config.max_crashes,
            lanes: Arc::default(),
            pace: config.rate.map(|rate| Mutex::new(Pace::new(rate))),
            under_way: Mutex::default(),
            unmarked: AtomicUsize::new(0),
            latest: Mutex::default(),
            recovered: Notify::new(),
            meter: Arc::default(),
        })
    }

    /// How each relay is.
    pub fn relays(&self) -> Vec<RelayStatus> {
        self.relays.statuses()
    }

    /// What has been done since the start.
    pub fn meter(&self) -> &Arc<Meter> {
        &self.meter
    }

    /// Sends until `stop` turns true, then gives what is under way up to `grace` to finish, and gives
    /// the leases of the rest back.
    pub async fn run(self: Arc<Self>, mut stop: watch::Receiver<bool>, grace: Duration) {
        self.forget_relays().await;
        let mut sending = JoinSet::new();
        let mut ahead = None;
        while !*stop.borrow() {
            while sending.try_join_next().is_some() {}
            let found = match ahead.take() {
                Some(found) => Ok(found),
                None => self.find_due().await,
            };
            match found {
                Ok(Found::Jobs(jobs, true)) => {
                    self.hand_out(jobs, &mut sending, &stop).await;
                    drain(&mut sending, &mut stop).await;
                }
                Ok(Found::Jobs(jobs, false)) => {
                    let more = self.find_ahead(jobs.len());
                    ((), ahead) = tokio::join!(self.hand_out(jobs, &mut sending, &stop), more);
                }
                Ok(Found::MustBeAlone) => drain(&mut sending, &mut stop).await,
                Ok(Found::Nothing(next)) => {
                    tokio::select! {
                        () = self.something_to_do(next) => {}
                        _ = stop.wait_for(|stop| *stop) => {}
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "the outbox cannot be read; trying again");
                    // What keeps the database from answering may last: asking at once would be a loop.
                    tokio::select! {
                        () = self.clock.sleep(self.poll) => {}
                        _ = stop.wait_for(|stop| *stop) => {}
                    }
                }
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
        self.relays.close().await;
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

    /// Starts each of these as soon as there is a lane for it.
    async fn hand_out(
        self: &Arc<Self>,
        jobs: Vec<Job>,
        sending: &mut JoinSet<()>,
        stop: &watch::Receiver<bool>,
    ) {
        for (message, draft) in jobs {
            let worker = Arc::clone(self);
            // What is logged on the way, by whichever part, says of which mail.
            let span = tracing::info_span!("mail", message = message.id);
            let mut stop = stop.clone();
            // For one business's relay the others' mail does not wait.
            if let Some(own) = self.own_relays.of(&draft.brand) {
                let delivery = async move {
                    worker.deliver_by_own(&message, &draft, &own, stop).await;
                };
                sending.spawn(delivery.instrument(span));
                continue;
            }
            // Every lane busy: wait for one, so that no more is claimed than can be sent. What has
            // not begun by the time of a stop does not begin any more.
            let lane = tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => break,
                lane = self.next_lane() => lane,
            };
            let delivery = async move {
                worker.deliver(&message, &draft, None, lane).await;
            };
            sending.spawn(delivery.instrument(span));
        }
    }

    /// Which relays work is found out anew. A start that finds nothing noted writes nothing.
    async fn forget_relays(&self) {
        let noted: Result<Vec<RelayStatus>, StoreError> = self.store.read(sql::relays).await;
        let forgotten: Result<(), StoreError> = match noted {
            Ok(noted) if noted.is_empty() => Ok(()),
            Ok(_) => self.store.write_patiently(sql::forget_relays).await,
            Err(error) => Err(error),
        };
        if let Err(error) = forgotten {
            tracing::warn!(%error, "what is noted of the relays could not be forgotten");
        }
    }

    /// A place for the next attempt, and the moment for it.
    async fn next_lane(&self) -> Lane {
        let lane = self.lanes.take(|| self.relays.window()).await;
        if let Some(pace) = &self.pace {
            while let Err(wait) = self.take_moment(pace) {
                self.clock.sleep(wait).await;
            }
        }
        lane
    }

    fn take_moment(&self, pace: &Mutex<Pace>) -> Result<(), Duration> {
        let wide = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let window = self.relays.window().clamp(1, self.concurrency);
        let share = f64::from(wide(window)) / f64::from(wide(self.concurrency));
        pace.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take(self.clock.uptime(), share)
    }

    /// Waits until a message may be due: it is time for one, one was queued, or the poll interval is
    /// over (another process may have queued one).
    async fn something_to_do(&self, next: Option<Timestamp>) {
        let at_latest = self.clock.now().after(self.poll);
        let deadline = next.map_or(at_latest, |next| next.min(at_latest));
        tokio::select! {
            () = self.store.mail_queued() => self.linger().await,
            () = self.recovered.notified() => {}
            () = self.clock.sleep_until(deadline) => {}
        }
    }

    /// Waits for a moment, as long as chance wants. Whoever asks for a link, and at once for something else,
    /// would see otherwise whether there was a mail to send: by a third of a millisecond for which the other
    /// request waits while the mail is marked as sent.
    async fn linger(&self) {
        let moment = LINGER.mul_f64(self.entropy.fraction());
        // Whatever clock the program goes by, the strangers' clock is this one.
        Clock::System.sleep(moment).await;
    }

    fn under_way(&self) -> std::sync::MutexGuard<'_, HashSet<(i64, u32)>> {
        self.under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// While an outcome cannot be written, neither can a claim be trusted: the message that was sent but
    /// not marked would be taken again as soon as its lease is over.
    fn may_claim(&self) -> bool {
        self.unmarked.load(Ordering::Acquire) == 0
    }
}

/// Waits until nothing is under way, or for the stop.
async fn drain(sending: &mut JoinSet<()>, stop: &mut watch::Receiver<bool>) {
    let ended = async { while sending.join_next().await.is_some() {} };
    tokio::select! {
        () = ended => {}
        _ = stop.wait_for(|stop| *stop) => {}
    }
}
