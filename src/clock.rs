//! Time as a value.
//!
//! Domain functions take `now: Timestamp`; only the edges (a handler, the outbox worker, a command)
//! ask a [`Clock`]. A manual clock lets a test stand still, jump six hours ahead or step backwards.

use std::time::Duration;

use serde::Serialize;
use tokio::sync::watch;

/// Milliseconds since 1970-01-01T00:00:00Z, which is how every time is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From milliseconds since the Unix epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// From whole seconds since the Unix epoch, the unit of JWT claims (RFC 7519, `NumericDate`).
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Milliseconds since the Unix epoch.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This time plus `span`; saturates at the end of representable time.
    #[must_use]
    pub fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(to_millis(span)))
    }

    /// This time minus `span`; saturates at the start of representable time.
    #[must_use]
    pub fn before(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(to_millis(span)))
    }

    /// How long ago `earlier` was; zero when it lies in the future.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The calendar time in UTC; times out of jiff's range (year 9999) become the epoch.
    pub fn calendar(self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.0).unwrap_or_default()
    }
}

fn to_millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

/// RFC 3339 in UTC with seconds: `2026-11-24T08:00:00Z`.
impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.calendar().strftime("%Y-%m-%dT%H:%M:%SZ"))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Where the time comes from.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The operating system's wall clock.
    System,
    /// A clock that moves only when told to.
    Manual(ManualClock),
}

impl Clock {
    /// The time now.
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => system_now(),
            Self::Manual(clock) => *clock.0.borrow(),
        }
    }

    /// Time passed since some fixed moment. It never goes back, unlike [`Clock::now`].
    pub fn uptime(&self) -> Duration {
        match self {
            Self::System => system_uptime(),
            Self::Manual(_) => Duration::from_millis(self.now().millis().unsigned_abs()),
        }
    }

    /// Returns after this span.
    pub async fn sleep(&self, span: Duration) {
        self.sleep_until(self.now().after(span)).await;
    }

    /// Returns once the clock shows `deadline` or later.
    ///
    /// The system clock's wait is measured on the monotonic clock, so a stepped wall clock can make
    /// it early or late by the step: callers look at `now()` again.
    pub async fn sleep_until(&self, deadline: Timestamp) {
        match self {
            Self::System => system_sleep(deadline.since(system_now())).await,
            Self::Manual(clock) => {
                let mut changes = clock.0.subscribe();
                // The sender lives in `clock`, which outlives this wait, so an error cannot happen.
                let _ = changes.wait_for(|now| *now >= deadline).await;
            }
        }
    }
}

/// A clock for tests; clones share the same time.
#[derive(Clone, Debug)]
pub struct ManualClock(std::sync::Arc<watch::Sender<Timestamp>>);

impl ManualClock {
    /// A clock that stands at `start`.
    pub fn new(start: Timestamp) -> Self {
        Self(std::sync::Arc::new(watch::Sender::new(start)))
    }

    /// Moves the clock forward and wakes whoever sleeps until then.
    pub fn advance(&self, span: Duration) {
        self.0.send_modify(|now| *now = now.after(span));
    }

    /// Steps the clock back, as a bad time server would.
    pub fn step_back(&self, span: Duration) {
        self.0.send_modify(|now| *now = now.before(span));
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the wall clock"
)]
fn system_now() -> Timestamp {
    let since_epoch = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp(to_millis(since_epoch))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the monotonic clock"
)]
fn system_uptime() -> Duration {
    static START: std::sync::LazyLock<std::time::Instant> =
        std::sync::LazyLock::new(std::time::Instant::now);
    START.elapsed()
}

#[expect(clippy::disallowed_methods, reason = "the one place that sleeps")]
async fn system_sleep(span: Duration) {
    tokio::time::sleep(span).await;
}
