//! The signing keys: files in a folder of their own, outside the database and its backups.
//!
//! A file is called `es256-<milliseconds>-<key id>.pem`. The newest signs; the others still verify,
//! until they are removed once the tokens that they signed are over.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING as ES256, EcdsaKeyPair, KeyPair as _};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{DecodingKey, EncodingKey};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::clock::Timestamp;

/// Why the keys cannot be used. The messages are for the administrator and never show a key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The folder or a file could not be read or written.
    #[error("cannot use the keys in {path}: {source}")]
    Io {
        /// What was to be read or written.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Others can read a key.
    #[error(
        "{path} is open to other users (mode {mode:04o}); readmit does not start with keys that others \
         can read. If nobody can have copied them: chmod {wanted:o} {path}"
    )]
    TooOpen {
        /// The folder or file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
        /// The mode that it should have.
        wanted: u32,
    },
    /// The file holds something else.
    #[error("{0} is not a private key of P-256 in PKCS#8 PEM form; restore it or move it away")]
    NotAKey(PathBuf),
}

/// One key pair.
pub(super) struct Key {
    id: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
    jwk: Value,
}

impl Key {
    /// Its JWK thumbprint (RFC 7638), which is its `kid`.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn encoding(&self) -> &EncodingKey {
        &self.encoding
    }

    pub(super) fn decoding(&self) -> &DecodingKey {
        &self.decoding
    }

    fn from_pkcs8(der: &[u8]) -> Option<Self> {
        let pair = EcdsaKeyPair::from_pkcs8(&ES256, der).ok()?;
        // An uncompressed point (SEC 1, 2.3.3): 0x04, then both coordinates.
        let point = pair.public_key().as_ref();
        let (x, y) = point.get(1..65)?.split_at(32);
        let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
        let thumbprint = Sha256::digest(format!(
            r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#
        ));
        let id = URL_SAFE_NO_PAD.encode(thumbprint);
        Some(Self {
            encoding: EncodingKey::from_ec_der(der),
            decoding: DecodingKey::from_ec_components(&x, &y).ok()?,
            jwk: json!({
                "kty": "EC", "use": "sig", "alg": "ES256", "kid": id, "crv": "P-256", "x": x, "y": y,
            }),
            id,
        })
    }
}

/// The keys of one deployment, the signing one first.
pub struct KeyRing(Vec<Key>);

impl KeyRing {
    /// Loads the keys in `folder`, making folder and key on the first start.
    pub fn open(folder: &Path, now: Timestamp) -> Result<Self, KeyError> {
        prepare_folder(folder)?;
        // Two processes that start together must not each make a key that the other does not know.
        let lock_path = folder.join(".lock");
        let lock = OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(false)
            .mode(0o600)
            .open(&lock_path)
            .and_then(|file| file.lock().map(|()| file))
            .map_err(io_error(&lock_path))?;
        let mut keys = load(folder)?;
        if keys.is_empty() {
            create(folder, now)?;
            keys = load(folder)?;
        }
        drop(lock);
        Ok(Self(keys))
    }

    pub(super) fn signing(&self) -> &Key {
        self.0.first().expect("a key ring holds at least one key")
    }

    pub(super) fn find(&self, id: &str) -> Option<&Key> {
        self.0.iter().find(|key| key.id == id)
    }

    pub(super) fn jwks(&self) -> Value {
        let keys: Vec<_> = self.0.iter().map(|key| key.jwk.clone()).collect();
        json!({ "keys": keys })
    }

    /// The ids of the keys, the signing one first.
    pub fn ids(&self) -> Vec<&str> {
        self.0.iter().map(Key::id).collect()
    }
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> KeyError {
    let path = path.to_owned();
    move |source| KeyError::Io { path, source }
}

fn prepare_folder(folder: &Path) -> Result<(), KeyError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(io_error(folder))?;
    // Listing the folder tells nothing; putting a key into it would tell everything.
    refuse_wider(folder, 0o022, 0o700)
}

fn refuse_wider(path: &Path, forbidden: u32, wanted: u32) -> Result<(), KeyError> {
    let mode = fs::metadata(path)
        .map_err(io_error(path))?
        .permissions()
        .mode()
        & 0o7777;
    if mode & forbidden == 0 {
        Ok(())
    } else {
        Err(KeyError::TooOpen {
            path: path.to_owned(),
            mode,
            wanted,
        })
    }
}

/// Newest first.
fn load(folder: &Path) -> Result<Vec<Key>, KeyError> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(io_error(folder))? {
        let path = entry.map_err(io_error(folder))?.path();
        if let Some(made_at) = made_at(&path) {
            files.push((made_at, path));
        }
    }
    files.sort_by(|a, b| b.cmp(a));
    files.into_iter().map(|(_, path)| read(&path)).collect()
}

/// When a key file was made, by its name; none for another file.
fn made_at(path: &Path) -> Option<i64> {
    let name = path.file_name()?.to_str()?;
    let (millis, _) = name
        .strip_prefix("es256-")?
        .strip_suffix(".pem")?
        .split_once('-')?;
    millis.parse().ok()
}

fn read(path: &Path) -> Result<Key, KeyError> {
    refuse_wider(path, 0o077, 0o600)?;
    let text = fs::read_to_string(path).map_err(io_error(path))?;
    pem::parse(text)
        .ok()
        .filter(|pem| pem.tag() == "PRIVATE KEY")
        .and_then(|pem| Key::from_pkcs8(pem.contents()))
        .ok_or_else(|| KeyError::NotAKey(path.to_owned()))
}

/// Writes a new key under a temporary name first, so that a crash leaves no half of one behind.
fn create(folder: &Path, now: Timestamp) -> Result<(), KeyError> {
    let der = EcdsaKeyPair::generate(&ES256)
        .and_then(|pair| pair.to_pkcs8v1())
        .map_err(|_| io::Error::other("the cryptographic library could not make a key"))
        .map_err(io_error(folder))?;
    let key = Key::from_pkcs8(der.as_ref()).ok_or_else(|| KeyError::NotAKey(folder.to_owned()))?;
    let path = folder.join(format!("es256-{}-{}.pem", now.millis(), key.id));
    let temporary = folder.join(".new-key");
    let text = pem::encode(&pem::Pem::new("PRIVATE KEY", der.as_ref()));
    let written = OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(true)
        .mode(0o600)
        .open(&temporary)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&temporary, &path))
        .and_then(|()| File::open(folder)?.sync_all());
    written.map_err(io_error(&path))
}
