//! `readmit business`.

mod settings;
mod show;

use clap::Subcommand;

use self::settings::Settings;
pub(in crate::cli) use self::settings::name;
use super::output::or_dash;
use super::setup::{CLOCK, Database, Setup};
use super::{Error, Output, input};
use crate::admin::Admin;
use crate::business::{self, Business, BusinessError, BusinessId};
use crate::config::Config;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Add a location
    Add {
        /// Its number, as the portal knows it
        id: BusinessId,
        /// What its members call it
        #[arg(long)]
        name: String,
        #[command(flatten)]
        settings: Box<Settings>,
    },
    /// List the locations
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Show one location with all its settings
    Show {
        /// Its number
        id: BusinessId,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Change settings of a location; "" clears one
    Set {
        /// Its number
        id: BusinessId,
        /// What its members call it
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        settings: Box<Settings>,
    },
    /// Remove a location that nobody belongs to
    Remove {
        /// Its number
        id: BusinessId,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

pub(super) async fn run(command: Command, setup: &Setup, out: &Output) -> Result<(), Error> {
    let database = match command {
        Command::Add { .. } => Database::MayBeMade,
        _ => Database::MustExist,
    };
    setup
        .administer(database, async |admin, config| {
            act(command, admin, config, out).await
        })
        .await
}

async fn act(command: Command, admin: &Admin, config: &Config, out: &Output) -> Result<(), Error> {
    let now = CLOCK.now();
    match command {
        Command::Add {
            id,
            name: text,
            settings,
        } => {
            let mut business = Business::new(id, settings::name(&text)?, None, now);
            let changes = settings.changes(id, admin, config)?;
            let advice = settings::advice(&changes);
            changes.apply(&mut business, now);
            admin.add_business(business).await?;
            out.line(format!("business {id} added"))?;
            out.advise(advice)?;
        }
        Command::List { json } => {
            let all = admin.store.read(business::list).await?;
            list(out, &all, json)?;
        }
        Command::Show { id, json } => {
            let found = admin.store.read(move |db| business::find(db, id)).await?;
            show::show(out, &found.ok_or(BusinessError::Unknown(id))?, json)?;
        }
        Command::Set {
            id,
            name: text,
            settings,
        } => {
            let mut changes = settings.changes(id, admin, config)?;
            changes.name = text.as_deref().map(settings::name).transpose()?;
            let advice = settings::advice(&changes);
            let business = admin.set_business(id, changes, now).await?;
            show::show(out, &business, false)?;
            out.advise(advice)?;
        }
        Command::Remove { id, yes } => {
            input::confirm(yes, &format!("Removing business {id}"))?;
            admin.remove_business(id, now).await?;
            out.line(format!("business {id} removed"))?;
        }
    }
    Ok(())
}

fn list(out: &Output, all: &[Business], json: bool) -> Result<(), Error> {
    if json {
        return out.json(&all);
    }
    let rows = all
        .iter()
        .map(|business| {
            [
                business.id.to_string(),
                business.name.clone(),
                business.portal_url.as_ref().map_or_else(
                    || "(hosted pages)".to_owned(),
                    |url| url.as_str().to_owned(),
                ),
                or_dash(business.sender_address.as_ref()),
            ]
        })
        .collect();
    out.table(
        ["ID", "NAME", "PORTAL", "SENDER"],
        rows,
        "no businesses yet; add one with `readmit business add`",
    )
}
