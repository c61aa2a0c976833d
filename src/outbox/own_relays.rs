//! Relays of businesses' own.
//!
//! Each has connections and lanes of its own: however long it takes, nobody else's mail waits for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Semaphore;

use super::transport::{Failure, FailureKind, Letter, Reply, Transport};
use crate::business::{Brand, BusinessId, OwnRelay};
use crate::clock::Timestamp;
use crate::config;
use crate::vault::Vault;

/// The most messages that may wait for a lane to one business's relay. More stay in the queue, where
/// they take no memory.
const SEATS: usize = 256;

/// The relays of all businesses that have one.
pub struct OwnRelays {
    /// What is the same for every relay.
    common: config::Smtp,
    vault: Arc<Vault>,
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
    transport: Result<Transport, String>,
}

impl OwnRelays {
    /// None is set up before it is needed.
    pub fn new(common: &config::Smtp, vault: Arc<Vault>) -> Self {
        Self {
            common: common.clone(),
            vault,
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
            if let Ok(transport) = &own.transport {
                transport.close().await;
            }
        }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<BusinessId, Arc<Own>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_up(&self, business: BusinessId, relay: &OwnRelay) -> Own {
        let transport = relay
            .settings(business, &self.common, &self.vault)
            .map_err(|error| error.to_string())
            .and_then(|settings| Transport::open(&settings).map_err(|error| error.to_string()));
        if let Err(error) = &transport {
            tracing::error!(%business, error, "the relay of a business cannot be used");
        }
        Own {
            relay: relay.clone(),
            lanes: Arc::new(Semaphore::new(self.common.connections)),
            seats: Arc::new(Semaphore::new(SEATS)),
            transport,
        }
    }
}

impl Own {
    /// Hands one letter over.
    pub async fn send(&self, letter: &Letter, now: Timestamp) -> Result<Reply, Failure> {
        match &self.transport {
            Ok(transport) => transport.send(letter, now).await,
            Err(text) => Err(Failure {
                kind: FailureKind::Relay,
                code: None,
                text: text.clone(),
            }),
        }
    }

    /// Goes as far as possible without a letter and says in a sentence what was found.
    pub async fn probe(&self) -> Result<String, String> {
        match &self.transport {
            Ok(transport) => transport
                .probe()
                .await
                .map_err(|failure| failure.to_string()),
            Err(text) => Err(text.clone()),
        }
    }
}
