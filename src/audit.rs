//! The audit log: who did what to whom, from where, and how it ended.
//!
//! Entries are only ever appended, each chained to the one before it (see `audit/chain.rs`), and removed
//! by retention alone.

mod chain;
mod export;
mod retention;
mod sql;
mod verify;
mod walk;

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde::Serialize;

pub use self::chain::{Head, HeadError};
pub use self::export::{ExportError, Format, export, export_to_file};
pub use self::verify::{Removed, Report};
pub use self::walk::Problem;

use crate::accounts::AccountId;
use crate::business::BusinessId;
use crate::clock::Timestamp;
use crate::email::EmailAddress;
use crate::key_folder::KeyError;
use crate::store::{self, Page, Place, Store, StoreError, Tx};
use crate::vault::Vault;

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

impl Outcome {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused => "refused",
        }
    }
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

/// Writes the entry in the transaction of the act itself, behind the newest one of that transaction: other
/// processes wait for its end before they write.
pub fn record(tx: &Tx<'_>, entry: &Entry<'_>, now: Timestamp) -> Result<(), StoreError> {
    let head = sql::head(tx)?;
    let actor = entry.actor.to_string();
    let account = entry.account.map(|account| account.to_string());
    let fields = chain::Fields {
        id: head.number + 1,
        at: now,
        actor: &actor,
        event: entry.event,
        outcome: entry.outcome.as_str(),
        account: account.as_deref(),
        business: entry.business.map(BusinessId::get),
        client: entry.client,
        detail: entry.detail,
    };
    let hash = chain::seal(tx, &head.hash, &fields)?;
    sql::insert(tx, &fields, &hash)
}

/// What a store must be opened with, so that entries can be chained. The vault is opened when the first
/// entry is written: to look, nobody needs the keys.
pub fn hooks(
    vault: impl Fn() -> Result<Arc<Vault>, KeyError> + Send + Sync + 'static,
) -> store::Hooks {
    let opened: OnceLock<Arc<Vault>> = OnceLock::new();
    let mac = move |purpose: &str, message: &[u8]| {
        if opened.get().is_none() {
            let vault = vault().map_err(|error| StoreError::Unavailable(error.to_string()))?;
            // Whoever was first, it is the same key.
            let _ = opened.set(vault);
        }
        let vault = opened.get().expect("it was set");
        Ok(vault.mac(purpose, message))
    };
    store::Hooks {
        mac: Arc::new(mac),
        is_behind: sql::is_behind,
        catch_up: chain::adopt,
    }
}

/// Goes through the whole log and finds out whether it is what was written. With a head that was noted
/// earlier, also whether that is still in it.
pub async fn verify(
    store: &Store,
    vault: &Vault,
    noted: Option<&Head>,
) -> Result<Report, StoreError> {
    verify::verify(store, vault, noted).await
}

/// The newest entry; none while nothing was ever written.
pub fn head(db: &rusqlite::Connection) -> Result<Option<Head>, StoreError> {
    sql::newest(db)
}

/// Removes entries older than `keep`, a few at a time; how many. Zero keeps all.
pub async fn sweep(store: &Store, keep: Duration, now: Timestamp) -> Result<usize, StoreError> {
    retention::sweep(store, keep, now).await
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
    /// Its place in the chain: 64 hexadecimal digits.
    pub hash: Option<String>,
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
    /// Only those that ended so.
    pub outcome: Option<Outcome>,
    /// Only those from this time on.
    pub since: Option<Timestamp>,
    /// Only those before this time.
    pub until: Option<Timestamp>,
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
