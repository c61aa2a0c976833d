//! The relays of one deployment: the common one, and those of businesses that have their own.
//!
//! Each has connections of its own, and a business's relay has lanes of its own too: however long it
//! takes, nobody else's mail waits for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;

use super::transport::{Failure, FailureKind, Letter, Reply, Transport, TransportError};
use crate::business::{Brand, BusinessId, OwnRelay};
use crate::clock::Timestamp;
use crate::config;
use crate::vault::Vault;

/// See the module.
pub struct Relays {
    common: Transport,
    settings: config::Smtp,
    vault: Arc<Vault>,
    own: Mutex<HashMap<BusinessId, Own>>,
}

/// A business's relay as it was last set.
struct Own {
    relay: OwnRelay,
    lanes: Arc<Semaphore>,
    /// Why there is none: its settings are of no use here.
    transport: Result<Arc<Transport>, String>,
}

impl Relays {
    /// Sets the common relay up. Nothing is connected yet.
    pub fn open(settings: &config::Smtp, vault: Arc<Vault>) -> Result<Self, TransportError> {
        Ok(Self {
            common: Transport::open(settings)?,
            settings: settings.clone(),
            vault,
            own: Mutex::default(),
        })
    }

    /// The lanes to the business's own relay; none where its mail goes to the common one.
    pub(super) fn own_lanes(&self, brand: &Brand) -> Option<Arc<Semaphore>> {
        self.own(brand, |own| Arc::clone(&own.lanes))
    }

    /// Hands one letter to the relay that takes this brand's mail.
    pub async fn send(
        &self,
        brand: &Brand,
        letter: &Letter,
        now: Timestamp,
    ) -> Result<Reply, Failure> {
        match self.own(brand, |own| own.transport.clone()) {
            None => self.common.send(letter, now).await,
            Some(Ok(transport)) => transport.send(letter, now).await,
            Some(Err(text)) => Err(Failure {
                kind: FailureKind::Relay,
                code: None,
                text,
            }),
        }
    }

    /// Takes leave of every relay.
    pub async fn close(&self) {
        self.common.close().await;
        let own = std::mem::take(&mut *self.own.lock().unwrap_or_else(PoisonError::into_inner));
        for transport in own.into_values().filter_map(|own| own.transport.ok()) {
            transport.close().await;
        }
    }

    /// Looks at the business's own relay, which is set up when it is first needed and anew when its
    /// settings have changed. Mail on the old one's connections is finished there.
    fn own<T>(&self, brand: &Brand, look: impl FnOnce(&Own) -> T) -> Option<T> {
        let (business, relay) = (brand.business?, brand.relay.as_ref()?);
        let mut all = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        if all.get(&business).is_none_or(|own| own.relay != *relay) {
            all.insert(business, self.set_up(business, relay));
        }
        all.get(&business).map(look)
    }

    fn set_up(&self, business: BusinessId, relay: &OwnRelay) -> Own {
        let transport = relay
            .settings(business, &self.settings, &self.vault)
            .map_err(|error| error.to_string())
            .and_then(|settings| Transport::open(&settings).map_err(|error| error.to_string()));
        if let Err(error) = &transport {
            tracing::error!(%business, error, "the relay of a business cannot be used");
        }
        Own {
            relay: relay.clone(),
            lanes: Arc::new(Semaphore::new(self.settings.connections)),
            transport: transport.map(Arc::new),
        }
    }
}
