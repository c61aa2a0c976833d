//! `readmit outbox suppressed`.

use clap::Subcommand;

use crate::admin::Admin;
use crate::cli::setup::CLOCK;
use crate::cli::{Error, Output};
use crate::email::EmailAddress;
use crate::outbox::suppression::{self, Suppression};

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
    /// List the addresses, the latest first
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Send no more mail to an address
    Add {
        /// The address
        email: String,
        /// Why, for whoever reads the list
        #[arg(long, default_value = "added by hand")]
        reason: String,
    },
    /// Send mail to an address again; what was dropped meanwhile has to be asked for anew
    Release {
        /// The address
        email: String,
    },
}

pub(super) async fn act(command: Command, admin: &Admin, out: &Output) -> Result<(), Error> {
    let now = CLOCK.now();
    match command {
        Command::List { json } => list(out, &admin.store.read(suppression::list).await?, json),
        Command::Add { email, reason } => {
            let email = address(&email)?;
            if !admin.suppress(email.clone(), reason, now).await? {
                return Err(format!("no mail is sent to {email} already").into());
            }
            out.line(format!("no more mail is sent to {email}"))
        }
        Command::Release { email } => {
            let email = address(&email)?;
            if !admin.release(email.clone(), now).await? {
                return Err(format!(
                    "{email} is not suppressed; `readmit outbox suppressed list` shows who is"
                )
                .into());
            }
            out.line(format!("mail is sent to {email} again"))
        }
    }
}

fn address(text: &str) -> Result<EmailAddress, Error> {
    EmailAddress::parse(text).map_err(|error| format!("{text:?}: {error}").into())
}

fn list(out: &Output, suppressed: &[Suppression], json: bool) -> Result<(), Error> {
    if json {
        return out.json(&suppressed);
    }
    let rows = suppressed
        .iter()
        .map(|one| [one.address.clone(), one.at.to_string(), one.reason.clone()])
        .collect();
    out.table(
        ["ADDRESS", "SINCE", "WHY"],
        rows,
        "no address is suppressed",
    )
}
