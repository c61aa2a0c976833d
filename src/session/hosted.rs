//! What our own pages ask of sessions: whose session a browser holds, whom a link would sign in, and the
//! end of all sessions but one.

use std::net::IpAddr;

use super::member::member_entry;
use super::{Member, NotSignedIn, Sessions, refresh_hash, shown, sql};
use crate::accounts::{self, Account};
use crate::audit;
use crate::business::BusinessId;
use crate::clock::Timestamp;
use crate::session::ExchangeError;
use crate::store::StoreError;
use crate::token;

impl Sessions {
    /// Whose session this refresh token is of. It is not used up: a browser sends it with every request,
    /// from many tabs at a time, and no script can read it there.
    pub async fn holder(&self, refresh_token: &str, now: Timestamp) -> Result<Member, NotSignedIn> {
        let hash = refresh_hash(refresh_token);
        self.store
            .read(move |db| {
                let found = sql::find_refresh_token(db, &hash)?
                    .filter(|found| found.used_at.is_none() && found.is_alive(now))
                    .ok_or(NotSignedIn::Invalid)?;
                let account =
                    accounts::sql::by_id(db, found.account)?.ok_or(NotSignedIn::Invalid)?;
                Ok(Member {
                    account,
                    session: found.session,
                    business: found.business,
                })
            })
            .await
    }

    /// Ends every session of the member but the one that asks; how many.
    pub async fn end_others(
        &self,
        member: &Member,
        client: IpAddr,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let (account, session) = (member.account.id, member.session.clone());
        self.store
            .write(move |tx| {
                let why = "the member ended all others";
                let ended = sql::revoke_sessions(tx, account, Some(&session), why, now)?;
                let client = shown(client);
                let detail = format!("{ended} others");
                let entry = member_entry(account, "session.end", &client, Some(&detail));
                audit::record(tx, &entry, now)?;
                Ok(ended)
            })
            .await
    }

    /// Whom a login token would sign in at this location, if it can still be used. Nothing is used up.
    pub async fn invited(
        &self,
        login_token: &str,
        business: BusinessId,
        now: Timestamp,
    ) -> Result<Account, ExchangeError> {
        let verified = self
            .signer
            .verify(token::Kind::Login, login_token, now)
            .map_err(|_| ExchangeError::InvalidToken)?;
        if verified.business.is_some_and(|own| own != business) {
            return Err(ExchangeError::InvalidToken);
        }
        self.store
            .read(move |db| {
                if !sql::login_token_is_open(db, &verified.jti, verified.account, now)? {
                    return Err(ExchangeError::InvalidToken);
                }
                accounts::sql::by_id(db, verified.account)?.ok_or(ExchangeError::InvalidToken)
            })
            .await
    }
}
