//! A template in an editor.

use std::fs;
use std::io::{IsTerminal as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{At, in_force, read};
use crate::admin::Admin;
use crate::cli::setup::CLOCK;
use crate::cli::{Error, Output};
use crate::templates::Part;

/// What is being written: a file that is ours alone. It stays behind unless it is saved.
struct Draft {
    folder: PathBuf,
    file: PathBuf,
}

impl Draft {
    fn new(admin: &Admin, at: &At, source: &str) -> Result<Self, Error> {
        let folder = std::env::temp_dir().join(format!("readmit-{}", admin.entropy.token::<9>()));
        fs::DirBuilder::new().mode(0o700).create(&folder)?;
        let ending = match at.part {
            Part::Subject | Part::Text => "txt",
            Part::Html => "html",
        };
        let file = folder.join(format!("{}-{}.{ending}", at.kind, at.part));
        let mut writing = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&file)?;
        writing.write_all(source.as_bytes())?;
        Ok(Self { folder, file })
    }

    fn remove(self) -> Result<(), Error> {
        Ok(fs::remove_dir_all(self.folder)?)
    }
}

pub(super) async fn run(
    admin: &Admin,
    at: &At,
    note: Option<String>,
    out: &Output,
) -> Result<(), Error> {
    let before = current(admin, at).await?;
    let draft = Draft::new(admin, at, &before)?;
    let place = at.place();
    loop {
        let kept = |error: &dyn std::fmt::Display| -> Error {
            format!(
                "{error}\nnothing was saved; the draft is in {}",
                draft.file.display()
            )
            .into()
        };
        open_editor(&draft.file).map_err(|error| kept(&error))?;
        let source = read(&draft.file).map_err(|error| kept(&error))?;
        if source == before {
            draft.remove()?;
            return out.line("nothing was changed");
        }
        if current(admin, at).await? != before {
            return Err(kept(&"somebody else has saved another version meanwhile"));
        }
        let saved = admin.set_template(place.clone(), source, note.clone(), CLOCK.now());
        match saved.await {
            Ok(version) => {
                draft.remove()?;
                return out.line(format!("{place}: version {version} is in force"));
            }
            Err(error) if !again(&error)? => return Err(kept(&error)),
            Err(_) => {}
        }
    }
}

/// What is in force, with one line end behind it.
async fn current(admin: &Admin, at: &At) -> Result<String, Error> {
    let source = in_force(admin, at).await?.source;
    Ok(format!("{}\n", source.trim_end()))
}

/// Runs the editor, which may be named with arguments, as a shell would.
fn open_editor(file: &Path) -> Result<(), Error> {
    let named = ["VISUAL", "EDITOR"].into_iter().find_map(|name| {
        std::env::var(name)
            .ok()
            .filter(|text| !text.trim().is_empty())
    });
    let editor = named.unwrap_or_else(|| "vi".to_owned());
    let status = Command::new("sh")
        .args(["-c", &format!("{editor} \"$1\""), "sh"])
        .arg(file)
        .status()
        .map_err(|error| format!("cannot start the editor: {error}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("the editor `{editor}` failed ({status}); $VISUAL or $EDITOR names it").into())
    }
}

/// Says what is wrong, and asks whether to go on where somebody can answer.
fn again(error: &dyn std::fmt::Display) -> Result<bool, Error> {
    if !std::io::stdin().is_terminal() {
        return Ok(false);
    }
    let mut err = std::io::stderr().lock();
    write!(err, "{error}\nEdit again? [Y/n] ")?;
    err.flush()?;
    let mut answer = String::new();
    // The end of input is no.
    let read = std::io::stdin().read_line(&mut answer)?;
    Ok(read > 0 && !matches!(answer.trim(), "n" | "N" | "no"))
}
