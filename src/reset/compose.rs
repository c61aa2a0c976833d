//! What a reset mail says, and to whom: found out when it is sent.

use super::sql;
use crate::clock::Timestamp;
use crate::mailing::{self, Settings, addressee};
use crate::outbox::{Claimed, Composed, Content, Kind, Needless};
use crate::store::{StoreError, Tx};
use crate::token::{Jti, Subject};

/// Finds out what is to be sent for a link that was asked for, or for the welcome of somebody who was
/// added.
pub fn compose(
    tx: &Tx<'_>,
    message: &Claimed,
    settings: &Settings,
    now: Timestamp,
) -> Result<Composed, StoreError> {
    let drop = |why| Ok(Composed::Drop(why));
    let (account, brand) = match addressee(tx, message, settings)? {
        Ok(found) => found,
        Err(why) => return drop(why),
    };
    let is_welcome = message.kind == Kind::Welcome;
    if is_welcome && account.has_password && !account.must_reset_password {
        return drop(Needless::HasPassword);
    }
    let lifetime = if is_welcome {
        settings.reset.welcome_ttl
    } else {
        settings.reset.ttl
    };
    let expires_at = now.after(lifetime);
    // A retry finds the token of its earlier attempt: whichever copy arrives, works.
    let earlier = sql::of_message(tx, message.id)?;
    let jti = match earlier {
        Some(token) if token.alive && token.credential_version == account.credential_version => {
            sql::renew(tx, &token.jti, now, expires_at)?;
            token.jti
        }
        Some(_) => return drop(Needless::LinkOver),
        None => {
            // An administrator's welcome is no flood, whatever else was asked for.
            let pending = sql::pending(tx, account.id, now, settings.reset.cooldown)?;
            if pending.recent > 0 && !is_welcome {
                return drop(Needless::CoolingDown);
            }
            if pending.all >= settings.reset.max_pending && !is_welcome {
                return drop(Needless::TooManyLinks);
            }
            let jti = Jti::new(&settings.entropy);
            sql::insert(
                tx,
                &sql::NewToken {
                    jti: &jti,
                    account: &account,
                    business: brand.business,
                    message: Some(message.id),
                    expires_at,
                },
                now,
            )?;
            jti
        }
    };
    let subject = Subject {
        account: account.id,
        email: account.email.clone(),
        business: brand.business,
        jti,
        issued_at: now,
        expires_at,
    };
    let content = Content::ResetLink(subject);
    mailing::draft(tx, message.kind, account, brand, content, settings)
}
