//! A file that is being written, under another name until it is whole.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

use super::BackupError;
use crate::files::{beside, folder_of, open_private, remove_if_there, sync_folder};

/// Removed when dropped, unless it was finished. What a kill has left is written over by the next one of
/// the same name.
pub(super) struct Part {
    path: PathBuf,
    /// Locked, so that two do not write the same one.
    file: File,
    finished: bool,
}

impl Part {
    /// An empty file beside `target`, for its owner alone.
    pub(super) fn begin(target: &Path) -> Result<Self, BackupError> {
        let mut name = std::ffi::OsString::from(".");
        name.push(target.file_name().unwrap_or_default());
        name.push(".part");
        let path = folder_of(target).join(name);
        let failed = |source| BackupError::Io {
            path: target.to_owned(),
            source,
        };
        let file = open_private(&path).map_err(failed)?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => BackupError::UnderWay(target.to_owned()),
            TryLockError::Error(error) => failed(error),
        })?;
        file.set_len(0).map_err(failed)?;
        // SQLite would take what a killed copy has left beside it for something to be made good.
        for suffix in ["-journal", "-wal", "-shm"] {
            remove_if_there(&beside(&path, suffix)).map_err(failed)?;
        }
        Ok(Self {
            path,
            file,
            finished: false,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The file, to write to it.
    pub(super) fn file(&self) -> io::Result<File> {
        self.file.try_clone()
    }

    /// Brings it to disk, and gives it its name.
    pub(super) fn finish(mut self, target: &Path, replace: bool) -> Result<(), BackupError> {
        let failed = |source| BackupError::Io {
            path: target.to_owned(),
            source,
        };
        self.file.sync_all().map_err(failed)?;
        let renamed = if replace {
            fs::rename(&self.path, target)
        } else {
            rename_to_new(&self.path, target)
        };
        match renamed {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(BackupError::Exists(target.to_owned()));
            }
            renamed => renamed.map_err(failed)?,
        }
        self.finished = true;
        sync_folder(folder_of(target)).map_err(failed)
    }
}

/// Renames unless something has that name, in one step where the file system can.
fn rename_to_new(from: &Path, to: &Path) -> io::Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) if !to.exists() => fs::rename(from, to),
        renamed => Ok(renamed?),
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.finished {
            // What cannot be removed is written over by the next one.
            let _ = fs::remove_file(&self.path);
        }
    }
}
