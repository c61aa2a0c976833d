//! Acts on the signing keys.

use std::path::PathBuf;

use super::{Admin, note};
use crate::clock::Timestamp;
use crate::store::StoreError;
use crate::token::{self, KeyError, RetireError};

/// Why an act on the signing keys failed.
#[derive(Debug, thiserror::Error)]
pub enum KeyActError {
    /// The folder.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The key.
    #[error(transparent)]
    Retire(#[from] RetireError),
    /// The database did not take the audit entry.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Admin {
    /// Makes a key that signs from now on. Its id.
    pub async fn rotate_key(&self, folder: PathBuf, now: Timestamp) -> Result<String, KeyActError> {
        let actor = self.actor.clone();
        self.store
            .write(move |tx| {
                // Files are not rolled back, so nothing that could fail stands behind this but the commit.
                let id = token::rotate_key(&folder, now)?;
                note(tx, actor, "key.rotate", (None, None), Some(&id), now)?;
                Ok(id)
            })
            .await
    }

    /// Removes a key before its time; what it has signed is worth nothing from now on.
    pub async fn retire_key(
        &self,
        folder: PathBuf,
        id: String,
        now: Timestamp,
    ) -> Result<(), KeyActError> {
        let actor = self.actor.clone();
        self.store
            .write(move |tx| {
                note(tx, actor, "key.retire", (None, None), Some(&id), now)?;
                Ok(token::retire_key(&folder, &id, now)?)
            })
            .await
    }
}
