//! What is noted of backups that somebody makes by hand.

use std::path::Path;

use super::{Admin, note};
use crate::clock::Timestamp;
use crate::store::StoreError;

impl Admin {
    /// Notes that a copy of everything is about to be made, and whether with the keys. It is on disk before
    /// there is a copy, which therefore holds it, too.
    pub async fn note_backup(
        &self,
        file: &Path,
        with_keys: bool,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let actor = self.actor.clone();
        let keys = if with_keys { ", with the keys" } else { "" };
        let detail = format!("{}{keys}", file.display());
        self.store
            .write(move |tx| note(tx, actor, "backup.make", (None, None), Some(&detail), now))
            .await
    }
}
