//! Signatures of sender domains on mail: DKIM (RFC 6376), by RSA (RFC 8301) and Ed25519 (RFC 8463).
//!
//! A key belongs to a domain and is found there under its selector. It is made first, published in the
//! domain's zone next, and signs only when it is told to: a signature that nobody can check is worse than
//! none. A domain can have one key of each algorithm in use; a mail carries a signature by each.

mod canonical;
mod keys;
mod zone;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use self::keys::Key;
pub use self::keys::{Algorithm, DkimError, Listed, create, list, put_to_use, remove};
pub use self::zone::{Record, SelectorName, SenderDomain, record_name};
use crate::clock::{Clock, Timestamp};

/// A running server takes over what commands have changed within this time.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What is signed, as far as a mail has it. Each stands in `h=` once more than in the mail, so that
/// none can be added on the way (RFC 6376, 5.4.2 and 8.15).
const SIGNED_HEADERS: [&str; 9] = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Reply-To",
    "MIME-Version",
    "Content-Type",
    "Auto-Submitted",
];

/// Signs with the keys of one folder that are in use.
pub struct Dkim {
    folder: PathBuf,
    clock: Clock,
    watch: Mutex<Watch>,
}

/// What was found in the folder, and when.
struct Watch {
    looked_at: Duration,
    names: Vec<String>,
    keys: Arc<Vec<Key>>,
    /// What was logged already.
    trouble: Option<String>,
}

impl Dkim {
    /// Loads the keys in use. One that cannot be read is an error here; later it is logged.
    pub fn open(folder: &Path, clock: Clock) -> Result<Self, DkimError> {
        let names = keys::names(folder)?;
        let loaded = keys::load(folder, &names)?;
        Ok(Self {
            folder: folder.to_owned(),
            watch: Mutex::new(Watch {
                looked_at: clock.uptime(),
                names,
                keys: Arc::new(loaded),
                trouble: None,
            }),
            clock,
        })
    }

    /// The mail with the signatures of its sender's domain before it; as it is when there is no key
    /// for that domain, or for one that it is part of.
    ///
    /// `mail` is whole (RFC 5322), with lines ended by CRLF, and each of the signed headers at most once.
    pub fn sign(&self, mail: Vec<u8>, sender_domain: &str, now: Timestamp) -> Vec<u8> {
        let keys = self.current();
        let Some(domain) = responsible(&keys, sender_domain) else {
            return mail;
        };
        let Some((headers, body)) = canonical::split(&mail) else {
            return mail;
        };
        let headers = canonical::headers(headers);
        let body_hash = STANDARD.encode(Sha256::digest(canonical::body(body)));
        let mut signed = Vec::with_capacity(mail.len() + 2048);
        for key in keys.iter().filter(|key| key.domain == domain) {
            signed.extend(signature(key, &headers, &body_hash, now).into_bytes());
        }
        signed.extend(mail);
        signed
    }

    /// The keys, after a look at the folder if one is due.
    fn current(&self) -> Arc<Vec<Key>> {
        let mut watch = self.watch.lock().unwrap_or_else(PoisonError::into_inner);
        let uptime = self.clock.uptime();
        if uptime.abs_diff(watch.looked_at) >= LOOK_EVERY {
            watch.looked_at = uptime;
            match self.take_over_changes(&mut watch) {
                Ok(()) => watch.trouble = None,
                // Mail goes on with the keys that there were.
                Err(error) => {
                    let trouble = error.to_string();
                    if watch.trouble.as_ref() != Some(&trouble) {
                        tracing::error!(%error, "a change of the DKIM keys cannot be taken over");
                    }
                    watch.trouble = Some(trouble);
                }
            }
        }
        Arc::clone(&watch.keys)
    }

    fn take_over_changes(&self, watch: &mut Watch) -> Result<(), DkimError> {
        let names = keys::names(&self.folder)?;
        if names != watch.names {
            watch.keys = Arc::new(keys::load(&self.folder, &names)?);
            watch.names = names;
        }
        Ok(())
    }
}

/// The domain itself, or the nearest above it that has a key: mail from `mail.example.com` may be
/// signed by `example.com` (DMARC's relaxed alignment, RFC 7489, 3.1.1).
fn responsible(keys: &[Key], sender_domain: &str) -> Option<String> {
    let sender_domain = sender_domain.to_ascii_lowercase();
    let mut domain = sender_domain.as_str();
    loop {
        if keys.iter().any(|key| key.domain == domain) {
            return Some(domain.to_owned());
        }
        (_, domain) = domain.split_once('.')?;
    }
}

/// The header field of one signature (RFC 6376, 3.5 and 3.7).
fn signature(key: &Key, headers: &[canonical::Header], body_hash: &str, now: Timestamp) -> String {
    let present = |name: &&str| headers.iter().any(|header| header.is(name));
    let names: Vec<&str> = SIGNED_HEADERS.into_iter().filter(present).collect();
    let listed = [names.as_slice(), SIGNED_HEADERS.as_slice()]
        .concat()
        .join(":");
    let unsigned = format!(
        "DKIM-Signature: v=1; a={}; c=relaxed/relaxed; d={};\r\n s={}; t={};\r\n h={};\r\n bh={body_hash};\r\n b=",
        key.algorithm.tag(),
        key.domain,
        key.selector,
        now.seconds(),
        folded(&listed, ':'),
    );
    let mut text = Vec::new();
    for name in names {
        for header in headers.iter().filter(|header| header.is(name)) {
            text.extend_from_slice(header.relaxed());
        }
    }
    for header in canonical::headers(unsigned.as_bytes()) {
        // The last one has no end of line (RFC 6376, 3.7).
        text.extend_from_slice(header.relaxed().trim_ascii_end());
    }
    let signature = STANDARD.encode(key.sign(&text));
    format!("{unsigned}{}\r\n", folded(&signature, '\0'))
}

/// Within the length that a line should have; it may break behind `at`, or anywhere if that is NUL.
fn folded(text: &str, at: char) -> String {
    const LINE: usize = 70;
    let mut folded = String::with_capacity(text.len() + text.len() / 20);
    let mut length = 0;
    for c in text.chars() {
        if length >= LINE && at == '\0' {
            folded.push_str("\r\n  ");
            length = 0;
        }
        folded.push(c);
        length += 1;
        if length >= LINE - 15 && c == at {
            folded.push_str("\r\n  ");
            length = 0;
        }
    }
    folded
}
