//! What an administrator does to reset links.

use super::{Admin, note, note_account};
use crate::accounts;
use crate::clock::Timestamp;
use crate::outbox::{self, Kind, NewMessage};
use crate::reset;
use crate::store::StoreError;
use crate::token::Jti;

impl Admin {
    /// Revokes one reset link; false when it cannot be used any more or is unknown.
    pub async fn revoke_link(&self, jti: Jti, now: Timestamp) -> Result<bool, StoreError> {
        let actor = self.actor.clone();
        self.store
            .write(move |tx| {
                let revoked = reset::sql::revoke(tx, &jti, "an administrator revoked it", now)?;
                let Some(account) = revoked else {
                    return Ok(false);
                };
                note_account(tx, actor, "reset.revoke", account, Some(jti.as_str()), now)?;
                Ok(true)
            })
            .await
    }

    /// Has a fresh link mailed in place of this one, which is dead from then on; false when there is no
    /// such link. One that is used or expired can be replaced all the same.
    pub async fn resend_link(
        &self,
        jti: Jti,
        mail_domain: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let actor = self.actor.clone();
        let message_id = outbox::message_id(mail_domain, &self.entropy);
        self.store
            .write(move |tx| {
                let Some((account, business)) = reset::sql::whose(tx, &jti)? else {
                    return Ok(false);
                };
                let Some(account) = accounts::sql::by_id(tx, account)? else {
                    return Ok(false);
                };
                // A link that is alive would hold the new one back for the length of the cool-down.
                reset::sql::revoke(tx, &jti, "another was sent in its place", now)?;
                let message = NewMessage {
                    kind: Kind::Reset,
                    recipient: account.email,
                    account: None,
                    business,
                    client: None,
                    message_id,
                };
                outbox::enqueue(tx, &message, now)?;
                let whom = (Some(account.id), business);
                note(tx, actor, "reset.resend", whom, Some(jti.as_str()), now)?;
                Ok(true)
            })
            .await
    }
}
