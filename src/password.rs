//! Passwords: what may be one, how one is hashed, and the hashes that other systems made.
//!
//! A hash that an import brought is verified as its own system did, and replaced by one of ours when
//! its password is next shown to be right: [`Verdict::RightButOutdated`].

mod breaches;
mod common;
mod foreign;
mod hasher;
mod policy;
mod strength;

use secrecy::{ExposeSecret as _, SecretString};
use unicode_normalization::UnicodeNormalization as _;

pub use self::breaches::BreachFileError;
pub use self::foreign::HashError;
pub use self::hasher::{Busy, Hasher, Meter, NewPasswordError, Verdict};
pub use self::policy::{Context, Judgement, Missed, Policy, Rule};

/// A password as somebody typed it, in Unicode's NFC so that a composed and a decomposed accent are
/// the same (NIST SP 800-63B-4, 3.1.1.2). Otherwise it is taken byte for byte: nothing is trimmed.
#[derive(Clone, Debug)]
pub struct Password(SecretString);

impl Password {
    /// The longest password, in bytes of UTF-8 after normalisation.
    pub const MAX_BYTES: usize = 1024;

    /// None when the text is longer than [`Self::MAX_BYTES`].
    pub fn new(text: &str) -> Option<Self> {
        // Normalisation can grow a text, but never past three times; this keeps the work bounded.
        if text.len() > 3 * Self::MAX_BYTES {
            return None;
        }
        let normal: String = text.nfc().collect();
        (normal.len() <= Self::MAX_BYTES).then(|| Self(normal.into()))
    }

    fn text(&self) -> &str {
        self.0.expose_secret()
    }

    fn bytes(&self) -> &[u8] {
        self.text().as_bytes()
    }
}

/// A password's hash, in the form in which it is stored. Ours are PHC strings of Argon2id,
/// `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`; imported ones are as they came.
#[derive(Clone)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Takes a hash that another system made, if its form is known and its cost is bearable.
    pub fn import(text: &str) -> Result<Self, HashError> {
        let text = text.trim();
        foreign::Parsed::read(text)?.check_cost()?;
        Ok(Self(text.to_owned()))
    }

    /// From the column that holds it.
    pub(crate) fn from_stored(text: String) -> Self {
        Self(text)
    }

    pub(crate) fn as_stored(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}
