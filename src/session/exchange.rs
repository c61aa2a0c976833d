//! From a one-time login token to a session.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::{Grant, Sessions, factor, shown, sql};
use crate::accounts::{self, AccountId};
use crate::audit::{self, Actor};
use crate::business;
use crate::clock::Timestamp;
use crate::guesses::{self, Guesser};
use crate::otp;
use crate::store::{StoreError, Tx};
use crate::token;
use crate::totp;

/// Why a login token was not exchanged.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// Forged, over, used, or its account may not come in.
    #[error("the token is invalid, expired or used")]
    InvalidToken,
    /// The account has a second factor, and the code is missing or wrong. The token can still be used.
    #[error("a second factor is due")]
    TwoFactor,
    /// Too many wrong codes from there; the next one has to wait this long.
    #[error("too many wrong guesses")]
    Wait(Duration),
    /// The database did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Sessions {
    /// Exchanges a login token, once, for a session whose access token is valid for `lifetime`
    /// (capped by the configuration). Where a second factor is due, `totp` is its code.
    pub async fn exchange(
        &self,
        token: &str,
        totp: Option<String>,
        lifetime: Duration,
        client: IpAddr,
        now: Timestamp,
    ) -> Result<Grant, ExchangeError> {
        let Ok(verified) = self.signer.verify(token::Kind::Login, token, now) else {
            return self.refuse_exchange(None, client, now).await;
        };
        let lifetime = lifetime.min(self.settings.max_exchange);
        let account = self
            .store
            .read(move |db| accounts::sql::by_id(db, verified.account))
            .await?;
        let Some(account) = account else {
            return self
                .refuse_exchange(Some(verified.account), client, now)
                .await;
        };
        let client_id = account.email.as_str().to_owned();
        let session = self.new_session(&account, verified.business, client_id);
        let opening = session.clone();
        let guesser = Guesser::new(&account.email, client);
        let vault = Arc::clone(&self.vault);
        let settings = self.settings.clone();
        let verdict = self
            .store
            .write(move |tx| {
                if !sql::login_token_is_open(tx, &verified.jti, verified.account, now)? {
                    note_invalid(tx, Some(verified.account), client, now)?;
                    return Ok(None);
                }
                if totp::is_on(tx, opening.account)? {
                    guesses::may_guess(tx, &guesser, now, ExchangeError::Wait)?;
                }
                let verdict = totp::demand(tx, &vault, opening.account, totp.as_deref(), now)?;
                match verdict {
                    totp::Verdict::Wrong => guesses::count(tx, &guesser, now)?,
                    totp::Verdict::Passed(_) => guesses::forget(tx, &guesser)?,
                    totp::Verdict::NotNeeded | totp::Verdict::Missing => {}
                }
                let client = shown(client);
                let mut entry = audit::Entry {
                    actor: Actor::Member,
                    event: "session.exchange",
                    outcome: audit::Outcome::Ok,
                    account: Some(opening.account),
                    business: opening.business,
                    client: Some(&client),
                    detail: factor(verdict),
                };
                if !verdict.lets_in() {
                    entry.outcome = audit::Outcome::Refused;
                    entry.detail = Some("a second factor is due");
                    audit::record(tx, &entry, now)?;
                    return Ok(Some(verdict));
                }
                sql::use_login_token(tx, &verified.jti, now)?;
                // The token of a magic link has a code beside it, which dies with it.
                otp::use_up(tx, &verified.jti, now)?;
                otp::forget_failures(tx, opening.account)?;
                audit::record(tx, &entry, now)?;
                let (_, lasts) = business::lifetimes(tx, opening.business, &settings)?;
                sql::open(tx, &opening, &client, now.after(lasts), now)?;
                Ok::<_, ExchangeError>(Some(verdict))
            })
            .await?;
        let verdict = verdict.ok_or(ExchangeError::InvalidToken)?;
        if !verdict.lets_in() {
            return Err(ExchangeError::TwoFactor);
        }
        Ok(self.grant(&session, lifetime, now))
    }
    /// Notes that somebody came with a token that is none.
    async fn refuse_exchange(
        &self,
        account: Option<AccountId>,
        client: IpAddr,
        now: Timestamp,
    ) -> Result<Grant, ExchangeError> {
        self.store
            .write(move |tx| Ok::<_, ExchangeError>(note_invalid(tx, account, client, now)?))
            .await?;
        Err(ExchangeError::InvalidToken)
    }
}

fn note_invalid(
    tx: &Tx<'_>,
    account: Option<AccountId>,
    client: IpAddr,
    now: Timestamp,
) -> Result<(), StoreError> {
    let client = shown(client);
    let entry = audit::Entry {
        actor: Actor::Anonymous,
        event: "session.exchange",
        outcome: audit::Outcome::Refused,
        account,
        business: None,
        client: Some(&client),
        detail: Some("invalid, expired or used token"),
    };
    audit::record(tx, &entry, now)
}
