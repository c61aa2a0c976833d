//! The command line: every command, its arguments, and where it is carried out.

mod audit;
mod backup;
mod business;
mod check;
mod client;
mod console;
mod demo;
mod dkim;
mod doctor;
mod health;
mod init;
mod input;
mod key;
mod links;
mod log;
mod outbox;
mod output;
mod serve;
mod setup;
mod template;
mod user;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use self::output::Output;
use self::setup::Setup;
use crate::config::ConfigError;

/// Whatever ends a command early; its message is for the administrator.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// Lets people back in: password reset and sign-in for every location of a business.
///
/// One binary, one SQLite file, one outbox that loses nothing. Start with `readmit demo`, which
/// needs no configuration.
#[derive(Debug, Parser)]
#[command(name = "readmit", version, max_term_width = 100)]
pub struct Cli {
    /// The configuration file [default: readmit.toml, if there is one]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Set a deployment up: a configuration, keys, the database and the first location
    ///
    /// On a terminal it asks for what the options do not say. Nothing that is there is overwritten: a
    /// second run says what there is, makes what is missing, and finishes what an interrupted one left.
    Init(Box<init::Args>),
    /// Serve the API and send mail, until SIGTERM or Ctrl-C
    ///
    /// SIGHUP reads the listener's certificate anew. A service manager such as systemd is told when the
    /// server is ready, how it is, that it lives, and when it stops.
    Serve,
    /// Try it: two businesses, three people, mail caught in a folder; needs nothing
    Demo(demo::Args),
    /// Watch and steer the deployment in this terminal
    ///
    /// Reset links, mail, people, locations and the audit log, live. Works whether the server runs or not, and over SSH; 80 columns and 24 lines or more. It needs no
    /// password: whoever can read the database and its keys may do all this by the commands, too. Every
    /// act stands in the audit log under the system user's name. `?` in it shows every key.
    Console(console::Args),
    /// Show the effective configuration and test the database, the keys and the relay
    Check,
    /// Look for what is wrong, or will be soon, and say what to do
    ///
    /// The database, its files, the clock, settings, keys, backups, relays, and the zones of senders.
    /// Nothing is changed and no mail is sent. Each finding says what to do; the exit status is 1 when one of
    /// them is an error.
    Doctor(doctor::Args),
    /// Ask the running server whether it can do its work; exit status 0 if so
    ///
    /// It is asked at the address that http.listen names, by TLS if a certificate is configured; one that
    /// listens on all addresses is asked on loopback. For probes of containers and load balancers.
    Health(health::Args),
    /// Print the OpenAPI document
    Openapi,
    /// Locations: who mail comes from, what it looks like, where its links lead
    #[command(subcommand)]
    Business(business::Command),
    /// People
    #[command(subcommand)]
    User(user::Command),
    /// Reset links
    #[command(subcommand)]
    Reset(links::Command),
    /// What mail says and looks like: built-in templates, and those of locations
    #[command(subcommand)]
    Template(template::Command),
    /// Mail that waits, and what became of the rest
    #[command(subcommand)]
    Outbox(outbox::Command),
    /// Who did what to whom, from where, and how it ended
    #[command(subcommand)]
    Audit(audit::Command),
    /// The keys that sign tokens
    #[command(subcommand)]
    Key(key::Command),
    /// The keys by which sender domains sign mail
    #[command(subcommand)]
    Dkim(dkim::Command),
    /// Copy the database into a file, while the server runs
    ///
    /// The copy is one moment of the database. It is read again and checked before it gets its name. Without
    /// --with-keys it is a plain SQLite file.
    Backup(backup::BackupArgs),
    /// Put a backup in the place of the database
    ///
    /// The server must be stopped. The backup is checked and brought up to date before anything is touched, and
    /// the exchange is one act: after a kill, the old or the new is there. Links, codes and
    /// sessions in it are ended, because they may have been used since; mail that waited is set aside.
    Restore(backup::RestoreArgs),
}

/// Carries the command out.
pub fn run(cli: Cli) -> Result<(), Error> {
    let setup = Setup::new(cli.config);
    let out = Output::stdout();
    let runtime = setup::runtime(matches!(cli.command, Command::Serve | Command::Demo(_)))?;
    runtime.block_on(async {
        match cli.command {
            Command::Init(args) => init::run(*args, &setup, &out).await,
            Command::Serve => serve::run(&setup, &out).await,
            Command::Demo(args) => demo::run(args, &out).await,
            Command::Console(args) => console::run(args, &setup).await,
            Command::Check => check::run(&setup, &out).await,
            Command::Doctor(args) => doctor::run(args, &setup, &out).await,
            Command::Health(args) => health::run(&args, &setup, &out).await,
            Command::Openapi => out.line(crate::http::openapi(&setup.config()?.http.public_url)),
            Command::Business(command) => business::run(command, &setup, &out).await,
            Command::User(command) => user::run(command, &setup, &out).await,
            Command::Reset(command) => links::run(command, &setup, &out).await,
            Command::Template(command) => template::run(command, &setup, &out).await,
            Command::Outbox(command) => outbox::run(command, &setup, &out).await,
            Command::Audit(command) => audit::run(command, &setup, &out).await,
            Command::Key(command) => key::run(command, &setup, &out).await,
            Command::Dkim(command) => dkim::run(command, &setup, &out).await,
            Command::Backup(args) => backup::backup(args, &setup, &out).await,
            Command::Restore(args) => backup::put_back(args, &setup, &out).await,
        }
    })
}

/// The exit status that tells scripts what went wrong: 2 for the configuration, as for wrong
/// arguments; 1 for everything else.
pub fn exit_status(error: &Error) -> u8 {
    if error.is::<ConfigError>() { 2 } else { 1 }
}
