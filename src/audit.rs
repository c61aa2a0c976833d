//! The audit log: who did what to whom, from where, and how it ended.

use std::fmt;

use rusqlite::params;

use crate::accounts::AccountId;
use crate::business::BusinessId;
use crate::clock::Timestamp;
use crate::store::{StoreError, Tx};

/// Who acted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Somebody who has not shown who they are.
    Anonymous,
    /// The account itself.
    Member,
    /// An administrator at this machine, by the name of the system's user.
    Admin(String),
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => f.write_str("anonymous"),
            Self::Member => f.write_str("member"),
            Self::Admin(user) => write!(f, "admin:{user}"),
        }
    }
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Ok,
    /// It was refused; the detail says why.
    Refused,
}

/// One entry. It never holds a token, a code or a password.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// Who acted.
    pub actor: Actor,
    /// What was done, as `noun.verb`.
    pub event: &'static str,
    /// How it ended.
    pub outcome: Outcome,
    /// On whom.
    pub account: Option<AccountId>,
    /// At which location.
    pub business: Option<BusinessId>,
    /// From where: the client's address.
    pub client: Option<&'a str>,
    /// What else there is to say.
    pub detail: Option<&'a str>,
}

/// Writes the entry in the transaction of the act itself.
pub fn record(tx: &Tx<'_>, entry: &Entry<'_>, now: Timestamp) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO audit (at, actor, event, outcome, account_id, business_id, client, detail) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![
        now,
        entry.actor.to_string(),
        entry.event,
        match entry.outcome {
            Outcome::Ok => "ok",
            Outcome::Refused => "refused",
        },
        entry.account,
        entry.business,
        entry.client,
        entry.detail,
    ])?;
    Ok(())
}
