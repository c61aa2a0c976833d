//! Who uses the database: everybody who has it open shares a lock, which whoever wants to put another file
//! in its place must have alone.
//!
//! It is the system's own lock (`flock`) on a file beside the database, so that it ends with its process,
//! however that ends. The file itself is never removed: two processes that each lock another file of the
//! same name would not see each other.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;

use super::{OpenError, swap};
use crate::files::{beside, folder_of, make_folder, open_private};

/// A share of the lock, or all of it; it ends with this value.
pub(super) struct Lock {
    _file: File,
}

/// Shares the lock, for as long as the database is open. An exchange of files that a killed restore has
/// left half done is brought to its end first.
pub(super) fn share(database: &Path) -> Result<Lock, OpenError> {
    let file = open(database).map_err(failed(database))?;
    loop {
        try_lock(&file, File::try_lock_shared, database)?;
        if !swap::is_pending(database) {
            return Ok(Lock { _file: file });
        }
        file.unlock().map_err(failed(database))?;
        try_lock(&file, File::try_lock, database)?;
        swap::finish(database).map_err(failed(database))?;
        file.unlock().map_err(failed(database))?;
    }
}

/// Takes the whole lock, which nobody has who has the database open; none if somebody has.
pub(super) fn exclude(database: &Path) -> Result<Option<Lock>, OpenError> {
    let file = open(database).map_err(failed(database))?;
    match file.try_lock() {
        Ok(()) => {
            swap::finish(database).map_err(failed(database))?;
            Ok(Some(Lock { _file: file }))
        }
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(failed(database)(error)),
    }
}

fn open(database: &Path) -> io::Result<File> {
    make_folder(folder_of(database))?;
    open_private(&beside(database, "-lock"))
}

fn try_lock(
    file: &File,
    lock: impl FnOnce(&File) -> Result<(), TryLockError>,
    database: &Path,
) -> Result<(), OpenError> {
    lock(file).map_err(|error| match error {
        TryLockError::WouldBlock => OpenError::BeingRestored(database.to_owned()),
        TryLockError::Error(error) => failed(database)(error),
    })
}

fn failed(database: &Path) -> impl Fn(io::Error) -> OpenError {
    move |source| OpenError::Create {
        path: database.to_owned(),
        source,
    }
}
