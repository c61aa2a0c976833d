//! `readmit outbox`.

use clap::{Subcommand, ValueEnum};

use super::output::or_dash;
use super::setup::{Database, Setup};
use super::{Error, Output};
use crate::admin::Admin;
use crate::outbox::{self, Listed, State};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List messages, newest first
    List {
        /// Only those in this state
        #[arg(long)]
        state: Option<StateArg>,
        /// How many at most
        #[arg(long, default_value_t = 100)]
        limit: u32,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Show one message: its state, attempts and the relay's last reply
    Show {
        /// Its number
        id: i64,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum StateArg {
    /// Waits for its next attempt
    Queued,
    /// Is being sent
    Sending,
    /// The relay took it
    Sent,
    /// Given up
    Dead,
    /// There was nothing to send
    Dropped,
}

impl From<StateArg> for State {
    fn from(state: StateArg) -> Self {
        match state {
            StateArg::Queued => Self::Queued,
            StateArg::Sending => Self::Sending,
            StateArg::Sent => Self::Sent,
            StateArg::Dead => Self::Dead,
            StateArg::Dropped => Self::Dropped,
        }
    }
}

pub(super) async fn run(command: Command, setup: &Setup, out: &Output) -> Result<(), Error> {
    setup
        .administer(Database::MustExist, async |admin, _| {
            act(command, admin, out).await
        })
        .await
}

async fn act(command: Command, admin: &Admin, out: &Output) -> Result<(), Error> {
    match command {
        Command::List { state, limit, json } => {
            let state = state.map(State::from);
            let messages = admin
                .store
                .read(move |db| outbox::list(db, state, limit))
                .await?;
            list(out, &messages, json)?;
        }
        Command::Show { id, json } => {
            let message = admin.store.read(move |db| outbox::show(db, id)).await?;
            let message = message.ok_or_else(|| {
                format!("there is no message {id}; `readmit outbox list` shows them")
            })?;
            show(out, &message, json)?;
        }
    }
    Ok(())
}

fn list(out: &Output, messages: &[Listed], json: bool) -> Result<(), Error> {
    if json {
        return out.json(&messages);
    }
    let rows = messages
        .iter()
        .map(|message| {
            [
                message.id.to_string(),
                message.kind.to_string(),
                message.state.to_string(),
                message.recipient.clone(),
                message.attempts.to_string(),
                or_dash(message.next_attempt_at.as_ref()),
                or_dash(message.reason.as_ref().or(message.last_reply.as_ref())),
            ]
        })
        .collect();
    out.table(
        [
            "ID",
            "KIND",
            "STATE",
            "TO",
            "ATTEMPTS",
            "NEXT ATTEMPT",
            "WHY",
        ],
        rows,
        "no messages",
    )
}

fn show(out: &Output, message: &Listed, json: bool) -> Result<(), Error> {
    if json {
        return out.json(message);
    }
    out.pairs(&[
        ("id", Some(message.id.to_string())),
        ("kind", Some(message.kind.to_string())),
        ("state", Some(message.state.to_string())),
        ("to", Some(message.recipient.clone())),
        ("account", message.account_id.map(|id| id.to_string())),
        ("business", message.business_id.map(|id| id.to_string())),
        ("asked from", message.client.clone()),
        ("message id", Some(message.message_id.clone())),
        ("attempts", Some(message.attempts.to_string())),
        (
            "next attempt",
            message.next_attempt_at.map(|at| at.to_string()),
        ),
        ("last reply", message.last_reply.clone()),
        ("reason", message.reason.clone()),
        ("queued", Some(message.created_at.to_string())),
        ("finished", message.finished_at.map(|at| at.to_string())),
    ])
}
