//! The signing keys of a running deployment, which notices by itself what is done to their folder.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, TryLockError};
use std::time::Duration;

use serde_json::{Value, json};

use super::keys::{self, Key};
use crate::clock::{Clock, Timestamp};
use crate::key_folder::{self, KeyError, KeyFolder};

/// How long a look at the folder is good for, in milliseconds.
const LOOK_EVERY: u64 = 1000;

/// How many looks between two regular ones may be caused by tokens that name an unknown key. Strangers
/// can send such tokens as fast as they like.
const LOOKS_BETWEEN: u32 = 8;

/// A key that is loaded.
struct Loaded {
    stem: String,
    superseded_at: Option<Timestamp>,
    key: Arc<Key>,
}

/// The usable keys, the signing one first.
type Keys = Vec<Loaded>;

/// The keys of one deployment. Commands and administrators change the folder while it runs: it is
/// looked at when a key is needed and the last look is a second old, and at once when a token names
/// a key that is not known.
pub struct KeyRing {
    folder: PathBuf,
    honoured_for: Duration,
    clock: Clock,
    keys: RwLock<Arc<Keys>>,
    /// The clock's uptime at the last regular look, in milliseconds.
    looked_at: AtomicU64,
    watch: Mutex<Watch>,
}

/// What is known about the folder.
struct Watch {
    /// The names in it, if all of it could be read.
    names: Option<Vec<String>>,
    looks_left: u32,
    /// The trouble that was logged last, so that it is not logged every second.
    trouble: Option<String>,
}

impl KeyRing {
    /// Loads the keys in `folder`, making folder and key on the first start. A superseded key verifies
    /// for `honoured_for`.
    pub fn open(folder: &Path, honoured_for: Duration, clock: Clock) -> Result<Self, KeyError> {
        let writing = KeyFolder::open(folder)?;
        let is_key = |slot: &keys::Slot| slot.retired_at.is_none();
        if !keys::slots(&key_folder::names(folder)?).iter().any(is_key) {
            keys::create(&writing, clock.now())?;
        }
        let names = key_folder::names(folder)?;
        let keys = match load(folder, &names, &[]) {
            (keys, None) => keys,
            (_, Some(trouble)) => return Err(trouble),
        };
        drop(writing);
        Ok(Self {
            folder: folder.to_owned(),
            honoured_for,
            looked_at: AtomicU64::new(uptime(&clock)),
            clock,
            keys: RwLock::new(Arc::new(keys)),
            watch: Mutex::new(Watch {
                names: Some(names),
                looks_left: LOOKS_BETWEEN,
                trouble: None,
            }),
        })
    }

    /// The key that signs.
    pub(super) fn signing(&self) -> Arc<Key> {
        let keys = self.current();
        let newest = keys.first().expect("a key ring holds at least one key");
        Arc::clone(&newest.key)
    }

    /// The key of that id, if what it has signed may still count.
    pub(super) fn find(&self, id: &str, now: Timestamp) -> Option<Arc<Key>> {
        let mut keys = self.current();
        if keys.iter().all(|loaded| loaded.key.id() != id) && self.look_for_a_stranger() {
            keys = self.loaded();
        }
        let found = keys.iter().find(|loaded| loaded.key.id() == id)?;
        self.is_honoured(found, now).then(|| Arc::clone(&found.key))
    }

    /// The public keys (RFC 7517), the signing one first.
    pub(super) fn jwks(&self) -> Value {
        let now = self.clock.now();
        let keys = self.current();
        let honoured = keys.iter().filter(|loaded| self.is_honoured(loaded, now));
        let keys: Vec<_> = honoured.map(|loaded| loaded.key.jwk()).collect();
        json!({ "keys": keys })
    }

    fn is_honoured(&self, loaded: &Loaded, now: Timestamp) -> bool {
        loaded
            .superseded_at
            .is_none_or(|at| now < at.after(self.honoured_for))
    }

    fn loaded(&self) -> Arc<Keys> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The keys, after a look at the folder if one is due.
    fn current(&self) -> Arc<Keys> {
        let uptime = uptime(&self.clock);
        let looked_at = self.looked_at.load(Ordering::Relaxed);
        // Only a clock that a test holds can stand before the last look.
        if uptime.abs_diff(looked_at) >= LOOK_EVERY {
            let watch = match self.watch.try_lock() {
                Ok(watch) => Some(watch),
                Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
                // Somebody looks already.
                Err(TryLockError::WouldBlock) => None,
            };
            if let Some(mut watch) = watch {
                self.looked_at.store(uptime, Ordering::Relaxed);
                watch.looks_left = LOOKS_BETWEEN;
                self.look(&mut watch);
            }
        }
        self.loaded()
    }

    /// Looks for a key that a token names and that is not known, unless that happened too often since
    /// the last regular look. Whether it looked.
    fn look_for_a_stranger(&self) -> bool {
        let mut watch = self.watch.lock().unwrap_or_else(PoisonError::into_inner);
        if watch.looks_left == 0 {
            return false;
        }
        watch.looks_left -= 1;
        self.look(&mut watch);
        true
    }

    /// Takes over what has changed in the folder. What cannot be read is logged and left out until it
    /// can be: a server that runs goes on with the keys that it has.
    fn look(&self, watch: &mut Watch) {
        match self.take_over_changes(watch) {
            Ok(()) => watch.trouble = None,
            Err(error) => {
                let trouble = error.to_string();
                if watch.trouble.as_ref() != Some(&trouble) {
                    tracing::error!(%error, "a change of the signing keys cannot be taken over");
                }
                watch.trouble = Some(trouble);
            }
        }
    }

    fn take_over_changes(&self, watch: &mut Watch) -> Result<(), KeyError> {
        let names = key_folder::names(&self.folder)?;
        if watch.names.as_ref() == Some(&names) {
            return Ok(());
        }
        // Until all of it is taken over, each look tries again.
        watch.names = None;
        key_folder::check(&self.folder)?;
        let before = self.loaded();
        let (keys, trouble) = load(&self.folder, &names, &before);
        let Some(newest) = keys.first() else {
            let missing = std::io::Error::other("there is no key left in it");
            return Err(trouble.unwrap_or_else(|| key_folder::io_error(&self.folder)(missing)));
        };
        let newest = newest.key.id().to_owned();
        if before.first().is_none_or(|old| old.key.id() != newest) {
            tracing::info!(key = newest, "another key signs from now on");
        }
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
        if let Some(trouble) = trouble {
            return Err(trouble);
        }
        watch.names = Some(names);
        Ok(())
    }
}

/// The keys of these files, and the first trouble with them. What is known already is not read again:
/// under one name there is one key.
fn load(folder: &Path, names: &[String], known: &[Loaded]) -> (Keys, Option<KeyError>) {
    let (mut readable, mut keys, mut trouble) = (names.to_vec(), HashMap::new(), None);
    for slot in keys::slots(names) {
        if slot.retired_at.is_some() {
            continue;
        }
        let file = slot.file();
        let loaded = known.iter().find(|loaded| loaded.stem == slot.stem);
        let key = match loaded {
            Some(loaded) => Ok(Arc::clone(&loaded.key)),
            None => Key::read(&folder.join(&file)).map(Arc::new),
        };
        match key {
            Ok(key) => drop(keys.insert(slot.stem, key)),
            Err(error) => {
                // A key that cannot sign takes nobody's place.
                readable.retain(|name| *name != file);
                trouble.get_or_insert(error);
            }
        }
    }
    let loaded = keys::slots(&readable)
        .into_iter()
        .filter(|slot| slot.retired_at.is_none())
        .filter_map(|slot| {
            Some(Loaded {
                key: keys.remove(&slot.stem)?,
                superseded_at: slot.superseded_at,
                stem: slot.stem,
            })
        });
    (loaded.collect(), trouble)
}

fn uptime(clock: &Clock) -> u64 {
    u64::try_from(clock.uptime().as_millis()).unwrap_or(u64::MAX)
}
