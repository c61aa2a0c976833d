//! What commands read: passwords from standard input, and a yes before something is destroyed.

use std::io::{IsTerminal as _, Read as _, Write as _};

use super::Error;
use crate::password::{Context, Password, Policy};

/// A password from standard input: its first line, or all of it when it has one line only.
pub(super) fn password(policy: &Policy, context: &Context) -> Result<Password, Error> {
    let mut text = String::new();
    let limit = 3 * Password::MAX_BYTES as u64 + 2;
    std::io::stdin()
        .lock()
        .take(limit)
        .read_to_string(&mut text)
        .map_err(|error| format!("the password cannot be read from standard input: {error}"))?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() {
        return Err("no password was given on standard input".into());
    }
    if line.contains('\n') {
        return Err("standard input has more than one line; give the password alone".into());
    }
    policy
        .accept(line, context)
        .map_err(|missed| Error::from(missed.to_string()))
}

/// Asks before something is destroyed, unless `--yes` was given.
pub(super) fn confirm(yes: bool, what: &str) -> Result<(), Error> {
    if yes {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        return Err(format!("{what} cannot be undone; add --yes to do it").into());
    }
    let mut err = std::io::stderr().lock();
    write!(err, "{what} cannot be undone. Go on? [y/N] ")?;
    err.flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    if matches!(answer.trim(), "y" | "Y" | "yes") {
        Ok(())
    } else {
        Err("nothing was done".into())
    }
}
