//! The relays in their order: which of them takes a letter now.
//!
//! An attempt goes to the first relay that is not known to be down, and on to the next when it fails for
//! a reason that has nothing to do with the letter. A relay that was down is probed by single letters,
//! which go on to the next as well if it still fails; once it works, mail goes there again.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use super::breaker::{Admission, Breaker, Change, Signal};
use super::schedule::{self, Blame, Policy};
use super::transport::{Failure, FailureKind, Letter, Reply, Transport, TransportError};
use crate::clock::{Clock, Timestamp};
use crate::config;
use crate::entropy::Entropy;

/// All relays of a deployment.
pub struct Relays {
    routes: Vec<Route>,
    policy: Policy,
    clock: Clock,
    entropy: Entropy,
}

/// How one relay is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RelayStatus {
    /// Its URL.
    pub relay: String,
    /// Its place in the order of preference, from 0.
    pub place: usize,
    /// Since when it is down; none while it works.
    pub down_since: Option<Timestamp>,
    /// When it is tried next; none while it works.
    pub next_probe_at: Option<Timestamp>,
    /// Why it is down.
    pub failure: Option<String>,
}

struct Route {
    relay: String,
    place: usize,
    transport: Transport,
    health: Mutex<Health>,
}

struct Health {
    breaker: Breaker,
    failure: Option<String>,
}

/// What came of one relay within an attempt.
pub(crate) struct Try {
    /// None when it came to no relay at all.
    pub(crate) relay: Option<String>,
    /// When it ended.
    pub(crate) at: Timestamp,
    pub(crate) outcome: Result<Reply, Failure>,
}

/// What came of an attempt: one try at each relay that it went to, in their order. None at all when every
/// relay is known to be down.
#[derive(Default)]
pub(super) struct Delivery {
    pub(super) tries: Vec<Try>,
    /// The relays of which something new is known.
    pub(super) news: Vec<RelayStatus>,
}

impl Delivery {
    /// An attempt that failed before any relay came into it.
    pub(super) fn failed(failure: Failure, at: Timestamp) -> Self {
        Self {
            tries: vec![Try {
                relay: None,
                at,
                outcome: Err(failure),
            }],
            news: Vec::new(),
        }
    }
}

/// Leave to try a relay, which is given back if nothing comes of it.
struct Pass<'a> {
    route: &'a Route,
    admission: Option<Admission>,
}

impl Relays {
    /// Sets the transports up; none is connected yet.
    pub fn open(
        smtp: &config::Smtp,
        outbox: &config::Outbox,
        clock: Clock,
        entropy: Entropy,
    ) -> Result<Self, TransportError> {
        let routes = smtp.urls.iter().enumerate().map(|(place, url)| {
            Ok(Route {
                relay: url.to_string(),
                place,
                transport: Transport::open(smtp, url, outbox.concurrency)?,
                health: Mutex::new(Health {
                    breaker: Breaker::new(outbox.concurrency),
                    failure: None,
                }),
            })
        });
        Ok(Self {
            routes: routes.collect::<Result<_, TransportError>>()?,
            policy: Policy::from(outbox),
            clock,
            entropy,
        })
    }

    /// How each relay is, in their order.
    pub fn statuses(&self) -> Vec<RelayStatus> {
        self.routes.iter().map(Route::status).collect()
    }

    /// Goes to each relay as far as possible without a letter: its URL, and in a sentence what was found.
    pub async fn probe(&self) -> Vec<(String, Result<String, Failure>)> {
        let mut found = Vec::with_capacity(self.routes.len());
        for route in &self.routes {
            found.push((route.relay.clone(), route.transport.probe().await));
        }
        found
    }

    /// How many attempts there may be at the same time: none while every relay is down and no probe due.
    pub(super) fn window(&self) -> usize {
        let now = self.clock.now();
        let windows = self.routes.iter().map(|r| r.lock().breaker.window(now));
        windows.max().unwrap_or(0)
    }

    /// Tries the relays in their order.
    pub(super) async fn send(&self, letter: &Letter) -> Delivery {
        let mut delivery = Delivery::default();
        for route in &self.routes {
            let Some(pass) = route.admit(self.clock.now()) else {
                continue;
            };
            let outcome = route.transport.send(letter, self.clock.now()).await;
            let at = self.clock.now();
            let jitter = self.entropy.fraction();
            if pass.report(&outcome, &self.policy, at, jitter) {
                delivery.news.push(route.status());
            }
            let goes_on = outcome
                .as_ref()
                .is_err_and(|failure| schedule::blame(failure).is_general());
            delivery.tries.push(Try {
                relay: Some(route.relay.clone()),
                at,
                outcome,
            });
            if !goes_on {
                break;
            }
        }
        delivery
    }

    /// Hands one letter over that is no message of the outbox: what the relay said that took it, or the last
    /// that did not.
    pub async fn send_once(&self, letter: &Letter) -> Result<String, String> {
        let last = self.send(letter).await.tries.pop();
        match last.map(|last| last.outcome) {
            Some(Ok(reply)) => Ok(format!("{} {}", reply.code, reply.text)),
            Some(Err(failure)) => Err(failure.to_string()),
            None => Err("every relay is down".to_owned()),
        }
    }

    /// Takes leave of every relay.
    pub async fn close(&self) {
        for route in &self.routes {
            route.transport.close().await;
        }
    }
}

impl Route {
    fn lock(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn status(&self) -> RelayStatus {
        let health = self.lock();
        RelayStatus {
            relay: self.relay.clone(),
            place: self.place,
            down_since: health.breaker.down_since(),
            next_probe_at: health.breaker.next_probe(),
            failure: health.failure.clone(),
        }
    }

    fn admit(&self, now: Timestamp) -> Option<Pass<'_>> {
        let admission = self.lock().breaker.admit(now)?;
        Some(Pass {
            route: self,
            admission: Some(admission),
        })
    }
}

impl Pass<'_> {
    /// Lets the relay's health learn from the outcome; true when that has changed it.
    fn report(
        mut self,
        outcome: &Result<Reply, Failure>,
        policy: &Policy,
        now: Timestamp,
        jitter: f64,
    ) -> bool {
        let Some(admission) = self.admission.take() else {
            return false;
        };
        let signal = signal(outcome);
        let mut health = self.route.lock();
        let was_down = health.breaker.down_since().is_some();
        let change = health.breaker.note(admission, signal, policy, now, jitter);
        let relay = self.route.relay.as_str();
        match (change, outcome) {
            (Some(Change::Down), Err(failure)) => {
                health.failure = Some(failure.text.clone());
                let next_try = health.breaker.next_probe().unwrap_or(now);
                if failure.kind == FailureKind::Credentials {
                    tracing::error!(relay, %failure, %next_try, "the relay refuses our credentials; mail waits until smtp.username and its password are right");
                } else if !was_down {
                    tracing::error!(relay, %failure, %next_try, "the relay is down; mail waits");
                }
            }
            (Some(Change::Up), _) => {
                health.failure = None;
                tracing::info!(relay, "the relay works again");
            }
            _ => {}
        }
        change.is_some()
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        if let Some(admission) = self.admission.take() {
            self.route.lock().breaker.abandon(admission);
        }
    }
}

fn signal(outcome: &Result<Reply, Failure>) -> Signal {
    let Err(failure) = outcome else {
        return Signal::Works;
    };
    match (schedule::blame(failure), failure.code) {
        (blame @ (Blame::Relay | Blame::Credentials), _) => Signal::Fails(blame),
        (Blame::Mailbox, _) => Signal::Works,
        // Whoever answers works, whatever it thinks of this letter.
        (Blame::Letter, Some(_)) if failure.kind != FailureKind::Broken => Signal::Works,
        (Blame::Letter, _) => Signal::Unclear,
    }
}
