//! `readmit key`.

use clap::Subcommand;

use super::setup::{CLOCK, Database, Setup};
use super::{Error, Output, input};
use crate::admin::Admin;
use crate::config::Config;
use crate::token::{self, KeyState, ListedKey};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List the keys: which one signs, and how long the others are honoured
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Make a new key that signs from now on
    ///
    /// What the old one has signed stays valid: it is published and honoured until its last token is
    /// over. A running server notices within a second.
    Rotate,
    /// Remove an old key before its time: what it has signed is worth nothing from then on
    Retire {
        /// The key's id, as `list` shows it
        #[arg(allow_hyphen_values = true)]
        id: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

pub(super) async fn run(command: Command, setup: &Setup, out: &Output) -> Result<(), Error> {
    if let Command::List { json } = command {
        return list(out, &setup.config()?, json);
    }
    setup
        .administer(Database::MustExist, async |admin, config| {
            act(command, admin, config, out).await
        })
        .await
}

async fn act(command: Command, admin: &Admin, config: &Config, out: &Output) -> Result<(), Error> {
    let (folder, now) = (config.keys.dir.clone(), CLOCK.now());
    match command {
        Command::List { json } => list(out, config, json)?,
        Command::Rotate => {
            let id = admin.rotate_key(folder, now).await?;
            out.line(format!("key {id} signs from now on"))?;
        }
        Command::Retire { id, yes } => {
            input::confirm(yes, &format!("Retiring key {id}"))?;
            admin.retire_key(folder, id.clone(), now).await?;
            out.line(format!(
                "key {id} retired; what it has signed is worth nothing any more"
            ))?;
        }
    }
    Ok(())
}

fn list(out: &Output, config: &Config, json: bool) -> Result<(), Error> {
    let keys = token::list_keys(&config.keys.dir, token::honoured_for(config), CLOCK.now())?;
    if json {
        return out.json(&keys);
    }
    let rows = keys
        .iter()
        .map(|key| [key.id.clone(), key.made_at.to_string(), state(key)])
        .collect();
    out.table(
        ["ID", "MADE", "STATE"],
        rows,
        "no keys yet; the first start of the server makes one",
    )
}

fn state(key: &ListedKey) -> String {
    match key.state {
        KeyState::Signing => "signing".to_owned(),
        KeyState::Verifying { until } => format!("verifying until {until}"),
        KeyState::Over { since } => format!("over since {since}"),
        KeyState::Retired { at } => format!("retired {at}"),
    }
}
