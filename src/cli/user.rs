//! `readmit user`.

mod person;
mod show;
mod transfer;

use std::path::PathBuf;

use clap::Subcommand;

use super::setup::{CLOCK, Database, Setup};
use super::{Error, Output, input};
use crate::accounts::{self, AccountError};
use crate::admin::{Admin, Person};
use crate::app::App;
use crate::business::BusinessId;
use crate::config::Config;
use crate::email::EmailAddress;
use crate::locale::Locale;
use crate::password::Policy;
use crate::session;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Add a person; without a password they must reset first
    Add {
        /// The email address
        email: String,
        /// How the person is called
        #[arg(long)]
        name: String,
        /// The number of the location that the person belongs to
        #[arg(long, value_name = "ID")]
        business: Option<BusinessId>,
        /// The language of their mail, like fr or pt-BR [default: the location's]
        #[arg(long, value_name = "TAG")]
        locale: Option<Locale>,
        /// Read the password from standard input
        #[arg(long)]
        password_stdin: bool,
        /// Send them a mail with a link to choose a password
        #[arg(long, conflicts_with = "password_stdin")]
        welcome: bool,
    },
    /// Change a person's name or language
    Set {
        /// The email address
        email: String,
        /// How the person is called
        #[arg(long)]
        name: Option<String>,
        /// The language of their mail, like fr or pt-BR; "" stands for the location's
        #[arg(long, value_name = "TAG")]
        locale: Option<String>,
    },
    /// List the people
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Show one person, with open sessions and reset links
    Show {
        /// The email address
        email: String,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Add many people from a file, all or none
    ///
    /// A CSV file begins with the line email,name,business,password. An empty password makes an
    /// account that must reset first; an empty business, one of no location.
    ///
    /// JSON Lines hold an object a line, with email and name, and with id, business, `password_hash`
    /// (or password, in clear), `totp_secret`, `must_reset` and suspended where there is something to
    /// say. A password hash of another system is replaced by one of ours when its owner first signs
    /// in: Argon2, bcrypt, PBKDF2 (Django's too), scrypt and SHA-512 crypt are understood.
    Import {
        /// The file
        file: PathBuf,
        /// What the file is, where its name does not say [default: jsonl for .jsonl and .ndjson, else csv]
        #[arg(long, value_enum)]
        format: Option<transfer::FormatName>,
    },
    /// Write everybody as JSON Lines, which an import takes
    ///
    /// Password hashes and TOTP secrets are in it. Keep the file as you keep the database and the keys: who has it can guess at passwords at
    /// leisure, and has every second factor. Recovery codes are not in it.
    Export {
        /// A file to make; standard output without one
        file: Option<PathBuf>,
    },
    /// Shut a person out, and end their sessions and links
    Suspend {
        /// The email address
        email: String,
    },
    /// Let a suspended person in again
    Reactivate {
        /// The email address
        email: String,
    },
    /// Require a new password before the next sign-in, and end sessions and links
    RequireReset {
        /// The email address
        email: String,
    },
    /// Replace a person's password, and end their sessions and links
    SetPassword {
        /// The email address
        email: String,
        /// Read the password from standard input: the only way to give one
        #[arg(long, required = true)]
        password_stdin: bool,
    },
    /// List a person's open sessions
    Sessions {
        /// The email address
        email: String,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// End every session of a person
    RevokeSessions {
        /// The email address
        email: String,
    },
    /// Make a fresh reset link, for a member on the telephone, and print it
    ///
    /// Whoever has the link can choose the account's password: be sure to whom you are talking.
    ResetLink {
        /// The email address
        email: String,
    },
    /// Switch a person's two-factor authentication off, for a lost device
    ///
    /// They sign in with the password alone until they set it up anew. Recovery codes go with it.
    TotpOff {
        /// The email address
        email: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Remove a person and all that is theirs
    Remove {
        /// The email address
        email: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

fn address(text: &str) -> Result<EmailAddress, Error> {
    EmailAddress::parse(text).map_err(|error| format!("{text:?}: {error}").into())
}

pub(super) async fn run(command: Command, setup: &Setup, out: &Output) -> Result<(), Error> {
    let database = match command {
        Command::Add { .. } | Command::Import { .. } => Database::MayBeMade,
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
            email,
            name,
            business,
            locale,
            password_stdin,
            welcome,
        } => {
            let person = Person {
                email: address(&email)?,
                name: person::name(&name)?,
                business,
                locale,
                password: None,
                welcome: welcome.then(|| person::message_id(admin, config)),
            };
            person::add(out, admin, config, person, password_stdin).await?;
        }
        Command::Set {
            email,
            name,
            locale,
        } => {
            person::set(admin, address(&email)?, name.as_deref(), locale.as_deref()).await?;
            show::show(out, admin, address(&email)?, false).await?;
        }
        Command::List { json } => show::list(out, &admin.store.read(accounts::list).await?, json)?,
        Command::Show { email, json } => show::show(out, admin, address(&email)?, json).await?,
        Command::Import { file, format } => {
            transfer::import(out, admin, config, &file, format).await?;
        }
        Command::Export { file } => transfer::export(out, admin, config, file.as_deref()).await?,
        Command::Suspend { email } => {
            admin.suspend(address(&email)?, now).await?;
            out.line(format!(
                "{email} is suspended; sessions and links have ended"
            ))?;
        }
        Command::Reactivate { email } => {
            admin.reactivate(address(&email)?, now).await?;
            out.line(format!("{email} can sign in again"))?;
        }
        Command::RequireReset { email } => {
            admin.require_reset(address(&email)?, now).await?;
            out.line(format!(
                "{email} must choose a new password; sessions and links have ended"
            ))?;
        }
        Command::SetPassword { email, .. } => {
            set_password(admin, config, address(&email)?).await?;
            out.line(format!(
                "{email} has a new password; sessions and links have ended"
            ))?;
        }
        Command::Sessions { email, json } => {
            let email = address(&email)?;
            let open = admin.store.read(move |db| {
                let account = accounts::find(db, &email)?.ok_or(AccountError::Unknown(email))?;
                Ok::<_, AccountError>(session::list(db, account.id, now)?)
            });
            show::sessions(out, &open.await?, json)?;
        }
        Command::RevokeSessions { email } => {
            let ended = admin.revoke_sessions(address(&email)?, now).await?;
            out.line(format!("{email}: {ended} sessions have ended"))?;
        }
        Command::ResetLink { email } => {
            let app = App::open(config.clone(), CLOCK, admin.entropy.clone())?;
            let made = app
                .resets
                .link_by_hand(address(&email)?, &app.mailing, admin.actor.clone(), now)
                .await;
            app.store.close().await;
            out.line(made?)?;
        }
        Command::TotpOff { email, yes } => {
            let address = address(&email)?;
            input::confirm(
                yes,
                &format!("Switching off two-factor authentication for {email}"),
            )?;
            if !admin.totp_off(address, now).await? {
                return Err(format!("two-factor authentication is not on for {email}").into());
            }
            out.line(format!(
                "{email} signs in without a second factor now; it can be set up anew"
            ))?;
        }
        Command::Remove { email, yes } => {
            let address = address(&email)?;
            input::confirm(yes, &format!("Removing {email}"))?;
            admin.remove_account(address, now).await?;
            out.line(format!("{email} removed"))?;
        }
    }
    Ok(())
}

async fn set_password(admin: &Admin, config: &Config, email: EmailAddress) -> Result<(), Error> {
    let wanted = email.clone();
    let context = admin.store.read(move |db| {
        let account = accounts::find(db, &wanted)?.ok_or(AccountError::Unknown(wanted))?;
        Ok::<_, AccountError>(accounts::password_context(db, &account, None)?)
    });
    let policy = Policy::open(&config.password)?;
    let password = input::password(&policy, &context.await?)?;
    admin.set_password(email, password, CLOCK.now()).await?;
    Ok(())
}
