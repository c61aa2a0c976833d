//! Secrets, the codes that they make (RFC 4226 and 6238), and recovery codes.

use std::sync::LazyLock;

use aws_lc_rs::hmac;
use data_encoding::Encoding;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretSlice, SecretString};
use subtle::ConstantTimeEq as _;

use crate::clock::Timestamp;
use crate::entropy::Entropy;

/// How long one code is shown, in seconds.
pub(super) const PERIOD: i64 = 30;

/// How many digits it has.
pub(super) const DIGITS: usize = 6;

/// The number of the 30 seconds in which `now` lies, counted from the Unix epoch.
pub fn step(now: Timestamp) -> i64 {
    now.seconds().div_euclid(PERIOD)
}

/// What a member's device and the server share.
#[derive(Clone, Debug)]
pub struct Secret(SecretSlice<u8>);

/// A text is no secret. The message does not repeat it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a TOTP secret is written in base32 and has 80 to 512 bits")]
pub struct NotASecret;

impl Secret {
    /// A new one of 160 bits (RFC 4226, 4, R6).
    pub fn new(entropy: &Entropy) -> Self {
        let secret: Zeroizing<[u8; 20]> = Zeroizing::new(entropy.bytes());
        Self(SecretSlice::from(secret.to_vec()))
    }

    /// Reads a secret of another system: base32 in either case, in groups or not, padded or not. Some
    /// systems make fewer bits than we do; fewer than 80 could be guessed.
    pub fn from_base32(text: &str) -> Result<Self, NotASecret> {
        let text = text.trim_end_matches('=');
        let bytes = Zeroizing::new(LENIENT.decode(text.as_bytes()).map_err(|_| NotASecret)?);
        if !(10..=64).contains(&bytes.len()) {
            return Err(NotASecret);
        }
        Ok(Self(SecretSlice::from(bytes.to_vec())))
    }

    /// The form in which it is shown and typed.
    pub fn to_base32(&self) -> SecretString {
        data_encoding::BASE32_NOPAD.encode(self.bytes()).into()
    }

    pub(super) fn from_bytes(bytes: SecretSlice<u8>) -> Self {
        Self(bytes)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.0.expose_secret()
    }

    /// The code of a step (RFC 4226, 5.3).
    pub fn code(&self, step: i64) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, self.bytes());
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let tag = tag.as_ref();
        let offset = usize::from(tag[tag.len() - 1] & 0x0f);
        let mut word = [0; 4];
        word.copy_from_slice(&tag[offset..offset + 4]);
        let number = (u32::from_be_bytes(word) & 0x7fff_ffff) % 10_u32.pow(6);
        format!("{number:0DIGITS$}")
    }

    /// The earliest step whose code this is, if it is the present one or one beside it and later than
    /// `last`.
    /// Every candidate is computed and compared, whichever it is.
    pub(super) fn matching_step(
        &self,
        code: &str,
        last: Option<i64>,
        now: Timestamp,
    ) -> Option<i64> {
        let present = step(now);
        let mut found = None;
        for step in [present + 1, present, present - 1] {
            let same = bool::from(self.code(step).as_bytes().ct_eq(code.as_bytes()));
            if same && last.is_none_or(|last| last < step) {
                found = Some(step);
            }
        }
        found
    }
}

/// What somebody typed as a second factor.
#[derive(Debug)]
pub(super) enum Given {
    /// Six digits.
    Code(String),
    /// A recovery code, in the form that is hashed.
    Recovery(String),
}

impl Given {
    /// Blanks and hyphens are for the eye. None when it can be neither.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.len() > 64 {
            return None;
        }
        let plain: String = text
            .chars()
            .filter(|c| *c != '-' && !c.is_whitespace())
            .collect();
        match plain.chars().count() {
            DIGITS if plain.bytes().all(|b| b.is_ascii_digit()) => Some(Self::Code(plain)),
            RECOVERY_LENGTH => plain
                .chars()
                .map(symbol)
                .collect::<Option<_>>()
                .map(Self::Recovery),
            _ => None,
        }
    }
}

/// How many recovery codes a member gets.
pub(super) const RECOVERY_CODES: usize = 10;

/// 50 bits: far too many to be guessed at the few tries that anybody gets.
const RECOVERY_LENGTH: usize = 10;

/// Crockford's base32, which has no letter that looks like another symbol.
const SYMBOLS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// The symbol that somebody may have meant.
fn symbol(typed: char) -> Option<char> {
    let meant = match typed.to_ascii_lowercase() {
        'i' | 'l' => '1',
        'o' => '0',
        other => other,
    };
    u8::try_from(meant)
        .is_ok_and(|byte| SYMBOLS.contains(&byte))
        .then_some(meant)
}

/// A new recovery code, in the form that is hashed.
pub(super) fn new_recovery_code(entropy: &Entropy) -> Zeroizing<String> {
    let bytes: Zeroizing<[u8; RECOVERY_LENGTH]> = Zeroizing::new(entropy.bytes());
    // 32 divides 256, so that every symbol is as likely as any other.
    let symbols = bytes
        .iter()
        .map(|byte| char::from(SYMBOLS[usize::from(byte % 32)]));
    Zeroizing::new(symbols.collect())
}

/// The form in which a recovery code is shown: `ab3de-fgh4k`.
pub(super) fn show_recovery_code(code: &str) -> Zeroizing<String> {
    let (first, second) = code.split_at(RECOVERY_LENGTH / 2);
    Zeroizing::new(format!("{first}-{second}"))
}

/// The base32 of RFC 4648, as people copy it.
static LENIENT: LazyLock<Encoding> = LazyLock::new(|| {
    let mut form = data_encoding::BASE32_NOPAD.specification();
    form.translate.from.push_str("abcdefghijklmnopqrstuvwxyz");
    form.translate.to.push_str("ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    form.ignore.push_str(" -");
    form.check_trailing_bits = false;
    form.encoding().expect("the form is sound")
});
