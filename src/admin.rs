//! What an administrator does: each act in one transaction with what it revokes and its audit entry.

mod businesses;
mod dkim;
mod export;
pub mod import;
mod keys;
mod links;
mod mail;
mod samples;
mod templates;

pub use self::dkim::DkimActError;
pub use self::export::{ExportError, Exported};
pub use self::import::ImportError;
pub use self::keys::KeyActError;
pub use self::mail::Acted;
pub use self::samples::TestMailError;
pub use self::templates::TemplateError;
use crate::accounts::{self, Account, AccountError, AccountId, NewAccount};
use crate::audit::{self, Actor};
use crate::business::BusinessId;
use crate::clock::Timestamp;
use crate::email::EmailAddress;
use crate::entropy::Entropy;
use crate::locale::Locale;
use crate::outbox::{self, Kind, NewMessage};
use crate::password::{Busy, Hasher, Password};
use crate::reset;
use crate::session;
use crate::store::{Store, StoreError, Tx};
use crate::totp;

/// A person to add.
#[derive(Clone, Debug)]
pub struct Person {
    /// The address.
    pub email: EmailAddress,
    /// How they are called.
    pub name: String,
    /// The location that they belong to.
    pub business: Option<BusinessId>,
    /// The language of their mail.
    pub locale: Option<Locale>,
    /// Their password.
    pub password: Option<Password>,
    /// The Message-ID of the mail that welcomes them, if they are to get one.
    pub welcome: Option<String>,
}

/// An administrator at work.
#[derive(Clone)]
pub struct Admin {
    /// The database.
    pub store: Store,
    /// Ids of new accounts.
    pub entropy: Entropy,
    /// Password hashing.
    pub hasher: Hasher,
    /// Who it is.
    pub actor: Actor,
}

impl Admin {
    /// Adds an account; without a password it must reset first.
    pub async fn add_account(&self, person: Person, now: Timestamp) -> Result<AccountId, ActError> {
        let password_hash = match person.password {
            Some(password) => Some(self.hasher.hash(password).await?),
            None => None,
        };
        let welcome = person.welcome;
        let person = NewAccount {
            id: AccountId::new(self.entropy.uuid()),
            email: person.email,
            name: person.name,
            business_id: person.business,
            locale: person.locale,
            must_reset_password: password_hash.is_none(),
            password_hash,
            suspended_at: None,
        };
        let actor = self.actor.clone();
        self.store
            .write(move |tx| {
                accounts::sql::insert(tx, &person, now)?;
                if let Some(message_id) = welcome {
                    let message = NewMessage {
                        kind: Kind::Welcome,
                        recipient: person.email.clone(),
                        account: Some(person.id),
                        business: person.business_id,
                        client: None,
                        message_id,
                    };
                    outbox::enqueue(tx, &message, now)?;
                }
                note_account(tx, actor, "account.add", person.id, None, now)?;
                Ok(person.id)
            })
            .await
    }

    /// Changes a person's name, or the language of their mail (`Some(None)` clears it).
    pub async fn set_person(
        &self,
        email: EmailAddress,
        name: Option<String>,
        locale: Option<Option<Locale>>,
        now: Timestamp,
    ) -> Result<(), AccountError> {
        self.act(email, "account.set", now, move |tx, account| {
            let name = name.as_ref().unwrap_or(&account.name);
            let locale = locale.as_ref().unwrap_or(&account.locale);
            accounts::sql::set_person(tx, account.id, name, locale.as_ref(), now)
        })
        .await
    }

    /// Shuts an account out, and ends its sessions and links.
    pub async fn suspend(&self, email: EmailAddress, now: Timestamp) -> Result<(), AccountError> {
        self.act(email, "account.suspend", now, move |tx, account| {
            accounts::sql::set_suspended(tx, account.id, Some(now), now)?;
            end_everything(tx, account.id, "the account was suspended", now)
        })
        .await
    }

    /// Lets a suspended account in again. One that is not suspended keeps its links and codes.
    pub async fn reactivate(
        &self,
        email: EmailAddress,
        now: Timestamp,
    ) -> Result<(), AccountError> {
        self.act(email, "account.reactivate", now, move |tx, account| {
            if account.suspended_at.is_none() {
                return Ok(());
            }
            accounts::sql::set_suspended(tx, account.id, None, now)
        })
        .await
    }

    /// Requires a new password before the next sign-in, and ends sessions and links.
    pub async fn require_reset(
        &self,
        email: EmailAddress,
        now: Timestamp,
    ) -> Result<(), AccountError> {
        self.act(email, "account.require_reset", now, move |tx, account| {
            accounts::sql::require_reset(tx, account.id, now)?;
            end_everything(tx, account.id, "a new password was required", now)
        })
        .await
    }

    /// Replaces an account's password, and ends its sessions and links.
    pub async fn set_password(
        &self,
        email: EmailAddress,
        password: Password,
        now: Timestamp,
    ) -> Result<(), ActError> {
        let hash = self.hasher.hash(password).await?;
        self.act(email, "account.set_password", now, move |tx, account| {
            accounts::sql::set_password(tx, account.id, &hash, now)?;
            end_everything(tx, account.id, "an administrator set a password", now)
        })
        .await?;
        Ok(())
    }

    /// Ends every session of an account. How many there were.
    pub async fn revoke_sessions(
        &self,
        email: EmailAddress,
        now: Timestamp,
    ) -> Result<usize, AccountError> {
        self.act(email, "account.revoke_sessions", now, move |tx, account| {
            session::revoke_all(tx, account.id, "an administrator ended it", now)
        })
        .await
    }

    /// Removes an account and everything that is its own; the audit log keeps its id.
    pub async fn remove_account(
        &self,
        email: EmailAddress,
        now: Timestamp,
    ) -> Result<(), AccountError> {
        self.act(email, "account.remove", now, move |tx, account| {
            accounts::sql::remove(tx, account.id)
        })
        .await
    }

    /// Switches an account's two-factor authentication off; false when it was not on.
    pub async fn totp_off(
        &self,
        email: EmailAddress,
        now: Timestamp,
    ) -> Result<bool, AccountError> {
        let actor = self.actor.clone();
        self.store
            .write(move |tx| {
                let account =
                    accounts::sql::by_email(tx, &email)?.ok_or(AccountError::Unknown(email))?;
                let was_on = totp::disable(tx, account.id)?;
                if was_on {
                    note_account(tx, actor, "account.totp_off", account.id, None, now)?;
                }
                Ok(was_on)
            })
            .await
    }

    /// Finds the account, acts on it and notes the act, in one transaction.
    async fn act<T, F>(
        &self,
        email: EmailAddress,
        event: &'static str,
        now: Timestamp,
        act: F,
    ) -> Result<T, AccountError>
    where
        F: FnOnce(&Tx<'_>, &Account) -> Result<T, StoreError> + Send + 'static,
        T: Send + 'static,
    {
        let actor = self.actor.clone();
        self.store
            .write(move |tx| {
                let account =
                    accounts::sql::by_email(tx, &email)?.ok_or(AccountError::Unknown(email))?;
                let done = act(tx, &account)?;
                note_account(tx, actor, event, account.id, None, now)?;
                Ok(done)
            })
            .await
    }
}

/// Why an act on an account that takes a password failed.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    /// The account.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The password could not be hashed.
    #[error(transparent)]
    Busy(#[from] Busy),
}

impl From<StoreError> for ActError {
    fn from(error: StoreError) -> Self {
        Self::Account(error.into())
    }
}

fn end_everything(
    tx: &Tx<'_>,
    account: AccountId,
    why: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    session::revoke_all(tx, account, why, now)?;
    reset::revoke_open(tx, account, why, now)?;
    Ok(())
}

fn note_account(
    tx: &Tx<'_>,
    actor: Actor,
    event: &'static str,
    account: AccountId,
    detail: Option<&str>,
    now: Timestamp,
) -> Result<(), StoreError> {
    note(tx, actor, event, (Some(account), None), detail, now)
}

fn note(
    tx: &Tx<'_>,
    actor: Actor,
    event: &'static str,
    (account, business): (Option<AccountId>, Option<BusinessId>),
    detail: Option<&str>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let entry = audit::Entry {
        actor,
        event,
        outcome: audit::Outcome::Ok,
        account,
        business,
        client: None,
        detail,
    };
    audit::record(tx, &entry, now)
}
