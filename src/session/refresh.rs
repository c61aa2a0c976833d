//! Refresh tokens: used once each, for the next one (RFC 9700, 4.14.2).

use std::net::IpAddr;
use std::time::Duration;

use super::{Grant, Opened, Sessions, refresh_hash, shown, sql};
use crate::audit::{self, Actor};
use crate::business;
use crate::clock::Timestamp;
use crate::store::{StoreError, Tx};
use crate::token::Jti;

/// Why a session was not continued.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// Unknown, expired, used before, of another client, or of a session that has ended. Which, is
    /// not said.
    #[error("the refresh token is invalid")]
    Invalid,
    /// The database did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a transaction made of a refresh token. A reuse is no error to it: the end of the session must
/// be kept.
enum Outcome {
    /// And how long the new access token lives.
    Continued(Box<Opened>, Duration),
    Refused,
}

impl Sessions {
    /// Continues a session. The token is used up and another one takes its place; the session's end
    /// does not move.
    ///
    /// A token that was used before ends its whole session, because one of the two who used it stole
    /// it. Only shortly after its use, while the token that was given for it is unused itself, it is
    /// taken for the second try of a client that never got its answer.
    pub async fn refresh(
        &self,
        token: &str,
        client_id: Option<String>,
        client: IpAddr,
        now: Timestamp,
    ) -> Result<Grant, RefreshError> {
        let hash = refresh_hash(token);
        let (next_token, jti) = (self.entropy.token::<32>(), Jti::new(&self.entropy));
        let settings = self.settings.clone();
        let outcome: Result<Outcome, StoreError> = self
            .store
            .write(move |tx| {
                let found = sql::find_refresh_token(tx, &hash)?;
                let refuse = |why: &str| -> Result<Outcome, StoreError> {
                    note(tx, found.as_ref(), Some(why), client, now)?;
                    Ok(Outcome::Refused)
                };
                let Some(found) = &found else {
                    return refuse("unknown refresh token");
                };
                // Who does not say which client it is, is the default one.
                let client_id = client_id.unwrap_or_else(|| found.email.as_str().to_owned());
                if client_id != found.client_id {
                    return refuse("refresh token of another client");
                }
                if !found.is_alive(now) {
                    return refuse("its session has ended or expired");
                }
                if let Some(used_at) = found.used_at {
                    let in_grace = used_at <= now && now.since(used_at) < settings.refresh_grace;
                    if !in_grace || sql::successor_is_used(tx, &hash)? {
                        let why = "a refresh token was used twice";
                        sql::revoke_session(tx, found.account, &found.session, why, now)?;
                        return refuse("a refresh token was used twice; its session has ended");
                    }
                    sql::drop_successors(tx, &hash)?;
                }
                note(tx, Some(found), None, client, now)?;
                let next = Opened {
                    id: found.session.clone(),
                    account: found.account,
                    email: found.email.clone(),
                    business: found.business,
                    client_id,
                    refresh_token: next_token,
                    jti,
                };
                sql::rotate(tx, &hash, &next, found.expires_at, now)?;
                let (access, _) = business::lifetimes(tx, next.business, &settings)?;
                Ok(Outcome::Continued(Box::new(next), access))
            })
            .await;
        match outcome? {
            Outcome::Continued(next, access) => Ok(self.grant(&next, access, now)),
            Outcome::Refused => Err(RefreshError::Invalid),
        }
    }
}

/// Notes how it ended: continued, or refused for a reason.
fn note(
    tx: &Tx<'_>,
    found: Option<&sql::FoundToken>,
    refused: Option<&str>,
    client: IpAddr,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (actor, outcome) = match refused {
        None => (Actor::Member, audit::Outcome::Ok),
        Some(_) => (Actor::Anonymous, audit::Outcome::Refused),
    };
    let client = shown(client);
    let entry = audit::Entry {
        actor,
        event: "session.refresh",
        outcome,
        account: found.map(|found| found.account),
        business: found.and_then(|found| found.business),
        client: Some(&client),
        detail: refused,
    };
    audit::record(tx, &entry, now)
}
