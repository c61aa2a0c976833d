//! Password reset: from a request by whoever, to a link in a mail, to a new password.
//!
//! A request is stored without looking at any account ([`Resets::request`]). When the outbox worker
//! comes to it, [`compose`] finds the account and mints the link's token as a row that holds its id
//! only. [`Resets::complete`] uses that row up, once.

mod by_hand;
mod compose;
pub(crate) mod sql;

pub use self::by_hand::LinkError;
pub use self::compose::compose;

use std::sync::Arc;

use secrecy::SecretString;
use serde::Serialize;

use crate::accounts::{self, Account, AccountId};
use crate::audit::{self, Actor};
use crate::business::BusinessId;
use crate::clock::Timestamp;
use crate::email::EmailAddress;
use crate::entropy::Entropy;
use crate::limits::{Action, Limits};
use crate::outbox::{self, Kind, NewMessage};
use crate::password::{Busy, Hasher, Judgement, Missed, NewPasswordError, Policy};
use crate::session::{self, LOGIN_TTL};
use crate::store::{Page, Place, Store, StoreError, Tx};
use crate::token::{self, Jti, Signer, Verified};

/// A member's way back in.
pub struct Resets {
    /// The database.
    pub store: Store,
    /// Random ids.
    pub entropy: Entropy,
    /// Password hashing.
    pub hasher: Hasher,
    /// Token signing.
    pub signer: Arc<Signer>,
    /// What a new password must meet.
    pub policy: Policy,
    /// The part of a Message-ID behind the `@`.
    pub mail_domain: String,
    /// How much mail one address gets.
    pub limits: Arc<Limits>,
}

/// Why a reset was not completed.
#[derive(Debug, thiserror::Error)]
pub enum CompleteError {
    /// The token is forged, over, used, revoked, of another location or of no kind at all. Which of
    /// these it is, is not said.
    #[error("this link is invalid or has expired")]
    InvalidToken,
    /// The password misses these rules; the token can still be used.
    #[error("the password misses the policy")]
    WeakPassword(Missed),
    /// Too much to hash.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// The database did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A link as listings show it. What is in the mail cannot be made from it.
#[derive(Clone, Debug, Serialize)]
pub struct Listed {
    /// The token's id.
    pub jti: Jti,
    /// Whose it is.
    pub account_id: AccountId,
    /// The account's address.
    pub email: EmailAddress,
    /// The location.
    pub business_id: Option<BusinessId>,
    /// `pending`, `used`, `expired` or `revoked`.
    pub state: &'static str,
    /// When it was last sent.
    pub issued_at: Timestamp,
    /// Until when it can be used.
    pub expires_at: Timestamp,
    /// When it was used.
    pub used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// Why it was revoked.
    pub revoked_why: Option<String>,
    /// How many passwords were refused as too weak with it.
    pub refused_passwords: u32,
}

/// Where a link stands in a list: those over behind those pending, and then by age.
pub type PageKey = (bool, i64);

/// A link with what stands around it.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its place in the list.
    pub key: PageKey,
    /// The link.
    pub link: Listed,
    /// How the person is called.
    pub name: String,
    /// What the location is called, while there is one.
    pub business: Option<String>,
    /// Who asked for it; none for a link that was made by hand.
    pub client: Option<String>,
    /// The message that carries it.
    pub message: Option<i64>,
    /// Where that message stands.
    pub mail: Option<outbox::State>,
}

impl Resets {
    /// Stores the request; the answer says that it is on disk, and nothing about any account. One that is
    /// over the limit of its address is stored as dropped, after the same work.
    pub async fn request(
        &self,
        email: EmailAddress,
        business: Option<BusinessId>,
        client: String,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let message = NewMessage {
            kind: Kind::Reset,
            recipient: email,
            account: None,
            business,
            client: Some(client),
            message_id: outbox::message_id(&self.mail_domain, &self.entropy),
        };
        let limits = Arc::clone(&self.limits);
        self.store
            .write(move |tx| {
                if limits.may_mail(Action::Reset, &message.recipient) {
                    outbox::enqueue(tx, &message, now)
                } else {
                    outbox::enqueue_dropped(tx, &message, outbox::TOO_OFTEN, now)
                }
            })
            .await
    }

    /// Whose link this is, if a password can still be chosen with it at this location. Nothing is used up.
    pub async fn linked(
        &self,
        token: &str,
        business: Option<BusinessId>,
        now: Timestamp,
    ) -> Result<Account, CompleteError> {
        let verified = self.verify(token, business, now)?;
        self.store
            .read(move |db| standing(db, &verified, now))
            .await
    }

    /// What the policy thinks of a password that the owner of this link might choose. Nothing is counted
    /// or kept.
    pub async fn judge(
        &self,
        token: &str,
        password: SecretString,
        business: Option<BusinessId>,
        now: Timestamp,
    ) -> Result<Judgement, CompleteError> {
        let verified = self.verify(token, business, now)?;
        let at = verified.business;
        let context = self
            .store
            .read(move |db| {
                let account = standing(db, &verified, now)?;
                Ok::<_, CompleteError>(accounts::password_context(db, &account, at)?)
            })
            .await?;
        Ok(self.hasher.judge(&self.policy, password, context).await?)
    }

    fn verify(
        &self,
        token: &str,
        business: Option<BusinessId>,
        now: Timestamp,
    ) -> Result<Verified, CompleteError> {
        let verified = self
            .signer
            .verify(token::Kind::Reset, token, now)
            .map_err(|_| CompleteError::InvalidToken)?;
        let elsewhere = |own| business.is_some_and(|given| given != own);
        if verified.business.is_some_and(elsewhere) {
            return Err(CompleteError::InvalidToken);
        }
        Ok(verified)
    }

    /// Changes the password, and returns a one-time login token for `exchange`.
    ///
    /// Everything older dies in the same transaction: other reset links, login tokens, sessions and
    /// refresh tokens. A `business` that is not the token's own refuses it without using it up.
    pub async fn complete(
        &self,
        token: &str,
        password: &str,
        business: Option<BusinessId>,
        client: String,
        now: Timestamp,
    ) -> Result<String, CompleteError> {
        let verified = self.verify(token, business, now)?;
        // Hashing is dear: only a token that still stands is worth it.
        let (asked, at) = (verified.clone(), verified.business);
        let context = self
            .store
            .read(move |db| {
                let account = standing(db, &asked, now)?;
                Ok::<_, CompleteError>(accounts::password_context(db, &account, at)?)
            })
            .await?;
        let hash = match self
            .hasher
            .hash_new(&self.policy, password.into(), context)
            .await
        {
            Ok(hash) => hash,
            Err(NewPasswordError::Busy(busy)) => return Err(busy.into()),
            Err(NewPasswordError::Weak(missed)) => {
                self.store
                    .write(move |tx| sql::count_refused_password(tx, &verified.jti))
                    .await?;
                return Err(CompleteError::WeakPassword(missed));
            }
        };
        let login_jti = Jti::new(&self.entropy);
        let notice_id = outbox::message_id(&self.mail_domain, &self.entropy);
        let login = self
            .store
            .write(move |tx| {
                let account = use_up(tx, &verified, now)?;
                let business = verified.business.or(account.business_id);
                accounts::sql::set_password(tx, account.id, &hash, now)?;
                revoke_open(tx, account.id, "another link was completed", now)?;
                session::revoke_all(tx, account.id, "the password was reset", now)?;
                let notice = NewMessage {
                    kind: Kind::Changed,
                    recipient: account.email.clone(),
                    account: Some(account.id),
                    business,
                    client: None,
                    message_id: notice_id,
                };
                outbox::enqueue(tx, &notice, now)?;
                let entry = audit::Entry {
                    actor: Actor::Member,
                    event: "password.reset",
                    outcome: audit::Outcome::Ok,
                    account: Some(account.id),
                    business,
                    client: Some(&client),
                    detail: None,
                };
                audit::record(tx, &entry, now)?;
                session::issue_login_token(tx, &account, business, login_jti, LOGIN_TTL, now)
                    .map_err(CompleteError::from)
            })
            .await?;
        Ok(self.signer.sign(token::Kind::Login, &login))
    }
}

/// The token's account, if nobody has used the token and nothing has ended it.
fn standing(
    db: &rusqlite::Connection,
    token: &Verified,
    now: Timestamp,
) -> Result<Account, CompleteError> {
    if !sql::is_open(db, &token.jti, now)? {
        return Err(CompleteError::InvalidToken);
    }
    accounts::sql::by_id(db, token.account)?.ok_or(CompleteError::InvalidToken)
}

/// Marks the token used, if nobody has before, and returns its account.
fn use_up(tx: &Tx<'_>, token: &Verified, now: Timestamp) -> Result<Account, CompleteError> {
    if !sql::use_up(tx, &token.jti, token.account, now)? {
        return Err(CompleteError::InvalidToken);
    }
    accounts::sql::by_id(tx, token.account)?.ok_or(CompleteError::InvalidToken)
}

/// Kills every link of the account that could still be used.
pub fn revoke_open(
    tx: &Tx<'_>,
    account: AccountId,
    why: &str,
    now: Timestamp,
) -> Result<usize, StoreError> {
    sql::revoke_open(tx, account, why, now)
}

/// The links, newest first: those that can still be used, or all.
pub fn list(
    db: &rusqlite::Connection,
    all: bool,
    now: Timestamp,
) -> Result<Vec<Listed>, StoreError> {
    sql::list(db, all, now)
}

/// A stretch of the links whose account's address, name or location contains `search`, newest first. With
/// `all`, those that can no longer be used follow behind those that can.
pub fn page(
    db: &rusqlite::Connection,
    all: bool,
    search: &str,
    place: &Place<PageKey>,
    reach: usize,
    now: Timestamp,
) -> Result<Page<Row>, StoreError> {
    sql::page(db, all, search, place, reach, now)
}

/// The newest links of an account.
pub fn of_account(
    db: &rusqlite::Connection,
    account: AccountId,
    limit: usize,
    now: Timestamp,
) -> Result<Vec<Row>, StoreError> {
    sql::of_account(db, account, limit, now)
}

/// How many links of the account can still be used.
pub fn pending_links(
    db: &rusqlite::Connection,
    account: AccountId,
    now: Timestamp,
) -> Result<u32, StoreError> {
    Ok(sql::pending(db, account, now, std::time::Duration::ZERO)?.all)
}

/// How many links an account may still use.
pub(crate) struct Pending {
    /// All of them.
    pub(crate) all: u32,
    /// Those sent within the cool-down.
    pub(crate) recent: u32,
}
