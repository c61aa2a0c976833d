//! Texts that are almost a token, or none at all.

use std::fmt::Write as _;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{JANE, is_open, is_refused};
use crate::support::app::{NEW_PASSWORD, PASSWORD, TestApp};

/// Fails unless each of these texts is refused and the token itself still works.
fn refuse_all(app: &TestApp, token: &str, spellings: &[String]) {
    for spelling in spellings {
        assert_ne!(spelling, token);
        assert!(
            is_refused(&app.complete(spelling, NEW_PASSWORD)),
            "{spelling}"
        );
    }
    assert_eq!(app.sign_in(JANE, PASSWORD).status, 200);
    assert!(is_open(app, token));
}

/// Assertion 29: there is one spelling of a token. Were there more, a block list of spellings would
/// not be one of tokens.
#[test]
fn a_token_cut_padded_or_decorated_is_refused() {
    let app = TestApp::with_jane();
    let token = app.reset_token(JANE);
    let (message, signature) = token.rsplit_once('.').expect("a signature");
    let (header, claims) = message.split_once('.').expect("claims");
    let mut spellings = vec![
        message.to_owned(),
        format!("{message}."),
        format!("{header}..{signature}"),
        format!(".{claims}.{signature}"),
        format!("{token}."),
        format!(".{token}"),
        format!("{token}.{signature}"),
        format!("{header}.{token}"),
        format!("{claims}.{header}.{signature}"),
        format!("Bearer {token}"),
        format!("\"{token}\""),
        token.replace('.', ".."),
        token.replace('.', "%2E"),
        token.to_ascii_lowercase(),
        token.to_ascii_uppercase(),
    ];
    for end in [1, 2, 3, 43] {
        spellings.push(token[..token.len() - end].to_owned());
        spellings.push(token[end..].to_owned());
    }
    for blank in [
        "=", "==", " ", "\n", "\r\n", "\t", "\0", "A", "AA", "\u{a0}", "\u{feff}",
    ] {
        spellings.push(format!("{token}{blank}"));
        spellings.push(format!("{blank}{token}"));
        spellings.push(format!("{header}{blank}.{claims}.{signature}"));
        spellings.push(format!("{header}.{claims}{blank}.{signature}"));
        spellings.push(format!("{header}.{claims}.{blank}{signature}"));
    }
    refuse_all(&app, &token, &spellings);
}

/// Assertion 29: no letter counts for another one, at any place.
#[test]
fn a_token_with_one_letter_in_the_other_case_is_refused() {
    let app = TestApp::with_jane();
    let token = app.reset_token(JANE);
    let flipped: Vec<String> = (0..token.len())
        .step_by(3)
        .filter(|&at| token.as_bytes()[at].is_ascii_alphabetic())
        .map(|at| {
            let mut bytes = token.clone().into_bytes();
            bytes[at] ^= 0x20;
            String::from_utf8(bytes).expect("ASCII")
        })
        .collect();
    assert!(flipped.len() > 100);
    refuse_all(&app, &token, &flipped);
}

/// Assertion 29: the same bytes in another alphabet, or the same signature in another form.
#[test]
fn a_reencoded_token_is_refused() {
    let app = TestApp::with_jane();
    let token = app.reset_token(JANE);
    let bytes: Vec<Vec<u8>> = token
        .split('.')
        .map(|part| URL_SAFE_NO_PAD.decode(part).expect("base64url"))
        .collect();
    let join = |parts: [String; 3]| parts.join(".");
    let (header, claims) = (text(&bytes[0]), text(&bytes[1]));
    let [plain_header, plain_claims, plain_signature] =
        [0, 1, 2].map(|at| URL_SAFE_NO_PAD.encode(&bytes[at]));
    let again = |json: &str| URL_SAFE_NO_PAD.encode(json);
    let hex = bytes[2].iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("text takes text");
        hex
    });
    // The last character of 64 bytes in base64 has four bits that mean nothing; they must be zero.
    let mut trailing = plain_signature.clone().into_bytes();
    let last = trailing.last_mut().expect("a character");
    *last = match *last {
        b'A' => b'B',
        b'Q' => b'R',
        b'g' => b'h',
        _ => b'x',
    };
    let spellings = [
        join([0, 1, 2].map(|at| STANDARD.encode(&bytes[at]))),
        join([0, 1, 2].map(|at| URL_SAFE.encode(&bytes[at]))),
        join([plain_header.clone(), plain_claims.clone(), hex]),
        join([
            plain_header.clone(),
            plain_claims.clone(),
            text(&trailing).to_owned(),
        ]),
        join([
            again(&header.replace(':', ": ")),
            plain_claims.clone(),
            plain_signature.clone(),
        ]),
        join([
            plain_header.clone(),
            again(&format!(" {claims}")),
            plain_signature.clone(),
        ]),
        join([header.to_owned(), claims.to_owned(), plain_signature]),
        URL_SAFE_NO_PAD.encode(&token),
        json!({ "protected": plain_header, "payload": plain_claims }).to_string(),
    ];
    refuse_all(&app, &token, &spellings);
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}

/// Assertion 29: a signature has one form, the two numbers side by side (RFC 7518, 3.4), and not the
/// one of certificates.
#[test]
fn a_signature_in_another_form_is_refused() {
    let app = TestApp::with_jane();
    let token = app.reset_token(JANE);
    let (message, _) = token.rsplit_once('.').expect("a signature");
    let folder = app.folder().join("keys");
    let pem = crate::support::jwt::SigningKey::of(&folder).der;
    let random = aws_lc_rs::rand::SystemRandom::new();
    let sign = |algorithm| {
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, &pem).expect("the key");
        let signature = pair.sign(&random, message.as_bytes()).expect("a signature");
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    };
    assert!(is_open(&app, &sign(&ECDSA_P256_SHA256_FIXED_SIGNING)));
    refuse_all(&app, &token, &[sign(&ECDSA_P256_SHA256_ASN1_SIGNING)]);
}

/// Assertion 27: what is no token matches no row, not even one that has lost its id.
#[test]
fn no_token_is_no_token() {
    let app = TestApp::with_jane();
    let token = app.reset_token(JANE);
    let sql = app.sql();
    for (absent, id) in [
        (json!(""), ""),
        (json!(" "), " "),
        (Value::Null, "null"),
        (json!("null"), "null"),
        (json!("%"), "%"),
        (json!("_"), "_"),
        (json!("*"), "*"),
        (json!("undefined"), "undefined"),
        (json!(0), "0"),
        (json!(true), "true"),
        (json!([token]), ""),
        (json!({ "token": token }), ""),
    ] {
        sql.execute("UPDATE reset_tokens SET jti = ?1", [id])
            .expect("the id is changed");
        let body = json!({ "Token": absent, "Password": NEW_PASSWORD });
        app.complete_with(&body).refusal(400);
    }
    app.complete_with(&json!({ "Password": NEW_PASSWORD }))
        .refusal(400);
    assert_eq!(app.sign_in(JANE, PASSWORD).status, 200);
}
