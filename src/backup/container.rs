//! The form of an encrypted backup, version 1: a header, then chunks.
//!
//! | bytes | what |
//! | --- | --- |
//! | 16 | `READMIT BACKUP\r\n`; a transfer as text would break it at once |
//! | 2 | the version of the form, here 1; every number is big-endian |
//! | 4, 4, 4 | Argon2id (RFC 9106, version 1.3): memory in KiB, passes, lanes |
//! | 16 | its salt |
//! | 16 | the tag of an empty text under a nonce of ones: whether the key is the right one |
//! | … | chunks of 65,536 bytes, the last one of fewer or as many, each with its tag of 16 bytes |
//!
//! The key is Argon2id of the passphrase (in Unicode's form NFC) under the salt, so that it serves for this
//! file alone. A chunk is sealed by AES-256-GCM under its number (eleven bytes) and a byte that is 1 for the
//! last one and 0 for all others, so that a chunk that is missing, doubled or in another place is
//! noticed, and so is a file that ends early: the construction STREAM (Hoang, Reyhanitabar, Rogaway and
//! Vizár, "Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance", 2015). The header up to
//! the tag is authenticated with every chunk.

use std::io::{self, Read, Write};

use argon2::{Algorithm, Argon2, Params, Version};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};
use unicode_normalization::UnicodeNormalization as _;

use crate::entropy::Entropy;

/// What such a file begins with.
pub(super) const MAGIC: &[u8; 16] = b"READMIT BACKUP\r\n";

const VERSION: u16 = 1;
const SALT: usize = 16;
const TAG: usize = 16;
/// Magic, version, three numbers, salt: what is authenticated with every chunk.
const HEADER: usize = 16 + 2 + 12 + SALT;
const CHUNK: usize = 64 * 1024;

/// What the key costs to derive from a passphrase, and so each guess at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl Default for Cost {
    /// What RFC 9106 (section 4) recommends where memory is short.
    fn default() -> Self {
        Self {
            memory_kib: 64 * 1024,
            passes: 3,
            lanes: 4,
        }
    }
}

impl Cost {
    /// A file must not make its reader work for hours or run out of memory.
    fn is_bearable(self) -> bool {
        self.memory_kib <= 1024 * 1024 && self.passes <= 16 && (1..=16).contains(&self.lanes)
    }
}

/// Why an encrypted backup cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ContainerError {
    /// A form that is not known here.
    #[error(
        "is an encrypted backup of form {0}, which this readmit does not know; use a newer one"
    )]
    Newer(u16),
    /// A header that no readmit writes.
    #[error("asks for more memory or time than any backup does; its beginning is damaged")]
    Unbearable,
    /// Another passphrase, or a damaged header.
    #[error("does not open with this passphrase")]
    WrongPassphrase,
    /// A chunk was altered, or is missing.
    #[error("is damaged or cut off; use another copy")]
    Damaged,
    /// It could not be read.
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
}

/// The key of one file, with what is authenticated beside each chunk.
struct Cipher {
    key: LessSafeKey,
    header: [u8; HEADER],
    chunk: u64,
}

impl Cipher {
    fn new(
        passphrase: &SecretString,
        cost: Cost,
        salt: [u8; SALT],
    ) -> Result<Self, ContainerError> {
        let mut header = [0; HEADER];
        let numbers = [cost.memory_kib, cost.passes, cost.lanes].map(u32::to_be_bytes);
        let parts = [&MAGIC[..], &VERSION.to_be_bytes(), &numbers.concat(), &salt].concat();
        header.copy_from_slice(&parts);
        let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(32))
            .map_err(|_| ContainerError::Unbearable)?;
        let passphrase: Zeroizing<String> =
            Zeroizing::new(passphrase.expose_secret().nfc().collect());
        let mut key = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase.as_bytes(), &salt, &mut *key)
            .map_err(|_| ContainerError::Unbearable)?;
        let key = UnboundKey::new(&AES_256_GCM, &*key).expect("AES-256 takes 256 bits");
        Ok(Self {
            key: LessSafeKey::new(key),
            header,
            chunk: 0,
        })
    }

    /// No chunk's number comes near it.
    fn check(&self) -> [u8; TAG] {
        let nonce = Nonce::assume_unique_for_key([0xff; NONCE_LEN]);
        let tag = self
            .key
            .seal_in_place_separate_tag(nonce, Aad::from(self.header), &mut [])
            .expect("nothing can be sealed");
        let mut check = [0; TAG];
        check.copy_from_slice(tag.as_ref());
        check
    }

    fn nonce(&mut self, last: bool) -> Nonce {
        let mut nonce = [0; NONCE_LEN];
        nonce[3..11].copy_from_slice(&self.chunk.to_be_bytes());
        nonce[11] = u8::from(last);
        self.chunk += 1;
        Nonce::assume_unique_for_key(nonce)
    }
}

/// Encrypts what is written to it. Without [`Sealer::finish`] the file has no last chunk and opens for
/// nobody.
pub(super) struct Sealer<W> {
    to: W,
    cipher: Cipher,
    waiting: Zeroizing<Vec<u8>>,
}

impl<W: Write> Sealer<W> {
    pub(super) fn new(
        mut to: W,
        passphrase: &SecretString,
        cost: Cost,
        entropy: &Entropy,
    ) -> Result<Self, ContainerError> {
        let cipher = Cipher::new(passphrase, cost, entropy.bytes())?;
        to.write_all(&cipher.header)?;
        to.write_all(&cipher.check())?;
        Ok(Self {
            to,
            cipher,
            waiting: Zeroizing::new(Vec::with_capacity(CHUNK + TAG)),
        })
    }

    pub(super) fn finish(mut self) -> io::Result<W> {
        self.seal(true)?;
        Ok(self.to)
    }

    fn seal(&mut self, last: bool) -> io::Result<()> {
        let nonce = self.cipher.nonce(last);
        let aad = Aad::from(self.cipher.header);
        let tag = self
            .cipher
            .key
            .seal_in_place_separate_tag(nonce, aad, &mut self.waiting)
            .expect("a chunk can be sealed");
        self.to.write_all(&self.waiting)?;
        self.to.write_all(tag.as_ref())?;
        self.waiting.clear();
        Ok(())
    }
}

impl<W: Write> Write for Sealer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A full chunk waits until it is known not to be the last one.
        if self.waiting.len() == CHUNK && !bytes.is_empty() {
            self.seal(false)?;
        }
        let taken = bytes.len().min(CHUNK - self.waiting.len());
        self.waiting.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Decrypts what a [`Sealer`] has written. Nothing comes out of it that was not authenticated; its errors
/// have a [`ContainerError`] inside.
pub(super) struct Opener<R> {
    from: R,
    cipher: Cipher,
    plain: Zeroizing<Vec<u8>>,
    given: usize,
    /// What was read behind the chunk at hand.
    ahead: Vec<u8>,
    done: bool,
}

impl<R: Read> Opener<R> {
    pub(super) fn new(mut from: R, passphrase: &SecretString) -> Result<Self, ContainerError> {
        let mut head = [0; HEADER + TAG];
        from.read_exact(&mut head)
            .map_err(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof => ContainerError::Damaged,
                _ => ContainerError::Io(error),
            })?;
        let number = |at: usize| u32::from_be_bytes([0, 1, 2, 3].map(|byte| head[at + byte]));
        let version = u16::from_be_bytes([head[16], head[17]]);
        if version != VERSION {
            return Err(ContainerError::Newer(version));
        }
        let cost = Cost {
            memory_kib: number(18),
            passes: number(22),
            lanes: number(26),
        };
        if !cost.is_bearable() {
            return Err(ContainerError::Unbearable);
        }
        let mut salt = [0; SALT];
        salt.copy_from_slice(&head[30..HEADER]);
        let cipher = Cipher::new(passphrase, cost, salt)?;
        if cipher.check() != head[HEADER..] {
            return Err(ContainerError::WrongPassphrase);
        }
        let ahead = read_up_to(&mut from, CHUNK + TAG)?;
        Ok(Self {
            from,
            cipher,
            plain: Zeroizing::default(),
            given: 0,
            ahead,
            done: false,
        })
    }

    fn open_next(&mut self) -> Result<(), ContainerError> {
        let next = read_up_to(&mut self.from, CHUNK + TAG)?;
        let mut chunk = Zeroizing::new(std::mem::replace(&mut self.ahead, next));
        let last = self.ahead.is_empty();
        let nonce = self.cipher.nonce(last);
        let aad = Aad::from(self.cipher.header);
        let plain = self
            .cipher
            .key
            .open_in_place(nonce, aad, &mut chunk)
            .map_err(|_| ContainerError::Damaged)?
            .len();
        chunk.truncate(plain);
        self.plain = chunk;
        self.given = 0;
        self.done = last;
        Ok(())
    }
}

impl<R: Read> Read for Opener<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.given == self.plain.len() && !self.done {
            self.open_next().map_err(io::Error::other)?;
        }
        let rest = &self.plain[self.given..];
        let count = rest.len().min(into.len());
        into[..count].copy_from_slice(&rest[..count]);
        self.given += count;
        Ok(count)
    }
}

/// So many bytes, or as many as there are.
fn read_up_to(from: &mut impl Read, most: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(most);
    from.take(most as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}
