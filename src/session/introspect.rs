//! Questions of resource servers about tokens (RFC 7662), and the end of a token by its holder
//! (RFC 7009).

use std::net::IpAddr;

use super::{Sessions, refresh_hash, shown, sql};
use crate::accounts::AccountId;
use crate::audit::{self, Actor};
use crate::business::BusinessId;
use crate::clock::Timestamp;
use crate::email::EmailAddress;
use crate::store::StoreError;
use crate::token;

/// What is said of a token that is good.
#[derive(Clone, Debug)]
pub struct Introspected {
    /// Whose it is.
    pub account: AccountId,
    /// The account's address.
    pub email: EmailAddress,
    /// The session.
    pub session: String,
    /// Which application's it is.
    pub client_id: String,
    /// The location.
    pub business: Option<BusinessId>,
    /// When it was made.
    pub issued_at: Timestamp,
    /// Until when it is good.
    pub expires_at: Timestamp,
    /// Whether it is a refresh token.
    pub is_refresh: bool,
}

impl Sessions {
    /// What there is to say of an access or refresh token; nothing of one that is no good.
    pub async fn introspect(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<Option<Introspected>, StoreError> {
        if let Ok(verified) = self.signer.verify(token::Kind::Access, token, now) {
            let (Some(session), Some(client_id)) = (verified.session, verified.client_id) else {
                return Ok(None);
            };
            let asked = session.clone();
            let account = self
                .store
                .read(move |db| sql::open_session(db, &asked, verified.account, now))
                .await?;
            return Ok(account.map(|account| Introspected {
                account: account.id,
                email: account.email,
                session,
                client_id,
                business: verified.business,
                issued_at: verified.issued_at,
                expires_at: verified.expires_at,
                is_refresh: false,
            }));
        }
        let hash = refresh_hash(token);
        let found = self
            .store
            .read(move |db| sql::find_refresh_token(db, &hash))
            .await?;
        Ok(found
            .filter(|found| found.used_at.is_none() && found.is_alive(now))
            .map(|found| Introspected {
                account: found.account,
                email: found.email,
                session: found.session,
                client_id: found.client_id,
                business: found.business,
                issued_at: found.issued_at,
                expires_at: found.expires_at,
                is_refresh: true,
            }))
    }

    /// Ends the session of an access or refresh token. That a token is unknown is no error.
    pub async fn revoke(
        &self,
        token: &str,
        client: IpAddr,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let access = self.signer.verify(token::Kind::Access, token, now).ok();
        let hash = refresh_hash(token);
        self.store
            .write(move |tx| {
                let of_access = access.and_then(|token| Some((token.account, token.session?)));
                let session = match of_access {
                    Some(session) => Some(session),
                    None => sql::find_refresh_token(tx, &hash)?
                        .map(|found| (found.account, found.session)),
                };
                let Some((account, session)) = session else {
                    return Ok(());
                };
                if sql::revoke_session(tx, account, &session, "its token was revoked", now)? {
                    let client = shown(client);
                    let entry = audit::Entry {
                        actor: Actor::Member,
                        event: "session.revoke",
                        outcome: audit::Outcome::Ok,
                        account: Some(account),
                        business: None,
                        client: Some(&client),
                        detail: Some(&session),
                    };
                    audit::record(tx, &entry, now)?;
                }
                Ok(())
            })
            .await
    }
}
