//! People: who they are, where they belong, and whether they may come in.

pub(crate) mod sql;

use std::fmt;

use serde::Serialize;
use uuid::Uuid;

use crate::business::{self, BusinessId};
use crate::clock::Timestamp;
use crate::email::EmailAddress;
use crate::locale::Locale;
use crate::password::{self, PasswordHash};
use crate::store::{Page, Place, StoreError};

/// The lasting identity of an account: `sub` in its tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct AccountId(Uuid);

impl AccountId {
    /// From a fresh random UUID.
    pub fn new(id: Uuid) -> Self {
        Self(id)
    }

    /// Reads any form of a UUID (RFC 9562, 4), of which one is what is written.
    pub fn parse(text: &str) -> Option<Self> {
        Uuid::try_parse(text).ok().map(Self)
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An account as administrators see it. The password's hash is not part of it.
#[derive(Clone, Debug, Serialize)]
pub struct Account {
    /// Its identity.
    pub id: AccountId,
    /// The address that its mail goes to.
    pub email: EmailAddress,
    /// How the person is called.
    pub name: String,
    /// The location it belongs to.
    pub business_id: Option<BusinessId>,
    /// The language of its mail; the location's when absent.
    pub locale: Option<Locale>,
    /// Whether it can sign in with a password at all.
    pub has_password: bool,
    /// Whether it must choose a new password before it can sign in.
    pub must_reset_password: bool,
    /// Since when it is shut out.
    pub suspended_at: Option<Timestamp>,
    /// How often password, address or status changed: what was made under an older count is dead.
    #[serde(skip)]
    pub credential_version: i64,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// An account together with what its password is checked against.
pub(crate) struct Credentials {
    pub(crate) account: Account,
    pub(crate) password_hash: Option<PasswordHash>,
}

/// A person to add.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// The identity it will have.
    pub id: AccountId,
    /// The address.
    pub email: EmailAddress,
    /// How the person is called.
    pub name: String,
    /// The location.
    pub business_id: Option<BusinessId>,
    /// The language.
    pub locale: Option<Locale>,
    /// The password's hash.
    pub password_hash: Option<PasswordHash>,
    /// Whether it must reset first, as every account without a password must.
    pub must_reset_password: bool,
    /// Since when it is shut out.
    pub suspended_at: Option<Timestamp>,
}

/// Everybody, by address.
pub fn list(db: &rusqlite::Connection) -> Result<Vec<Account>, StoreError> {
    sql::all(db)
}

/// A stretch of the people whose address or name contains `search`, whatever the case of its ASCII
/// letters, by the keys of their addresses.
pub fn page(
    db: &rusqlite::Connection,
    search: &str,
    place: &Place<String>,
    reach: usize,
) -> Result<Page<Account>, StoreError> {
    sql::page(db, search, place, reach)
}

/// Whose address that is.
pub fn find(
    db: &rusqlite::Connection,
    email: &EmailAddress,
) -> Result<Option<Account>, StoreError> {
    sql::by_email(db, email)
}

/// The account of that identity.
pub fn by_id(db: &rusqlite::Connection, id: AccountId) -> Result<Option<Account>, StoreError> {
    sql::by_id(db, id)
}

/// What a new password of this account must not be made of. The location is the one that it is set
/// at, else the account's own.
pub fn password_context(
    db: &rusqlite::Connection,
    account: &Account,
    at: Option<BusinessId>,
) -> Result<password::Context, StoreError> {
    let business = match at.or(account.business_id) {
        Some(id) => business::find(db, id)?,
        None => None,
    };
    Ok(password::Context {
        email: Some(account.email.clone()),
        name: Some(account.name.clone()),
        min_length: business
            .as_ref()
            .and_then(|business| business.password_min_length),
        business: business.map(|business| business.name),
    })
}

/// Why an act on an account was refused.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The address is taken.
    #[error("{0} has an account already")]
    Exists(EmailAddress),
    /// The identity is another's.
    #[error("the id {0} is that of another account already")]
    IdTaken(AccountId),
    /// Nobody has that address.
    #[error("{0} has no account; `readmit user list` shows them")]
    Unknown(EmailAddress),
    /// The business is not there.
    #[error("there is no business {0}; add it with `readmit business add {0}`")]
    UnknownBusiness(BusinessId),
    /// The database did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}
