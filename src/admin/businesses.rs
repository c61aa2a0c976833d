//! What an administrator does to businesses.

use super::{Admin, note};
use crate::audit::Actor;
use crate::business::{self, Business, BusinessError, BusinessId, Changes};
use crate::clock::Timestamp;
use crate::store::{StoreError, Tx};

impl Admin {
    /// Adds a business.
    pub async fn add_business(&self, business: Business) -> Result<(), BusinessError> {
        let actor = self.actor.clone();
        self.store
            .write(move |tx| {
                business::sql::insert(tx, &business)?;
                let now = business.created_at;
                Ok(note_business(tx, actor, "business.add", business.id, now)?)
            })
            .await
    }

    /// Changes a business's settings.
    pub async fn set_business(
        &self,
        id: BusinessId,
        changes: Changes,
        now: Timestamp,
    ) -> Result<Business, BusinessError> {
        let actor = self.actor.clone();
        self.store
            .write(move |tx| {
                let mut business =
                    business::sql::find(tx, id)?.ok_or(BusinessError::Unknown(id))?;
                changes.apply(&mut business, now);
                business::sql::update(tx, &business)?;
                note_business(tx, actor, "business.set", id, now)?;
                Ok(business)
            })
            .await
    }

    /// Removes a business that no account belongs to.
    pub async fn remove_business(
        &self,
        id: BusinessId,
        now: Timestamp,
    ) -> Result<(), BusinessError> {
        let actor = self.actor.clone();
        self.store
            .write(move |tx| {
                business::sql::remove(tx, id)?;
                Ok(note_business(tx, actor, "business.remove", id, now)?)
            })
            .await
    }
}

fn note_business(
    tx: &Tx<'_>,
    actor: Actor,
    event: &'static str,
    business: BusinessId,
    now: Timestamp,
) -> Result<(), StoreError> {
    note(tx, actor, event, (None, Some(business)), None, now)
}
