//! People as commands show them.

use serde::Serialize;

use crate::accounts::{self, Account, AccountError};
use crate::admin::Admin;
use crate::cli::output::or_dash;
use crate::cli::setup::CLOCK;
use crate::cli::{Error, Output};
use crate::clock::Timestamp;
use crate::email::EmailAddress;
use crate::{reset, session, totp};

/// A person with what is open.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    account: Account,
    open_sessions: u32,
    pending_links: u32,
    two_factor_since: Option<Timestamp>,
    recovery_codes_left: Option<u32>,
}

pub(super) fn list(out: &Output, all: &[Account], json: bool) -> Result<(), Error> {
    if json {
        return out.json(&all);
    }
    let rows = all
        .iter()
        .map(|account| {
            [
                account.email.to_string(),
                account.name.clone(),
                or_dash(account.business_id.as_ref()),
                status(account).to_owned(),
            ]
        })
        .collect();
    out.table(
        ["EMAIL", "NAME", "BUSINESS", "STATUS"],
        rows,
        "no people yet; add one with `readmit user add`",
    )
}

pub(super) fn sessions(out: &Output, open: &[session::Listed], json: bool) -> Result<(), Error> {
    if json {
        return out.json(&open);
    }
    let rows = open
        .iter()
        .map(|session| {
            [
                session.id.clone(),
                session.client_id.clone(),
                or_dash(session.client.as_ref()),
                session.created_at.to_string(),
                or_dash(session.last_used_at.as_ref()),
                session.expires_at.to_string(),
            ]
        })
        .collect();
    out.table(
        ["ID", "CLIENT", "FROM", "OPENED", "REFRESHED", "ENDS"],
        rows,
        "no open sessions",
    )
}

fn two_factor(shown: &Shown) -> String {
    match (shown.two_factor_since, shown.recovery_codes_left) {
        (Some(since), Some(left)) => format!("on since {since}, {left} recovery codes left"),
        _ => "off".to_owned(),
    }
}

fn status(account: &Account) -> &'static str {
    if account.suspended_at.is_some() {
        "suspended"
    } else if !account.has_password {
        "no password yet"
    } else if account.must_reset_password {
        "must reset"
    } else {
        "active"
    }
}

pub(super) async fn show(
    out: &Output,
    admin: &Admin,
    email: EmailAddress,
    json: bool,
) -> Result<(), Error> {
    let now = CLOCK.now();
    let shown = admin
        .store
        .read(move |db| {
            let account = accounts::find(db, &email)?.ok_or(AccountError::Unknown(email))?;
            let two_factor = totp::status(db, account.id)?;
            Ok::<_, AccountError>(Shown {
                two_factor_since: two_factor.map(|status| status.since),
                recovery_codes_left: two_factor.map(|status| status.recovery_codes),
                open_sessions: session::count_open(db, account.id, now)?,
                pending_links: reset::pending_links(db, account.id, now)?,
                account,
            })
        })
        .await?;
    if json {
        return out.json(&shown);
    }
    let account = &shown.account;
    out.pairs(&[
        ("email", Some(account.email.to_string())),
        ("name", Some(account.name.clone())),
        ("id", Some(account.id.to_string())),
        ("business", account.business_id.map(|id| id.to_string())),
        ("locale", account.locale.as_ref().map(ToString::to_string)),
        ("status", Some(status(account).to_owned())),
        ("suspended", account.suspended_at.map(|at| at.to_string())),
        ("open sessions", Some(shown.open_sessions.to_string())),
        ("pending links", Some(shown.pending_links.to_string())),
        ("two-factor", Some(two_factor(&shown))),
        ("added", Some(account.created_at.to_string())),
        ("changed", Some(account.updated_at.to_string())),
    ])
}
