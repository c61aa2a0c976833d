//! Sign-in with a password.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::{Grant, LOGIN_TTL, Opened, Sessions, factor, issue_login_token, shown, sql};
use crate::accounts::{self, Account, AccountId};
use crate::audit::{self, Actor};
use crate::business;
use crate::clock::Timestamp;
use crate::email::EmailAddress;
use crate::guesses::{self, Guesser};
use crate::otp;
use crate::outbox::{self, Kind, NewMessage};
use crate::password::{self, Busy, Password, PasswordHash};
use crate::store::{StoreError, Tx};
use crate::token::{Jti, Subject};
use crate::totp;

/// What a member signs in with.
#[derive(Clone, Debug)]
pub struct Login {
    /// What was typed as user name. It need not be an address.
    pub username: String,
    /// What was typed as password; none when it is longer than any password can be.
    pub password: Option<Password>,
    /// The code of a second factor.
    pub totp: Option<String>,
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
    /// The password is right, and the code of the second factor is missing or wrong.
    #[error("a second factor is due")]
    TwoFactor,
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

/// How far a right password leads.
#[derive(Clone, Debug)]
pub enum Step {
    /// The session is open.
    In(Grant),
    /// A second factor is due. The one-time login token takes the member on: [`Sessions::exchange`] asks
    /// for the code, so that nobody has to keep the password until then.
    SecondFactor(String),
}

/// What a right password leads to.
struct Opening {
    session: Opened,
    code: Option<String>,
    /// The outdated hash and the one in its place.
    renewed: Option<(PasswordHash, PasswordHash)>,
    /// The id of the login token to give in place of a refusal for want of a code, if one is to be given.
    halfway: Option<Jti>,
}

/// How an opening ended.
enum Ended {
    /// With access tokens that live for this long.
    In(Duration),
    Halfway(Subject),
    Refused(Refusal),
}

#[derive(Clone, Copy)]
enum Refusal {
    Credentials,
    MustReset,
    NoCode,
    WrongCode,
}

impl Refusal {
    /// Whether it makes the next guess wait. A right password without its code is none.
    const fn is_guess(self) -> bool {
        matches!(self, Self::Credentials | Self::WrongCode)
    }

    const fn reason(self) -> &'static str {
        match self {
            Self::Credentials => "wrong credentials",
            Self::MustReset => "a new password is required",
            Self::NoCode => "a second factor is due",
            Self::WrongCode => "wrong second factor",
        }
    }
}

impl From<Refusal> for SignInError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Credentials => Self::Credentials,
            Refusal::MustReset => Self::MustReset,
            Refusal::NoCode | Refusal::WrongCode => Self::TwoFactor,
        }
    }
}

impl Sessions {
    /// Checks the password and opens a session.
    ///
    /// Whatever the user name is, this reads once, verifies one Argon2 hash and writes once. Only a
    /// hash that an import brought, or that was made at another cost, is verified as what it is; with
    /// the session that it opens it is replaced by one of ours.
    pub async fn sign_in(
        &self,
        login: Login,
        client: IpAddr,
        now: Timestamp,
    ) -> Result<Grant, SignInError> {
        match self.check(login, None, client, now).await? {
            Step::In(grant) => Ok(grant),
            Step::SecondFactor(_) => Err(SignInError::TwoFactor),
        }
    }

    /// Like [`Self::sign_in`], for a page that asks for one thing after the other: where a second factor
    /// is due and `login` has no code, it gives a login token in place of a refusal.
    pub async fn sign_in_by_steps(
        &self,
        login: Login,
        client: IpAddr,
        now: Timestamp,
    ) -> Result<Step, SignInError> {
        let halfway = Some(Jti::new(&self.entropy));
        self.check(login, halfway, client, now).await
    }

    async fn check(
        &self,
        login: Login,
        halfway: Option<Jti>,
        client: IpAddr,
        now: Timestamp,
    ) -> Result<Step, SignInError> {
        let Some(password) = login.password else {
            return Err(SignInError::Credentials);
        };
        let email = EmailAddress::parse(&login.username).ok();
        let guesser = email.as_ref().map(|email| Guesser::new(email, client));
        let found = match (email, guesser.clone()) {
            (Some(email), Some(guesser)) => {
                self.store
                    .read(move |db| {
                        guesses::may_guess(db, &guesser, now, SignInError::Wait)?;
                        Ok::<_, SignInError>(accounts::sql::credentials(db, &email)?)
                    })
                    .await?
            }
            _ => None,
        };
        let (account, hash) = match found {
            Some(found) => (Some(found.account), found.password_hash),
            None => (None, None),
        };
        let found = self.hasher.verify(password.clone(), hash.clone()).await?;
        let verdict = match &account {
            Some(account) if found.is_right() && account.suspended_at.is_none() => {
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
                let renewed = match (found, hash) {
                    (password::Verdict::RightButOutdated, Some(old)) => {
                        // Under load the old one does for once more.
                        let new = self.hasher.hash(password).await.ok();
                        new.map(|new| (old, new))
                    }
                    _ => None,
                };
                let opening = Opening {
                    session: session.clone(),
                    code: login.totp,
                    renewed,
                    halfway,
                };
                match self
                    .open(account, opening, guesser.clone(), client, now)
                    .await?
                {
                    Ended::In(lifetime) => {
                        let grant = self.grant(&session, lifetime, now);
                        Ok(Step::In(grant))
                    }
                    Ended::Halfway(subject) => Ok(Step::SecondFactor(self.sign_login(&subject))),
                    Ended::Refused(refusal) => Err(refusal.into()),
                }
            }
            (Err(refusal), account) => {
                let account = account.map(|account| account.id);
                self.refuse(account, refusal, guesser, client, now).await?;
                Err(refusal.into())
            }
            (Ok(()), None) => Err(SignInError::Credentials),
        }
    }

    /// Opens the session, unless the second factor says no: a refusal is written like the rest. How
    /// long an access token of the session lives.
    async fn open(
        &self,
        account: Account,
        opening: Opening,
        guesser: Option<Guesser>,
        client: IpAddr,
        now: Timestamp,
    ) -> Result<Ended, SignInError> {
        let Opening {
            session,
            code,
            renewed,
            halfway,
        } = opening;
        let vault = Arc::clone(&self.vault);
        let settings = self.settings.clone();
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
                if let Some(guesser) = &guesser {
                    guesses::may_guess(tx, guesser, now, SignInError::Wait)?;
                }
                let verdict = totp::demand(tx, &vault, account.id, code.as_deref(), now)?;
                let refused = match verdict {
                    totp::Verdict::Missing => Some(Refusal::NoCode),
                    totp::Verdict::Wrong => Some(Refusal::WrongCode),
                    totp::Verdict::NotNeeded | totp::Verdict::Passed(_) => None,
                };
                if let Some(refusal) = refused {
                    note_refusal(tx, Some(account.id), refusal, guesser.as_ref(), client, now)?;
                    let (Refusal::NoCode, Some(jti)) = (refusal, halfway) else {
                        return Ok(Ended::Refused(refusal));
                    };
                    let at = session.business;
                    let subject = issue_login_token(tx, &account, at, jti, LOGIN_TTL, now)?;
                    return Ok(Ended::Halfway(subject));
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
                if let Some((old, new)) = &renewed {
                    accounts::sql::renew_hash(tx, account.id, old, new)?;
                }
                let mut entry = entry(Some(account.id), None);
                let client = shown(client);
                entry.client = Some(&client);
                entry.detail = factor(verdict);
                audit::record(tx, &entry, now)?;
                let (access, lasts) = business::lifetimes(tx, session.business, &settings)?;
                sql::open(tx, &session, &client, now.after(lasts), now)?;
                Ok(Ended::In(access))
            })
            .await
    }

    async fn refuse(
        &self,
        account: Option<AccountId>,
        refusal: Refusal,
        guesser: Option<Guesser>,
        client: IpAddr,
        now: Timestamp,
    ) -> Result<(), SignInError> {
        self.store
            .write(move |tx| {
                if let Some(guesser) = &guesser {
                    guesses::may_guess(tx, guesser, now, SignInError::Wait)?;
                }
                note_refusal(tx, account, refusal, guesser.as_ref(), client, now)?;
                Ok(())
            })
            .await
    }
}

fn note_refusal(
    tx: &Tx<'_>,
    account: Option<AccountId>,
    refusal: Refusal,
    guesser: Option<&Guesser>,
    client: IpAddr,
    now: Timestamp,
) -> Result<(), StoreError> {
    if let Some(guesser) = guesser.filter(|_| refusal.is_guess()) {
        guesses::count(tx, guesser, now)?;
    }
    let client = shown(client);
    let mut entry = entry(account, Some(refusal.reason()));
    entry.client = Some(&client);
    audit::record(tx, &entry, now)
}

fn entry(account: Option<AccountId>, refused: Option<&'static str>) -> audit::Entry<'static> {
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
        client: None,
        detail: refused,
    }
}
