//! Whose work a thread of the store does: what is logged there belongs to the span of the caller.

use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};

use readmit::store::StoreError;
use tracing::Instrument as _;
use tracing::span::Id;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

use super::Opened;

/// Notes on which threads a span was entered.
#[derive(Clone, Default)]
struct Entered(Arc<Mutex<Vec<ThreadId>>>);

impl<S: tracing::Subscriber> Layer<S> for Entered {
    fn on_enter(&self, _: &Id, _: Context<'_, S>) {
        let mut entered = self.0.lock().expect("nobody panicked");
        entered.push(thread::current().id());
    }
}

/// The writer and the readers are threads of their own, and a line that they log for a request carries
/// its id only within the request's span.
#[test]
fn the_threads_of_the_store_work_within_the_span_of_their_caller() {
    let opened = Opened::new();
    let entered = Entered::default();
    let subscriber = tracing_subscriber::registry().with(entered.clone());
    let (writer, reader) = tracing::subscriber::with_default(subscriber, || {
        let both = async {
            let writer: Result<ThreadId, StoreError> =
                opened.store.write(|_| Ok(thread::current().id())).await;
            let reader: Result<ThreadId, StoreError> =
                opened.store.read(|_| Ok(thread::current().id())).await;
            (writer.expect("a write"), reader.expect("a read"))
        };
        opened.wait(both.instrument(tracing::info_span!("request")))
    });
    let here = thread::current().id();
    assert!(writer != here && reader != here);
    let entered = entered.0.lock().expect("nobody panicked");
    assert!(entered.contains(&writer), "the writer");
    assert!(entered.contains(&reader), "a reader");
}
