//! Many callers at the same moment.

use std::sync::Barrier;

/// Runs `act` on as many threads as there are `items`, none before all are there, and returns what
/// each got, in the order of the items.
pub(crate) fn all_at_once<I: Sync, T: Send>(items: &[I], act: impl Fn(&I) -> T + Sync) -> Vec<T> {
    let start = Barrier::new(items.len());
    std::thread::scope(|scope| {
        let callers: Vec<_> = items
            .iter()
            .map(|item| {
                let (start, act) = (&start, &act);
                scope.spawn(move || {
                    start.wait();
                    act(item)
                })
            })
            .collect();
        callers
            .into_iter()
            .map(|caller| caller.join().expect("a caller that does not panic"))
            .collect()
    })
}
