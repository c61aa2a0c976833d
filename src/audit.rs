//! The audit log: who did what to whom, from where, and how it ended.

mod sql;

use std::fmt;

use serde::Serialize;

use crate::accounts::AccountId;
use crate::business::BusinessId;
use crate::clock::Timestamp;
use crate::email::EmailAddress;
use crate::store::{Page, Place, StoreError, Tx};

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
    sql::insert(tx, entry, now)
}

/// An entry as listings show it.
#[derive(Clone, Debug, Serialize)]
pub struct Listed {
    /// Its number.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// Who acted, as [`Actor`] is written.
    pub actor: String,
    /// What was done.
    pub event: String,
    /// `ok` or `refused`.
    pub outcome: String,
    /// On whom.
    pub account_id: Option<AccountId>,
    /// The address of the account, while there is one.
    pub email: Option<EmailAddress>,
    /// At which location.
    pub business_id: Option<BusinessId>,
    /// From where.
    pub client: Option<String>,
    /// What else there is to say.
    pub detail: Option<String>,
}

/// Which entries are meant: those that meet everything that is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only those of actors whose name contains this.
    pub actor: Option<String>,
    /// Only those on accounts whose address contains this.
    pub email: Option<String>,
    /// Only those of kinds that contain this.
    pub event: Option<String>,
    /// Only those that contain this anywhere.
    pub anywhere: Option<String>,
    /// Only those on this account.
    pub account: Option<AccountId>,
}

/// A stretch of the log, newest first.
pub fn page(
    db: &rusqlite::Connection,
    filter: &Filter,
    place: &Place<i64>,
    reach: usize,
) -> Result<Page<Listed>, StoreError> {
    sql::page(db, filter, place, reach)
}

/// How many sign-ins succeeded, and how many acts of members were refused, in each of `count` spans of
/// `span` milliseconds from `since` on.
pub fn activity(
    db: &rusqlite::Connection,
    since: Timestamp,
    span: i64,
    count: usize,
) -> Result<(Vec<u32>, Vec<u32>), StoreError> {
    sql::activity(db, since, span, count)
}
