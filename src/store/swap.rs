//! Several files exchanged as one act: a kill at any moment leaves all of the old ones or, by the next
//! start at the latest, all of the new ones.
//!
//! What is to be renamed is written into a journal first. Until the journal has its name, nothing has
//! happened; from then on the renames are made, by whoever comes next if need be. Each is made once,
//! however often they are gone through: an old file is moved away only while nothing stands where it goes,
//! and a new one only while it is still there.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::files::{beside, folder_of, open_private, remove_if_there, sync_folder};

/// What is to be renamed; every path is absolute, and every folder there.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Swap {
    /// Old files, and the names under which they are kept.
    pub keep: Vec<(PathBuf, PathBuf)>,
    /// New files, and where they belong.
    pub install: Vec<(PathBuf, PathBuf)>,
    /// Folders that are worth nothing afterwards.
    pub discard: Vec<PathBuf>,
}

fn journal(database: &Path) -> PathBuf {
    beside(database, "-restore")
}

pub(super) fn is_pending(database: &Path) -> bool {
    journal(database).exists()
}

/// Exchanges the files, for the only process that has anything to do with the database.
pub(super) fn swap(database: &Path, swap: &Swap) -> io::Result<()> {
    let draft = beside(database, "-restore-draft");
    remove_if_there(&draft)?;
    let mut file: File = open_private(&draft)?;
    file.write_all(&serde_json::to_vec(swap)?)?;
    file.sync_all()?;
    fs::rename(&draft, journal(database))?;
    sync_folder(folder_of(database))?;
    finish(database)
}

/// Does what the journal says, if there is one.
pub(super) fn finish(database: &Path) -> io::Result<()> {
    let journal = journal(database);
    let swap: Swap = match fs::read(&journal) {
        Ok(bytes) => serde_json::from_slice(&bytes)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for (old, kept) in &swap.keep {
        if !kept.exists() {
            rename_if_there(old, kept)?;
        }
    }
    sync_folders(&swap.keep)?;
    for (new, place) in &swap.install {
        rename_if_there(new, place)?;
    }
    sync_folders(&swap.install)?;
    remove_if_there(&journal)?;
    sync_folder(folder_of(database))?;
    for folder in &swap.discard {
        // What is left of them is in nobody's way.
        let _ = fs::remove_dir_all(folder);
    }
    Ok(())
}

fn rename_if_there(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

fn sync_folders(renames: &[(PathBuf, PathBuf)]) -> io::Result<()> {
    let both = renames.iter().flat_map(|(from, to)| [from, to]);
    let folders: BTreeSet<&Path> = both.map(|path| folder_of(path)).collect();
    folders.into_iter().try_for_each(sync_folder)
}
