//! `readmit init`: from an empty folder to a deployment that can be started.

mod answers;

use std::fs;
use std::io::IsTerminal as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;
use serde::Serialize;

use super::setup::{CLOCK, Database, Setup, environment};
use super::{Error, Output, input, log};
use crate::admin::Admin;
use crate::business::{self, Business, BusinessId, PortalUrl};
use crate::config::{Config, ConfigFile};
use crate::email::EmailAddress;
use crate::entropy::Entropy;
use crate::token::{self, KeyRing};
use crate::vault::Vault;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// The folder of the deployment, which is made if need be
    #[arg(default_value = ".")]
    dir: PathBuf,
    #[arg(
        long,
        value_name = "URL",
        help = "The address at which the world reaches the server: https://login.example.com"
    )]
    public_url: Option<String>,
    /// The address and port to listen on
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    #[arg(
        long,
        value_name = "URL",
        help = "The relay that takes the mail: smtp://mail.example.com"
    )]
    smtp_url: Option<String>,
    /// Who mail comes from: "Canal House <hello@example.com>"
    #[arg(long, value_name = "MAILBOX")]
    from: Option<String>,
    /// The account at the relay
    #[arg(long, value_name = "NAME", requires = "smtp_password_stdin")]
    smtp_username: Option<String>,
    /// Read the relay's password from standard input; it stands in the configuration, for its owner alone
    #[arg(long, requires = "smtp_username")]
    smtp_password_stdin: bool,
    /// The first location: what its members call it
    #[arg(long, value_parser = super::business::name)]
    name: Option<String>,
    /// Its number, as the portal knows it
    #[arg(long, value_name = "ID", default_value = "1")]
    business: BusinessId,
    /// Where its members' portal stands; without one, readmit serves its pages
    #[arg(long, value_name = "URL", value_parser = PortalUrl::parse)]
    portal_url: Option<PortalUrl>,
    /// The address that its mail comes from [default: as --from]
    #[arg(long, value_name = "ADDRESS", value_parser = EmailAddress::parse)]
    sender_address: Option<EmailAddress>,
    /// Ask nothing, on a terminal either; what no option says keeps its default
    #[arg(long)]
    yes: bool,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// What is there now, and whether this run made it.
#[derive(Serialize)]
struct Made {
    configuration: Part,
    keys: Part,
    database: Part,
    /// The first location; none if there is no location at all.
    business: Option<First>,
    /// What to do now, as commands.
    next: Vec<String>,
}

#[derive(Serialize)]
struct Part {
    path: PathBuf,
    made: bool,
}

#[derive(Serialize)]
struct First {
    id: BusinessId,
    name: String,
    made: bool,
}

pub(super) async fn run(args: Args, setup: &Setup, out: &Output) -> Result<(), Error> {
    if let Some(file) = setup.named_file() {
        return Err(format!(
            "init writes readmit.toml into its folder; leave --config {} away",
            file.display()
        )
        .into());
    }
    let folder = folder(&args.dir)?;
    let file = folder.join("readmit.toml");
    let asks = !args.yes && !args.smtp_password_stdin && std::io::stdin().is_terminal();
    answers::tidy(&folder)?;
    let made = !file.exists();
    if made {
        answers::write(&args, &folder, &file, asks)?;
    } else if args.configures() {
        out.advise(Some(format!(
            "{} is there and stays as it is: change it in an editor",
            file.display()
        )))?;
    }
    let configuration = Part { path: file, made };
    let config = Config::load(ConfigFile::Required(&configuration.path), environment())?;
    log::problems_only(config.log.format);
    let keys = keys(&config)?;
    let path = config.storage.path.clone();
    let made = !path.exists();
    let admin = Setup::open(&config, Database::MayBeMade)?;
    let business = first_business(&args, &admin, asks).await;
    admin.store.close().await;
    let business = business?;
    let made = Made {
        next: next(&args, &configuration.path, business.as_ref()),
        configuration,
        keys,
        database: Part { path, made },
        business,
    };
    report(&args, &made, out)
}

/// The folder, made if need be, by its absolute path.
fn folder(named: &Path) -> Result<PathBuf, Error> {
    let failed = |error| format!("cannot make the folder {}: {error}", named.display());
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(named)
        .map_err(failed)?;
    let folder = fs::canonicalize(named).map_err(failed)?;
    let owner = fs::metadata(&folder).map_err(failed)?.uid();
    if owner != 0 && rustix::process::geteuid().is_root() {
        return Err(format!(
            "{} belongs to another user, who could not read what root makes in it; run this as that \
             user: sudo -u '#{owner}' readmit init …",
            folder.display()
        )
        .into());
    }
    Ok(folder)
}

/// All of them, as the first start of a server makes them.
fn keys(config: &Config) -> Result<Part, Error> {
    let folder = &config.keys.dir;
    let known = |folder: &Path| token::list_keys(folder, token::honoured_for(config), CLOCK.now());
    let made = !folder.exists() || known(folder)?.is_empty();
    KeyRing::open(folder, token::honoured_for(config), CLOCK)?;
    Vault::open(folder, &Entropy::System)?;
    Ok(Part {
        path: folder.clone(),
        made,
    })
}

/// Adds the first location, unless there is one.
async fn first_business(args: &Args, admin: &Admin, asks: bool) -> Result<Option<First>, Error> {
    let there = admin.store.read(business::list).await?;
    if let Some(first) = there.into_iter().next() {
        return Ok(Some(First {
            id: first.id,
            name: first.name,
            made: false,
        }));
    }
    let name = match &args.name {
        Some(name) => name.clone(),
        None if asks => input::ask(
            "The first location: what its members call it",
            "",
            super::business::name,
        )?,
        None => return Ok(None),
    };
    let portal = match &args.portal_url {
        None if asks => input::ask(
            "Where its members' portal stands (nothing: readmit serves its pages)",
            "",
            |text| match text {
                "" => Ok(None),
                text => Ok(Some(PortalUrl::parse(text)?)),
            },
        )?,
        portal => portal.clone(),
    };
    let mut business = Business::new(args.business, name.clone(), portal, CLOCK.now());
    business.sender_address.clone_from(&args.sender_address);
    admin.add_business(business).await?;
    Ok(Some(First {
        id: args.business,
        name,
        made: true,
    }))
}

/// The commands that lead from here to a member who is back in.
fn next(args: &Args, file: &Path, business: Option<&First>) -> Vec<String> {
    let here = args.dir == Path::new(".");
    let readmit = if here {
        "readmit".to_owned()
    } else {
        format!("readmit --config {}", file.display())
    };
    let mut next = Vec::new();
    let id = business.map_or(args.business, |business| business.id);
    if business.is_none() {
        next.push(format!(
            "{readmit} business add {id} --name \"Canal House\" --portal-url https://portal.example.com"
        ));
    }
    next.push(format!("{readmit} check"));
    next.push(format!("{readmit} serve"));
    next.push(format!(
        "{readmit} user add you@example.com --name \"Your Name\" --business {id} --welcome"
    ));
    next.push(format!("{readmit} outbox list"));
    next.push(format!("{readmit} doctor"));
    next
}

fn report(args: &Args, made: &Made, out: &Output) -> Result<(), Error> {
    if args.json {
        return out.json(made);
    }
    let told = |made: bool| if made { "made" } else { "is there" };
    for (what, part) in [
        ("configuration", &made.configuration),
        ("keys", &made.keys),
        ("database", &made.database),
    ] {
        let (state, path) = (told(part.made), part.path.display());
        out.line(format!("{state:8}  {what:13}  {path}"))?;
    }
    if let Some(First { id, name, made }) = &made.business {
        let state = told(*made);
        let name = crate::text::inert(name);
        out.line(format!("{state:8}  {:13}  {id}, {name}", "business"))?;
    }
    out.line("\nKeep a copy of the keys, apart from the database's backups. What to do now:\n")?;
    for command in &made.next {
        out.line(format!("  {command}"))?;
    }
    Ok(())
}
