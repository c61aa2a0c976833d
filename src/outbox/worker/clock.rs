//! What the worker does about a clock that was ahead and has been set right.

use super::Worker;
use crate::clock::Timestamp;
use crate::outbox::sql::{self, Reach};
use crate::store::StoreError;

impl Worker {
    /// At the start, and after the clock was stepped back, brings what waits by the earlier clock near:
    /// otherwise mail that was accepted just before would wait for as long as the step was wide.
    pub(super) async fn follow_clock(&self, now: Timestamp) -> Result<(), StoreError> {
        let before = *self.latest();
        if before.is_some_and(|before| before <= now) {
            *self.latest() = Some(now);
            return Ok(());
        }
        let reach = Reach {
            retry: self.policy.max_retry.max(self.policy.first_retry),
            lease: self.lease,
        };
        if self
            .store
            .read(move |db| sql::any_ahead(db, reach, now))
            .await?
        {
            let moved = self
                .store
                .write_patiently(move |tx| sql::bring_near(tx, reach, now))
                .await?;
            tracing::warn!(
                messages = moved,
                "the clock was stepped back; mail that waited by it is due by the new time"
            );
        }
        *self.latest() = Some(now);
        Ok(())
    }

    fn latest(&self) -> std::sync::MutexGuard<'_, Option<Timestamp>> {
        self.latest
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
