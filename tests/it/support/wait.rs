//! Waiting for what must come.

use std::time::{Duration, Instant};

/// How long before the test fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// Looks until `look` finds something. For states that nobody announces, such as a row that another
/// thread or process writes.
pub(crate) fn wait_until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    #[expect(clippy::disallowed_methods, reason = "only bounds a test that hangs")]
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < PATIENCE, "waited in vain: {what}");
        std::thread::park_timeout(Duration::from_millis(2));
    }
}
