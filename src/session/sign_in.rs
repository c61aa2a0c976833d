//! Sign-in with a password.

use std::net::IpAddr;
use std::time::Duration;

use super::{Grant, Opened, Sessions, shown, sql};
use crate::accounts::{self, Account, AccountId};
use crate::audit::{self, Actor};
use crate::clock::Timestamp;
use crate::email::EmailAddress;
use crate::guesses::{self, Guesser};
use crate::otp;
use crate::outbox::{self, Kind, NewMessage};
use crate::password::{Busy, Password};
use crate::store::StoreError;

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

/// Why a sign-in was refused.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Wrong password, unknown account, no password yet, or suspended. Which, is not said.
    #[error("the credentials are wrong")]
    Credentials,
    /// The password is right, and an administrator requires a new one.
    #[error("a new password is required")]
    MustReset,
    /// Too many wrong guesses from there; the next one has to wait this long.
    #[error("too many wrong guesses")]
    Wait(Duration),
    /// Too much to hash.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// The database did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
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

impl Sessions {
    /// Checks the password and opens a session.
    ///
    /// Whatever the user name is, this reads once, verifies one Argon2 hash and writes once.
    pub async fn sign_in(
        &self,
        login: Login,
        client: IpAddr,
        now: Timestamp,
    ) -> Result<Grant, SignInError> {
        let Some(password) = login.password else {
            return Err(SignInError::Credentials);
        };
        let email = EmailAddress::parse(&login.username).ok();
        let guesser = email.as_ref().map(|email| Guesser::new(email, client));
        let found = match (email, guesser.clone()) {
            (Some(email), Some(guesser)) => {
                self.store
                    .read(move |db| {
                        if let Some(wait) = guesses::must_wait(db, &guesser, now)? {
                            return Err(SignInError::Wait(wait));
                        }
                        Ok(accounts::sql::credentials(db, &email)?)
                    })
                    .await?
            }
            _ => None,
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
                let session = self.new_session(&account, account.business_id, client_id);
                self.open(account, session.clone(), guesser, client, now)
                    .await?;
                Ok(self.grant(&session, self.settings.access_ttl, now))
            }
            (Err(refusal), account) => {
                let account = account.map(|account| account.id);
                self.refuse(account, refusal, guesser, client, now).await?;
                Err(refusal.into())
            }
            (Ok(()), None) => Err(SignInError::Credentials),
        }
    }

    async fn open(
        &self,
        account: Account,
        session: Opened,
        guesser: Option<Guesser>,
        client: IpAddr,
        now: Timestamp,
    ) -> Result<(), SignInError> {
        let ends_at = now.after(self.settings.refresh_ttl);
        let notice = self.notices.sign_in.then(|| NewMessage {
            kind: Kind::SignIn,
            recipient: account.email.clone(),
            account: Some(account.id),
            business: account.business_id,
            client: Some(shown(client)),
            message_id: outbox::message_id(&self.mail_domain, &self.entropy),
        });
        self.store
            .write(move |tx| {
                // The password may have been changed while the hash was computed.
                let unchanged = accounts::sql::by_id(tx, account.id)?
                    .is_some_and(|now| now.credential_version == account.credential_version);
                if !unchanged {
                    return Err(SignInError::Credentials);
                }
                if let Some(notice) = notice
                    && !sql::knows_client(tx, account.id, &session.client_id)?
                {
                    outbox::enqueue(tx, &notice, now)?;
                }
                if let Some(guesser) = &guesser {
                    guesses::forget(tx, guesser)?;
                }
                otp::forget_failures(tx, account.id)?;
                audit::record(tx, &entry(Some(account.id), &shown(client), None), now)?;
                Ok(sql::open(tx, &session, &shown(client), ends_at, now)?)
            })
            .await
    }

    /// Notes a refusal. A right password that must be changed is no guess.
    async fn refuse(
        &self,
        account: Option<AccountId>,
        refusal: Refusal,
        guesser: Option<Guesser>,
        client: IpAddr,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.store
            .write(move |tx| {
                if let (Refusal::Credentials, Some(guesser)) = (refusal, &guesser) {
                    guesses::count(tx, guesser, now)?;
                }
                let client = shown(client);
                audit::record(tx, &entry(account, &client, Some(refusal.reason())), now)
            })
            .await
    }
}

fn entry<'a>(
    account: Option<AccountId>,
    client: &'a str,
    refused: Option<&'a str>,
) -> audit::Entry<'a> {
    let (actor, outcome) = match refused {
        None => (Actor::Member, audit::Outcome::Ok),
        Some(_) => (Actor::Anonymous, audit::Outcome::Refused),
    };
    audit::Entry {
        actor,
        event: "session.sign_in",
        outcome,
        account,
        business: None,
        client: Some(client),
        detail: refused,
    }
}
