//! What is remembered of callers: for each key until when its quota is full again, in bounded memory.
//!
//! One table serves every limit, so that one bound holds for all of them. When it is full, those are
//! forgotten whose quota is the nearest to full: they lose the least by it. A flood of callers that
//! come once each therefore passes through, and whoever is held back stays held back.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use governor::nanos::Nanos;
use governor::state::StateStore;

/// So many parts, each with a lock of its own. The uppermost bits of a key say which is its.
const SHARDS: usize = 16;

/// One in so many is forgotten when a part is full. To find them takes a look at all, so it pays to
/// make room for many.
const FORGOTTEN_AT_ONCE: usize = 8;

/// See the module. Clones share the same memory.
#[derive(Clone, Debug)]
pub(super) struct Table(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    shards: [Mutex<Shard>; SHARDS],
    /// The most keys of one shard.
    room: usize,
    evicted: AtomicU64,
}

/// When the quota of each key is full again, in nanoseconds since the limits began.
type Shard = HashMap<u64, u64>;

impl Table {
    /// A table for so many keys at most.
    pub(super) fn new(max_keys: usize) -> Self {
        Self(Arc::new(Inner {
            shards: std::array::from_fn(|_| Mutex::default()),
            room: max_keys.div_ceil(SHARDS).max(1),
            evicted: AtomicU64::new(0),
        }))
    }

    fn shard(&self, key: u64) -> MutexGuard<'_, Shard> {
        const { assert!(SHARDS == 16, "four bits say which shard") };
        let at = usize::try_from(key >> 60).unwrap_or_default();
        locked(&self.0.shards[at])
    }

    /// Forgets those whose quota is full at `now`, and gives their memory back.
    pub(super) fn forget_full(&self, now: Nanos) {
        for shard in &self.0.shards {
            let mut shard = locked(shard);
            shard.retain(|_, full_at| *full_at > now.as_u64());
            shard.shrink_to_fit();
        }
    }

    /// How many keys there are.
    pub(super) fn keys(&self) -> usize {
        self.0.shards.iter().map(|shard| locked(shard).len()).sum()
    }

    /// How many bytes they take: each place has a key, a time, and a byte of the map's own.
    pub(super) fn bytes(&self) -> usize {
        const PLACE: usize = size_of::<(u64, u64)>() + 1;
        let places = |shard| match locked(shard).capacity() {
            0 => 0,
            // The map fills seven eighths of a power of two.
            keys => (keys * 8 / 7).next_power_of_two(),
        };
        self.0.shards.iter().map(places).sum::<usize>() * PLACE
    }

    /// How many keys were forgotten for want of room.
    pub(super) fn evicted(&self) -> u64 {
        self.0.evicted.load(Ordering::Relaxed)
    }
}

fn locked(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Forgets an eighth, the nearest to full first, and says how many those were.
fn make_room(shard: &mut Shard) -> u64 {
    let mut times: Vec<u64> = shard.values().copied().collect();
    let mut left = times.len().div_ceil(FORGOTTEN_AT_ONCE);
    let (_, last, _) = times.select_nth_unstable(left - 1);
    let (last, before) = (*last, shard.len());
    shard.retain(|_, full_at| {
        let goes = *full_at <= last && left > 0;
        left -= usize::from(goes);
        !goes
    });
    (before - shard.len()) as u64
}

impl StateStore for Table {
    type Key = u64;

    /// Looks and counts under one lock, so that of any number of callers at once just the quota is
    /// admitted. Who is refused is known already, so only the admitted need room.
    fn measure_and_replace<T, F, E>(&self, key: &u64, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut shard = self.shard(*key);
        let known = shard.get(key).copied();
        let (outcome, full_at) = decide(known.map(Nanos::from))?;
        if known.is_none() && shard.len() >= self.0.room {
            let evicted = make_room(&mut shard);
            self.0.evicted.fetch_add(evicted, Ordering::Relaxed);
        }
        shard.insert(*key, full_at.as_u64());
        Ok(outcome)
    }
}
