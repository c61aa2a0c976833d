//! The new database, made ready beside the old one.

use std::fs::{self, File};
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Ended, Form, Order, RestoreError, end, form, io_error, open};
use crate::audit;
use crate::backup::archive::{self, KeyFile};
use crate::backup::container::Opener;
use crate::clock::Timestamp;
use crate::files::{beside, make_folder, open_private, sync_folder};
use crate::store::{self, Contents, Options, Store, StoreError};
use crate::vault::Vault;

/// The folder beside the database in which the new one is made ready.
pub(super) struct Stage {
    pub(super) folder: PathBuf,
    pub(super) database: PathBuf,
    /// Whether what is in it may be more than a draft.
    pub(super) needed: bool,
}

impl Stage {
    pub(super) fn begin(order: &Order<'_>, database: &Path) -> Result<Self, RestoreError> {
        let folder = beside(database, "-restoring");
        let stage = Self {
            database: folder.join("readmit.db"),
            folder,
            needed: false,
        };
        stage.clear().map_err(|error| io_error(order, error))?;
        make_folder(&stage.folder).map_err(|error| io_error(order, error))?;
        Ok(stage)
    }

    fn clear(&self) -> io::Result<()> {
        match fs::remove_dir_all(&self.folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Takes the database out of the backup and checks it. The keys that are in it, too.
    pub(super) fn fill(&self, order: &Order<'_>) -> Result<(Contents, Vec<KeyFile>), RestoreError> {
        let mut from = open(order.file)?;
        let form = form(&mut from, order.file)?;
        let failed = |source| io_error(order, source);
        let mut staged = open_private(&self.database).map_err(failed)?;
        let keys = match form {
            Form::Plain => {
                io::copy(&mut from, &mut staged).map_err(failed)?;
                Vec::new()
            }
            Form::Encrypted => {
                let passphrase = order
                    .passphrase
                    .ok_or_else(|| RestoreError::Encrypted(order.file.to_owned()))?;
                Opener::new(BufReader::new(from), passphrase)
                    .and_then(|mut opener| archive::read(&mut opener, &mut staged))
                    .map_err(|source| RestoreError::Container {
                        path: order.file.to_owned(),
                        source,
                    })?
            }
        };
        drop(staged);
        let contents = store::verify(&self.database).map_err(|source| RestoreError::Unsound {
            path: order.file.to_owned(),
            source,
        })?;
        Ok((contents, keys))
    }

    /// Applies what migrations are missing, and ends what must not come to life again.
    pub(super) async fn bring_up_to_date(
        &self,
        order: &Order<'_>,
        vault: Vault,
        now: Timestamp,
    ) -> Result<Ended, RestoreError> {
        let options = Options {
            path: self.database.clone(),
            readers: 1,
            ..order.database.clone()
        };
        let vault = Arc::new(vault);
        let hooks = audit::hooks(move || Ok(Arc::clone(&vault)));
        let store = Store::open(&options, hooks)?;
        let (actor, keep_sessions) = (order.actor.clone(), order.keep_sessions);
        let file = order.file.display().to_string();
        let ended = store
            .write(move |tx| {
                let ended = end(tx, keep_sessions, now)?;
                let entry = audit::Entry {
                    actor,
                    event: "backup.restore",
                    outcome: audit::Outcome::Ok,
                    account: None,
                    business: None,
                    client: None,
                    detail: Some(&file),
                };
                audit::record(tx, &entry, now)?;
                Ok::<_, StoreError>(ended)
            })
            .await;
        store.close().await;
        Ok(ended?)
    }

    pub(super) fn sync(&self) -> io::Result<()> {
        // A log beside it would belong to it and stay behind; a closed store leaves none.
        for suffix in ["-wal", "-shm"] {
            if beside(&self.database, suffix).exists() {
                return Err(io::Error::other("the restored database was not closed"));
            }
        }
        File::open(&self.database)?.sync_all()?;
        sync_folder(&self.folder)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if self.needed {
            return;
        }
        // What cannot be removed is removed by the next restore.
        let _ = self.clear();
    }
}
