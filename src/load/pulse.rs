//! How late the threads are that answer.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

use crate::clock::Clock;

/// What is ready to be done waits longer than this for its turn only when there is more than the cores can
/// do: two hundred clients that ask again without a pause hardly bring it about on two cores.
pub const LATE: Duration = Duration::from_millis(10);

/// Where things have been late for long, they are in time again only within this.
const IN_TIME: Duration = Duration::from_millis(5);

/// What lasts as long as this is more than some who came at the same moment, or a pause of the machine.
pub const LONG: Duration = Duration::from_millis(100);

/// How often lateness is measured.
const BEAT: Duration = Duration::from_millis(2);

/// What stands for "at no time".
const NEVER: u64 = u64::MAX;

/// Whether what is ready has its turn in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lateness {
    /// It has.
    OnTime,
    /// It waits longer than [`LATE`].
    Late,
    /// It did so again and again for [`LONG`], and still waits half as long.
    LateForLong,
}

/// How late a thread that answers is: how long what is ready waits there for its turn.
///
/// Something becomes ready every few milliseconds for no other end than to see how long it waits, as long as
/// there are requests. An idle thread has no pulse, and costs nothing.
///
/// All times are in microseconds of the clock that never goes back.
pub struct Pulse {
    /// When the next beat is due.
    due: AtomicU64,
    /// How late the last one was.
    late: AtomicU64,
    /// Since when beats have been late, with less than [`LONG`] between two of them.
    since: AtomicU64,
    /// When the last of them came; zero before the first.
    until: AtomicU64,
    felt: Notify,
}

impl Default for Pulse {
    fn default() -> Self {
        Self {
            due: AtomicU64::new(NEVER),
            late: AtomicU64::new(0),
            since: AtomicU64::new(0),
            until: AtomicU64::new(0),
            felt: Notify::new(),
        }
    }
}

impl Pulse {
    /// Beats for as long as it is polled, in the thread whose lateness is of interest.
    pub async fn beat(self: Arc<Self>) {
        loop {
            let mut felt = pin!(self.felt.notified());
            if !felt.as_mut().enable() {
                self.due.store(NEVER, Ordering::Relaxed);
                self.late.store(0, Ordering::Relaxed);
                felt.await;
            }
            let due = uptime() + micros(BEAT);
            self.due.store(due, Ordering::Relaxed);
            Clock::System.sleep(BEAT).await;
            self.beaten(due, uptime());
        }
    }

    fn beaten(&self, due: u64, now: u64) {
        let late = now.saturating_sub(due);
        self.late.store(late, Ordering::Relaxed);
        if late > micros(LATE) {
            let before = self.until.load(Ordering::Relaxed);
            if before == 0 || due.saturating_sub(before) > micros(LONG) {
                self.since.store(due, Ordering::Relaxed);
            }
            self.until.store(now, Ordering::Relaxed);
        }
    }

    /// Keeps the pulse beating, because there is a request.
    pub fn feel(&self) {
        self.felt.notify_one();
    }

    /// How late it is: the last beat, or the next one by now.
    pub fn lateness(&self) -> Lateness {
        let now = uptime();
        let by_now = now.saturating_sub(self.due.load(Ordering::Relaxed));
        let late = by_now.max(self.late.load(Ordering::Relaxed));
        let (since, until) = (&self.since, &self.until);
        let (since, until) = (since.load(Ordering::Relaxed), until.load(Ordering::Relaxed));
        let lasting = until.saturating_sub(since) >= micros(LONG);
        if lasting && now.saturating_sub(until) <= micros(LONG) && late > micros(IN_TIME) {
            Lateness::LateForLong
        } else if late > micros(LATE) {
            Lateness::Late
        } else {
            Lateness::OnTime
        }
    }
}

/// Whatever clock the program goes by, the processor's time is this one.
fn uptime() -> u64 {
    micros(Clock::System.uptime())
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(NEVER)
}
