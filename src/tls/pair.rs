//! A certificate with its chain, and its private key, out of two PEM files.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use secrecy::ExposeSecret as _;
use tokio_rustls::rustls::client::verify_server_cert_signed_by_trust_anchor;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject as _};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{CertificateError, Error, InconsistentKeys, RootCertStore};

use crate::clock::Timestamp;
use crate::config::TlsFiles;
use crate::key_folder::{self, KeyError};

/// Why the listener cannot speak TLS. The messages are for the administrator and never show a key.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The certificate cannot be read.
    #[error("cannot read {path} (http.tls_cert): {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The key cannot be read, or can be read by too many.
    #[error("{0} (http.tls_key)")]
    Key(#[from] KeyError),
    /// There is no certificate in the file.
    #[error(
        "{0} (http.tls_cert) does not hold a certificate in PEM form; it begins with a line \
         -----BEGIN CERTIFICATE-----"
    )]
    NoCertificate(PathBuf),
    /// There is no key in the file.
    #[error(
        "{0} (http.tls_key) does not hold a private key in PEM form (-----BEGIN PRIVATE KEY-----); one \
         that is locked by a passphrase cannot be used"
    )]
    NoKey(PathBuf),
    /// They do not belong together.
    #[error(
        "the key in {key} (http.tls_key) is not that of the first certificate in {cert} (http.tls_cert); \
         the server's own certificate stands first, those of its authority below it"
    )]
    Mismatch {
        /// The file of the certificate.
        cert: PathBuf,
        /// The file of the key.
        key: PathBuf,
    },
    /// Of a certificate in the chain.
    #[error("{path} (http.tls_cert) is over since {since}; renew it")]
    Over {
        /// The file.
        path: PathBuf,
        /// Its last moment.
        since: Timestamp,
    },
    /// Of a certificate in the chain.
    #[error(
        "{path} (http.tls_cert) is not valid before {from}; is the clock of this machine right?"
    )]
    NotYet {
        /// The file.
        path: PathBuf,
        /// Its first moment.
        from: Timestamp,
    },
    /// The library refuses it.
    #[error("http.tls_cert and http.tls_key cannot be used: {0}")]
    Unusable(#[source] Error),
}

/// From when to when the server's own certificate is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// The first moment.
    pub not_before: Timestamp,
    /// The last moment.
    pub not_after: Timestamp,
}

/// The most that is left of a certificate when it should have been renewed.
const SHORT: Duration = Duration::from_hours(24 * 14);

impl Validity {
    pub(super) fn is_over(self, now: Timestamp) -> bool {
        self.not_after < now
    }

    /// Whether it should have been renewed by now: a fifth of its life is left, and two weeks at most.
    pub(super) fn is_short(self, now: Timestamp) -> bool {
        let life = self.not_after.since(self.not_before);
        self.not_after.since(now) < SHORT.min(life / 5)
    }
}

pub(super) struct Pair {
    pub(super) key: Arc<CertifiedKey>,
    pub(super) validity: Validity,
}

impl Pair {
    pub(super) fn read(files: &TlsFiles) -> Result<Self, TlsError> {
        let chain = chain(&files.cert)?;
        let key = key_folder::read_handed_over(&files.key)?;
        let key = PrivateKeyDer::from_pem_slice(key.expose_secret().as_bytes())
            .map_err(|_| TlsError::NoKey(files.key.clone()))?;
        let key = CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider());
        let key = key.map_err(|error| match error {
            Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => TlsError::Mismatch {
                cert: files.cert.clone(),
                key: files.key.clone(),
            },
            error => TlsError::Unusable(error),
        })?;
        let validity = validity(&key)?;
        Ok(Self {
            key: Arc::new(key),
            validity,
        })
    }

    /// Itself, if every certificate of the chain is valid now.
    pub(super) fn in_its_time(self, now: Timestamp, files: &TlsFiles) -> Result<Self, TlsError> {
        let path = || files.cert.clone();
        match judged(&self.key, now)? {
            Judgement::Valid => Ok(self),
            Judgement::Over { not_after } => Err(TlsError::Over {
                path: path(),
                since: not_after,
            }),
            Judgement::NotYet { not_before } => Err(TlsError::NotYet {
                path: path(),
                from: not_before,
            }),
        }
    }
}

fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let unreadable = |source| TlsError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let text = fs::read(path).map_err(unreadable)?;
    let chain: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(&text).collect();
    chain
        .ok()
        .filter(|chain| !chain.is_empty())
        .ok_or_else(|| TlsError::NoCertificate(path.to_owned()))
}

/// How a chain is at some time.
enum Judgement {
    Valid,
    Over { not_after: Timestamp },
    NotYet { not_before: Timestamp },
}

/// Judges the dates of a chain, the server's own certificate first. That nobody is trusted here is no
/// matter: the verifier looks at the dates before it looks for somebody who signed.
fn judged(key: &CertifiedKey, at: Timestamp) -> Result<Judgement, TlsError> {
    let (own, others) = key.cert.split_first().expect("a chain is not empty");
    let own = ParsedCertificate::try_from(own).map_err(TlsError::Unusable)?;
    let seconds = u64::try_from(at.seconds()).unwrap_or(0);
    let result = verify_server_cert_signed_by_trust_anchor(
        &own,
        &RootCertStore::empty(),
        others,
        UnixTime::since_unix_epoch(Duration::from_secs(seconds)),
        aws_lc_rs::default_provider()
            .signature_verification_algorithms
            .all,
    );
    Ok(match result {
        Err(Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. })) => {
            Judgement::Over {
                not_after: timestamp(not_after),
            }
        }
        Err(Error::InvalidCertificate(CertificateError::NotValidYetContext {
            not_before, ..
        })) => Judgement::NotYet {
            not_before: timestamp(not_before),
        },
        // Who signed it is for the clients to judge.
        _ => Judgement::Valid,
    })
}

/// The dates of the server's own certificate, which are what a verifier says at the ends of time.
fn validity(key: &CertifiedKey) -> Result<Validity, TlsError> {
    /// The year 9999, after which X.509 has no dates (RFC 5280, section 4.1.2.5).
    const END: Timestamp = Timestamp::from_seconds(253_402_300_799);
    let mut found = Validity {
        not_before: Timestamp::default(),
        not_after: END,
    };
    if let Judgement::NotYet { not_before } = judged(key, Timestamp::default())? {
        found.not_before = not_before;
    }
    if let Judgement::Over { not_after } = judged(key, END)? {
        found.not_after = not_after;
    }
    Ok(found)
}

fn timestamp(time: UnixTime) -> Timestamp {
    Timestamp::from_seconds(i64::try_from(time.as_secs()).unwrap_or(i64::MAX))
}

/// What tells a file from the one that was there before: where it stands, how long it is, and when it was
/// written. None for one that cannot be looked at.
type Stamp = Option<(u64, u64, u64, i64, i64)>;

/// The stamps of both files, behind whatever links lead to them.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Stamps([Stamp; 2]);

impl Stamps {
    pub(super) fn of(files: &TlsFiles) -> Self {
        Self([&files.cert, &files.key].map(|path| {
            let found = fs::metadata(path).ok()?;
            Some((
                found.dev(),
                found.ino(),
                found.size(),
                found.mtime(),
                found.mtime_nsec(),
            ))
        }))
    }
}
