//! Claims that are missing, or of another type.

use serde_json::{Value, json};

use super::Tokens;

/// Assertion 42: absent and null.
#[test]
fn every_claim_that_is_acted_upon_is_required() {
    let tokens = Tokens::new();
    for claim in ["exp", "iat", "aud", "iss", "sub", "jti"] {
        tokens.refuse(claim, |parts| {
            tokens.key.sign(&parts.claim(claim, Value::Null))
        });
        tokens.refuse(claim, |mut parts| {
            parts.claims[claim] = Value::Null;
            tokens.key.sign(&parts)
        });
    }
    tokens.accept(|parts| tokens.key.sign(&parts));
}

/// Assertion 42. A library that skips the check of a time that is no number lets the token live for
/// ever.
#[test]
fn every_claim_must_have_its_type() {
    let tokens = Tokens::new();
    let others = [
        json!("4102444800"),
        json!("text"),
        json!(4_102_444_800.5),
        json!(1e300),
        json!(-1),
        json!(true),
        json!([]),
        json!({}),
        json!([4_102_444_800_i64]),
    ];
    for claim in ["exp", "iat", "aud", "iss", "sub", "jti"] {
        for other in &others {
            // The past is a time, if a useless one.
            if claim == "iat" && other == &json!(-1) {
                continue;
            }
            tokens.refuse(&format!("{claim}: {other}"), |parts| {
                tokens.key.sign(&parts.claim(claim, other.clone()))
            });
        }
        // A list with just the right value in it, as RFC 7519 allows for an audience.
        tokens.refuse(claim, |parts| {
            let alone = json!([parts.claims[claim]]);
            tokens.key.sign(&parts.claim(claim, alone))
        });
        // The right value as text.
        if matches!(claim, "exp" | "iat") {
            tokens.refuse(claim, |parts| {
                let text = json!(parts.claims[claim].to_string());
                tokens.key.sign(&parts.claim(claim, text))
            });
        }
    }
    for business in [json!("7"), json!(7.5), json!(0), json!(-7), json!([7])] {
        tokens.refuse("business_id", |parts| {
            tokens
                .key
                .sign(&parts.claim("business_id", business.clone()))
        });
    }
    tokens.accept(|parts| tokens.key.sign(&parts));
}

/// Assertion 42: the issuer is this deployment, letter by letter.
#[test]
fn a_token_of_another_issuer_is_refused() {
    let tokens = Tokens::new();
    for issuer in [
        "https://id.readmit.test/",
        "https://ID.readmit.test",
        "http://id.readmit.test",
        "https://id.readmit.test.evil.test",
        "https://elsewhere.test",
        "",
    ] {
        tokens.refuse(issuer, |parts| {
            tokens.key.sign(&parts.claim("iss", json!(issuer)))
        });
    }
    tokens.accept(|parts| tokens.key.sign(&parts));
}

/// Assertion 42: a claim given twice could be read as either of the two.
#[test]
fn a_claim_given_twice_is_refused() {
    let tokens = Tokens::new();
    for claim in ["exp", "aud", "sub", "jti"] {
        tokens.refuse(claim, |parts| {
            let value = parts.claims[claim].to_string();
            let twice = format!(r#"{{"{claim}":{value},{}"#, &parts.claims.to_string()[1..]);
            sign_raw(&tokens, &parts.header.to_string(), &twice)
        });
    }
    tokens.accept(|parts| {
        sign_raw(
            &tokens,
            &parts.header.to_string(),
            &parts.claims.to_string(),
        )
    });
}

/// Claims that are no object, under a good signature.
#[test]
fn claims_that_are_no_object_are_refused() {
    let tokens = Tokens::new();
    for claims in ["", "null", "[]", "{}", "7", "\"text\"", "{", "\u{feff}{}"] {
        tokens.refuse(claims, |parts| {
            sign_raw(&tokens, &parts.header.to_string(), claims)
        });
    }
}

fn sign_raw(tokens: &Tokens, header: &str, claims: &str) -> String {
    tokens.key.sign_text(header, claims)
}
