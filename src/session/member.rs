//! What a signed-in member does: look at their sessions, end one, change the password.

use std::net::IpAddr;
use std::time::Duration;

use super::{CARRY_TTL, Listed, Sessions, issue_login_token, shown, sql};
use crate::accounts::{self, Account};
use crate::audit::{self, Actor};
use crate::business::BusinessId;
use crate::clock::Timestamp;
use crate::guesses::{self, Guesser};
use crate::outbox::{self, Kind, NewMessage};
use crate::password::{Busy, Missed, NewPasswordError, Password};
use crate::reset;
use crate::store::StoreError;
use crate::token::{self, Jti};

/// Somebody who has shown a good access token of a session that is open.
#[derive(Clone, Debug)]
pub struct Member {
    /// Who it is.
    pub account: Account,
    /// The session.
    pub session: String,
    /// The location that the session is for.
    pub business: Option<BusinessId>,
}

/// Why nobody is signed in.
#[derive(Debug, thiserror::Error)]
pub enum NotSignedIn {
    /// The access token is no good, or its session has ended.
    #[error("the access token is invalid, or its session has ended")]
    Invalid,
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a password was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangePasswordError {
    /// The current password is wrong.
    #[error("the current password is wrong")]
    WrongPassword,
    /// The new password misses these rules.
    #[error("the password misses the policy")]
    WeakPassword(Missed),
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

impl From<NewPasswordError> for ChangePasswordError {
    fn from(error: NewPasswordError) -> Self {
        match error {
            NewPasswordError::Weak(missed) => Self::WeakPassword(missed),
            NewPasswordError::Busy(busy) => Self::Busy(busy),
        }
    }
}

impl Sessions {
    /// Whose access token this is. Its session is looked at, so that one that was ended is over here
    /// at once, whatever the token says.
    pub async fn authenticate(&self, token: &str, now: Timestamp) -> Result<Member, NotSignedIn> {
        let verified = self
            .signer
            .verify(token::Kind::Access, token, now)
            .map_err(|_| NotSignedIn::Invalid)?;
        let session = verified.session.ok_or(NotSignedIn::Invalid)?;
        self.store
            .read(move |db| {
                let account = sql::open_session(db, &session, verified.account, now)?
                    .ok_or(NotSignedIn::Invalid)?;
                Ok(Member {
                    account,
                    session,
                    business: verified.business,
                })
            })
            .await
    }

    /// The member's open sessions, newest first.
    pub async fn of_member(
        &self,
        member: &Member,
        now: Timestamp,
    ) -> Result<Vec<Listed>, StoreError> {
        let (account, asking) = (member.account.id, member.session.clone());
        self.store
            .read(move |db| {
                let mut sessions = sql::list(db, account, now)?;
                for session in &mut sessions {
                    session.current = session.id == asking;
                }
                Ok(sessions)
            })
            .await
    }

    /// Ends one of the member's own sessions; false when it is none or has ended.
    pub async fn end(
        &self,
        member: &Member,
        session: String,
        client: IpAddr,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let account = member.account.id;
        self.store
            .write(move |tx| {
                if !sql::revoke_session(tx, account, &session, "the member ended it", now)? {
                    return Ok(false);
                }
                let client = shown(client);
                let entry = member_entry(account, "session.end", &client, Some(&session));
                audit::record(tx, &entry, now)?;
                Ok(true)
            })
            .await
    }

    /// A one-time token that carries the member into another page.
    pub async fn carry(&self, member: &Member, now: Timestamp) -> Result<String, NotSignedIn> {
        let (account, session) = (member.account.id, member.session.clone());
        let (business, jti) = (member.business, Jti::new(&self.entropy));
        let subject = self
            .store
            .write(move |tx| {
                // The session may have ended since the member was let in. A token of it would outlive
                // what ended it.
                let account =
                    sql::open_session(tx, &session, account, now)?.ok_or(NotSignedIn::Invalid)?;
                Ok::<_, NotSignedIn>(issue_login_token(
                    tx, &account, business, jti, CARRY_TTL, now,
                )?)
            })
            .await?;
        Ok(self.sign_login(&subject))
    }

    /// Changes the member's password and ends every other session, link and code.
    pub async fn change_password(
        &self,
        member: &Member,
        current: &str,
        new: &str,
        client: IpAddr,
        now: Timestamp,
    ) -> Result<(), ChangePasswordError> {
        let account = member.account.clone();
        let guesser = Guesser::new(&account.email, client);
        let (asking, email) = (guesser.clone(), account.email.clone());
        let (changing, at) = (account.clone(), member.business);
        let (stored, context) = self
            .store
            .read(move |db| {
                guesses::may_guess(db, &asking, now, ChangePasswordError::Wait)?;
                let found = accounts::sql::credentials(db, &email)?;
                let context = accounts::password_context(db, &changing, at)?;
                let stored = found.and_then(|found| found.password_hash);
                Ok::<_, ChangePasswordError>((stored, context))
            })
            .await?;
        let matches = match Password::new(current) {
            Some(current) => self.hasher.verify(current, stored).await?.is_right(),
            None => false,
        };
        if !matches {
            self.store
                .write(move |tx| {
                    guesses::may_guess(tx, &guesser, now, ChangePasswordError::Wait)?;
                    guesses::count(tx, &guesser, now)?;
                    let client = shown(client);
                    let mut entry = member_entry(account.id, "password.change", &client, None);
                    entry.outcome = audit::Outcome::Refused;
                    entry.detail = Some("the current password is wrong");
                    Ok::<_, ChangePasswordError>(audit::record(tx, &entry, now)?)
                })
                .await?;
            return Err(ChangePasswordError::WrongPassword);
        }
        let hash = self
            .hasher
            .hash_new(&self.policy, new.into(), context)
            .await?;
        let notice = NewMessage {
            kind: Kind::Changed,
            recipient: account.email.clone(),
            account: Some(account.id),
            business: account.business_id,
            client: None,
            message_id: outbox::message_id(&self.mail_domain, &self.entropy),
        };
        let session = member.session.clone();
        self.store
            .write(move |tx| {
                // Somebody else may have changed it while the hashes were computed.
                let unchanged = accounts::sql::by_id(tx, account.id)?
                    .is_some_and(|now| now.credential_version == account.credential_version);
                if !unchanged {
                    return Err(ChangePasswordError::WrongPassword);
                }
                guesses::may_guess(tx, &guesser, now, ChangePasswordError::Wait)?;
                let why = "the member changed the password";
                accounts::sql::set_password(tx, account.id, &hash, now)?;
                reset::revoke_open(tx, account.id, why, now)?;
                sql::revoke_login_tokens(tx, account.id, now)?;
                sql::revoke_sessions(tx, account.id, Some(&session), why, now)?;
                guesses::forget(tx, &guesser)?;
                outbox::enqueue(tx, &notice, now)?;
                let client = shown(client);
                let entry = member_entry(account.id, "password.change", &client, None);
                Ok(audit::record(tx, &entry, now)?)
            })
            .await
    }
}

pub(super) fn member_entry<'a>(
    account: accounts::AccountId,
    event: &'static str,
    client: &'a str,
    detail: Option<&'a str>,
) -> audit::Entry<'a> {
    audit::Entry {
        actor: Actor::Member,
        event,
        outcome: audit::Outcome::Ok,
        account: Some(account),
        business: None,
        client: Some(client),
        detail,
    }
}
