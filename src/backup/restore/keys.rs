//! The keys of a backup, made ready beside those of the deployment.

use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;

use super::{Order, RestoreError, io_error, name_of, not_taken};
use crate::backup::archive::KeyFile;
use crate::clock::Timestamp;
use crate::entropy::Entropy;
use crate::files::{make_folder, open_private, remove_if_there, sync_folder};
use crate::key_folder::{KeyError, KeyFolder, names};
use crate::store::Swap;
use crate::vault::Vault;

/// Keys that are to take the place of others, in a folder that nobody else writes to meanwhile.
pub(super) struct NewKeys {
    folder: PathBuf,
    kept: PathBuf,
    old: Vec<String>,
    new: Vec<KeyFile>,
    _writing: KeyFolder,
}

impl NewKeys {
    /// None when the folder holds the same ones.
    pub(super) fn unless_the_same(
        order: &Order<'_>,
        new: Vec<KeyFile>,
        now: Timestamp,
    ) -> Result<Option<Self>, RestoreError> {
        let folder = std::path::absolute(order.keys).map_err(|error| io_error(order, error))?;
        let writing = KeyFolder::open(&folder)?;
        let old = names(&folder)?;
        let is_there = |key: &KeyFile| {
            fs::read(folder.join(&key.name)).is_ok_and(|content| content == *key.content)
        };
        if old.len() == new.len() && new.iter().all(is_there) {
            return Ok(None);
        }
        if !old.is_empty() && !order.replace {
            return Err(RestoreError::KeysExist(order.keys.to_owned()));
        }
        Ok(Some(Self {
            kept: not_taken(&folder.join(format!(".before-{}", name_of(now)))),
            folder,
            old,
            new,
            _writing: writing,
        }))
    }

    /// What seals and authenticates by them.
    pub(super) fn vault(&self, entropy: &Entropy) -> Result<Vault, KeyError> {
        let contents = |name: &str| {
            let key = self.new.iter().find(|key| key.name == name)?;
            Some(key.content.as_slice())
        };
        Vault::of_files(contents, entropy)
    }

    /// Writes them beside the old ones, and says what is to be exchanged. The folder itself stays: it may
    /// be a file system of its own. Where the old ones will be, if there are any.
    pub(super) fn stage(&self, swap: &mut Swap) -> io::Result<Option<PathBuf>> {
        let staged = self.folder.join(".restoring");
        make_folder(&staged)?;
        for key in &self.new {
            let new = staged.join(&key.name);
            remove_if_there(&new)?;
            let mut file = open_private(&new)?;
            file.write_all(&key.content)?;
            file.sync_all()?;
            swap.install.push((new, self.folder.join(&key.name)));
        }
        sync_folder(&staged)?;
        swap.discard.push(staged);
        if self.old.is_empty() {
            return Ok(None);
        }
        make_folder(&self.kept)?;
        for name in &self.old {
            swap.keep
                .push((self.folder.join(name), self.kept.join(name)));
        }
        sync_folder(&self.folder)?;
        Ok(Some(self.kept.clone()))
    }
}
