//! From a one-time login token to a session.

use std::net::IpAddr;
use std::time::Duration;

use super::{Grant, Sessions, shown, sql};
use crate::accounts;
use crate::audit::{self, Actor};
use crate::clock::Timestamp;
use crate::otp;
use crate::store::StoreError;
use crate::token;

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
    /// Exchanges a login token, once, for a session whose access token is valid for `lifetime`
    /// (capped by the configuration).
    pub async fn exchange(
        &self,
        token: &str,
        lifetime: Duration,
        client: IpAddr,
        now: Timestamp,
    ) -> Result<Grant, ExchangeError> {
        let verified = self
            .signer
            .verify(token::Kind::Login, token, now)
            .map_err(|_| ExchangeError::InvalidToken)?;
        let lifetime = lifetime.min(self.settings.max_exchange);
        let ends_at = now.after(self.settings.refresh_ttl);
        let account = self
            .store
            .read(move |db| accounts::sql::by_id(db, verified.account))
            .await?
            .ok_or(ExchangeError::InvalidToken)?;
        let client_id = account.email.as_str().to_owned();
        let session = self.new_session(&account, verified.business, client_id);
        let opening = session.clone();
        self.store
            .write(move |tx| {
                if !sql::use_login_token(tx, &verified.jti, verified.account, now)? {
                    return Err(ExchangeError::InvalidToken);
                }
                // The token of a magic link has a code beside it, which dies with it.
                otp::use_up(tx, &verified.jti, now)?;
                otp::forget_failures(tx, opening.account)?;
                let client = shown(client);
                let entry = audit::Entry {
                    actor: Actor::Member,
                    event: "session.exchange",
                    outcome: audit::Outcome::Ok,
                    account: Some(opening.account),
                    business: opening.business,
                    client: Some(&client),
                    detail: None,
                };
                audit::record(tx, &entry, now)?;
                sql::open(tx, &opening, &client, ends_at, now)?;
                Ok(())
            })
            .await?;
        Ok(self.grant(&session, lifetime, now))
    }
}
