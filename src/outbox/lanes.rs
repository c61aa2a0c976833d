//! How many attempts are under way at the same time, where the limit moves.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

/// Counts attempts.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    busy: Mutex<usize>,
    freed: Notify,
}

/// A place for one attempt, given back when it is dropped.
pub(super) struct Lane(Arc<Lanes>);

impl Lanes {
    /// Takes a place as soon as fewer than `limit` are taken. One caller at a time.
    pub(super) async fn take(self: &Arc<Self>, limit: impl Fn() -> usize) -> Lane {
        loop {
            // Whoever frees one between the look and the wait leaves a note.
            if self.take_now(&limit) {
                return Lane(Arc::clone(self));
            }
            self.freed.notified().await;
        }
    }

    fn take_now(&self, limit: impl Fn() -> usize) -> bool {
        let mut busy = self.lock();
        // With nothing under way nothing would ever move the limit, so the first place is always there.
        let free = *busy < limit().max(1);
        *busy += usize::from(free);
        free
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, usize> {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        *self.0.lock() -= 1;
        self.0.freed.notify_one();
    }
}
