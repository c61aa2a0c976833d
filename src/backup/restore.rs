//! Putting a backup in the place of a database.
//!
//! The new files are made ready beside the old ones, checked, brought up to date, and exchanged for them as
//! one act ([`crate::store::Swap`]). Until then nothing of the old is touched, and afterwards it is kept
//! under names with the time in them.

mod keys;
mod stage;

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _};
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use serde::Serialize;

use self::keys::NewKeys;
use self::stage::Stage;
use super::container::{self, ContainerError};
use crate::audit::Actor;
use crate::clock::Timestamp;
use crate::entropy::Entropy;
use crate::files::{beside, remove_if_there};
use crate::key_folder::KeyError;
use crate::store::{Alone, OpenError, Options, StoreError, Swap, Tx, Unsound};
use crate::vault::Vault;
use crate::{otp, outbox, reset, session, totp};

/// What is to be restored.
pub struct Order<'a> {
    /// The backup.
    pub file: &'a Path,
    /// What opens it, if it is encrypted.
    pub passphrase: Option<&'a SecretString>,
    /// The database whose place it takes.
    pub database: &'a Options,
    /// The folder of the keys.
    pub keys: &'a Path,
    /// Whether there may be a database, or keys that differ; they are kept.
    pub replace: bool,
    /// Whether the sessions in it go on.
    pub keep_sessions: bool,
    /// Who does it.
    pub actor: Actor,
    /// Where randomness comes from, should keys have to be made.
    pub entropy: &'a Entropy,
}

/// What was restored.
#[derive(Clone, Debug, Serialize)]
pub struct Restored {
    /// The version of the schema that the backup had.
    pub schema_version: u32,
    /// The time of the newest entry in it.
    pub newest_entry: Option<Timestamp>,
    /// How many files of keys were in it.
    pub key_files: usize,
    /// Where the old database is now, if there was one.
    pub old_database: Option<PathBuf>,
    /// Where the old keys are now, if the backup had keys and there were others.
    pub old_keys: Option<PathBuf>,
    /// What was ended.
    pub ended: Ended,
}

/// What would have come to life again: it was used, revoked or sent after the backup, for all one knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Ended {
    /// Reset and welcome links.
    pub links: usize,
    /// One-time codes with their magic links.
    pub codes: usize,
    /// One-time login tokens.
    pub login_tokens: usize,
    /// Sessions.
    pub sessions: usize,
    /// Messages that waited, and are dead letters now.
    pub messages: usize,
}

/// Why nothing was restored. Whatever it is, the old files are as they were.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The file cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The backup.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Neither form of a backup.
    #[error("{0} is no backup of readmit: neither an SQLite database nor an encrypted backup")]
    NoBackup(PathBuf),
    /// It is encrypted, and there is no passphrase.
    #[error("{0} is encrypted; its passphrase is needed")]
    Encrypted(PathBuf),
    /// It does not open.
    #[error("{path} {source}")]
    Container {
        /// The backup.
        path: PathBuf,
        /// Why.
        source: ContainerError,
    },
    /// The database in it cannot be used.
    #[error("{path} {source}")]
    Unsound {
        /// The backup.
        path: PathBuf,
        /// Why.
        source: Unsound,
    },
    /// Somebody works with the database.
    #[error(
        "the database {0} is in use; stop the server, and every console and command that works with it"
    )]
    InUse(PathBuf),
    /// There is a database already.
    #[error(
        "there is a database {0} already; add --force to put the backup in its place (the old one is kept \
         beside it)"
    )]
    DatabaseExists(PathBuf),
    /// There are other keys already.
    #[error(
        "there are keys in {0} already that differ from those of the backup; add --force to put the \
         backup's in their place (the old ones are kept beside them)"
    )]
    KeysExist(PathBuf),
    /// The old or the new database.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A write to the new database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key folder.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// A file could not be made ready, or exchanged.
    #[error("cannot prepare the restored files beside {path}: {source}")]
    Io {
        /// The database.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

/// Whether the file is an encrypted backup, so that its passphrase can be asked for.
pub fn is_encrypted(file: &Path) -> Result<bool, RestoreError> {
    match form(&mut open(file)?, file)? {
        Form::Encrypted => Ok(true),
        Form::Plain => Ok(false),
    }
}

/// Puts the backup in the place of the database, and ends what must not come to life again.
pub async fn restore(order: &Order<'_>, now: Timestamp) -> Result<Restored, RestoreError> {
    let database = &order.database.path;
    let Some(alone) = Alone::with(database)? else {
        return Err(RestoreError::InUse(database.clone()));
    };
    if database.exists() && !order.replace {
        return Err(RestoreError::DatabaseExists(database.clone()));
    }
    let failed = |source| io_error(order, source);
    // SQLite keeps its log beside the file that a link leads to.
    let place = match fs::canonicalize(database) {
        Ok(place) => place,
        Err(_) => std::path::absolute(database).map_err(failed)?,
    };
    let mut stage = Stage::begin(order, &place)?;
    let (contents, keys) = stage.fill(order)?;
    let key_files = keys.len();
    // Held until the exchange is over.
    let keys = if keys.is_empty() {
        None
    } else {
        NewKeys::unless_the_same(order, keys, now)?
    };
    // Where the audit log goes on, under the keys that will be there.
    let vault = match &keys {
        Some(keys) => keys.vault(order.entropy)?,
        None => Vault::open(order.keys, order.entropy)?,
    };
    let ended = stage.bring_up_to_date(order, vault, now).await?;
    stage.sync().map_err(failed)?;

    let mut swap = Swap {
        install: vec![(stage.database.clone(), place.clone())],
        discard: vec![stage.folder.clone()],
        ..Swap::default()
    };
    let old_keys = keys.as_ref().map(|keys| keys.stage(&mut swap)).transpose();
    let old_keys = old_keys.map_err(failed)?.flatten();
    let kept = not_taken(&beside(&place, &format!("-before-{}", name_of(now))));
    for suffix in with_log(&place).map_err(failed)? {
        let old = beside(&place, suffix);
        if old.exists() {
            swap.keep.push((old, beside(&kept, suffix)));
        }
    }
    let old_database = place.exists().then_some(kept);
    // From here on it may be needed to bring the exchange to its end.
    stage.needed = true;
    alone.swap(&swap).map_err(failed)?;
    Ok(Restored {
        schema_version: contents.schema_version,
        newest_entry: contents.newest,
        key_files,
        old_database,
        old_keys,
        ended,
    })
}

/// What belongs to a database that nobody has open. A log that was emptied before is nothing, yet would be
/// taken for that of the next database.
fn with_log(database: &Path) -> io::Result<&'static [&'static str]> {
    let log = beside(database, "-wal");
    if log.metadata().is_ok_and(|log| log.len() > 0) {
        return Ok(&["", "-wal", "-shm"]);
    }
    remove_if_there(&log)?;
    remove_if_there(&beside(database, "-shm"))?;
    Ok(&[""])
}

/// A time as it stands in a file's name: `20261124T151200Z`.
pub(super) fn name_of(now: Timestamp) -> String {
    now.calendar().strftime("%Y%m%dT%H%M%SZ").to_string()
}

fn io_error(order: &Order<'_>, source: io::Error) -> RestoreError {
    RestoreError::Io {
        path: order.database.path.clone(),
        source,
    }
}

/// The path, or one with a number behind it that nothing has.
fn not_taken(path: &Path) -> PathBuf {
    let numbered = (2..).map(|number| beside(path, &format!("-{number}")));
    std::iter::once(path.to_owned())
        .chain(numbered)
        .find(|path| !path.exists())
        .expect("there are more numbers than files")
}

fn open(file: &Path) -> Result<File, RestoreError> {
    File::open(file).map_err(|source| RestoreError::Read {
        path: file.to_owned(),
        source,
    })
}

enum Form {
    Plain,
    Encrypted,
}

/// Leaves the file at its beginning.
fn form(file: &mut File, path: &Path) -> Result<Form, RestoreError> {
    let failed = |source| RestoreError::Read {
        path: path.to_owned(),
        source,
    };
    let mut head = Vec::new();
    file.take(16).read_to_end(&mut head).map_err(failed)?;
    file.rewind().map_err(failed)?;
    match head.as_slice() {
        head if head == container::MAGIC => Ok(Form::Encrypted),
        b"SQLite format 3\0" => Ok(Form::Plain),
        _ => Err(RestoreError::NoBackup(path.to_owned())),
    }
}

/// Ends what was open at the time of the backup. What of it was used, revoked or sent since then, nobody
/// knows any more: a link that has been followed would work once more.
fn end(tx: &Tx<'_>, keep_sessions: bool, now: Timestamp) -> Result<Ended, StoreError> {
    const WHY: &str = "the database was restored from a backup";
    totp::use_up_to(tx, now)?;
    Ok(Ended {
        links: reset::revoke_every(tx, WHY, now)?,
        codes: otp::end_every(tx, now)?,
        login_tokens: session::revoke_every_login_token(tx, now)?,
        sessions: if keep_sessions {
            0
        } else {
            session::revoke_every(tx, WHY, now)?
        },
        messages: outbox::set_aside(
            tx,
            "the database was restored from a backup; it may have been sent already",
            now,
        )?,
    })
}
