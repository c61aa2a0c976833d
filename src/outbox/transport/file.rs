//! Letters as `.eml` files in a folder: for trying things out, and for other programs to pick up.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::{Failure, FailureKind, Letter, Reply, TransportError};

/// A folder that takes letters.
#[derive(Clone, Debug)]
pub struct MailFolder {
    folder: PathBuf,
}

impl MailFolder {
    /// Makes the folder, for its owner only, unless it exists.
    pub(super) fn open(folder: &Path) -> Result<Self, TransportError> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|source| TransportError::Folder {
                path: folder.to_owned(),
                source,
            })?;
        Ok(Self {
            folder: folder.to_owned(),
        })
    }

    /// Writes one letter. A retry bears the same Message-ID, hence the same name, and replaces the
    /// file instead of adding a second one.
    pub(super) async fn send(&self, letter: &Letter) -> Result<Reply, Failure> {
        let name = file_name(&letter.message_id);
        let text = format!("written to {name}");
        let bytes = letter.bytes.clone();
        self.blocking(move |folder| write_whole(folder, &name, &bytes))
            .await?;
        Ok(Reply { code: 250, text })
    }

    /// Writes and removes an empty file.
    pub(super) async fn probe(&self) -> Result<String, Failure> {
        self.blocking(|folder| {
            let probe = folder.join(".probe.tmp");
            create(&probe)?;
            fs::remove_file(&probe)
        })
        .await?;
        Ok(format!(
            "Mail is written to the folder {}, which is writable.",
            self.folder.display()
        ))
    }

    async fn blocking<F>(&self, work: F) -> Result<(), Failure>
    where
        F: FnOnce(&Path) -> io::Result<()> + Send + 'static,
    {
        let folder = self.folder.clone();
        tokio::task::spawn_blocking(move || work(&folder))
            .await
            .unwrap_or_else(|error| Err(io::Error::other(error)))
            .map_err(|error| {
                Failure::new(
                    FailureKind::Relay,
                    None,
                    &format!("cannot write to {}: {error}", self.folder.display()),
                )
            })
    }
}

/// Message-IDs are ours, yet a name that comes from data never gets to name a path.
fn file_name(message_id: &str) -> String {
    let safe: String = message_id
        .chars()
        .take(200)
        .map(|c| match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' | '.' | '@' => c,
            _ => '_',
        })
        .collect();
    // A leading dot would hide the file, and is how an unfinished one is told.
    match safe.strip_prefix('.') {
        Some(rest) => format!("_{rest}.eml"),
        None => format!("{safe}.eml"),
    }
}

/// Writes under a hidden name and renames, so that whoever watches the folder sees whole letters
/// only; synced, because the answer means that the letter is safe.
fn write_whole(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let unfinished = folder.join(format!(".{name}.tmp"));
    let mut file = create(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&unfinished, folder.join(name))?;
    File::open(folder)?.sync_all()
}

/// Makes a file anew, for its owner only. What a crash left behind is removed rather than reused:
/// its mode, or what it points to, may be anything.
fn create(path: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}
