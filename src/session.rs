//! Signing in and staying signed in.
//!
//! A session is a row. Its access token is a JWT that others verify by themselves until it expires;
//! our own endpoints look at the row too, so that a session that was ended is over at once here. Its
//! refresh token rotates at each use.

mod exchange;
mod hosted;
mod introspect;
mod member;
mod refresh;
mod sign_in;
mod sql;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

pub use self::exchange::ExchangeError;
pub use self::introspect::Introspected;
pub use self::member::{ChangePasswordError, Member, NotSignedIn};
pub use self::refresh::RefreshError;
pub use self::sign_in::{Login, SignInError, Step};
use crate::accounts::{Account, AccountId};
use crate::business::BusinessId;
use crate::clock::Timestamp;
use crate::config;
use crate::email::EmailAddress;
use crate::entropy::Entropy;
use crate::password::{Hasher, Policy};
use crate::store::{Store, StoreError, Tx};
use crate::token::{self, Jti, SessionClaims, Signer, Subject};
use crate::totp;
use crate::vault::Vault;

/// How long the login token after a reset or a code lives.
pub const LOGIN_TTL: Duration = Duration::from_mins(5);

/// How long the login token that carries a signed-in member into another page lives.
pub const CARRY_TTL: Duration = Duration::from_mins(1);

/// Opens, continues and ends sessions.
pub struct Sessions {
    /// The database.
    pub store: Store,
    /// Random ids and refresh tokens.
    pub entropy: Entropy,
    /// Password hashing.
    pub hasher: Hasher,
    /// What a new password must meet.
    pub policy: Policy,
    /// Token signing.
    pub signer: Arc<Signer>,
    /// What second factors are sealed with.
    pub vault: Arc<Vault>,
    /// Lifetimes.
    pub settings: config::Tokens,
    /// Whether new clients are told by mail.
    pub notices: config::Notices,
    /// The part of a Message-ID behind the `@`.
    pub mail_domain: String,
}

/// An open session, as its client gets it.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The access token.
    pub access_token: String,
    /// How long it is valid.
    pub expires_in: Duration,
    /// The refresh token, which stands nowhere else.
    pub refresh_token: String,
}

/// A session as its member sees it.
#[derive(Clone, Debug, Serialize)]
pub struct Listed {
    /// Its id, `sid` in its access tokens.
    pub id: String,
    /// Which application opened it.
    pub client_id: String,
    /// At which location.
    pub business_id: Option<BusinessId>,
    /// From where.
    pub client: Option<String>,
    /// When.
    pub created_at: Timestamp,
    /// When it was last refreshed.
    pub last_used_at: Option<Timestamp>,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// Whether it is the one that asks.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub current: bool,
}

/// A session about to be opened, or continued with new tokens.
#[derive(Clone)]
struct Opened {
    id: String,
    account: AccountId,
    email: EmailAddress,
    business: Option<BusinessId>,
    client_id: String,
    refresh_token: String,
    jti: Jti,
}

impl Opened {
    fn refresh_hash(&self) -> [u8; 32] {
        refresh_hash(&self.refresh_token)
    }
}

/// What stands in the database for a refresh token. It has 256 random bits, so that a plain hash
/// cannot be reversed by guessing.
fn refresh_hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

impl Sessions {
    fn new_session(
        &self,
        account: &Account,
        business: Option<BusinessId>,
        client_id: String,
    ) -> Opened {
        Opened {
            id: self.entropy.token::<16>(),
            account: account.id,
            email: account.email.clone(),
            business,
            client_id,
            refresh_token: self.entropy.token::<32>(),
            jti: Jti::new(&self.entropy),
        }
    }

    fn grant(&self, session: &Opened, lifetime: Duration, now: Timestamp) -> Grant {
        let subject = Subject {
            account: session.account,
            email: session.email.clone(),
            business: session.business,
            jti: session.jti.clone(),
            issued_at: now,
            expires_at: now.after(lifetime),
        };
        let claims = SessionClaims {
            session: &session.id,
            client_id: &session.client_id,
        };
        Grant {
            access_token: self.signer.sign_access(&subject, &claims),
            expires_in: lifetime,
            refresh_token: session.refresh_token.clone(),
        }
    }

    /// Signs a login token that a transaction has stored.
    pub fn sign_login(&self, subject: &Subject) -> String {
        self.signer.sign(token::Kind::Login, subject)
    }
}

/// Stores a one-time login token that lives for `lifetime`; the caller signs what is returned.
pub(crate) fn issue_login_token(
    tx: &Tx<'_>,
    account: &Account,
    business: Option<BusinessId>,
    jti: Jti,
    lifetime: Duration,
    now: Timestamp,
) -> Result<Subject, StoreError> {
    let subject = Subject {
        account: account.id,
        email: account.email.clone(),
        business,
        jti,
        issued_at: now,
        expires_at: now.after(lifetime),
    };
    sql::put_login_token(tx, &subject)?;
    Ok(subject)
}

/// Kills one login token, such as the magic link of a code that was used.
pub(crate) fn revoke_login_token(tx: &Tx<'_>, jti: &Jti, now: Timestamp) -> Result<(), StoreError> {
    sql::revoke_login_token(tx, jti, now)
}

/// Ends every session of the account, its refresh tokens and login tokens. How many sessions.
pub fn revoke_all(
    tx: &Tx<'_>,
    account: AccountId,
    why: &str,
    now: Timestamp,
) -> Result<usize, StoreError> {
    sql::revoke_login_tokens(tx, account, now)?;
    sql::revoke_sessions(tx, account, None, why, now)
}

/// Ends every session of everybody, with its refresh tokens. How many there were.
pub fn revoke_every(tx: &Tx<'_>, why: &str, now: Timestamp) -> Result<usize, StoreError> {
    sql::revoke_every_session(tx, why, now)
}

/// Kills every login token of everybody, magic links among them. How many there were.
pub fn revoke_every_login_token(tx: &Tx<'_>, now: Timestamp) -> Result<usize, StoreError> {
    sql::revoke_every_login_token(tx, now)
}

/// The open sessions of the account, newest first.
pub fn list(
    db: &rusqlite::Connection,
    account: AccountId,
    now: Timestamp,
) -> Result<Vec<Listed>, StoreError> {
    sql::list(db, account, now)
}

/// How many sessions of the account are open.
pub fn count_open(
    db: &rusqlite::Connection,
    account: AccountId,
    now: Timestamp,
) -> Result<u32, StoreError> {
    sql::count_open(db, account, now)
}

/// How many sessions are open, of whomever.
pub fn open_count(db: &rusqlite::Connection, now: Timestamp) -> Result<u32, StoreError> {
    sql::open_count(db, now)
}

/// Which second factor was used, for the audit log.
fn factor(verdict: totp::Verdict) -> Option<&'static str> {
    match verdict {
        totp::Verdict::Passed(factor) => Some(factor.as_str()),
        _ => None,
    }
}

/// A client's address as the audit log and the session list show it.
fn shown(client: IpAddr) -> String {
    client.to_string()
}
