//! Signing in: by password, or by a one-time login token.
//!
//! A session is a row with a refresh token's hash beside it; its access token is a JWT that others
//! verify by themselves until it expires.

mod sql;

use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::accounts::{self, Account, AccountId};
use crate::audit::{self, Actor};
use crate::business::BusinessId;
use crate::clock::Timestamp;
use crate::config;
use crate::email::EmailAddress;
use crate::entropy::Entropy;
use crate::password::{Busy, Hasher, Password};
use crate::store::{Store, StoreError, Tx};
use crate::token::{self, Jti, SessionClaims, Signer, Subject};

/// How long a login token lives from when it is handed out.
pub const LOGIN_TTL: Duration = Duration::from_mins(5);

/// Opens sessions.
pub struct Sessions {
    /// The database.
    pub store: Store,
    /// Random ids and refresh tokens.
    pub entropy: Entropy,
    /// Password hashing.
    pub hasher: Hasher,
    /// Token signing.
    pub signer: Arc<Signer>,
    /// Lifetimes.
    pub settings: config::Tokens,
}

/// What a member signs in with.
#[derive(Clone, Debug)]
pub struct Login {
    /// What was typed as user name. It need not be an address.
    pub username: String,
    /// What was typed as password; none when it is longer than any password can be.
    pub password: Option<Password>,
    /// Which application asks; the email address when it does not say.
    pub client_id: Option<String>,
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

/// Why a sign-in was refused.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Wrong password, unknown account, no password yet, or suspended. Which, is not said.
    #[error("the credentials are wrong")]
    Credentials,
    /// The password is right, and an administrator requires a new one.
    #[error("a new password is required")]
    MustReset,
    /// Too much to hash.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// The database did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a login token was not exchanged.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// Forged, over, used, or its account may not come in.
    #[error("the token is invalid, expired or used")]
    InvalidToken,
    /// The database did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Sessions {
    /// Checks the password and opens a session.
    ///
    /// Whatever the user name is, this reads once, verifies one Argon2 hash and writes once.
    pub async fn sign_in(
        &self,
        login: Login,
        client: String,
        now: Timestamp,
    ) -> Result<Grant, SignInError> {
        let Some(password) = login.password else {
            return Err(SignInError::Credentials);
        };
        let email = EmailAddress::parse(&login.username).ok();
        let found = match email {
            Some(email) => {
                self.store
                    .read(move |db| accounts::sql::credentials(db, &email))
                    .await?
            }
            None => None,
        };
        let (account, hash) = match found {
            Some(found) => (Some(found.account), found.password_hash),
            None => (None, None),
        };
        let matches = self.hasher.verify(password, hash).await?;
        let verdict = match &account {
            Some(account) if matches && account.suspended_at.is_none() => {
                if account.must_reset_password {
                    Err(Refusal::MustReset)
                } else {
                    Ok(())
                }
            }
            _ => Err(Refusal::Credentials),
        };
        match (verdict, account) {
            (Ok(()), Some(account)) => {
                let client_id = login
                    .client_id
                    .unwrap_or_else(|| account.email.as_str().to_owned());
                let new = self.new_session(&account, account.business_id, client_id);
                let lifetime = self.settings.access_ttl;
                let refresh_until = now.after(self.settings.refresh_ttl);
                let opening = new.clone();
                self.store
                    .write(move |tx| {
                        // The password may have been changed while the hash was computed.
                        let unchanged = accounts::sql::by_id(tx, account.id)?.is_some_and(|now| {
                            now.credential_version == account.credential_version
                        });
                        if !unchanged {
                            return Err(SignInError::Credentials);
                        }
                        let entry = sign_in_entry(Some(account.id), &client, None);
                        audit::record(tx, &entry, now)?;
                        Ok(sql::open(tx, &opening, refresh_until, now)?)
                    })
                    .await?;
                Ok(self.grant(&new, lifetime, now))
            }
            (Err(refusal), account) => {
                let account = account.map(|account| account.id);
                self.store
                    .write(move |tx| {
                        let entry = sign_in_entry(account, &client, Some(refusal.reason()));
                        audit::record(tx, &entry, now)
                    })
                    .await
                    .map_err(SignInError::from)?;
                Err(refusal.into())
            }
            (Ok(()), None) => Err(SignInError::Credentials),
        }
    }

    /// Exchanges a login token, once, for a session whose access token is valid for `lifetime`
    /// (capped by the configuration).
    pub async fn exchange(
        &self,
        token: &str,
        lifetime: Duration,
        client: String,
        now: Timestamp,
    ) -> Result<Grant, ExchangeError> {
        let verified = self
            .signer
            .verify(token::Kind::Login, token, now)
            .map_err(|_| ExchangeError::InvalidToken)?;
        let lifetime = lifetime.min(self.settings.max_exchange);
        let refresh_until = now.after(self.settings.refresh_ttl);
        let (session, refresh_token) = (self.entropy.token::<16>(), self.entropy.token::<32>());
        let jti = Jti::new(&self.entropy);
        let new = self
            .store
            .write(move |tx| {
                if !sql::use_login_token(tx, &verified.jti, verified.account, now)? {
                    return Err(ExchangeError::InvalidToken);
                }
                let account = accounts::sql::by_id(tx, verified.account)?
                    .ok_or(ExchangeError::InvalidToken)?;
                let new = NewSession {
                    id: session,
                    account: account.id,
                    client_id: account.email.as_str().to_owned(),
                    email: account.email,
                    business: verified.business,
                    refresh_token,
                    jti,
                };
                let entry = audit::Entry {
                    actor: Actor::Member,
                    event: "session.exchange",
                    outcome: audit::Outcome::Ok,
                    account: Some(new.account),
                    business: new.business,
                    client: Some(&client),
                    detail: None,
                };
                audit::record(tx, &entry, now)?;
                sql::open(tx, &new, refresh_until, now)?;
                Ok(new)
            })
            .await?;
        Ok(self.grant(&new, lifetime, now))
    }

    fn new_session(
        &self,
        account: &Account,
        business: Option<BusinessId>,
        client_id: String,
    ) -> NewSession {
        NewSession {
            id: self.entropy.token::<16>(),
            account: account.id,
            email: account.email.clone(),
            business,
            client_id,
            refresh_token: self.entropy.token::<32>(),
            jti: Jti::new(&self.entropy),
        }
    }

    fn grant(&self, new: &NewSession, lifetime: Duration, now: Timestamp) -> Grant {
        let subject = Subject {
            account: new.account,
            email: new.email.clone(),
            business: new.business,
            jti: new.jti.clone(),
            issued_at: now,
            expires_at: now.after(lifetime),
        };
        let session = SessionClaims {
            session: &new.id,
            client_id: &new.client_id,
        };
        Grant {
            access_token: self.signer.sign_access(&subject, &session),
            expires_in: lifetime,
            refresh_token: new.refresh_token.clone(),
        }
    }
}

/// A session about to be opened.
#[derive(Clone)]
struct NewSession {
    id: String,
    account: AccountId,
    email: EmailAddress,
    business: Option<BusinessId>,
    client_id: String,
    refresh_token: String,
    jti: Jti,
}

impl NewSession {
    /// What stands in the database for the refresh token. It has 256 random bits, so that a plain
    /// hash cannot be reversed by guessing.
    fn refresh_hash(&self) -> [u8; 32] {
        Sha256::digest(self.refresh_token.as_bytes()).into()
    }
}

#[derive(Clone, Copy)]
enum Refusal {
    Credentials,
    MustReset,
}

impl Refusal {
    const fn reason(self) -> &'static str {
        match self {
            Self::Credentials => "wrong credentials",
            Self::MustReset => "a new password is required",
        }
    }
}

impl From<Refusal> for SignInError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Credentials => Self::Credentials,
            Refusal::MustReset => Self::MustReset,
        }
    }
}

fn sign_in_entry<'a>(
    account: Option<AccountId>,
    client: &'a str,
    refused: Option<&'a str>,
) -> audit::Entry<'a> {
    audit::Entry {
        actor: if refused.is_none() {
            Actor::Member
        } else {
            Actor::Anonymous
        },
        event: "session.sign_in",
        outcome: if refused.is_none() {
            audit::Outcome::Ok
        } else {
            audit::Outcome::Refused
        },
        account,
        business: None,
        client: Some(client),
        detail: refused,
    }
}

/// Stores a one-time login token; the caller signs what is returned.
pub(crate) fn issue_login_token(
    tx: &Tx<'_>,
    account: &Account,
    business: Option<BusinessId>,
    jti: Jti,
    now: Timestamp,
) -> Result<Subject, StoreError> {
    let subject = Subject {
        account: account.id,
        email: account.email.clone(),
        business,
        jti,
        issued_at: now,
        expires_at: now.after(LOGIN_TTL),
    };
    sql::insert_login_token(tx, &subject)?;
    Ok(subject)
}

/// Ends every session of the account, its refresh tokens and login tokens. How many sessions.
pub fn revoke_all(
    tx: &Tx<'_>,
    account: AccountId,
    why: &str,
    now: Timestamp,
) -> Result<usize, StoreError> {
    sql::revoke_login_tokens(tx, account, now)?;
    sql::revoke_sessions(tx, account, why, now)
}

/// How many sessions of the account are open.
pub fn count_open(
    db: &rusqlite::Connection,
    account: AccountId,
    now: Timestamp,
) -> Result<u32, StoreError> {
    sql::count_open(db, account, now)
}
