//! Passwords: what may be one, and Argon2id behind a bounded queue.

use std::sync::{Arc, Mutex, PoisonError};

use argon2::password_hash::phc;
use argon2::{Algorithm, Argon2, Block, Params, Version};
use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization as _;

use crate::config;
use crate::entropy::Entropy;

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

    fn bytes(&self) -> &[u8] {
        self.0.expose_secret().as_bytes()
    }

    fn characters(&self) -> usize {
        self.0.expose_secret().chars().count()
    }
}

/// What a new password must meet. There are no rules of composition, by NIST's advice.
#[derive(Clone, Debug)]
pub struct Policy {
    min_length: usize,
}

impl Policy {
    /// The configured policy.
    pub fn new(config: &config::Password) -> Self {
        Self {
            min_length: config.min_length,
        }
    }

    /// Reads a new password, or says every rule that it misses.
    pub fn accept(&self, text: &str) -> Result<Password, Vec<String>> {
        let Some(password) = Password::new(text) else {
            return Err(vec![format!(
                "A password may have at most {} bytes.",
                Password::MAX_BYTES
            )]);
        };
        let mut missed = Vec::new();
        if password.characters() < self.min_length {
            missed.push(format!(
                "A password must have at least {} characters.",
                self.min_length
            ));
        }
        if text.contains('\0') {
            missed.push("A password cannot contain a NUL character.".to_owned());
        }
        if missed.is_empty() {
            Ok(password)
        } else {
            Err(missed)
        }
    }
}

/// A password's hash as a PHC string: `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`.
#[derive(Clone)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// From the column that holds it.
    pub(crate) fn from_phc(text: String) -> Self {
        Self(text)
    }

    pub(crate) fn as_phc(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// Too many passwords wait to be hashed; try again in a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords wait to be checked")]
pub struct Busy;

/// Hashes and verifies on a bounded number of threads, with a bounded queue before them.
#[derive(Clone)]
pub struct Hasher(Arc<Inner>);

struct Inner {
    params: Params,
    entropy: Entropy,
    /// One for each job that runs or waits.
    slots: Arc<Semaphore>,
    capacity: usize,
    /// One for each job that runs.
    threads: Arc<Semaphore>,
    memory: Mutex<Vec<Vec<Block>>>,
}

impl Hasher {
    /// A hasher with the configured cost.
    pub fn new(config: &config::Password, entropy: Entropy) -> Self {
        let threads = match config.threads {
            0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            threads => threads,
        };
        let params = Params::new(
            config.argon2_memory_kib,
            config.argon2_iterations,
            config.argon2_parallelism,
            Some(Params::DEFAULT_OUTPUT_LEN),
        )
        .expect("the configuration has checked the cost");
        let capacity = threads + config.queue;
        Self(Arc::new(Inner {
            params,
            entropy,
            slots: Arc::new(Semaphore::new(capacity)),
            capacity,
            threads: Arc::new(Semaphore::new(threads)),
            memory: Mutex::default(),
        }))
    }

    /// Hashes `password` under a new salt.
    pub async fn hash(&self, password: Password) -> Result<PasswordHash, Busy> {
        let salt: [u8; 16] = self.0.entropy.bytes();
        self.run(move |inner, memory| {
            let digest = compute(&inner.params, &password, &salt, memory);
            encode(&inner.params, &salt, &digest)
        })
        .await
    }

    /// Whether `password` is the one that `hash` was made of.
    ///
    /// Without a hash (no such account, or no password yet) the same work is done for nothing and
    /// the answer is false, so that the time it takes says nothing.
    pub async fn verify(
        &self,
        password: Password,
        hash: Option<PasswordHash>,
    ) -> Result<bool, Busy> {
        self.run(move |inner, memory| {
            if let Some(hash) = hash {
                return matches(&password, &hash, memory);
            }
            std::hint::black_box(compute(&inner.params, &password, &[0; 16], memory));
            false
        })
        .await
    }

    async fn run<T, F>(&self, job: F) -> Result<T, Busy>
    where
        F: FnOnce(&Inner, &mut Vec<Block>) -> T + Send + 'static,
        T: Send + 'static,
    {
        let slot = Arc::clone(&self.0.slots)
            .try_acquire_owned()
            .map_err(|_| Busy)?;
        let thread = Arc::clone(&self.0.threads)
            .acquire_owned()
            .await
            .map_err(|_| Busy)?;
        let inner = Arc::clone(&self.0);
        tokio::task::spawn_blocking(move || {
            let mut memory = inner.take_memory();
            let result = job(&inner, &mut memory);
            // The permits go with the work, not with the caller: one who hangs up frees no thread
            // before it is free. The memory goes first, so that the next job finds it.
            inner.put_memory(memory);
            drop(thread);
            drop(slot);
            inner.release_idle_memory();
            result
        })
        .await
        .map_err(|_| Busy)
    }
}

impl Inner {
    fn pool(&self) -> std::sync::MutexGuard<'_, Vec<Vec<Block>>> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_memory(&self) -> Vec<Block> {
        self.pool().pop().unwrap_or_else(|| {
            // Allocations of 32 MiB and more are always mapped by themselves and returned to the
            // system when freed, while smaller ones may stay in the allocator's heap for good. The
            // part past the blocks in use is never touched and costs no memory.
            const ALWAYS_MAPPED: usize = 33 * 1024;
            let blocks = self.params.block_count();
            let mut memory = Vec::with_capacity(blocks.max(ALWAYS_MAPPED));
            memory.resize(blocks, Block::default());
            memory
        })
    }

    fn put_memory(&self, memory: Vec<Block>) {
        self.pool().push(memory);
    }

    /// Under load the memory goes from job to job; when the last one is done it is given back.
    fn release_idle_memory(&self) {
        if self.slots.available_permits() == self.capacity {
            self.pool().clear();
        }
    }
}

type Digest = [u8; Params::DEFAULT_OUTPUT_LEN];

fn compute(params: &Params, password: &Password, salt: &[u8], memory: &mut Vec<Block>) -> Digest {
    if memory.len() < params.block_count() {
        memory.resize(params.block_count(), Block::default());
    }
    let mut digest = [0; Params::DEFAULT_OUTPUT_LEN];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone())
        .hash_password_into_with_memory(password.bytes(), salt, &mut digest, memory.as_mut_slice())
        .expect("lengths and memory are within Argon2's bounds");
    digest
}

fn encode(params: &Params, salt: &[u8], digest: &Digest) -> PasswordHash {
    use base64::Engine as _;
    let base64 = base64::engine::general_purpose::STANDARD_NO_PAD;
    PasswordHash(format!(
        "$argon2id$v=19$m={},t={},p={}${}${}",
        params.m_cost(),
        params.t_cost(),
        params.p_cost(),
        base64.encode(salt),
        base64.encode(digest),
    ))
}

fn matches(password: &Password, hash: &PasswordHash, memory: &mut Vec<Block>) -> bool {
    let parsed = phc::PasswordHash::new(&hash.0).ok().and_then(|phc| {
        let params = Params::try_from(&phc).ok()?;
        Some((params, phc.salt?, phc.hash?))
    });
    let Some((params, salt, expected)) = parsed else {
        tracing::error!("a stored password hash cannot be read");
        return false;
    };
    let digest = compute(&params, password, salt.as_ref(), memory);
    digest.ct_eq(expected.as_bytes()).into()
}
