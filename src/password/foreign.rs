//! Stored hashes, taken apart: our own, and those of other systems that an import may bring.

mod cost;

use std::num::NonZeroU32;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use aws_lc_rs::pbkdf2;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Some systems leave bits set behind the last byte, and Django pads.
const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_allow_trailing_bits(true)
    .with_decode_padding_mode(DecodePaddingMode::Indifferent);
const BASE64: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const BCRYPT64: GeneralPurpose = GeneralPurpose::new(&alphabet::BCRYPT, LENIENT);

/// The forms that [`Parsed::read`] knows.
const SUPPORTED: &str = "$argon2id$, $argon2i$, $argon2d$, bcrypt ($2a$, $2b$, $2y$), \
                         $pbkdf2-sha256$, $pbkdf2-sha512$, Django's pbkdf2_sha256$, $scrypt$ and \
                         SHA-512 crypt ($6$)";

/// A salt or digest longer than this is none.
const MAX_BYTES: usize = 64;
/// A digest shorter than this could be met by chance.
const MIN_DIGEST: usize = 16;

/// Why a text is no hash that could be verified here. The message never shows salt or digest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    /// Its beginning names a form that is not known.
    #[error("{0} is not a supported form; supported are {SUPPORTED}")]
    Unsupported(String),
    /// It has no such beginning at all.
    #[error("this is not a password hash; supported are {SUPPORTED}")]
    NoForm,
    /// It begins like a known form and does not go on like it.
    #[error("this is not a whole {0} hash")]
    Malformed(String),
    /// Verifying it would take too much of the server.
    #[error("the {form} hash has {what}, which is too dear to verify; at most {most} is taken")]
    TooDear {
        /// Its beginning.
        form: String,
        /// What it has.
        what: String,
        /// What it may have.
        most: String,
    },
}

/// A stored hash.
pub(super) struct Parsed {
    scheme: Scheme,
    salt: Vec<u8>,
    pub(super) digest: Vec<u8>,
}

enum Scheme {
    Argon2(Algorithm, Version, Params),
    Bcrypt {
        cost: u32,
    },
    Pbkdf2(pbkdf2::Algorithm, NonZeroU32),
    Scrypt {
        log_n: u8,
        r: u32,
        p: u32,
        params: scrypt::Params,
    },
    /// The digest is kept as it is written.
    Sha512Crypt {
        rounds: u32,
        params: sha_crypt::Params,
    },
}

impl Parsed {
    /// Takes a hash apart, whatever its cost.
    pub(super) fn read(text: &str) -> Result<Self, HashError> {
        let fields: Vec<&str> = text.split('$').collect();
        let parsed = match *fields {
            ["", "argon2id", ref rest @ ..] => argon2(Algorithm::Argon2id, rest),
            ["", "argon2i", ref rest @ ..] => argon2(Algorithm::Argon2i, rest),
            ["", "argon2d", ref rest @ ..] => argon2(Algorithm::Argon2d, rest),
            ["", "2a" | "2b" | "2y", ref rest @ ..] => bcrypt(rest),
            ["", "pbkdf2-sha256", ref rest @ ..] => pbkdf2(pbkdf2::PBKDF2_HMAC_SHA256, rest),
            ["", "pbkdf2-sha512", ref rest @ ..] => pbkdf2(pbkdf2::PBKDF2_HMAC_SHA512, rest),
            ["pbkdf2_sha256", ref rest @ ..] => django(rest),
            ["", "scrypt", ref rest @ ..] => scrypt(rest),
            ["", "6", ref rest @ ..] => sha512_crypt(rest),
            _ => return Err(form(text).map_or(HashError::NoForm, HashError::Unsupported)),
        };
        parsed
            .filter(|parsed| parsed.salt.len() <= MAX_BYTES)
            .filter(|parsed| parsed.digest.len() >= MIN_DIGEST)
            .ok_or_else(|| HashError::Malformed(known_form(&fields)))
    }

    /// Whether it is Argon2id as new hashes are made.
    pub(super) fn is_argon2id(&self, current: &Params) -> bool {
        match &self.scheme {
            Scheme::Argon2(Algorithm::Argon2id, Version::V0x13, params) => {
                (params.m_cost(), params.t_cost(), params.p_cost())
                    == (current.m_cost(), current.t_cost(), current.p_cost())
                    && self.digest.len() == Params::DEFAULT_OUTPUT_LEN
            }
            _ => false,
        }
    }

    /// The digest of this password. `memory` is lent for Argon2 where it suffices.
    pub(super) fn compute(&self, password: &[u8], memory: &mut [Block]) -> Vec<u8> {
        let mut digest = vec![0; self.digest.len()];
        match &self.scheme {
            Scheme::Argon2(algorithm, version, params) => {
                let mut own;
                let memory = if params.block_count() <= memory.len() {
                    memory
                } else {
                    own = vec![Block::default(); params.block_count()];
                    &mut own
                };
                Argon2::new(*algorithm, *version, params.clone())
                    .hash_password_into_with_memory(password, &self.salt, &mut digest, memory)
                    .expect("lengths and memory are within Argon2's bounds");
            }
            Scheme::Bcrypt { cost } => {
                // bcrypt reads a string that ends with NUL, and no more than 72 bytes of it.
                let mut key = [password, b"\0"].concat();
                key.truncate(72);
                let salt = self.salt.as_slice().try_into();
                let output = bcrypt::bcrypt(*cost, salt.expect("a salt of 16 bytes"), &key);
                digest.copy_from_slice(&output[..self.digest.len()]);
            }
            Scheme::Pbkdf2(algorithm, iterations) => {
                pbkdf2::derive(*algorithm, *iterations, &self.salt, password, &mut digest);
            }
            Scheme::Scrypt { params, .. } => {
                scrypt::scrypt(password, &self.salt, params, &mut digest)
                    .expect("the length is within scrypt's bounds");
            }
            Scheme::Sha512Crypt { params, .. } => {
                let raw = sha_crypt::sha512_crypt(password, &self.salt, *params);
                digest = crypt64(&raw).into_bytes();
            }
        }
        digest
    }
}

/// `v=19$m=…,t=…,p=…$salt$digest`; without the version it is the older one.
fn argon2(algorithm: Algorithm, fields: &[&str]) -> Option<Parsed> {
    let (version, fields) = match *fields {
        ["v=19", ref rest @ ..] => (Version::V0x13, rest),
        ["v=16", ref rest @ ..] => (Version::V0x10, rest),
        _ => (Version::V0x10, fields),
    };
    let &[params, salt, digest] = fields else {
        return None;
    };
    let [memory, passes, lanes] = numbers(params, ["m", "t", "p"])?;
    let (salt, digest) = (decode(salt)?, decode(digest)?);
    if salt.len() < argon2::MIN_SALT_LEN {
        return None;
    }
    let params = Params::new(memory, passes, lanes, Some(digest.len())).ok()?;
    Some(Parsed {
        scheme: Scheme::Argon2(algorithm, version, params),
        salt,
        digest,
    })
}

/// `cost$` and 53 characters: salt and digest.
fn bcrypt(fields: &[&str]) -> Option<Parsed> {
    let &[cost, rest] = fields else {
        return None;
    };
    let cost = (cost.len() == 2).then(|| cost.parse().ok()).flatten()?;
    let (salt, digest) = rest.split_at_checked(22)?;
    let (salt, digest) = (BCRYPT64.decode(salt).ok()?, BCRYPT64.decode(digest).ok()?);
    ((4..=31).contains(&cost) && salt.len() == 16 && digest.len() == 23).then_some(Parsed {
        scheme: Scheme::Bcrypt { cost },
        salt,
        digest,
    })
}

/// `i=iterations,l=length$salt$digest`, or only the number, as passlib writes it.
fn pbkdf2(algorithm: pbkdf2::Algorithm, fields: &[&str]) -> Option<Parsed> {
    let &[params, salt, digest] = fields else {
        return None;
    };
    let digest = decode(digest)?;
    let iterations = if let Ok(iterations) = params.parse() {
        iterations
    } else if let Some([iterations]) = numbers(params, ["i"]) {
        iterations
    } else {
        let [iterations, length] = numbers(params, ["i", "l"])?;
        (usize::try_from(length).ok()? == digest.len()).then_some(iterations)?
    };
    Some(Parsed {
        scheme: Scheme::Pbkdf2(algorithm, NonZeroU32::new(iterations)?),
        salt: decode(salt)?,
        digest,
    })
}

/// `iterations$salt$digest`; the salt is the text itself.
fn django(fields: &[&str]) -> Option<Parsed> {
    let &[iterations, salt, digest] = fields else {
        return None;
    };
    Some(Parsed {
        scheme: Scheme::Pbkdf2(pbkdf2::PBKDF2_HMAC_SHA256, iterations.parse().ok()?),
        salt: salt.as_bytes().to_vec(),
        digest: decode(digest)?,
    })
}

/// `ln=…,r=…,p=…$salt$digest`.
fn scrypt(fields: &[&str]) -> Option<Parsed> {
    let &[params, salt, digest] = fields else {
        return None;
    };
    let [log_n, r, p] = numbers(params, ["ln", "r", "p"])?;
    // With these bounds no product overflows.
    let log_n = u8::try_from(log_n).ok().filter(|n| (1..=40).contains(n))?;
    if r.max(p) > 1 << 15 {
        return None;
    }
    let params = scrypt::Params::new(log_n, r, p).ok()?;
    Some(Parsed {
        scheme: Scheme::Scrypt {
            log_n,
            r,
            p,
            params,
        },
        salt: decode(salt)?,
        digest: decode(digest)?,
    })
}

/// `rounds=…$salt$digest`; without the rounds there are 5,000.
fn sha512_crypt(fields: &[&str]) -> Option<Parsed> {
    let (rounds, salt, digest) = match *fields {
        [salt, digest] => (5000, salt, digest),
        [rounds, salt, digest] => {
            let [rounds] = numbers(rounds, ["rounds"])?;
            (rounds, salt, digest)
        }
        _ => return None,
    };
    let params = sha_crypt::Params::new(rounds).ok()?;
    let known = |byte: u8| CRYPT64.contains(&byte);
    (salt.len() <= 16 && digest.len() == 86 && digest.bytes().all(known)).then(|| Parsed {
        scheme: Scheme::Sha512Crypt { rounds, params },
        salt: salt.as_bytes().to_vec(),
        digest: digest.as_bytes().to_vec(),
    })
}

/// The numbers of `a=1,b=2`: each of these names once, in this order, and nothing else.
fn numbers<const N: usize>(text: &str, names: [&str; N]) -> Option<[u32; N]> {
    let mut pairs = text.split(',');
    let mut found = [0; N];
    for (place, name) in found.iter_mut().zip(names) {
        let (key, value) = pairs.next()?.split_once('=')?;
        let plain = value.bytes().all(|byte| byte.is_ascii_digit());
        *place = (key == name && plain)
            .then(|| value.parse().ok())
            .flatten()?;
    }
    pairs.next().is_none().then_some(found)
}

/// Base64, or passlib's kind of it with a dot for the plus.
fn decode(text: &str) -> Option<Vec<u8>> {
    let bytes = BASE64.decode(text.replace('.', "+")).ok()?;
    (!bytes.is_empty() && bytes.len() <= MAX_BYTES).then_some(bytes)
}

const CRYPT64: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A digest as SHA-512 crypt writes it: three bytes from far apart to four characters, the lowest six
/// bits first.
fn crypt64(raw: &[u8; 64]) -> String {
    let mut text = String::with_capacity(86);
    let mut put = |bytes: [u8; 3], characters: usize| {
        let [first, second, third] = bytes.map(u32::from);
        let mut bits = first << 16 | second << 8 | third;
        for _ in 0..characters {
            text.push(char::from(CRYPT64[(bits & 0x3f) as usize]));
            bits >>= 6;
        }
    };
    for i in 0..21 {
        let mut bytes = [raw[i], raw[i + 21], raw[i + 42]];
        bytes.rotate_left(i % 3);
        put(bytes, 4);
    }
    put([0, 0, raw[63]], 2);
    text
}

/// The beginning of a hash of a known form.
fn known_form(fields: &[&str]) -> String {
    match *fields {
        ["", name, ..] => format!("${name}$"),
        [name, ..] => format!("{name}$"),
        [] => String::new(),
    }
}

/// What a hash begins with: `$5$`, `sha1$`. None where that could be part of a secret.
fn form(text: &str) -> Option<String> {
    let (dollar, rest) = match text.strip_prefix('$') {
        Some(rest) => ("$", rest),
        None => ("", text),
    };
    let (name, rest) = rest.split_once('$')?;
    let plain =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
    ((1..=16).contains(&name.len()) && name.bytes().all(plain) && rest.len() >= MIN_DIGEST)
        .then(|| format!("{dollar}{name}$"))
}
