//! `readmit backup` and `readmit restore`.

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};

use super::setup::{CLOCK, Database, Setup};
use super::{Error, Output, input, log, setup};
use crate::backup::restore::{self, Restored, restore};
use crate::backup::{self, BackupError, Cost, Made, make};
use crate::config::{Config, secret_from};
use crate::entropy::Entropy;
use crate::store::Options;

/// Work that takes longer says how far it is.
const PROGRESS_EVERY: Duration = Duration::from_secs(2);

#[derive(Debug, clap::Args)]
pub(super) struct BackupArgs {
    /// The file that is to be made
    file: PathBuf,
    /// Put the keys into it, too, and encrypt it under a passphrase
    ///
    /// Who has the database and the keys can sign in as anybody; who has the database alone cannot. Without
    /// the keys, though, second factors have to be switched off after a restore on another machine,
    /// and links in mail that is under way are dead.
    #[arg(long)]
    with_keys: bool,
    /// Read the passphrase from this file; else backup.passphrase counts, or it is asked for
    #[arg(long, value_name = "FILE", requires = "with_keys")]
    passphrase_file: Option<PathBuf>,
    /// Replace a file that is there
    #[arg(long)]
    force: bool,
    /// As JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct RestoreArgs {
    /// The backup, with keys or without
    file: PathBuf,
    /// Read the passphrase from this file; else backup.passphrase counts, or it is asked for
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// Put it in the place of a database that is there; the old files are kept beside
    #[arg(long)]
    force: bool,
    /// Let the sessions in it go on; those that were ended since come to life again
    #[arg(long)]
    keep_sessions: bool,
    /// As JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn backup(args: BackupArgs, setup: &Setup, out: &Output) -> Result<(), Error> {
    setup
        .administer(Database::MustExist, async |admin, config| {
            let passphrase = if args.with_keys {
                Some(passphrase(
                    args.passphrase_file.as_ref(),
                    config,
                    Ask::Twice,
                )?)
            } else {
                None
            };
            let order = backup::Order {
                database: &Options::from(&config.storage),
                keys: passphrase
                    .as_ref()
                    .map(|it| (config.keys.dir.as_path(), it)),
                to: &args.file,
                replace: args.force,
                cost: Cost::default(),
            };
            if args.file.exists() && !args.force {
                return Err(BackupError::Exists(args.file.clone()).into());
            }
            admin
                .note_backup(&args.file, args.with_keys, CLOCK.now())
                .await?;
            let made = make(&order, &Entropy::System, progress())?;
            if args.json {
                return out.json(&made);
            }
            show_made(&made, out)
        })
        .await
}

fn show_made(made: &Made, out: &Output) -> Result<(), Error> {
    let file = made.file.display();
    out.line(format!(
        "{file} made and checked: {} bytes, schema version {}",
        made.bytes, made.schema_version
    ))?;
    if made.key_files > 0 {
        return out.line(format!(
            "it holds {} files of keys and is encrypted; without the passphrase it is worth nothing",
            made.key_files
        ));
    }
    out.line(
        "it holds no keys: without a copy of keys.dir, second factors cannot be checked, passwords of \
         locations' relays are lost, and links and sessions under way are dead",
    )
}

pub(super) async fn put_back(args: RestoreArgs, setup: &Setup, out: &Output) -> Result<(), Error> {
    let config = setup.config()?;
    log::problems_only(config.log.format);
    let passphrase = if restore::is_encrypted(&args.file)? {
        Some(passphrase(
            args.passphrase_file.as_ref(),
            &config,
            Ask::Once,
        )?)
    } else {
        None
    };
    let order = restore::Order {
        file: &args.file,
        passphrase: passphrase.as_ref(),
        database: &Options::from(&config.storage),
        keys: &config.keys.dir,
        replace: args.force,
        keep_sessions: args.keep_sessions,
        actor: setup::actor(),
        entropy: &Entropy::System,
    };
    let restored = restore(&order, CLOCK.now()).await?;
    if args.json {
        return out.json(&restored);
    }
    show_restored(&restored, &config, out)
}

fn show_restored(restored: &Restored, config: &Config, out: &Output) -> Result<(), Error> {
    let newest = restored
        .newest_entry
        .map_or_else(String::new, |at| format!(", as it was at {at}"));
    out.line(format!(
        "{} restored{newest}",
        config.storage.path.display()
    ))?;
    let ended = restored.ended;
    out.line(format!(
        "ended, as each may have been used since: {} links, {} codes, {} login tokens, {} sessions",
        ended.links, ended.codes, ended.login_tokens, ended.sessions
    ))?;
    if ended.messages > 0 {
        out.line(format!(
            "{} messages waited then and may have been sent since; they are dead letters now: `readmit outbox \
             list --state dead` shows them, `readmit outbox retry` sends them",
            ended.messages
        ))?;
    }
    if restored.key_files == 0 {
        out.line("the backup held no keys; those in keys.dir stay in use")?;
    }
    for (what, kept) in [
        ("database", &restored.old_database),
        ("keys", &restored.old_keys),
    ] {
        if let Some(kept) = kept {
            out.line(format!("the old {what} is kept: {}", kept.display()))?;
        }
    }
    out.line(
        "passwords, addresses and suspensions are those of then, too: what was changed since has to be \
         changed again",
    )
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Ask {
    Once,
    /// A typing error in a new one would cost the backup.
    Twice,
}

fn passphrase(file: Option<&PathBuf>, config: &Config, ask: Ask) -> Result<SecretString, Error> {
    if let Some(file) = file {
        return Ok(secret_from(file, "passphrase")?);
    }
    if let Some(configured) = &config.backup.passphrase {
        return Ok(configured.clone());
    }
    if !std::io::stdin().is_terminal() {
        return Err(
            "a passphrase is needed; name a file that holds it with --passphrase-file, or set \
             READMIT_BACKUP__PASSPHRASE"
                .into(),
        );
    }
    let first = input::unseen("Passphrase: ")?;
    if ask == Ask::Twice {
        let second = input::unseen("Once more: ")?;
        if first.expose_secret() != second.expose_secret() {
            return Err("these are two different passphrases; nothing was done".into());
        }
    }
    Ok(first)
}

/// Says on standard error how far the copy is, when it takes a while.
fn progress() -> impl FnMut(u64, u64) -> bool {
    let mut said = CLOCK.uptime();
    move |done, all| {
        let now = CLOCK.uptime();
        if now.saturating_sub(said) < PROGRESS_EVERY {
            return true;
        }
        said = now;
        let percent = done.saturating_mul(100) / all.max(1);
        // Who closed standard error does not want to know.
        let _ = writeln!(std::io::stderr(), "{percent}% of {} MiB copied", all >> 20);
        true
    }
}
