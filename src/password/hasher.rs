//! Hashing and verifying on a bounded number of threads, with a bounded queue before them.

use std::sync::{Arc, Mutex, PoisonError};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;
use tokio::sync::Semaphore;

use super::foreign::Parsed;
use super::{Context, Judgement, Missed, Password, PasswordHash, Policy};
use crate::clock::Clock;
use crate::config;
use crate::entropy::Entropy;
use crate::meter::{Counter, DURATIONS, Histogram};

/// Too many passwords wait to be hashed; try again in a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords wait to be checked")]
pub struct Busy;

/// Why a new password was not hashed.
#[derive(Debug, thiserror::Error)]
pub enum NewPasswordError {
    /// It misses these rules.
    #[error("the password misses the policy")]
    Weak(Missed),
    /// Too much to hash.
    #[error(transparent)]
    Busy(#[from] Busy),
}

/// What a password is against a stored hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Another one.
    Wrong,
    /// The one that the hash was made of.
    Right,
    /// That too, yet the hash is of another form or cost than new ones are: hash it anew.
    RightButOutdated,
}

impl Verdict {
    /// Whether the password is the one that the hash was made of.
    pub const fn is_right(self) -> bool {
        matches!(self, Self::Right | Self::RightButOutdated)
    }
}

/// See the module.
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
    meter: Meter,
}

/// What the hasher has done since the start.
#[derive(Debug)]
pub struct Meter {
    /// How long passwords waited for a thread, in microseconds.
    pub waits: Histogram,
    /// Passwords that were turned away because too many waited.
    pub refused: Counter,
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
            meter: Meter {
                waits: Histogram::new(&DURATIONS),
                refused: Counter::default(),
            },
        }))
    }

    /// What was done since the start.
    pub fn meter(&self) -> &Meter {
        &self.0.meter
    }

    /// How many passwords are at work or wait.
    pub fn pending(&self) -> usize {
        self.0.capacity - self.0.slots.available_permits()
    }

    /// Hashes `password` under a new salt.
    pub async fn hash(&self, password: Password) -> Result<PasswordHash, Busy> {
        let salt = self.0.entropy.bytes();
        self.run(move |inner, memory| inner.hash(&password, salt, memory))
            .await
    }

    /// Hashes a new password under a new salt, if the policy takes it. Both are done on the hasher's
    /// threads: judging a long password takes as long as hashing one.
    pub async fn hash_new(
        &self,
        policy: &Policy,
        text: SecretString,
        context: Context,
    ) -> Result<PasswordHash, NewPasswordError> {
        let (policy, salt) = (policy.clone(), self.0.entropy.bytes());
        self.run(move |inner, memory| {
            let password = policy.accept(text.expose_secret(), &context)?;
            Ok(inner.hash(&password, salt, memory))
        })
        .await?
        .map_err(NewPasswordError::Weak)
    }

    /// What the policy thinks of a password. It waits for the hasher's threads like everything that takes
    /// as long, so that neither keeps the other from its share.
    pub async fn judge(
        &self,
        policy: &Policy,
        text: SecretString,
        context: Context,
    ) -> Result<Judgement, Busy> {
        let policy = policy.clone();
        self.run(move |_, _| policy.judge(text.expose_secret(), &context))
            .await
    }

    /// Whether `password` is the one that `hash` was made of.
    ///
    /// Without a hash (no such account, or no password yet) the same work is done for nothing and
    /// the password is wrong, so that the time it takes says nothing.
    pub async fn verify(
        &self,
        password: Password,
        hash: Option<PasswordHash>,
    ) -> Result<Verdict, Busy> {
        self.run(move |inner, memory| inner.verify(&password, hash.as_ref(), memory))
            .await
    }

    async fn run<T, F>(&self, job: F) -> Result<T, Busy>
    where
        F: FnOnce(&Inner, &mut [Block]) -> T + Send + 'static,
        T: Send + 'static,
    {
        let slot = Arc::clone(&self.0.slots).try_acquire_owned().map_err(|_| {
            self.0.meter.refused.add();
            Busy
        })?;
        // Whatever clock the program goes by, the processor's time is this one.
        let begun = Clock::System.uptime();
        let thread = Arc::clone(&self.0.threads)
            .acquire_owned()
            .await
            .map_err(|_| Busy)?;
        let waited = Clock::System.uptime().saturating_sub(begun);
        self.0.meter.waits.took(waited);
        let inner = Arc::clone(&self.0);
        let span = tracing::Span::current();
        tokio::task::spawn_blocking(move || {
            let mut memory = inner.take_memory();
            let result = span.in_scope(|| job(&inner, &mut memory));
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
    fn hash(&self, password: &Password, salt: [u8; 16], memory: &mut [Block]) -> PasswordHash {
        let digest = self.compute(password, salt, memory);
        PasswordHash::from_stored(format!(
            "$argon2id$v=19$m={},t={},p={}${}${}",
            self.params.m_cost(),
            self.params.t_cost(),
            self.params.p_cost(),
            STANDARD_NO_PAD.encode(salt),
            STANDARD_NO_PAD.encode(digest),
        ))
    }

    fn verify(
        &self,
        password: &Password,
        hash: Option<&PasswordHash>,
        memory: &mut [Block],
    ) -> Verdict {
        let parsed = hash.and_then(|hash| {
            Parsed::read(hash.as_stored())
                .inspect_err(|_| tracing::error!("a stored password hash cannot be read"))
                .ok()
        });
        let Some(parsed) = parsed else {
            std::hint::black_box(self.compute(password, [0; 16], memory));
            return Verdict::Wrong;
        };
        let digest = parsed.compute(password.bytes(), memory);
        if !bool::from(digest.ct_eq(&parsed.digest)) {
            Verdict::Wrong
        } else if parsed.is_argon2id(&self.params) {
            Verdict::Right
        } else {
            Verdict::RightButOutdated
        }
    }

    fn compute(&self, password: &Password, salt: [u8; 16], memory: &mut [Block]) -> Digest {
        let mut digest = [0; Params::DEFAULT_OUTPUT_LEN];
        Argon2::new(Algorithm::Argon2id, Version::V0x13, self.params.clone())
            .hash_password_into_with_memory(password.bytes(), &salt, &mut digest, memory)
            .expect("lengths and memory are within Argon2's bounds");
        digest
    }

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
