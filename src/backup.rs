//! Copies of the database, with the keys or without, and their way back.
//!
//! Without the keys a backup is a plain SQLite file. With them it is encrypted under a passphrase
//! (`container.rs`), because who has both can sign in as anybody. Either is checked after it was
//! written, and has its name only then.

mod archive;
mod container;
mod part;
pub mod restore;
pub mod schedule;

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;

pub use self::container::{ContainerError, Cost};
use self::container::{Opener, Sealer};
use self::part::Part;
use crate::clock::Timestamp;
use crate::config::MIN_PASSPHRASE;
use crate::entropy::Entropy;
use crate::files::beside;
use crate::key_folder::{self, KeyError, KeyFolder};
use crate::store::{self, Contents, CopyError, Options, Unsound};

/// What is to be backed up, and where to.
pub struct Order<'a> {
    /// The database.
    pub database: &'a Options,
    /// The key folder and the passphrase, if the keys are to be in it.
    pub keys: Option<(&'a Path, &'a SecretString)>,
    /// The file that is to be made.
    pub to: &'a Path,
    /// Whether it may take the place of one that is there.
    pub replace: bool,
    /// What a guess at the passphrase is to cost.
    pub cost: Cost,
}

/// A backup that was made, and read again.
#[derive(Clone, Debug, Serialize)]
pub struct Made {
    /// The file.
    pub file: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// The version of the schema in it.
    pub schema_version: u32,
    /// The time of the newest entry in it.
    pub newest_entry: Option<Timestamp>,
    /// How many files of the key folder are in it; with any, it is encrypted.
    pub key_files: usize,
}

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Nothing is written over without being asked to.
    #[error("{0} is there already; name another file, or add --force to replace it")]
    Exists(PathBuf),
    /// Somebody else writes the same one.
    #[error("another backup is being written to {0}")]
    UnderWay(PathBuf),
    /// The passphrase is too easy to guess.
    #[error(
        "the passphrase is too short; whoever has the file can guess at leisure, so take {MIN_PASSPHRASE} \
         characters or more, such as five words that have nothing to do with each other"
    )]
    ShortPassphrase,
    /// The copy.
    #[error(transparent)]
    Copy(#[from] CopyError),
    /// What was written is not what it should be.
    #[error("the backup that was written {0}; it was removed")]
    Unsound(Unsound),
    /// The encrypted file does not open again.
    #[error("the backup that was written {0}; it was removed")]
    Container(#[from] ContainerError),
    /// The keys.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// There are no keys.
    #[error("there are no keys in {0} (keys.dir)")]
    NoKeys(PathBuf),
    /// The file could not be written.
    #[error("cannot write {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

/// Makes a backup. `progress` is told how many bytes of how many of the database are copied, and
/// says whether to go on.
///
/// It takes its time on the calling thread, and holds up nobody who uses the database.
pub fn make(
    order: &Order<'_>,
    entropy: &Entropy,
    progress: impl FnMut(u64, u64) -> bool,
) -> Result<Made, BackupError> {
    let failed = |source| BackupError::Io {
        path: order.to.to_owned(),
        source,
    };
    if order.to.exists() && !order.replace {
        return Err(BackupError::Exists(order.to.to_owned()));
    }
    let part = Part::begin(order.to)?;
    let (contents, key_files) = match order.keys {
        None => (copy_checked(order, part.path(), progress)?, 0),
        Some((folder, passphrase)) => {
            if passphrase.expose_secret().chars().count() < MIN_PASSPHRASE {
                return Err(BackupError::ShortPassphrase);
            }
            // The copy in the clear stays beside the database, where one is already.
            let plain = Part::begin(&beside(&order.database.path, "-copy"))?;
            let contents = copy_checked(order, plain.path(), progress)?;
            let sealed = seal(
                plain.path(),
                &part,
                folder,
                (passphrase, order.cost),
                entropy,
            )?;
            (contents, sealed)
        }
    };
    let bytes = part.path().metadata().map_err(failed)?.len();
    part.finish(order.to, order.replace)?;
    Ok(Made {
        file: order.to.to_owned(),
        bytes,
        schema_version: contents.schema_version,
        newest_entry: contents.newest,
        key_files,
    })
}

fn copy_checked(
    order: &Order<'_>,
    to: &Path,
    progress: impl FnMut(u64, u64) -> bool,
) -> Result<Contents, BackupError> {
    store::copy(order.database, to, progress)?;
    store::verify(to).map_err(BackupError::Unsound)
}

/// Encrypts the copy and the keys, and reads the outcome again. How many files of keys there are.
fn seal(
    plain: &Path,
    part: &Part,
    folder: &Path,
    (passphrase, cost): (&SecretString, Cost),
    entropy: &Entropy,
) -> Result<usize, BackupError> {
    let failed = |source| BackupError::Io {
        path: part.path().to_owned(),
        source,
    };
    if !folder.is_dir() {
        return Err(BackupError::NoKeys(folder.to_owned()));
    }
    // Nobody makes or removes a key between the first and the last.
    let _writing = KeyFolder::open(folder)?;
    let names = key_folder::names(folder)?;
    if names.is_empty() {
        return Err(BackupError::NoKeys(folder.to_owned()));
    }
    let file = BufWriter::new(part.file().map_err(failed)?);
    let mut sealer = Sealer::new(file, passphrase, cost, entropy)?;
    let mut database = File::open(plain).map_err(failed)?;
    let size = database.metadata().map_err(failed)?.len();
    archive::write_database(&mut sealer, &mut database, size).map_err(failed)?;
    for name in &names {
        let content = key_folder::read(&folder.join(name))?;
        let content = content.expose_secret().as_bytes();
        archive::write_key(&mut sealer, name, content).map_err(failed)?;
    }
    archive::write_end(&mut sealer).map_err(failed)?;
    let mut file = sealer.finish().map_err(failed)?;
    file.flush().map_err(failed)?;
    drop(file);
    let written = BufReader::new(File::open(part.path()).map_err(failed)?);
    let mut opener = Opener::new(written, passphrase)?;
    archive::read(&mut opener, &mut io::sink())?;
    Ok(names.len())
}
