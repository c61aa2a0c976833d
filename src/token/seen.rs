//! Access tokens whose signature was found good before.
//!
//! An application shows the same token with every request, and a signature takes longer to check than
//! all the rest of an answer. What is kept is what the token says, under the SHA-256 of its whole text:
//! another text is another token. Nothing follows from it but that the signature is good; whether its
//! key still counts, the token has expired or its session has ended, is asked each time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest as _, Sha256};

use super::Authentic;

/// How many are kept at least, while so many are in use; at most it is twice as many. One takes less
/// than a KiB.
const KEPT: usize = 2048;

type Tokens = HashMap<[u8; 32], Arc<Authentic>>;

/// See the module.
#[derive(Default)]
pub(super) struct Seen(Mutex<Generations>);

/// When the younger one is full the older one is forgotten: what is in use moves over in between.
#[derive(Default)]
struct Generations {
    younger: Tokens,
    older: Tokens,
}

impl Seen {
    /// What this token says, if its signature was found good; else what `check` makes of it.
    pub(super) fn or_check<E>(
        &self,
        token: &str,
        check: impl FnOnce() -> Result<Authentic, E>,
    ) -> Result<Arc<Authentic>, E> {
        let hash = Sha256::digest(token).into();
        if let Some(known) = self.lock().find(&hash) {
            return Ok(known);
        }
        let authentic = Arc::new(check()?);
        self.lock().put(hash, Arc::clone(&authentic));
        Ok(authentic)
    }

    fn lock(&self) -> MutexGuard<'_, Generations> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generations {
    fn find(&mut self, hash: &[u8; 32]) -> Option<Arc<Authentic>> {
        if let Some(known) = self.younger.get(hash) {
            return Some(Arc::clone(known));
        }
        let known = self.older.remove(hash)?;
        self.put(*hash, Arc::clone(&known));
        Some(known)
    }

    fn put(&mut self, hash: [u8; 32], authentic: Arc<Authentic>) {
        if self.younger.len() >= KEPT {
            self.older = std::mem::take(&mut self.younger);
        }
        self.younger.insert(hash, authentic);
    }
}
