//! `readmit reset`.

use clap::Subcommand;

use super::output::or_dash;
use super::setup::{CLOCK, Database, Setup};
use super::{Error, Output};
use crate::admin::Admin;
use crate::reset::{self, Listed};
use crate::token::Jti;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List the links that can still be used
    List {
        /// Used, expired and revoked ones too
        #[arg(long)]
        all: bool,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Revoke a link
    Revoke {
        /// The link's id, as `list` shows it
        #[arg(allow_hyphen_values = true)]
        id: String,
    },
}

pub(super) async fn run(command: Command, setup: &Setup, out: &Output) -> Result<(), Error> {
    setup
        .administer(Database::MustExist, async |admin, _| {
            act(command, admin, out).await
        })
        .await
}

async fn act(command: Command, admin: &Admin, out: &Output) -> Result<(), Error> {
    let now = CLOCK.now();
    match command {
        Command::List { all, json } => {
            let links = admin
                .store
                .read(move |db| reset::list(db, all, now))
                .await?;
            list(out, &links, json)?;
        }
        Command::Revoke { id } => {
            if !admin.revoke_link(Jti::from_text(id.clone()), now).await? {
                return Err(format!(
                    "there is no link {id} that could still be used; `readmit reset list` shows those"
                )
                .into());
            }
            out.line(format!("link {id} revoked"))?;
        }
    }
    Ok(())
}

fn list(out: &Output, links: &[Listed], json: bool) -> Result<(), Error> {
    if json {
        return out.json(&links);
    }
    let rows = links
        .iter()
        .map(|link| {
            [
                link.jti.as_str().to_owned(),
                link.email.to_string(),
                or_dash(link.business_id.as_ref()),
                link.state.to_owned(),
                link.issued_at.to_string(),
                link.expires_at.to_string(),
            ]
        })
        .collect();
    out.table(
        ["ID", "EMAIL", "BUSINESS", "STATE", "SENT", "EXPIRES"],
        rows,
        "no links",
    )
}
