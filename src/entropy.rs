//! Randomness from one injected source.

use std::sync::{Arc, Mutex, PoisonError};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::{Rng as _, SeedableRng as _, TryRng as _, rngs::StdRng, rngs::SysRng};

/// Where random bytes come from.
#[derive(Clone, Debug)]
pub enum Entropy {
    /// The operating system's generator: the only one that may make secrets.
    System,
    /// A seeded generator, for tests that must repeat.
    Seeded(Arc<Mutex<StdRng>>),
}

impl Entropy {
    /// A generator that yields the same bytes for the same `seed`.
    pub fn seeded(seed: u64) -> Self {
        Self::Seeded(Arc::new(Mutex::new(StdRng::seed_from_u64(seed))))
    }

    /// Fills `buffer`.
    ///
    /// # Panics
    ///
    /// When the operating system has no random bytes to give. Going on without them would mean
    /// guessable tokens, and there is no caller that could do better.
    pub fn fill(&self, buffer: &mut [u8]) {
        match self {
            Self::System => SysRng
                .try_fill_bytes(buffer)
                .expect("the operating system's random generator failed"),
            Self::Seeded(rng) => rng
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .fill_bytes(buffer),
        }
    }

    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// `N` random bytes in unpadded base64url (RFC 4648, section 5).
    pub fn token<const N: usize>(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.bytes::<N>())
    }

    /// A random UUID of version 4 (RFC 9562).
    pub fn uuid(&self) -> uuid::Uuid {
        uuid::Builder::from_random_bytes(self.bytes()).into_uuid()
    }

    /// A number in `0.0..1.0`, for jitter.
    pub fn fraction(&self) -> f64 {
        // 53 bits are what an f64 holds exactly.
        let bits = u64::from_be_bytes(self.bytes()) >> 11;
        #[expect(
            clippy::cast_precision_loss,
            reason = "53 bits fit an f64's significand"
        )]
        let fraction = bits as f64 / (1_u64 << 53) as f64;
        fraction
    }
}
