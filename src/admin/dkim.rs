//! Acts on DKIM keys. Files are not rolled back, so nothing that could fail stands behind them but the
//! commit.

use std::path::PathBuf;

use super::{Admin, note};
use crate::clock::Timestamp;
use crate::dkim::{self, Algorithm, DkimError, Listed, SelectorName, SenderDomain};
use crate::store::StoreError;

/// Why an act on a DKIM key failed.
#[derive(Debug, thiserror::Error)]
pub enum DkimActError {
    /// The key, or its folder.
    #[error(transparent)]
    Key(#[from] DkimError),
    /// The database did not take the audit entry.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Admin {
    /// Makes a key, which does not sign yet.
    pub async fn new_dkim_key(
        &self,
        folder: PathBuf,
        (domain, selector): (SenderDomain, SelectorName),
        algorithm: Algorithm,
        now: Timestamp,
    ) -> Result<Listed, DkimActError> {
        let actor = self.actor.clone();
        self.store
            .write(move |tx| {
                let key = dkim::create(&folder, domain, selector, algorithm)?;
                note(
                    tx,
                    actor,
                    "dkim.new",
                    (None, None),
                    Some(&key.record.name),
                    now,
                )?;
                Ok(key)
            })
            .await
    }

    /// Lets a key sign, in the place of the one that did so far; that one's selector.
    pub async fn use_dkim_key(
        &self,
        folder: PathBuf,
        (domain, selector): (SenderDomain, SelectorName),
        now: Timestamp,
    ) -> Result<Option<SelectorName>, DkimActError> {
        let actor = self.actor.clone();
        let name = dkim::record_name(&domain, &selector);
        self.store
            .write(move |tx| {
                let before = dkim::put_to_use(&folder, &domain, &selector)?;
                note(tx, actor, "dkim.use", (None, None), Some(&name), now)?;
                Ok(before)
            })
            .await
    }

    /// Removes a key.
    pub async fn remove_dkim_key(
        &self,
        folder: PathBuf,
        (domain, selector): (SenderDomain, SelectorName),
        now: Timestamp,
    ) -> Result<(), DkimActError> {
        let actor = self.actor.clone();
        let name = dkim::record_name(&domain, &selector);
        self.store
            .write(move |tx| {
                note(tx, actor, "dkim.remove", (None, None), Some(&name), now)?;
                Ok(dkim::remove(&folder, &domain, &selector)?)
            })
            .await
    }
}
