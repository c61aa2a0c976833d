//! Relays of businesses' own.
//!
//! Each has connections and lanes of its own: however long it takes, nobody else's mail waits for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Semaphore;

use super::relays::{Delivery, Relays};
use super::transport::{Failure, FailureKind, Letter};
use crate::business::{Brand, BusinessId, OwnRelay};
use crate::clock::{Clock, Timestamp};
use crate::config;
use crate::entropy::Entropy;
use crate::vault::Vault;

/// The most messages that may wait for a lane to one business's relay. More stay in the queue, where
/// they take no memory.
const SEATS: usize = 256;

/// The relays of all businesses that have one.
pub struct OwnRelays {
    /// What is the same for every relay.
    common: config::Smtp,
    outbox: config::Outbox,
    vault: Arc<Vault>,
    clock: Clock,
    entropy: Entropy,
    known: Mutex<HashMap<BusinessId, Arc<Own>>>,
}

/// A business's relay as it was last set.
pub struct Own {
    relay: OwnRelay,
    /// A message under way has one.
    pub(super) lanes: Arc<Semaphore>,
    /// A message under way or waiting for a lane has one.
    pub(super) seats: Arc<Semaphore>,
    /// Why there is none: its settings are of no use here.
    relays: Result<Relays, String>,
}

impl OwnRelays {
    /// None is set up before it is needed.
    pub fn new(
        common: &config::Smtp,
        outbox: &config::Outbox,
        vault: Arc<Vault>,
        clock: Clock,
        entropy: Entropy,
    ) -> Self {
        Self {
            common: common.clone(),
            outbox: outbox.clone(),
            vault,
            clock,
            entropy,
            known: Mutex::default(),
        }
    }

    /// The relay that takes this brand's mail; none where the common one does. It is set up when it is
    /// first needed, and anew when its settings have changed; mail on its way by the old one is finished
    /// there.
    pub fn of(&self, brand: &Brand) -> Option<Arc<Own>> {
        let (business, relay) = (brand.business?, brand.relay.as_ref()?);
        let mut known = self.known();
        if let Some(own) = known.get(&business).filter(|own| own.relay == *relay) {
            return Some(Arc::clone(own));
        }
        let own = Arc::new(self.set_up(business, relay));
        known.insert(business, Arc::clone(&own));
        Some(own)
    }

    /// Takes leave of every relay.
    pub async fn close(&self) {
        let known = std::mem::take(&mut *self.known());
        for own in known.into_values() {
            if let Ok(relays) = &own.relays {
                relays.close().await;
            }
        }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<BusinessId, Arc<Own>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_up(&self, business: BusinessId, relay: &OwnRelay) -> Own {
        let relays = relay
            .settings(business, &self.common, &self.vault)
            .map_err(|error| error.to_string())
            .and_then(|settings| {
                let (clock, entropy) = (self.clock.clone(), self.entropy.clone());
                Relays::open(&settings, &self.outbox, clock, entropy)
                    .map_err(|error| error.to_string())
            });
        if let Err(error) = &relays {
            tracing::error!(%business, error, "the relay of a business cannot be used");
        }
        Own {
            relay: relay.clone(),
            lanes: Arc::new(Semaphore::new(self.outbox.concurrency)),
            seats: Arc::new(Semaphore::new(SEATS)),
            relays,
        }
    }
}

impl Own {
    /// Whether the relay is known to be down, and not to be tried yet.
    pub(super) fn is_down(&self) -> bool {
        self.relays
            .as_ref()
            .is_ok_and(|relays| relays.window() == 0)
    }

    /// Hands one letter over. How the relay is stays here: listings show the common ones.
    pub(super) async fn send(&self, letter: &Letter, now: Timestamp) -> Delivery {
        match &self.relays {
            Ok(relays) => Delivery {
                news: Vec::new(),
                ..relays.send(letter).await
            },
            Err(text) => Delivery::failed(unusable(text), now),
        }
    }

    /// Hands one letter over that is no message of the outbox: what the relay said.
    pub async fn send_once(&self, letter: &Letter) -> Result<String, String> {
        match &self.relays {
            Ok(relays) => relays.send_once(letter).await,
            Err(text) => Err(text.clone()),
        }
    }

    /// Goes as far as possible without a letter and says in a sentence what was found.
    pub async fn probe(&self) -> Result<String, String> {
        let relays = self.relays.as_ref().map_err(Clone::clone)?;
        let found = relays.probe().await.pop();
        let (_, found) = found.ok_or("there is no relay")?;
        found.map_err(|failure| failure.to_string())
    }
}

/// Which may pass: somebody will set the relay right.
fn unusable(text: &str) -> Failure {
    Failure {
        kind: FailureKind::Deferred,
        stage: None,
        code: None,
        enhanced: None,
        text: text.to_owned(),
    }
}
