//! What somebody hears of the files while they are watched, look by look.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use readmit::clock::{Clock, ManualClock};
use readmit::config::TlsFiles;
use readmit::tls::Tls;
use tracing::{Event, Level};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

use crate::support::app::START;
use crate::support::https::{CertificateFiles, NAME, write};

/// The levels of what was logged of the certificate.
#[derive(Clone, Default)]
struct Said(Arc<Mutex<Vec<Level>>>);

impl<S: tracing::Subscriber> Layer<S> for Said {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let about = event.metadata();
        if about.target() == "readmit::tls" {
            let mut said = self.0.lock().expect("nobody panicked");
            said.push(*about.level());
        }
    }
}

/// Watches the files and takes each of these steps after a look, with so much time to the next; what was said
/// by the look after each of them. What is said at the start comes first.
fn watch(files: &CertificateFiles, every: Duration, steps: &[&dyn Fn()]) -> Vec<Vec<Level>> {
    let paths = TlsFiles {
        cert: files.cert(),
        key: files.key(),
    };
    let clock = ManualClock::new(START);
    let said = Said::default();
    let take = || std::mem::take(&mut *said.0.lock().expect("nobody panicked"));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let subscriber = tracing_subscriber::registry().with(said.clone());
    tracing::subscriber::with_default(subscriber, || {
        let tls = Tls::open(&paths, Clock::Manual(clock.clone())).expect("the pair is good");
        runtime.block_on(async {
            let mut watching = Box::pin(tls.keep_up());
            assert!(futures_util::poll!(&mut watching).is_pending());
            let mut all = vec![take()];
            for step in steps {
                step();
                clock.advance(every);
                assert!(futures_util::poll!(&mut watching).is_pending());
                all.push(take());
            }
            all
        })
    })
}

/// Once a day for as long as it lasts: a line every few seconds would bury the rest of the log, and one at
/// the start alone is forgotten.
#[test]
fn a_certificate_that_is_soon_over_is_told_of_once_a_day() {
    let start = time::OffsetDateTime::from_unix_timestamp(START.seconds()).expect("a time");
    let files = CertificateFiles::new();
    let (certificate, key) = files.ca.issue(&[NAME], |params| {
        params.not_before = start - time::Duration::days(80);
        params.not_after = start + time::Duration::days(10);
    });
    files.put(&certificate.pem(), &key.serialize_pem());
    let nothing: &dyn Fn() = &|| {};
    let said = watch(&files, Duration::from_hours(6), &[nothing; 8]);
    let told: Vec<_> = said.iter().map(Vec::len).collect();
    assert_eq!(told, [1, 0, 0, 0, 1, 0, 0, 0, 1], "{said:?}");
    assert!(said.concat().iter().all(|level| *level == Level::WARN));
}

/// A renewal is two files, and a look may fall between them: that half is told of, and the other one is
/// noticed by itself when it is there.
#[test]
fn a_key_that_follows_its_certificate_later_is_noticed() {
    let files = CertificateFiles::new();
    let (certificate, key) = files.ca.issue(&[NAME], |_| ());
    let (certificate, key) = (certificate.pem(), key.serialize_pem());
    let half = || write(&files.cert(), &certificate);
    let whole = || write(&files.key(), &key);
    let every = Duration::from_secs(5);
    let said = watch(&files, every, &[&|| {}, &half, &|| {}, &whole, &|| {}]);
    let [error, info] = [Level::ERROR, Level::INFO].map(|level| vec![level]);
    assert_eq!(said, [vec![], vec![], error, vec![], info, vec![]]);
}
