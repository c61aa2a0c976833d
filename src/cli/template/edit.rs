//! A template in an editor.

use std::io::{IsTerminal as _, Write as _};

use super::{At, in_force};
use crate::admin::Admin;
use crate::cli::setup::CLOCK;
use crate::cli::{Error, Output};
use crate::editor::{self, Draft};

pub(super) async fn run(
    admin: &Admin,
    at: &At,
    note: Option<String>,
    out: &Output,
) -> Result<(), Error> {
    let before = current(admin, at).await?;
    let place = at.place();
    let draft = Draft::new(&admin.entropy, &place, &before)?;
    loop {
        let kept = |error: &dyn std::fmt::Display| -> Error {
            format!(
                "{error}\nnothing was saved; the draft is in {}",
                draft.file().display()
            )
            .into()
        };
        editor::judge(editor::command(draft.file()).status()).map_err(|error| kept(&error))?;
        let source = draft.read().map_err(|error| kept(&error))?;
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
