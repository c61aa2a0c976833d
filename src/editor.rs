//! A text in somebody's own editor: `$VISUAL` or `$EDITOR`.

use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::{env, fs};

use crate::entropy::Entropy;
use crate::templates::{MAX_BYTES, Part, Place};

/// What is being written: a file that is ours alone. It stays behind unless it is removed, so that nothing
/// that was written is lost.
#[derive(Debug)]
pub struct Draft {
    folder: PathBuf,
    file: PathBuf,
}

impl Draft {
    /// Writes a template into a new file.
    pub fn new(entropy: &Entropy, place: &Place, source: &str) -> io::Result<Self> {
        let folder = env::temp_dir().join(format!("readmit-{}", entropy.token::<9>()));
        fs::DirBuilder::new().mode(0o700).create(&folder)?;
        let ending = match place.part {
            Part::Subject | Part::Text => "txt",
            Part::Html => "html",
        };
        let file = folder.join(format!("{}-{}.{ending}", place.kind, place.part));
        let mut writing = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&file)?;
        writing.write_all(source.as_bytes())?;
        Ok(Self { folder, file })
    }

    /// Where it stands.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// What stands in it now.
    pub fn read(&self) -> Result<String, ReadError> {
        read(fs::File::open(&self.file)?)
    }

    /// Takes it away, with its folder.
    pub fn remove(self) -> io::Result<()> {
        fs::remove_dir_all(self.folder)
    }
}

/// Why a template's source could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The system says so.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Nobody needs so much.
    #[error("a template may have {MAX_BYTES} bytes at most")]
    TooLong,
    /// Another encoding.
    #[error("it is not UTF-8; save it as that")]
    NotText,
}

/// Reads a template's source to its end, with line ends as they are stored.
pub fn read(source: impl io::Read) -> Result<String, ReadError> {
    let mut bytes = Vec::new();
    source.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > MAX_BYTES {
        return Err(ReadError::TooLong);
    }
    let text = String::from_utf8(bytes).map_err(|_| ReadError::NotText)?;
    Ok(text.replace("\r\n", "\n"))
}

/// The editor that whoever is at the terminal has chosen. It may be named with arguments, as a shell would
/// take it.
pub fn name() -> String {
    let named = ["VISUAL", "EDITOR"]
        .into_iter()
        .find_map(|name| env::var(name).ok().filter(|text| !text.trim().is_empty()));
    named.unwrap_or_else(|| "vi".to_owned())
}

/// The command that opens a file in the editor.
pub fn command(file: &Path) -> Command {
    let mut command = Command::new("sh");
    command
        .args(["-c", &format!("{} \"$1\"", name()), "sh"])
        .arg(file);
    command
}

/// What became of the editor.
pub fn judge(ended: io::Result<ExitStatus>) -> Result<(), String> {
    match ended {
        Err(error) => Err(format!("cannot start the editor: {error}")),
        Ok(status) if status.success() => Ok(()),
        Ok(status) => {
            let editor = name();
            Err(format!(
                "the editor `{editor}` failed ({status}); $VISUAL or $EDITOR names it"
            ))
        }
    }
}
