//! `readmit outbox`.

mod filter;
mod show;
mod suppressed;

use clap::{Args, Subcommand};

use self::filter::FilterArgs;
use super::setup::{CLOCK, Database, Setup};
use super::{Error, Output, input};
use crate::admin::{Acted, Admin};
use crate::config::Config;
use crate::outbox::{self, Filter};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List messages, newest first
    List {
        /// How many at most
        #[arg(long, default_value_t = 100)]
        limit: u32,
        /// As JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        filter: FilterArgs,
    },
    /// Show one message: its state, and what each relay said at each attempt
    Show {
        /// Its number
        id: i64,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Send dead messages anew, and those at once that wait
    ///
    /// A dead reset mail or code goes out as a new letter with a new link; the old link is dead for good.
    Retry(Which),
    /// Drop messages that wait
    ///
    /// A link or code that an earlier attempt at them may have delivered is dead from then on.
    Cancel(Which),
    /// Remove messages that were sent, dropped or given up
    ///
    /// By themselves they are removed when the time is over that the configuration sets.
    Purge {
        /// Do not ask
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        which: Which,
    },
    /// Count the messages, and show how the relays are
    Stats {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Addresses that no mail is sent to any more
    #[command(subcommand)]
    Suppressed(suppressed::Command),
}

/// Which messages an act is on.
#[derive(Debug, Args)]
pub(super) struct Which {
    /// Their numbers
    #[arg(value_name = "ID")]
    ids: Vec<i64>,
    /// All of them, without numbers or a filter
    #[arg(long, conflicts_with = "ids")]
    all: bool,
    /// As JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    filter: FilterArgs,
}

impl Which {
    fn filter(self) -> Result<Filter, Error> {
        let any = !self.ids.is_empty() || self.all || self.filter.is_given();
        if !any {
            return Err(
                "say which messages: by their numbers, by a filter such as --state or --older-than, or --all"
                    .into(),
            );
        }
        Ok(Filter {
            ids: self.ids,
            ..self.filter.into_filter(CLOCK.now())
        })
    }
}

pub(super) async fn run(command: Command, setup: &Setup, out: &Output) -> Result<(), Error> {
    setup
        .administer(Database::MustExist, async |admin, config| {
            act(command, admin, config, out).await
        })
        .await
}

async fn act(command: Command, admin: &Admin, config: &Config, out: &Output) -> Result<(), Error> {
    let now = CLOCK.now();
    match command {
        Command::List {
            filter,
            limit,
            json,
        } => {
            let filter = filter.into_filter(now);
            let messages = admin
                .store
                .read(move |db| outbox::list(db, &filter, limit))
                .await?;
            show::list(out, &messages, json)
        }
        Command::Show { id, json } => {
            let message = admin.store.read(move |db| outbox::show(db, id)).await?;
            let message = message.ok_or_else(|| {
                format!("there is no message {id}; `readmit outbox list` shows them")
            })?;
            show::one(out, &message, json)
        }
        Command::Retry(which) => {
            let json = which.json;
            let acted = admin.retry_messages(which.filter()?, now).await?;
            report(out, acted, json, "sent anew or at once", "dead or waiting")
        }
        Command::Cancel(which) => {
            let json = which.json;
            let acted = admin.cancel_messages(which.filter()?, now).await?;
            report(out, acted, json, "cancelled", "waiting")
        }
        Command::Purge { which, yes } => {
            let json = which.json;
            let filter = which.filter()?;
            input::confirm(yes, "removing messages")?;
            let acted = admin.purge_messages(filter, now).await?;
            report(out, acted, json, "removed", "sent, dropped or dead")
        }
        Command::Stats { json } => {
            let relays = config.smtp.urls.clone();
            let stats = admin
                .store
                .read(move |db| outbox::stats(db, &relays))
                .await?;
            show::stats(out, &stats, json)
        }
        Command::Suppressed(command) => suppressed::act(command, admin, out).await,
    }
}

/// Says how many messages something was done to, and how many it was not.
fn report(out: &Output, acted: Acted, json: bool, done: &str, wanted: &str) -> Result<(), Error> {
    if json {
        return out.json(&acted);
    }
    let messages = |count: usize| match count {
        1 => "1 message".to_owned(),
        count => format!("{count} messages"),
    };
    out.line(format!("{} {done}", messages(acted.done)))?;
    if acted.passed_over > 0 {
        let passed = messages(acted.passed_over);
        out.line(format!("{passed} passed over: not {wanted}"))?;
    }
    Ok(())
}
