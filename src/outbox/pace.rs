//! The cap on messages a second.

use std::time::Duration;

/// Unused time that may be made up for, so that a timer's coarseness does not cost throughput.
const SLACK: Duration = Duration::from_millis(20);

/// Hands out moments to send at, no more in any second than the rate allows.
#[derive(Debug)]
pub struct Pace {
    rate: u32,
    /// When the next message may go, on a clock that never goes back.
    next: Duration,
}

impl Pace {
    /// At most `rate` messages in any second.
    pub fn new(rate: u32) -> Self {
        Self {
            rate: rate.max(1),
            next: Duration::ZERO,
        }
    }

    /// How many messages may go in a quarter of a second: as many as it makes sense to claim at once.
    pub fn batch(&self) -> usize {
        (self.rate as usize / 4).max(1)
    }

    /// Takes a moment if there is one at `now`; else how long to wait for it. Only `share` (up to 1.0) of
    /// the rate is given out, for a relay that has just come up.
    pub fn take(&mut self, now: Duration, share: f64) -> Result<(), Duration> {
        if let Some(wait) = self.next.checked_sub(now).filter(|wait| !wait.is_zero()) {
            return Err(wait);
        }
        // A burst of the slack and a second at this distance add up to `rate`.
        let apart = (Duration::from_secs(1) + SLACK).div_f64(f64::from(self.rate) * share);
        self.next = self.next.max(now.saturating_sub(SLACK)) + apart;
        Ok(())
    }
}
