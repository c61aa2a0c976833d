//! Counters that many tasks share, for whoever measures.
//!
//! Each part of the program holds its own, and counts where the thing happens; [`crate::metrics`] reads
//! them. To count is one atomic addition, to observe a duration three.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// How often something happened.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Once more.
    pub fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// How often by now.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// How many things are under way.
#[derive(Debug, Default)]
pub struct Level(AtomicI64);

impl Level {
    /// One more, until what is returned is dropped.
    pub fn enter(&self) -> Inside<'_> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Inside(self)
    }

    /// How many now.
    pub fn get(&self) -> u64 {
        u64::try_from(self.0.load(Ordering::Relaxed)).unwrap_or(0)
    }
}

/// One thing that is under way.
#[derive(Debug)]
pub struct Inside<'a>(&'a Level);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How values are spread, in the unit of the bounds: microseconds for durations.
#[derive(Debug)]
pub struct Histogram {
    bounds: &'static [u64],
    /// One for each bound, and one for what is beyond the last.
    buckets: Vec<AtomicU64>,
    sum: AtomicU64,
}

/// A histogram at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spread {
    /// Each upper bound, with how many values there were up to it.
    pub up_to: Vec<(u64, u64)>,
    /// How many values there were.
    pub count: u64,
    /// Their sum.
    pub sum: u64,
}

/// Upper bounds of durations from a millisecond to ten seconds, in microseconds.
pub const DURATIONS: [u64; 13] = [
    1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
    5_000_000, 10_000_000,
];

impl Histogram {
    /// One with these upper bounds, which ascend.
    pub fn new(bounds: &'static [u64]) -> Self {
        Self {
            bounds,
            buckets: (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect(),
            sum: AtomicU64::new(0),
        }
    }

    /// Counts a value.
    pub fn observe(&self, value: u64) {
        let bucket = self.bounds.partition_point(|bound| *bound < value);
        self.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(value, Ordering::Relaxed);
    }

    /// Counts a duration, in microseconds.
    pub fn took(&self, span: Duration) {
        self.observe(u64::try_from(span.as_micros()).unwrap_or(u64::MAX));
    }

    /// How values are spread by now.
    pub fn spread(&self) -> Spread {
        let mut count = 0;
        let mut up_to = Vec::with_capacity(self.bounds.len());
        for (bucket, bound) in self.buckets.iter().zip(self.bounds) {
            count += bucket.load(Ordering::Relaxed);
            up_to.push((*bound, count));
        }
        if let Some(beyond) = self.buckets.last() {
            count += beyond.load(Ordering::Relaxed);
        }
        Spread {
            up_to,
            count,
            sum: self.sum.load(Ordering::Relaxed),
        }
    }
}

/// Which requests were answered: by the template of their route, the method and the status.
///
/// The templates are those of the routes that there are, so a stranger's paths make no new series.
#[derive(Debug, Default)]
pub struct Requests {
    counts: RwLock<BTreeMap<Answered, Counter>>,
    durations: RwLock<BTreeMap<Arc<str>, Histogram>>,
    under_way: Level,
}

/// What answers are counted by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Answered {
    /// The route's template.
    pub route: Arc<str>,
    /// The method.
    pub method: &'static str,
    /// The status of the answer.
    pub status: u16,
}

impl Requests {
    /// A request is under way until what is returned is dropped.
    pub fn enter(&self) -> Inside<'_> {
        self.under_way.enter()
    }

    /// Counts an answer.
    pub fn answered(&self, answered: Answered, took: Duration) {
        with(
            &self.durations,
            Arc::clone(&answered.route),
            || Histogram::new(&DURATIONS),
            |it| {
                it.took(took);
            },
        );
        with(&self.counts, answered, Counter::default, Counter::add);
    }

    /// How many requests are under way.
    pub fn under_way(&self) -> u64 {
        self.under_way.get()
    }

    /// How often each was answered.
    pub fn counts(&self) -> Vec<(Answered, u64)> {
        let counts = self.counts.read().unwrap_or_else(PoisonError::into_inner);
        counts
            .iter()
            .map(|(answered, count)| (answered.clone(), count.get()))
            .collect()
    }

    /// How long answers took, in microseconds, by route.
    pub fn durations(&self) -> Vec<(Arc<str>, Spread)> {
        let durations = self
            .durations
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        durations
            .iter()
            .map(|(route, spread)| (Arc::clone(route), spread.spread()))
            .collect()
    }
}

/// Counts with the value of that key, which is made at its first time.
fn with<K: Ord, V>(
    map: &RwLock<BTreeMap<K, V>>,
    key: K,
    make: impl FnOnce() -> V,
    count: impl Fn(&V),
) {
    if let Some(value) = map.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
        return count(value);
    }
    let mut map = map.write().unwrap_or_else(PoisonError::into_inner);
    count(map.entry(key).or_insert_with(make));
}
