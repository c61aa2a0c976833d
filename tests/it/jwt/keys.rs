//! Algorithms and keys.

use std::fs;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};

use super::{JANE, LOGIN_REFUSED, Tokens};
use crate::support::app::{NEW_PASSWORD, START, TestApp};
use crate::support::http::Request;
use crate::support::jwt::{Parts, SigningKey};

/// Assertion 41: no signature, in the spellings that have been let through elsewhere.
#[test]
fn a_token_without_a_signature_is_refused() {
    let tokens = Tokens::new();
    for alg in ["none", "None", "NONE", "nOnE", "", " none"] {
        tokens.refuse(alg, |parts| {
            format!("{}.", parts.header("alg", json!(alg)).message())
        });
        tokens.refuse(alg, |parts| {
            let signed = tokens.key.sign(&parts);
            let (_, signature) = signed.rsplit_once('.').expect("a signature");
            format!("{}.{signature}", parts.header("alg", json!(alg)).message())
        });
    }
    for alg in [Value::Null, json!(["ES256"]), json!(256)] {
        tokens.refuse("alg", |parts| {
            tokens.key.sign(&parts.header("alg", alg.clone()))
        });
    }
    let zero = URL_SAFE_NO_PAD.encode([0; 64]);
    tokens.refuse("a signature of zeros", |parts| {
        format!("{}.{zero}", parts.message())
    });
    tokens.accept(|parts| tokens.key.sign(&parts));
}

/// Assertion 41: the public key, which everybody has, is no secret to sign with.
#[test]
fn the_public_key_does_not_serve_as_a_shared_secret() {
    let tokens = Tokens::new();
    let point = tokens.key.point();
    let jwks = tokens.app.send(&Request::get("/.well-known/jwks.json"));
    let key = jwks.json()["keys"][0].clone();
    let secrets = [
        point.clone(),
        point[1..].to_vec(),
        spki(&point),
        pem::encode(&pem::Pem::new("PUBLIC KEY", spki(&point))).into_bytes(),
        jwks.body.clone(),
        key.to_string().into_bytes(),
        key["x"].as_str().expect("a coordinate").as_bytes().to_vec(),
        key["kid"].as_str().expect("an id").as_bytes().to_vec(),
        Vec::new(),
    ];
    for (name, algorithm) in [
        ("HS256", Algorithm::HS256),
        ("HS384", Algorithm::HS384),
        ("HS512", Algorithm::HS512),
    ] {
        for secret in &secrets {
            tokens.refuse(name, |parts| {
                let message = parts.header("alg", json!(name)).message();
                let secret = EncodingKey::from_secret(secret);
                let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &secret, algorithm)
                    .expect("a signature");
                format!("{message}.{signature}")
            });
        }
    }
    tokens.accept(|parts| tokens.key.sign(&parts));
}

/// The point as X.509 wraps it (RFC 5480).
fn spki(point: &[u8]) -> Vec<u8> {
    const P256: [u8; 26] = [
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08,
        0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
    ];
    [&P256[..], point].concat()
}

/// Assertion 41: the header's algorithm must be the key's own, even over a signature that is good.
#[test]
fn another_algorithm_in_the_header_is_refused() {
    let tokens = Tokens::new();
    for alg in [
        "RS256", "PS256", "ES384", "ES512", "EdDSA", "HS256", "es256", "ES256K",
    ] {
        tokens.refuse(alg, |parts| {
            tokens.key.sign(&parts.header("alg", json!(alg)))
        });
    }
    tokens.accept(|parts| tokens.key.sign(&parts));
}

/// Assertion 41: a header that brings a key along, or an extension that must be understood, is
/// refused even where the signature is ours; a stranger's key that it brings is not looked at.
#[test]
fn a_header_that_brings_a_key_or_an_extension_is_refused() {
    let tokens = Tokens::new();
    let stranger = SigningKey::new();
    let extensions = [
        (
            "jku",
            json!("https://id.readmit.test/.well-known/jwks.json"),
        ),
        ("jku", json!("https://evil.test/jwks.json")),
        ("jwk", tokens.key.jwk()),
        ("jwk", stranger.jwk()),
        ("x5u", json!("https://evil.test/certificate.pem")),
        ("x5c", json!(["MIIB"])),
        ("x5c", json!([])),
        ("crit", json!(["exp"])),
        ("crit", json!(["b64"])),
        ("crit", json!(["x-unknown"])),
        ("crit", json!([])),
    ];
    for (name, value) in extensions {
        for key in [&tokens.key, &stranger] {
            tokens.refuse(&format!("{name}: {value}"), |parts| {
                key.sign(&parts.header(name, value.clone()))
            });
        }
    }
    tokens.accept(|parts| tokens.key.sign(&parts));
}

/// Assertion 41: a key is found by its id, never tried out.
#[test]
fn a_token_must_name_the_key_that_signed_it() {
    let tokens = Tokens::new();
    let own = tokens.key.id();
    for kid in [
        Value::Null,
        json!(""),
        json!("unknown"),
        json!("../../etc/passwd"),
        json!("' OR 1=1 --"),
        json!(own.to_ascii_uppercase()),
        json!(format!("{own} ")),
        json!(own[..own.len() - 1]),
        json!(0),
        json!([own]),
    ] {
        tokens.refuse(&kid.to_string(), |parts| {
            tokens.key.sign(&parts.header("kid", kid.clone()))
        });
    }
    let stranger = SigningKey::new();
    tokens.refuse("a stranger's key under our id", |parts| {
        stranger.sign(&parts)
    });
    tokens.refuse("a stranger's key under its own id", |parts| {
        stranger.sign(&parts.header("kid", json!(stranger.id())))
    });
    tokens.accept(|parts| tokens.key.sign(&parts));
}

/// Assertion 41: of two keys, each opens what it signed and nothing that names the other.
#[test]
fn a_token_that_names_another_key_of_ours_is_refused() {
    let mut tokens = Tokens::new();
    let second = SigningKey::new();
    let newer = tokens.app.now().millis() + 1;
    second.write(&tokens.app.folder().join("keys"), newer);
    tokens.app.restart();
    let second_id = second.id();
    tokens.refuse("the first key, under the second's id", |parts| {
        tokens.key.sign(&parts.header("kid", json!(second_id)))
    });
    tokens.refuse("the second key, under the first's id", |parts| {
        second.sign(&parts)
    });
    tokens.accept(|parts| second.sign(&parts.header("kid", json!(second_id))));
}

/// Assertion 41: after a rotation the new key signs and the old one still opens what it signed, until
/// it is taken away.
#[test]
fn a_rotated_out_key_is_honoured_until_it_is_removed() {
    let mut tokens = Tokens::new();
    let keys = tokens.app.folder().join("keys");
    let new = SigningKey::new();
    new.write(&keys, tokens.app.now().millis() + 1);
    tokens.app.restart();
    let app = &tokens.app;

    assert_eq!(served_keys(app), [new.id(), tokens.key.id()]);
    tokens.accept(|parts| tokens.key.sign(&parts));
    app.next_mail();
    let by_the_new = app.reset_token(JANE);
    assert_eq!(Parts::of(&by_the_new).header["kid"], new.id());
    let login = app.complete(&by_the_new, NEW_PASSWORD).envelope(200);
    let login = login["Value"].as_str().expect("a token");
    assert_eq!(Parts::of(login).header["kid"], new.id());
    let by_the_old = tokens
        .key
        .sign(&Parts::of(login).header("kid", json!(tokens.key.id())));

    let path = tokens.key.path.as_ref().expect("a file");
    fs::remove_file(path).expect("the old key is removed");
    tokens.app.restart();
    assert_eq!(served_keys(&tokens.app), [new.id()]);
    let refused = tokens.app.exchange(&by_the_old, "60");
    assert_eq!(refused.refusal(401), LOGIN_REFUSED);
    assert_eq!(tokens.app.exchange(login, "60").status, 200);
}

/// The ids of the public keys, in the order in which they are served.
fn served_keys(app: &TestApp) -> Vec<String> {
    let jwks = app.send(&Request::get("/.well-known/jwks.json")).json();
    let keys = jwks["keys"].as_array().expect("keys");
    keys.iter()
        .map(|key| {
            assert!(key.get("d").is_none(), "a private key is served");
            key["kid"].as_str().expect("an id").to_owned()
        })
        .collect()
}

/// An older key beside the own one, as after a rotation of long ago: the newest signs, whatever the
/// order in which the folder lists them.
#[test]
fn the_newest_key_signs() {
    let mut tokens = Tokens::new();
    let keys = tokens.app.folder().join("keys");
    SigningKey::new().write(&keys, START.millis() - 1);
    SigningKey::new().write(&keys, 7);
    tokens.app.restart();
    let app = &tokens.app;
    assert_eq!(served_keys(app).len(), 3);
    assert_eq!(served_keys(app)[0], tokens.key.id());
    app.advance(std::time::Duration::from_mins(2));
    let token = app.reset_token(JANE);
    assert_eq!(Parts::of(&token).header["kid"], tokens.key.id());
}
