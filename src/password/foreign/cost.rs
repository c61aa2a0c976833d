//! What a hash may cost that comes from elsewhere.

use super::{HashError, Parsed, Scheme};

/// The dearest hashes that are taken over take some seconds each, and one GiB.
const MAX_MEMORY_KIB: u64 = 1024 * 1024;
/// Memory times passes over it.
const MAX_ARGON2_WORK_KIB: u64 = 8 * MAX_MEMORY_KIB;
/// N times r times p.
const MAX_SCRYPT_WORK: u64 = 1 << 24;
const MAX_BCRYPT_COST: u32 = 16;
const MAX_PBKDF2_ITERATIONS: u32 = 10_000_000;
const MAX_SHA_CRYPT_ROUNDS: u32 = 1_000_000;

impl Parsed {
    /// Refuses a hash that would keep a thread busy for more than some seconds, or take more than a
    /// GiB. A member who signs in waits for it, and so does everybody behind them.
    pub(in crate::password) fn check_cost(&self) -> Result<(), HashError> {
        let (form, what, most) = match &self.scheme {
            Scheme::Argon2(algorithm, _, params) => {
                let (memory, passes) = (u64::from(params.m_cost()), u64::from(params.t_cost()));
                if memory <= MAX_MEMORY_KIB && memory * passes <= MAX_ARGON2_WORK_KIB {
                    return Ok(());
                }
                (
                    format!("${algorithm}$"),
                    format!("m={memory},t={passes}"),
                    format!(
                        "m={MAX_MEMORY_KIB}, and {MAX_ARGON2_WORK_KIB} for the product of the two,"
                    ),
                )
            }
            Scheme::Bcrypt { cost } => {
                if *cost <= MAX_BCRYPT_COST {
                    return Ok(());
                }
                (
                    "bcrypt".to_owned(),
                    format!("cost {cost}"),
                    MAX_BCRYPT_COST.to_string(),
                )
            }
            Scheme::Pbkdf2(_, iterations) => {
                if iterations.get() <= MAX_PBKDF2_ITERATIONS {
                    return Ok(());
                }
                (
                    "PBKDF2".to_owned(),
                    format!("{iterations} iterations"),
                    MAX_PBKDF2_ITERATIONS.to_string(),
                )
            }
            Scheme::Scrypt { log_n, r, p, .. } => {
                let blocks = (1_u64 << log_n).saturating_mul(u64::from(*r));
                let memory_kib = blocks / 8;
                if memory_kib <= MAX_MEMORY_KIB
                    && blocks.saturating_mul(u64::from(*p)) <= MAX_SCRYPT_WORK
                {
                    return Ok(());
                }
                (
                    "$scrypt$".to_owned(),
                    format!("ln={log_n},r={r},p={p}"),
                    "1 GiB (ln=20,r=8), and twice its work,".to_owned(),
                )
            }
            Scheme::Sha512Crypt { rounds, .. } => {
                if *rounds <= MAX_SHA_CRYPT_ROUNDS {
                    return Ok(());
                }
                (
                    "$6$".to_owned(),
                    format!("{rounds} rounds"),
                    MAX_SHA_CRYPT_ROUNDS.to_string(),
                )
            }
        };
        Err(HashError::TooDear { form, what, most })
    }
}
