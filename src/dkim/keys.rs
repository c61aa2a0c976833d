//! DKIM keys as files in the folder of keys: `dkim_DOMAIN_SELECTOR_ALGORITHM.pem`, and beside one that
//! is in use an empty file that ends in `.in-use`.

use std::path::{Path, PathBuf};

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{self, KeySize};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::ExposeSecret as _;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::zone::{Record, SelectorName, SenderDomain, record_name};
use crate::key_folder::{self, KeyError, KeyFolder};

/// How every name of ours begins. `_` stands in no host name, so that the parts can be told apart.
const PREFIX: &str = "dkim_";

const KEY: &str = "pem";
const IN_USE: &str = "in-use";

/// Why an act on DKIM keys failed. The messages are for the administrator and never show a key.
#[derive(Debug, thiserror::Error)]
pub enum DkimError {
    /// The folder or a file in it.
    #[error(transparent)]
    Folder(#[from] KeyError),
    /// A file holds something else.
    #[error("{0} is not a private key in PKCS#8 PEM form; restore it or move it away")]
    NotAKey(PathBuf),
    /// The cryptographic library could not make one.
    #[error("a DKIM key could not be made")]
    NotMade,
    /// A key of that name is there.
    #[error(
        "{domain} has a key with the selector {selector} already; name another one with --selector"
    )]
    Exists {
        /// The domain.
        domain: SenderDomain,
        /// The selector.
        selector: SelectorName,
    },
    /// No key of that name is there.
    #[error("{domain} has no key with the selector {selector}; `readmit dkim show` lists the keys")]
    Unknown {
        /// The domain.
        domain: SenderDomain,
        /// The selector.
        selector: SelectorName,
    },
}

/// How a key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Algorithm {
    /// RSA with 2,048 bits, which everybody verifies (RFC 8301).
    Rsa,
    /// Ed25519, which is short and not verified everywhere (RFC 8463).
    Ed25519,
}

impl Algorithm {
    /// For `a=`.
    pub(super) const fn tag(self) -> &'static str {
        match self {
            Self::Rsa => "rsa-sha256",
            Self::Ed25519 => "ed25519-sha256",
        }
    }

    /// As it stands in `k=`, and in file names.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rsa => "rsa",
            Self::Ed25519 => "ed25519",
        }
    }
}

/// A key that can sign.
pub(super) struct Key {
    pub(super) domain: String,
    pub(super) selector: String,
    pub(super) algorithm: Algorithm,
    pair: Pair,
}

enum Pair {
    Rsa(rsa::KeyPair),
    Ed25519(Ed25519KeyPair),
}

impl Key {
    pub(super) fn sign(&self, text: &[u8]) -> Vec<u8> {
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(
                    &RSA_PKCS1_SHA256,
                    &SystemRandom::new(),
                    text,
                    &mut signature,
                )
                .expect("a loaded key signs");
                signature
            }
            // What is signed is the hash (RFC 8463, 3).
            Pair::Ed25519(pair) => pair.sign(&Sha256::digest(text)).as_ref().to_vec(),
        }
    }

    fn read(folder: &Path, name: &Name) -> Result<Self, DkimError> {
        let path = folder.join(name.file(KEY));
        let text = key_folder::read(&path)?;
        let pair = pem::parse(text.expose_secret())
            .ok()
            .filter(|pem| pem.tag() == "PRIVATE KEY")
            .and_then(|pem| Pair::from_pkcs8(name.algorithm, pem.contents()))
            .ok_or(DkimError::NotAKey(path))?;
        Ok(Self {
            domain: name.domain.as_str().to_owned(),
            selector: name.selector.as_str().to_owned(),
            algorithm: name.algorithm,
            pair,
        })
    }

    /// For `p=`.
    fn public(&self) -> Result<String, DkimError> {
        Ok(match &self.pair {
            Pair::Rsa(pair) => {
                let der: PublicKeyX509Der<'_> =
                    pair.public_key().as_der().map_err(|_| DkimError::NotMade)?;
                STANDARD.encode(der.as_ref())
            }
            Pair::Ed25519(pair) => STANDARD.encode(pair.public_key().as_ref()),
        })
    }
}

impl Pair {
    fn from_pkcs8(algorithm: Algorithm, der: &[u8]) -> Option<Self> {
        match algorithm {
            Algorithm::Rsa => rsa::KeyPair::from_pkcs8(der).ok().map(Self::Rsa),
            Algorithm::Ed25519 => Ed25519KeyPair::from_pkcs8(der).ok().map(Self::Ed25519),
        }
    }

    fn new_pkcs8(algorithm: Algorithm) -> Option<Vec<u8>> {
        let der = match algorithm {
            Algorithm::Rsa => {
                let pair = rsa::KeyPair::generate(KeySize::Rsa2048).ok()?;
                let der: Pkcs8V1Der<'_> = pair.as_der().ok()?;
                der.as_ref().to_vec()
            }
            Algorithm::Ed25519 => {
                let pair = Ed25519KeyPair::generate().ok()?;
                pair.to_pkcs8v1().ok()?.as_ref().to_vec()
            }
        };
        Some(der)
    }
}

/// The name of a key's files.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Name {
    domain: SenderDomain,
    selector: SelectorName,
    algorithm: Algorithm,
}

impl Name {
    fn file(&self, suffix: &str) -> String {
        let Self {
            domain,
            selector,
            algorithm,
        } = self;
        format!(
            "{PREFIX}{domain}_{selector}_{}.{suffix}",
            algorithm.as_str()
        )
    }

    fn of_file(file: &str) -> Option<Self> {
        let stem = file.strip_prefix(PREFIX)?.strip_suffix(".pem")?;
        let mut parts = stem.split('_');
        let (domain, selector) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let algorithm = match parts.next()? {
            "rsa" => Algorithm::Rsa,
            "ed25519" => Algorithm::Ed25519,
            _ => return None,
        };
        parts.next().is_none().then_some(Self {
            domain,
            selector,
            algorithm,
        })
    }
}

/// The names of our files in the folder; none when it is not there yet.
pub(super) fn names(folder: &Path) -> Result<Vec<String>, DkimError> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    key_folder::check(folder)?;
    let mut names = key_folder::names(folder)?;
    names.retain(|name| name.starts_with(PREFIX));
    Ok(names)
}

/// The keys in use among these files.
pub(super) fn load(folder: &Path, files: &[String]) -> Result<Vec<Key>, DkimError> {
    files
        .iter()
        .filter_map(|file| Name::of_file(file))
        .filter(|name| files.contains(&name.file(IN_USE)))
        .map(|name| Key::read(folder, &name))
        .collect()
}

/// A key as an administrator sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// Whose mail it signs.
    pub domain: SenderDomain,
    /// Where it is published.
    pub selector: SelectorName,
    /// How it signs.
    pub algorithm: Algorithm,
    /// Whether it does so.
    pub in_use: bool,
    /// What the domain's zone has to say.
    pub record: Record,
}

/// The keys of the folder, by domain and selector.
pub fn list(folder: &Path) -> Result<Vec<Listed>, DkimError> {
    let files = names(folder)?;
    let listed = |name: Name| {
        let in_use = files.contains(&name.file(IN_USE));
        listed(folder, name, in_use)
    };
    files
        .iter()
        .filter_map(|file| Name::of_file(file))
        .map(listed)
        .collect()
}

fn listed(folder: &Path, name: Name, in_use: bool) -> Result<Listed, DkimError> {
    let public = Key::read(folder, &name)?.public()?;
    let (kind, domain, selector) = (name.algorithm.as_str(), &name.domain, &name.selector);
    Ok(Listed {
        record: Record {
            name: record_name(domain, selector),
            value: format!("v=DKIM1; k={kind}; p={public}"),
        },
        domain: name.domain,
        selector: name.selector,
        algorithm: name.algorithm,
        in_use,
    })
}

fn find(
    files: &[String],
    domain: &SenderDomain,
    selector: &SelectorName,
) -> Result<Name, DkimError> {
    files
        .iter()
        .filter_map(|file| Name::of_file(file))
        .find(|name| name.domain == *domain && name.selector == *selector)
        .ok_or_else(|| DkimError::Unknown {
            domain: domain.clone(),
            selector: selector.clone(),
        })
}

/// Makes a key, which does not sign yet.
pub fn create(
    folder: &Path,
    domain: SenderDomain,
    selector: SelectorName,
    algorithm: Algorithm,
) -> Result<Listed, DkimError> {
    let writing = KeyFolder::open(folder)?;
    if find(&names(folder)?, &domain, &selector).is_ok() {
        return Err(DkimError::Exists { domain, selector });
    }
    let der = Pair::new_pkcs8(algorithm).ok_or(DkimError::NotMade)?;
    let name = Name {
        domain,
        selector,
        algorithm,
    };
    let text = pem::encode(&pem::Pem::new("PRIVATE KEY", der));
    writing.write(&name.file(KEY), text.as_bytes())?;
    listed(folder, name, false)
}

/// Lets a key sign, in the place of the one of the same algorithm that did so far. That one's selector,
/// if there was one.
pub fn put_to_use(
    folder: &Path,
    domain: &SenderDomain,
    selector: &SelectorName,
) -> Result<Option<SelectorName>, DkimError> {
    let writing = KeyFolder::open(folder)?;
    let files = names(folder)?;
    let name = find(&files, domain, selector)?;
    Key::read(folder, &name)?;
    writing.write(&name.file(IN_USE), b"")?;
    let mut before = None;
    for other in files.iter().filter_map(|file| Name::of_file(file)) {
        let same = other.domain == name.domain && other.algorithm == name.algorithm;
        if same && other != name && files.contains(&other.file(IN_USE)) {
            writing.remove(&other.file(IN_USE))?;
            before = Some(other.selector);
        }
    }
    Ok(before)
}

/// Removes a key. It signs no more from then on.
pub fn remove(
    folder: &Path,
    domain: &SenderDomain,
    selector: &SelectorName,
) -> Result<(), DkimError> {
    let writing = KeyFolder::open(folder)?;
    let name = find(&names(folder)?, domain, selector)?;
    writing.remove(&name.file(IN_USE))?;
    writing.remove(&name.file(KEY))?;
    Ok(())
}
