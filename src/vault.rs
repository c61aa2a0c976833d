//! Secrets beside the signing keys: one key that seals what the database must hold but not reveal,
//! and one for codes that are derived or hashed. Both stand in `keys.dir`, and are made on the first
//! start.

use std::path::Path;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hmac;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretSlice};

use crate::entropy::Entropy;
use crate::key_folder::{self, KeyError, KeyFolder};

/// Where each key stands, and the words around it in the file, so that the two cannot be mixed up.
const SEAL: (&str, &str) = ("seal.key", "READMIT SEALING KEY");
const MAC: (&str, &str) = ("mac.key", "READMIT MAC KEY");

/// The first byte of what is sealed, should the form ever change.
const FORM: u8 = 1;

/// Seals, opens and authenticates with the keys of one deployment.
pub struct Vault {
    seal: LessSafeKey,
    mac: hmac::Key,
    entropy: Entropy,
}

impl Vault {
    /// Loads the keys in `folder`, making those that are missing.
    pub fn open(folder: &Path, entropy: &Entropy) -> Result<Self, KeyError> {
        let folder = KeyFolder::open(folder)?;
        let seal = load_or_make(&folder, SEAL, entropy)?;
        let mac = load_or_make(&folder, MAC, entropy)?;
        Ok(Self::of(&seal, &mac, entropy))
    }

    /// Takes the keys from files that stand in no folder yet; `contents` knows them by name.
    pub(crate) fn of_files<'a>(
        contents: impl Fn(&str) -> Option<&'a [u8]>,
        entropy: &Entropy,
    ) -> Result<Self, KeyError> {
        let secret = |(name, tag): (&str, &str)| {
            let text = contents(name).and_then(|file| std::str::from_utf8(file).ok());
            text.and_then(|text| parse(text, tag))
                .ok_or_else(|| KeyError::NotASecret(name.into()))
        };
        Ok(Self::of(&secret(SEAL)?, &secret(MAC)?, entropy))
    }

    fn of(seal: &Secret, mac: &Secret, entropy: &Entropy) -> Self {
        let seal = UnboundKey::new(&AES_256_GCM, &**seal).expect("AES-256 takes 256 bits");
        Self {
            seal: LessSafeKey::new(seal),
            mac: hmac::Key::new(hmac::HMAC_SHA256, &**mac),
            entropy: entropy.clone(),
        }
    }

    /// The name of a key that is not in `folder` yet, so that [`Vault::open`] would make it.
    pub fn missing(folder: &Path) -> Option<&'static str> {
        [SEAL, MAC]
            .into_iter()
            .map(|(name, _)| name)
            .find(|name| !folder.join(name).exists())
    }

    /// Tests the keys in `folder` and makes none; those that are missing are made at the next start.
    pub fn check(folder: &Path) -> Result<(), KeyError> {
        for (name, tag) in [SEAL, MAC] {
            let path = folder.join(name);
            if path.exists() {
                read(&path, tag)?;
            }
        }
        Ok(())
    }

    /// Encrypts and authenticates (AES-256-GCM). What is sealed opens under the same `context` only,
    /// which says whose it is and what for: `totp:<account id>`.
    pub fn seal(&self, context: &str, plain: &[u8]) -> Vec<u8> {
        // 96 random bits do not repeat within 2^32 seals (NIST SP 800-38D, 8.3).
        let nonce: [u8; NONCE_LEN] = self.entropy.bytes();
        let mut sealed = Vec::with_capacity(1 + NONCE_LEN + plain.len() + AES_256_GCM.tag_len());
        sealed.push(FORM);
        sealed.extend_from_slice(&nonce);
        let mut body = plain.to_vec();
        self.seal
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(context.as_bytes()),
                &mut body,
            )
            .expect("a text of this size can be sealed");
        sealed.append(&mut body);
        sealed
    }

    /// What was sealed under `context`; none if it was not, or by another key.
    pub fn open_sealed(&self, context: &str, sealed: &[u8]) -> Option<SecretSlice<u8>> {
        let (form, rest) = sealed.split_first()?;
        if *form != FORM {
            return None;
        }
        let (nonce, body) = rest.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut body = Zeroizing::new(body.to_vec());
        let plain = self
            .seal
            .open_in_place(nonce, Aad::from(context.as_bytes()), &mut body)
            .ok()?;
        Some(SecretSlice::from(plain.to_vec()))
    }

    /// HMAC-SHA-256 of `message`. What is made for one `purpose` says nothing about another.
    pub fn mac(&self, purpose: &str, message: &[u8]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.mac);
        // With its length before it, no purpose and message can look like another pair.
        context.update(&(purpose.len() as u64).to_be_bytes());
        context.update(purpose.as_bytes());
        context.update(message);
        let mut mac = [0; 32];
        mac.copy_from_slice(context.sign().as_ref());
        mac
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault(…)")
    }
}

type Secret = Zeroizing<[u8; 32]>;

fn load_or_make(
    folder: &KeyFolder,
    (name, tag): (&str, &str),
    entropy: &Entropy,
) -> Result<Secret, KeyError> {
    let path = folder.path().join(name);
    if !path.exists() {
        let secret: Secret = Zeroizing::new(entropy.bytes());
        let text = Zeroizing::new(pem::encode(&pem::Pem::new(tag, secret.to_vec())));
        folder.write(name, text.as_bytes())?;
    }
    read(&path, tag)
}

fn read(path: &Path, tag: &str) -> Result<Secret, KeyError> {
    let text = key_folder::read(path)?;
    parse(text.expose_secret(), tag).ok_or_else(|| KeyError::NotASecret(path.to_owned()))
}

fn parse(text: &str, tag: &str) -> Option<Secret> {
    let pem = pem::parse(text).ok().filter(|pem| pem.tag() == tag)?;
    let contents = Zeroizing::new(pem.into_contents());
    contents.as_slice().try_into().ok().map(Zeroizing::new)
}
