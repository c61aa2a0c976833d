//! Completions that came to nothing, for the audit log.

use super::{CompleteError, Resets};
use crate::accounts::AccountId;
use crate::audit::{self, Actor};
use crate::clock::Timestamp;

impl Resets {
    /// Notes that somebody came with a link that is none; what else went wrong was decided about nobody.
    pub(super) async fn refuse(
        &self,
        refusal: CompleteError,
        account: Option<AccountId>,
        client: String,
        now: Timestamp,
    ) -> Result<String, CompleteError> {
        if matches!(refusal, CompleteError::InvalidToken) {
            self.store
                .write(move |tx| {
                    let entry = audit::Entry {
                        actor: Actor::Anonymous,
                        event: "password.reset",
                        outcome: audit::Outcome::Refused,
                        account,
                        business: None,
                        client: Some(&client),
                        detail: Some("invalid, expired or used link"),
                    };
                    Ok::<_, CompleteError>(audit::record(tx, &entry, now)?)
                })
                .await?;
        }
        Err(refusal)
    }
}
