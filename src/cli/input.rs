//! What commands read: passwords from standard input, passphrases from the terminal, and a yes before something is destroyed.

use std::io::{IsTerminal as _, Read as _, Write as _};

use crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use crossterm::terminal;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};

use super::Error;
use crate::password::{Context, Password, Policy};

/// A new password from standard input.
pub(super) fn password(policy: &Policy, context: &Context) -> Result<Password, Error> {
    policy
        .accept(secret("the password")?.expose_secret(), context)
        .map_err(|missed| Error::from(missed.to_string()))
}

/// A secret from standard input: its one line.
pub(super) fn secret(what: &str) -> Result<SecretString, Error> {
    let mut text = String::new();
    let limit = 3 * Password::MAX_BYTES as u64 + 2;
    std::io::stdin()
        .lock()
        .take(limit)
        .read_to_string(&mut text)
        .map_err(|error| format!("{what} cannot be read from standard input: {error}"))?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() {
        return Err("no password was given on standard input".into());
    }
    if line.contains('\n') {
        return Err("standard input has more than one line; give the password alone".into());
    }
    Ok(SecretString::from(line))
}

/// A secret that is typed at the terminal, which shows nothing of it.
pub(super) fn unseen(prompt: &str) -> Result<SecretString, Error> {
    let mut err = std::io::stderr().lock();
    write!(err, "{prompt}")?;
    err.flush()?;
    let typed = {
        let _raw = Raw::begin()?;
        read_unseen()
    };
    writeln!(err)?;
    typed
}

/// A terminal that shows nothing and leaves every key to us, a Ctrl-C included, which would otherwise end
/// the program and leave the terminal mute.
struct Raw;

impl Raw {
    fn begin() -> std::io::Result<Self> {
        terminal::enable_raw_mode()?;
        Ok(Self)
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // There is nothing to be done about a terminal that has gone away.
        let _ = terminal::disable_raw_mode();
    }
}

fn read_unseen() -> Result<SecretString, Error> {
    let mut typed = Zeroizing::new(String::new());
    loop {
        let Event::Key(key) = event::read()? else {
            continue;
        };
        if key.kind == KeyEventKind::Release {
            continue;
        }
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Enter => return Ok(SecretString::from(typed.as_str())),
            KeyCode::Char('c' | 'd') if control => return Err("nothing was done".into()),
            KeyCode::Char('u') if control => typed.clear(),
            KeyCode::Backspace => {
                typed.pop();
            }
            KeyCode::Char(c) if !control => typed.push(c),
            _ => {}
        }
    }
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

/// Asks on the terminal until the answer can be read, five times at most. An empty answer is `default`.
pub(super) fn ask<T>(
    question: &str,
    default: &str,
    parse: impl Fn(&str) -> Result<T, Error>,
) -> Result<T, Error> {
    let shown = if default.is_empty() {
        String::new()
    } else {
        format!(" [{default}]")
    };
    for _ in 0..5 {
        let mut err = std::io::stderr().lock();
        write!(err, "{question}{shown}: ")?;
        err.flush()?;
        let mut answer = String::new();
        if std::io::stdin().read_line(&mut answer)? == 0 {
            break;
        }
        let answer = match answer.trim() {
            "" => default,
            answer => answer,
        };
        match parse(answer) {
            Ok(value) => return Ok(value),
            Err(error) => writeln!(err, "  {error}")?,
        }
    }
    Err("there was no answer that could be used".into())
}
