//! The signing keys as files: `es256-<milliseconds>-<key id>.pem`.
//!
//! The newest signs. An older one verifies until the last token that it can have signed is over. One
//! that was retired leaves `es256-<milliseconds>-<key id>.retired-<milliseconds>` behind in its place,
//! with its id inside; it verifies nothing.

use std::path::Path;
use std::time::Duration;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING as ES256, EcdsaKeyPair, KeyPair as _};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{DecodingKey, EncodingKey};
use secrecy::ExposeSecret as _;
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::clock::Timestamp;
use crate::config::Config;
use crate::key_folder::{self, KeyError, KeyFolder};

/// A server may sign with the old key until it notices the new one; see [`super::KeyRing`].
const NOTICED_WITHIN: Duration = Duration::from_mins(1);

/// How long a key verifies after another took its place: as long as the longest-lived token that the
/// configuration allows.
pub fn honoured_for(config: &Config) -> Duration {
    // Login tokens live for five minutes; what a magic link carries, for ten at most.
    const LOGIN: Duration = Duration::from_mins(10);
    let (tokens, reset) = (&config.tokens, &config.reset);
    let longest = [
        tokens.access_ttl,
        tokens.max_exchange,
        reset.ttl,
        reset.welcome_ttl,
        LOGIN,
    ];
    longest.into_iter().max().unwrap_or_default() + NOTICED_WITHIN
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

    pub(super) fn jwk(&self) -> &Value {
        &self.jwk
    }

    /// Reads the key in a file.
    pub(super) fn read(path: &Path) -> Result<Self, KeyError> {
        let text = key_folder::read(path)?;
        pem::parse(text.expose_secret())
            .ok()
            .filter(|pem| pem.tag() == "PRIVATE KEY")
            .and_then(|pem| Self::from_pkcs8(pem.contents()))
            .ok_or_else(|| KeyError::NotAKey(path.to_owned()))
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

/// What the names of files say about one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    /// The names' common part.
    pub(super) stem: String,
    pub(super) made_at: Timestamp,
    /// When a newer key took its place; none for the one that signs.
    pub(super) superseded_at: Option<Timestamp>,
    pub(super) retired_at: Option<Timestamp>,
}

impl Slot {
    pub(super) fn file(&self) -> String {
        format!("{}.pem", self.stem)
    }

    fn marker(&self, retired_at: Timestamp) -> String {
        format!("{}.retired-{}", self.stem, retired_at.millis())
    }
}

/// The keys of a folder by the names in it, the newest first.
pub(super) fn slots(names: &[String]) -> Vec<Slot> {
    let mut slots: Vec<Slot> = Vec::new();
    for name in names {
        let Some((stem, made_at, kind)) = split(name) else {
            continue;
        };
        let at = slots.iter().position(|slot| slot.stem == stem);
        let slot = if let Some(at) = at {
            &mut slots[at]
        } else {
            slots.push(Slot {
                stem: stem.to_owned(),
                made_at,
                superseded_at: None,
                retired_at: None,
            });
            slots.last_mut().expect("it was just put there")
        };
        if let Kind::Marker(at) = kind {
            slot.retired_at = Some(at);
        }
    }
    slots.sort_by(|a, b| (b.made_at, &b.stem).cmp(&(a.made_at, &a.stem)));
    let signing = slots.iter().position(|slot| slot.retired_at.is_none());
    for at in signing.map_or(1, |signing| signing + 1)..slots.len() {
        slots[at].superseded_at = Some(slots[at - 1].made_at);
    }
    slots
}

enum Kind {
    Key,
    Marker(Timestamp),
}

fn split(name: &str) -> Option<(&str, Timestamp, Kind)> {
    let (stem, suffix) = name.rsplit_once('.')?;
    let (made_at, _id) = stem.strip_prefix("es256-")?.split_once('-')?;
    let time = |text: &str| text.parse().ok().map(Timestamp::from_millis);
    let kind = match suffix {
        "pem" => Kind::Key,
        _ => Kind::Marker(time(suffix.strip_prefix("retired-")?)?),
    };
    Some((stem, time(made_at)?, kind))
}

/// A key as listings show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ListedKey {
    /// Its `kid`.
    pub id: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// What it is good for.
    #[serde(flatten)]
    pub state: KeyState,
}

/// What a key is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum KeyState {
    /// It signs what is signed now, and verifies.
    Signing,
    /// It verifies what it has signed.
    Verifying {
        /// Until when.
        until: Timestamp,
    },
    /// All that it has signed is over, and it is neither published nor honoured any more.
    Over {
        /// Since when.
        since: Timestamp,
    },
    /// It was retired, and what it had signed is worth nothing.
    Retired {
        /// When.
        at: Timestamp,
    },
}

/// The keys in `folder`, the signing one first; none when there is no folder yet.
pub fn list(
    folder: &Path,
    honoured_for: Duration,
    now: Timestamp,
) -> Result<Vec<ListedKey>, KeyError> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    key_folder::check(folder)?;
    slots(&key_folder::names(folder)?)
        .into_iter()
        .map(|slot| {
            let id = id_of(folder, &slot)?;
            let state = match (slot.retired_at, slot.superseded_at) {
                (Some(at), _) => KeyState::Retired { at },
                (None, None) => KeyState::Signing,
                (None, Some(superseded_at)) => {
                    let until = superseded_at.after(honoured_for);
                    if now < until {
                        KeyState::Verifying { until }
                    } else {
                        KeyState::Over { since: until }
                    }
                }
            };
            Ok(ListedKey {
                id,
                made_at: slot.made_at,
                state,
            })
        })
        .collect()
}

fn id_of(folder: &Path, slot: &Slot) -> Result<String, KeyError> {
    let Some(retired_at) = slot.retired_at else {
        return Key::read(&folder.join(slot.file())).map(|key| key.id);
    };
    let marker = key_folder::read(&folder.join(slot.marker(retired_at)))?;
    Ok(marker.expose_secret().trim().to_owned())
}

/// Makes a key that signs from now on. Its id.
pub fn rotate(folder: &Path, now: Timestamp) -> Result<String, KeyError> {
    create(&KeyFolder::open(folder)?, now)
}

/// Writes a new key, newer than all there are. Its id.
pub(super) fn create(folder: &KeyFolder, now: Timestamp) -> Result<String, KeyError> {
    let der = EcdsaKeyPair::generate(&ES256)
        .and_then(|pair| pair.to_pkcs8v1())
        .map_err(|_| std::io::Error::other("the cryptographic library could not make a key"))
        .map_err(key_folder::io_error(folder.path()))?;
    let key =
        Key::from_pkcs8(der.as_ref()).ok_or_else(|| KeyError::NotAKey(folder.path().to_owned()))?;
    // The clock may have been stepped back since the last one was made.
    let newest = slots(&key_folder::names(folder.path())?).into_iter().next();
    let made_at = newest.map_or(now, |slot| {
        now.max(slot.made_at.after(Duration::from_millis(1)))
    });
    let text = pem::encode(&pem::Pem::new("PRIVATE KEY", der.as_ref()));
    let name = format!("es256-{}-{}.pem", made_at.millis(), key.id);
    folder.write(&name, text.as_bytes())?;
    Ok(key.id)
}

/// Why a key was not retired.
#[derive(Debug, thiserror::Error)]
pub enum RetireError {
    /// No key of that id is there, or it was retired before.
    #[error("there is no key {0} to retire; `readmit key list` shows them")]
    Unknown(String),
    /// Without it nothing could be signed.
    #[error("{0} is the key that signs; make another one first with `readmit key rotate`")]
    Signing(String),
    /// The folder.
    #[error(transparent)]
    Keys(#[from] KeyError),
}

/// Removes a key that does not sign: what it has signed is worth nothing from now on.
pub fn retire(folder: &Path, id: &str, now: Timestamp) -> Result<(), RetireError> {
    let folder = KeyFolder::open(folder)?;
    let slots = slots(&key_folder::names(folder.path())?);
    let (retired, usable): (Vec<_>, Vec<_>) =
        slots.iter().partition(|slot| slot.retired_at.is_some());
    for slot in retired {
        // What a kill in the middle has left.
        folder.remove(&slot.file())?;
    }
    for slot in usable {
        if id_of(folder.path(), slot)? != id {
            continue;
        }
        if slot.superseded_at.is_none() {
            return Err(RetireError::Signing(id.to_owned()));
        }
        // The mark first: should we be killed between the two, the key counts as retired.
        folder.write(&slot.marker(now), format!("{id}\n").as_bytes())?;
        folder.remove(&slot.file())?;
        return Ok(());
    }
    Err(RetireError::Unknown(id.to_owned()))
}
