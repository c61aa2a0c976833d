//! The folder of secret keys (`keys.dir`), outside the database and its backups: files that nobody
//! else may read, written whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use secrecy::SecretString;

use crate::files::{belong_to_folder, make_folder, open_private, remove_if_there, sync_folder};

/// Why the keys cannot be used. The messages are for the administrator and never show a key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The folder or a file could not be read or written.
    #[error("cannot use the keys in {path}: {source}")]
    Io {
        /// What was to be read or written.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Others can read a key.
    #[error(
        "{path} is open to other users (mode {mode:04o}); readmit does not start with keys that others \
         can read. If nobody can have copied them: chmod {wanted:o} {path}"
    )]
    TooOpen {
        /// The folder or file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
        /// The mode that it should have.
        wanted: u32,
    },
    /// The file of a signing key holds something else.
    #[error("{0} is not a private key of P-256 in PKCS#8 PEM form; restore it or move it away")]
    NotAKey(PathBuf),
    /// The file of the sealing or the MAC key holds something else.
    #[error(
        "{0} does not hold the key that was made into it; restore it from your copy: what was sealed \
         with it cannot be read without it"
    )]
    NotASecret(PathBuf),
}

/// The folder, to write to: while this lives, no other process writes.
pub(crate) struct KeyFolder {
    path: PathBuf,
    _lock: File,
}

impl KeyFolder {
    /// Makes the folder when missing, and waits for other processes that write to it: two that start
    /// together must not each make a key that the other does not know.
    pub(crate) fn open(path: &Path) -> Result<Self, KeyError> {
        make_folder(path).map_err(io_error(path))?;
        check(path)?;
        let lock_path = path.join(".lock");
        let lock = open_private(&lock_path)
            .and_then(|file| file.lock().map(|()| file))
            .map_err(io_error(&lock_path))?;
        Ok(Self {
            path: path.to_owned(),
            _lock: lock,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file under a temporary name first, so that a crash leaves no half of one behind, and
    /// nobody who looks sees half of one.
    pub(crate) fn write(&self, name: &str, contents: &[u8]) -> Result<(), KeyError> {
        let path = self.path.join(name);
        let temporary = self.path.join(".new");
        let written = remove_if_there(&temporary)
            .and_then(|()| {
                OpenOptions::new()
                    .create_new(true)
                    .write(true)
                    .mode(0o600)
                    .open(&temporary)
            })
            .and_then(|mut file| {
                belong_to_folder(&file, &self.path)?;
                file.write_all(contents)?;
                file.sync_all()
            })
            .and_then(|()| fs::rename(&temporary, &path))
            .and_then(|()| sync_folder(&self.path));
        written.map_err(io_error(&path))
    }

    /// Removes a file, if it is there.
    pub(crate) fn remove(&self, name: &str) -> Result<(), KeyError> {
        let path = self.path.join(name);
        if !path.exists() {
            return Ok(());
        }
        remove_if_there(&path)
            .and_then(|()| sync_folder(&self.path))
            .map_err(io_error(&path))
    }
}

/// Refuses a folder into which others could put a key. That they can list it tells them nothing.
pub(crate) fn check(folder: &Path) -> Result<(), KeyError> {
    refuse_wider(folder, 0o022, 0o700)
}

/// The names of the files in the folder, in order.
pub(crate) fn names(folder: &Path) -> Result<Vec<String>, KeyError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(io_error(folder))? {
        let name = entry.map_err(io_error(folder))?.file_name();
        // A name that is not Unicode is none of ours; one with a dot before it is no key's.
        names.extend(
            name.into_string()
                .ok()
                .filter(|name| !name.starts_with('.')),
        );
    }
    names.sort_unstable();
    Ok(names)
}

/// The contents of a file that only its owner can read.
pub(crate) fn read(path: &Path) -> Result<SecretString, KeyError> {
    refuse_wider(path, 0o077, 0o600)?;
    let text = fs::read_to_string(path).map_err(io_error(path))?;
    Ok(SecretString::from(text))
}

/// The contents of a secret file that another program hands to us. Of such a file that belongs to root, a
/// group may be the reader: certificate tools and service managers pass them on so.
pub(crate) fn read_handed_over(path: &Path) -> Result<SecretString, KeyError> {
    let owner = fs::metadata(path).map_err(io_error(path))?.uid();
    if owner == 0 {
        refuse_wider(path, 0o037, 0o640)?;
    } else {
        refuse_wider(path, 0o077, 0o600)?;
    }
    let text = fs::read_to_string(path).map_err(io_error(path))?;
    Ok(SecretString::from(text))
}

fn refuse_wider(path: &Path, forbidden: u32, wanted: u32) -> Result<(), KeyError> {
    let mode = fs::metadata(path)
        .map_err(io_error(path))?
        .permissions()
        .mode()
        & 0o7777;
    if mode & forbidden == 0 {
        Ok(())
    } else {
        Err(KeyError::TooOpen {
            path: path.to_owned(),
            mode,
            wanted,
        })
    }
}

pub(crate) fn io_error(path: &Path) -> impl FnOnce(io::Error) -> KeyError {
    let path = path.to_owned();
    move |source| KeyError::Io { path, source }
}
