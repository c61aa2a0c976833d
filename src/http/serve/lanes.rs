//! Lanes: threads of which each runs its share of the connections, and in each of which whatever is ready
//! has its turn in the order in which it became so.
//!
//! Threads that take work from each other cannot keep that order: while there is too much to do, some wait
//! many times as long as others.

use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use crate::load::{Pulse, cores};

/// See the module.
pub(super) struct Lanes(Vec<Lane>);

struct Lane {
    handle: Handle,
    pulse: Arc<Pulse>,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Lanes {
    /// One for each core.
    pub(super) fn start() -> Self {
        Self((0..cores()).map(|_| Lane::start()).collect())
    }

    /// The lane with the fewest connections, each of which holds the lane's pulse.
    pub(super) fn emptiest(&self) -> (&Handle, Arc<Pulse>) {
        let lane = self
            .0
            .iter()
            .min_by_key(|lane| Arc::strong_count(&lane.pulse));
        let lane = lane.expect("there is a core");
        (&lane.handle, Arc::clone(&lane.pulse))
    }

    /// Ends whatever still runs in them.
    pub(super) async fn stop(self) {
        let threads: Vec<_> = self
            .0
            .into_iter()
            .map(|lane| {
                let _ = lane.stop.send(());
                lane.thread
            })
            .collect();
        let join = || threads.into_iter().for_each(|thread| drop(thread.join()));
        let _ = tokio::task::spawn_blocking(join).await;
    }
}

impl Lane {
    fn start() -> Self {
        let runtime = Builder::new_current_thread()
            .enable_all()
            // What other threads have done for a request comes before new requests: without this, before
            // every 31st only, and the more there are the longer those wait that are all but answered.
            .global_queue_interval(1)
            .build()
            .expect("the system has what a runtime takes at the start");
        let handle = runtime.handle().clone();
        let pulse = Arc::new(Pulse::default());
        let (stop, stopped) = oneshot::channel();
        handle.spawn(Arc::clone(&pulse).beat());
        let thread = std::thread::Builder::new()
            .name("lane".to_owned())
            .spawn(move || {
                let _ = runtime.block_on(stopped);
                // A password may be worked on for longer than a stop should take.
                runtime.shutdown_background();
            })
            .expect("a thread can be started at start-up");
        Self {
            handle,
            pulse,
            stop,
            thread,
        }
    }
}
