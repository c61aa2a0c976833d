//! Tokens taken apart, and tokens made by somebody who holds a key.

use std::fs;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// The two JSON parts of a token.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    pub(crate) header: Value,
    pub(crate) claims: Value,
}

impl Parts {
    pub(crate) fn of(token: &str) -> Self {
        let mut parts = token.split('.').map(|part| {
            let json = URL_SAFE_NO_PAD.decode(part).unwrap_or_default();
            serde_json::from_slice(&json).unwrap_or_default()
        });
        Self {
            header: parts.next().expect("a header"),
            claims: parts.next().expect("claims"),
        }
    }

    /// With this member of the header; null takes it away.
    pub(crate) fn header(mut self, name: &str, value: Value) -> Self {
        replace(&mut self.header, name, value);
        self
    }

    /// With this claim; null takes it away.
    pub(crate) fn claim(mut self, name: &str, value: Value) -> Self {
        replace(&mut self.claims, name, value);
        self
    }

    /// What is signed.
    pub(crate) fn message(&self) -> String {
        format!("{}.{}", part(&self.header), part(&self.claims))
    }
}

fn replace(object: &mut Value, name: &str, value: Value) {
    let members = object.as_object_mut().expect("an object");
    members.remove(name);
    if !value.is_null() {
        members.insert(name.to_owned(), value);
    }
}

fn part(json: &Value) -> String {
    URL_SAFE_NO_PAD.encode(json.to_string())
}

/// A private key of P-256.
pub(crate) struct SigningKey {
    /// In PKCS#8 form.
    pub(crate) der: Vec<u8>,
    /// The file that it was read from.
    pub(crate) path: Option<PathBuf>,
}

impl SigningKey {
    /// A fresh one.
    pub(crate) fn new() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
        let der = pair.to_pkcs8v1().expect("its form");
        Self {
            der: der.as_ref().to_vec(),
            path: None,
        }
    }

    /// The only key in the folder of a deployment.
    pub(crate) fn of(keys: &Path) -> Self {
        Self::newest(keys)
    }

    /// The newest key in the folder of a deployment: that of the greatest number, as all have as many
    /// digits.
    pub(crate) fn newest(keys: &Path) -> Self {
        let entries = fs::read_dir(keys).expect("the folder of the keys");
        let paths = entries.map(|entry| entry.expect("an entry").path());
        let path = paths
            .filter(|path| path.extension().is_some_and(|ending| ending == "pem"))
            .max()
            .expect("a key file");
        let pem = pem::parse(fs::read_to_string(&path).expect("the file")).expect("PEM");
        Self {
            der: pem.contents().to_vec(),
            path: Some(path),
        }
    }

    /// Puts it into the folder of a deployment, as made at that time.
    pub(crate) fn write(&self, keys: &Path, millis: i64) -> PathBuf {
        let path = keys.join(format!("es256-{millis}-{}.pem", self.id()));
        let text = pem::encode(&pem::Pem::new("PRIVATE KEY", self.der.clone()));
        let mut options = fs::OpenOptions::new();
        options.create_new(true).write(true).mode(0o600);
        options.open(&path).expect("a file");
        fs::write(&path, text).expect("it is written");
        let mode = fs::metadata(&path).expect("the file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        path
    }

    fn pair(&self) -> EcdsaKeyPair {
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &self.der).expect("a key")
    }

    /// The public point, uncompressed.
    pub(crate) fn point(&self) -> Vec<u8> {
        self.pair().public_key().as_ref().to_vec()
    }

    /// The public half as a JSON Web Key, without its `kid`.
    pub(crate) fn jwk(&self) -> Value {
        let point = self.point();
        json!({
            "crv": "P-256",
            "kty": "EC",
            "x": URL_SAFE_NO_PAD.encode(&point[1..33]),
            "y": URL_SAFE_NO_PAD.encode(&point[33..]),
        })
    }

    /// Its thumbprint (RFC 7638).
    pub(crate) fn id(&self) -> String {
        // A JSON object prints its members in the order of their names, as the thumbprint wants them.
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.jwk().to_string()))
    }

    /// Signs these parts as they are.
    pub(crate) fn sign(&self, parts: &Parts) -> String {
        self.sign_text(&parts.header.to_string(), &parts.claims.to_string())
    }

    /// Signs whatever stands for header and claims.
    pub(crate) fn sign_text(&self, header: &str, claims: &str) -> String {
        let message = [header, claims]
            .map(|text| URL_SAFE_NO_PAD.encode(text))
            .join(".");
        let key = EncodingKey::from_ec_der(&self.der);
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::ES256)
            .expect("a signature");
        format!("{message}.{signature}")
    }
}
