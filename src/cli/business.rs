//! `readmit business`.

use clap::{Args, Subcommand};

use super::output::or_dash;
use super::setup::{CLOCK, Database, Setup};
use super::{Error, Output, input};
use crate::admin::Admin;
use crate::business::{
    self, Business, BusinessError, BusinessId, Changes, Colour, LinkPattern, PortalUrl,
};
use crate::email::EmailAddress;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Add a location
    Add {
        /// Its number, as the portal knows it
        id: BusinessId,
        /// What its members call it
        #[arg(long)]
        name: String,
        #[arg(
            long,
            value_name = "URL",
            help = "Where its members' portal stands, like https://portal.example.com"
        )]
        portal_url: PortalUrl,
        #[command(flatten)]
        settings: Settings,
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
        /// Where its members' portal stands
        #[arg(long, value_name = "URL")]
        portal_url: Option<PortalUrl>,
        #[command(flatten)]
        settings: Settings,
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

#[derive(Debug, Default, Args)]
pub(super) struct Settings {
    /// The name that mail comes from [default: the location's name]
    #[arg(long, value_name = "NAME")]
    sender_name: Option<String>,
    /// The address that mail comes from [default: smtp.from]
    #[arg(long, value_name = "ADDRESS")]
    sender_address: Option<String>,
    /// Where answers go
    #[arg(long, value_name = "ADDRESS")]
    reply_to: Option<String>,
    /// The colour of heading and button: #1f6feb
    #[arg(long, value_name = "#RRGGBB")]
    colour: Option<String>,
    /// A picture above the heading of its mail
    #[arg(long, value_name = "URL")]
    logo_url: Option<String>,
    #[arg(
        long,
        value_name = "PATTERN",
        help = "The form of a reset link, with {token} and, if you like, {portal_url} and {business_id} \
                [default: {portal_url}/reset-password?token={token}]"
    )]
    reset_link: Option<String>,
    #[arg(
        long,
        value_name = "PATTERN",
        help = "The form of a magic link, likewise [default: {portal_url}/login?token={token}]"
    )]
    magic_link: Option<String>,
    /// The language of its mail: en, fr, pt-BR
    #[arg(long, value_name = "TAG")]
    locale: Option<String>,
}

impl Settings {
    fn changes(self) -> Result<Changes, Error> {
        let address = |text: &str| Ok(EmailAddress::parse(text)?);
        Ok(Changes {
            name: None,
            portal_url: None,
            sender_name: setting("sender-name", self.sender_name.as_deref(), line)?,
            sender_address: setting("sender-address", self.sender_address.as_deref(), address)?,
            reply_to: setting("reply-to", self.reply_to.as_deref(), address)?,
            colour: setting("colour", self.colour.as_deref(), |text| {
                Ok(Colour::parse(text)?)
            })?,
            logo_url: setting("logo-url", self.logo_url.as_deref(), |text| {
                Ok(business::web_address(text)?)
            })?,
            reset_link: setting("reset-link", self.reset_link.as_deref(), |text| {
                Ok(LinkPattern::parse(text)?)
            })?,
            magic_link: setting("magic-link", self.magic_link.as_deref(), |text| {
                Ok(LinkPattern::parse(text)?)
            })?,
            locale: setting("locale", self.locale.as_deref(), |text| {
                Ok(business::locale(text)?)
            })?,
        })
    }
}

/// What an option says: an empty text clears the setting; the option's name stands before what is wrong.
#[expect(
    clippy::option_option,
    reason = "absent, cleared and set are three things"
)]
fn setting<T>(
    option: &str,
    text: Option<&str>,
    parse: impl Fn(&str) -> Result<T, Error>,
) -> Result<Option<Option<T>>, Error> {
    match text.map(str::trim) {
        None => Ok(None),
        Some("") => Ok(Some(None)),
        Some(text) => match parse(text) {
            Ok(value) => Ok(Some(Some(value))),
            Err(error) => Err(format!("--{option}: {error}").into()),
        },
    }
}

/// A name: one line that a mail header can hold.
fn line(text: &str) -> Result<String, Error> {
    if text.chars().any(char::is_control) || text.chars().count() > 100 {
        return Err("a name has one line and at most 100 characters".into());
    }
    Ok(text.to_owned())
}

fn name(text: &str) -> Result<String, Error> {
    match text.trim() {
        "" => Err("--name: a location needs a name".into()),
        text => line(text).map_err(|error| format!("--name: {error}").into()),
    }
}

pub(super) async fn run(command: Command, setup: &Setup, out: &Output) -> Result<(), Error> {
    let database = match command {
        Command::Add { .. } => Database::MayBeMade,
        _ => Database::MustExist,
    };
    setup
        .administer(database, async |admin, _| act(command, admin, out).await)
        .await
}

async fn act(command: Command, admin: &Admin, out: &Output) -> Result<(), Error> {
    let now = CLOCK.now();
    match command {
        Command::Add {
            id,
            name: text,
            portal_url,
            settings,
        } => {
            let mut business = Business::new(id, name(&text)?, portal_url, now);
            settings.changes()?.apply(&mut business, now);
            admin.add_business(business).await?;
            out.line(format!("business {id} added"))?;
        }
        Command::List { json } => {
            let all = admin.store.read(business::list).await?;
            list(out, &all, json)?;
        }
        Command::Show { id, json } => {
            let found = admin.store.read(move |db| business::find(db, id)).await?;
            show(out, &found.ok_or(BusinessError::Unknown(id))?, json)?;
        }
        Command::Set {
            id,
            name: text,
            portal_url,
            settings,
        } => {
            let mut changes = settings.changes()?;
            changes.name = text.as_deref().map(name).transpose()?;
            changes.portal_url = portal_url;
            let business = admin.set_business(id, changes, now).await?;
            show(out, &business, false)?;
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
                business.portal_url.as_str().to_owned(),
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

fn show(out: &Output, business: &Business, json: bool) -> Result<(), Error> {
    if json {
        return out.json(business);
    }
    out.pairs(&[
        ("id", Some(business.id.to_string())),
        ("name", Some(business.name.clone())),
        ("portal", Some(business.portal_url.as_str().to_owned())),
        ("sender name", business.sender_name.clone()),
        (
            "sender address",
            business.sender_address.as_ref().map(ToString::to_string),
        ),
        (
            "reply to",
            business.reply_to.as_ref().map(ToString::to_string),
        ),
        ("colour", business.colour.as_ref().map(ToString::to_string)),
        ("logo", business.logo_url.clone()),
        (
            "reset link",
            business
                .reset_link
                .as_ref()
                .map(|link| link.as_str().to_owned()),
        ),
        (
            "magic link",
            business
                .magic_link
                .as_ref()
                .map(|link| link.as_str().to_owned()),
        ),
        ("locale", business.locale.clone()),
        ("added", Some(business.created_at.to_string())),
        ("changed", Some(business.updated_at.to_string())),
    ])
}
