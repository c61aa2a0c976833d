//! The certificate of the listener (`http.tls_cert`, `http.tls_key`): read, checked, and taken anew when
//! its files change.
//!
//! Certificates live for weeks and are renewed by other programs, so the pair in force can be replaced
//! under a running server. A new pair that cannot be used leaves the earlier one in force.

mod pair;

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::version::{TLS12, TLS13};

use self::pair::{Pair, Stamps};
pub use self::pair::{TlsError, Validity};
use crate::clock::{Clock, Timestamp};
use crate::config::TlsFiles;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// How often a certificate that is over, or soon will be, is told of.
const REMIND_EVERY: Duration = Duration::from_hours(24);

/// What a listener needs to speak TLS.
pub struct Tls {
    files: TlsFiles,
    clock: Clock,
    acceptor: TlsAcceptor,
    in_force: Arc<InForce>,
    watch: Mutex<Watch>,
}

/// The pair that new connections get.
#[derive(Debug)]
struct InForce(RwLock<Arc<CertifiedKey>>);

/// What is known about the files.
struct Watch {
    /// How they were at the last attempt to use them.
    stamps: Stamps,
    /// Of the pair in force.
    validity: Validity,
    /// When its end is to be told of again.
    remind_at: Timestamp,
}

impl Tls {
    /// Reads the files. A certificate that is over is no reason not to start, because mail leaves all the
    /// same and whoever connects is told by their own program; it is logged as an error.
    pub fn open(files: &TlsFiles, clock: Clock) -> Result<Self, TlsError> {
        let stamps = Stamps::of(files);
        let now = clock.now();
        let pair = Pair::read(files)?;
        let in_force = Arc::new(InForce(RwLock::new(pair.key)));
        // The provider is named because a process-wide default would depend on what other crates enable.
        let mut config =
            ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
                .with_protocol_versions(&[&TLS13, &TLS12])
                .map_err(TlsError::Unusable)?
                .with_no_client_auth()
                .with_cert_resolver(in_force.clone());
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let mut watch = Watch {
            stamps,
            validity: pair.validity,
            remind_at: now,
        };
        watch.remind(files, now);
        Ok(Self {
            files: files.clone(),
            clock,
            acceptor: TlsAcceptor::from(Arc::new(config)),
            in_force,
            watch: Mutex::new(watch),
        })
    }

    /// What makes a connection private. Clones share the pair in force.
    pub fn acceptor(&self) -> TlsAcceptor {
        self.acceptor.clone()
    }

    /// Looks at the files every few seconds, for as long as it is polled.
    pub async fn keep_up(&self) {
        loop {
            self.clock.sleep(LOOK_EVERY).await;
            let stamps = Stamps::of(&self.files);
            if self.watch().stamps != stamps {
                self.reload();
            }
            self.watch().remind(&self.files, self.clock.now());
        }
    }

    /// Reads the files, changed or not. Whether the pair is used or the earlier one stays is logged.
    pub fn reload(&self) {
        // Taken before the files are read, so that a change in between is seen at the next look.
        let stamps = Stamps::of(&self.files);
        let now = self.clock.now();
        let mut watch = self.watch();
        watch.stamps = stamps;
        let usable = Pair::read(&self.files).and_then(|pair| pair.in_its_time(now, &self.files));
        match usable {
            Ok(pair) => {
                let until = pair.validity.not_after;
                watch.validity = pair.validity;
                watch.remind_at = now;
                *self
                    .in_force
                    .0
                    .write()
                    .unwrap_or_else(PoisonError::into_inner) = pair.key;
                tracing::info!(%until, "the certificate was read anew; new connections get it");
            }
            Err(error) => {
                tracing::error!(%error, "the certificate was replaced by one that cannot be used; the earlier one stays in force");
            }
        }
        watch.remind(&self.files, now);
    }

    fn watch(&self) -> std::sync::MutexGuard<'_, Watch> {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch {
    /// Tells of a certificate that is not valid, or not for long any more.
    fn remind(&mut self, files: &TlsFiles, now: Timestamp) {
        if now < self.remind_at {
            return;
        }
        let certificate = files.cert.display();
        let Validity {
            not_before,
            not_after,
            ..
        } = self.validity;
        if now < not_before {
            tracing::error!(%certificate, %not_before, "the certificate is not valid yet: clients refuse it");
        } else if self.validity.is_over(now) {
            tracing::error!(%certificate, %not_after, "the certificate is over: clients refuse it");
        } else if self.validity.is_short(now) {
            tracing::warn!(%certificate, %not_after, "the certificate is soon over and was not renewed");
        } else {
            return;
        }
        self.remind_at = now.after(REMIND_EVERY);
    }
}

impl ResolvesServerCert for InForce {
    /// One certificate is for all names: there is one listener and one address of the site.
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let pair = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(&pair))
    }
}
