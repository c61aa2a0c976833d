//! Signed tokens.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use proptest::prelude::*;
use proptest::sample::select;
use readmit::accounts::AccountId;
use readmit::clock::Timestamp;
use readmit::entropy::Entropy;
use readmit::token::{Jti, Kind, SessionClaims, Subject};
use serde_json::{Map, Value, json};

use super::damage::{Bytes, damaged};
use super::{Effort, attack};
use crate::judge::tokens::{ISSUER, KINDS, Mint, START, audience, typ};
use crate::support::app::email;
use crate::support::jwt::SigningKey;

const ACCOUNT: &str = "00000000-0000-4000-8000-000000000007";

const PIECES: &[&[u8]] = &[
    b".",
    b"..",
    b"=",
    b"==",
    b" ",
    b"\n",
    b"\0",
    b"%2E",
    b"+",
    b"/",
    b"-",
    b"_",
    b"A",
    b"e30",
    b"bm9uZQ",
    b"\xff",
    b"\xd0\x90",
];

/// A good token.
fn token(mint: &Mint, kind: Kind) -> String {
    let subject = Subject {
        account: AccountId::parse(ACCOUNT).expect("an id"),
        email: email("jane@example.com"),
        business: None,
        jti: Jti::new(&Entropy::seeded(1)),
        issued_at: START,
        expires_at: START.after(Duration::from_hours(1)),
    };
    let session = SessionClaims {
        session: "the session",
        client_id: "portal",
    };
    match kind {
        Kind::Access => mint.signer.sign_access(&subject, &session),
        kind => mint.signer.sign(kind, &subject),
    }
}

/// A member of the header or a claim: what stands there, and whether a token may be taken that has it.
type Choice = (Value, bool);

/// A value that stands for no member at all.
const ABSENT: Value = Value::Null;

/// Mostly the good value; else one of these.
fn mostly(good: Value, others: Vec<Choice>) -> impl Strategy<Value = Choice> {
    prop_oneof![12 => Just((good, true)), 1 => select(others)]
}

fn bad(values: impl IntoIterator<Item = Value>) -> Vec<Choice> {
    values.into_iter().map(|value| (value, false)).collect()
}

fn header(kind: Kind, key: &str) -> impl Strategy<Value = Vec<(&'static str, Choice)>> + use<> {
    let alg = [
        "none", "None", "HS256", "RS256", "ES384", "PS256", "EdDSA", "es256", "",
    ];
    let mut alg = bad(alg.map(Value::from));
    alg.extend(bad([ABSENT, json!(["ES256"]), json!(7)]));
    let mut typs = bad(KINDS
        .into_iter()
        .filter(|other| *other != kind)
        .map(|other| json!(typ(other))));
    typs.extend(bad([
        ABSENT,
        json!("JWT"),
        json!(typ(kind).to_ascii_uppercase()),
        json!(format!("application/{}", typ(kind))),
        json!([typ(kind)]),
    ]));
    let mut key_ids =
        bad(["", "../../../../dev/null", "' OR 1=1 --", "0", "\u{0}"].map(Value::from));
    key_ids.extend(bad([
        ABSENT,
        json!(key.to_ascii_lowercase()),
        json!([key]),
        json!(format!("{key} ")),
    ]));
    let own = json!({ "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA" });
    let extra = [
        ("jku", json!("https://evil.test/jwks.json"), false),
        ("x5u", json!("https://evil.test/x.pem"), false),
        ("x5c", json!(["AA"]), false),
        ("jwk", own, false),
        ("crit", json!(["exp"]), false),
        ("crit", json!([]), false),
        ("foo", json!("bar"), true),
    ];
    let extra = select(extra.to_vec()).prop_map(|(name, value, good)| (name, (value, good)));
    (
        mostly(json!("ES256"), alg),
        mostly(json!(typ(kind)), typs),
        mostly(json!(key), key_ids),
        proptest::option::weighted(0.1, extra),
    )
        .prop_map(|(alg, typ, kid, extra)| {
            let mut header = vec![("alg", alg), ("typ", typ), ("kid", kid)];
            header.extend(extra);
            header
        })
}

fn claims(kind: Kind) -> impl Strategy<Value = Vec<(&'static str, Choice)>> {
    let now = START.seconds();
    let iss = bad([
        ABSENT,
        json!("https://evil.test"),
        json!(format!("{ISSUER}/")),
        json!([ISSUER]),
        json!("HTTPS://ID.READMIT.TEST"),
    ]);
    let mut aud = bad(KINDS
        .into_iter()
        .filter(|other| *other != kind)
        .map(|other| json!(audience(other))));
    aud.extend(bad([
        ABSENT,
        json!([audience(kind)]),
        json!(""),
        json!("*"),
    ]));
    let sub = bad([
        ABSENT,
        json!(""),
        json!(7),
        json!("jane@example.com"),
        json!(ACCOUNT.replace('-', "")),
        json!("00000000-0000-400D-8000-000000000007"),
        json!([ACCOUNT]),
    ]);
    let mut exp = bad([
        ABSENT,
        json!(now),
        json!(now - 1),
        json!(0),
        json!(-1),
        json!((now + 60).to_string()),
        json!(1e300),
        json!("never"),
        json!(true),
    ]);
    exp.push((json!(now + 1), true));
    exp.push((json!(i64::MAX), true));
    let mut iat = bad([ABSENT, json!("0"), json!([])]);
    iat.push((json!(0), true));
    iat.push((json!(now + 10_000_000), true));
    let mut jti = bad([ABSENT, json!(7), json!(["x"]), json!({})]);
    jti.push((json!("x' OR '1'='1"), true));
    let mut business = bad([json!(0), json!(-7), json!("7"), json!(7.5), json!([7])]);
    business.push((json!(7), true));
    business.push((json!(i64::MAX), true));
    (
        mostly(json!(ISSUER), iss),
        mostly(json!(audience(kind)), aud),
        mostly(json!(ACCOUNT), sub),
        mostly(json!(now + 60), exp),
        mostly(json!(1), iat),
        mostly(json!("some id"), jti),
        mostly(ABSENT, business),
    )
        .prop_map(|(iss, aud, sub, exp, iat, jti, business)| {
            let names = ["iss", "aud", "sub", "exp", "iat", "jti", "business_id"];
            names
                .into_iter()
                .zip([iss, aud, sub, exp, iat, jti, business])
                .collect()
        })
}

fn object(members: &[(&'static str, Choice)]) -> String {
    let members = members.iter().filter(|(_, (value, _))| *value != ABSENT);
    let object: Map<_, _> = members
        .map(|(name, (value, _))| ((*name).to_owned(), value.clone()))
        .collect();
    Value::Object(object).to_string()
}

/// Assertions 41 to 43: of tokens with a good signature, exactly those are taken of which everything
/// is as we write it.
fn a_token_counts_only_if_all_of_it_is_as_we_write_it(effort: Effort) {
    let mint = Mint::open();
    let key = mint.key.id();
    let inputs = select(&KINDS[..])
        .prop_flat_map(move |kind| (Just(kind), header(kind, &key), claims(kind)));
    attack(
        "tokens with a good signature",
        effort,
        &inputs,
        |(kind, header, claims)| {
            mint.judge_signed(&object(&header), &object(&claims));
            let token = mint.key.sign_text(&object(&header), &object(&claims));
            for asked in KINDS {
                // A token that is made in the future counts, unless it is over before.
                let of = |wanted| claims.iter().find(|(name, _)| *name == wanted);
                let number = |wanted| of(wanted).and_then(|(_, (value, _))| value.as_i64());
                let lasts = number("iat") <= number("exp");
                // What is wrong for one kind may be, in both places, just what another has.
                let good = header
                    .iter()
                    .chain(&claims)
                    .all(|(name, (value, good))| match *name {
                        "typ" => *value == typ(asked),
                        "aud" => *value == audience(asked),
                        "iat" => *good && lasts,
                        _ => *good,
                    });
                let verdict = mint.signer.verify(asked, &token, START);
                assert_eq!(verdict.is_ok(), good, "{asked:?}: {token}");
                let long_after = Timestamp::from_millis(i64::MAX);
                assert!(mint.signer.verify(asked, &token, long_after).is_err());
            }
            // And by another key, none.
            let forged = SigningKey::new().sign_text(&object(&header), &object(&claims));
            assert!(mint.signer.verify(kind, &forged, START).is_err());
        },
    );
}

#[test]
fn of_well_signed_tokens_those_are_taken_that_are_as_we_write_them() {
    a_token_counts_only_if_all_of_it_is_as_we_write_it(Effort::Cases(1000));
}

#[test]
#[ignore = "takes a minute"]
fn signed_tokens_for_a_minute() {
    a_token_counts_only_if_all_of_it_is_as_we_write_it(Effort::Minute);
}

/// Assertion 29: a token that is not byte for byte the one that was given is none, unless it is damaged
/// into another one.
fn a_damaged_token_is_none(effort: Effort) {
    let mint = Mint::open();
    let tokens = KINDS.map(|kind| token(&mint, kind));
    let known = tokens.clone();
    let whole = select(&[0_usize, 1, 2][..]).prop_map(move |n| known[n].clone().into_bytes());
    attack(
        "damaged tokens",
        effort,
        &damaged(whole, PIECES),
        |Bytes(bytes)| {
            let text = String::from_utf8_lossy(&bytes);
            for (kind, good) in KINDS.into_iter().zip(&tokens) {
                let verdict = mint.signer.verify(kind, &text, START).is_ok();
                assert_eq!(verdict, text == good.as_str(), "{kind:?}: {text}");
            }
        },
    );
}

#[test]
fn a_token_counts_byte_for_byte() {
    a_damaged_token_is_none(Effort::Cases(1500));
}

#[test]
#[ignore = "takes a minute"]
fn damaged_tokens_for_a_minute() {
    a_damaged_token_is_none(Effort::Minute);
}

/// Assertions 29 and 41: the last character of a part holds bits that belong to no byte. Whoever sets them
/// has another text for the same bytes, and it is refused.
#[test]
fn no_part_of_a_token_has_a_second_spelling() {
    let mint = Mint::open();
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for kind in KINDS {
        let token = token(&mint, kind);
        let parts: Vec<&str> = token.split('.').collect();
        for place in 0..parts.len() {
            for last in alphabet {
                let mut changed: Vec<String> = parts.iter().map(ToString::to_string).collect();
                changed[place].pop();
                changed[place].push(char::from(*last));
                let changed = changed.join(".");
                let verdict = mint.signer.verify(kind, &changed, START).is_ok();
                assert_eq!(verdict, changed == token, "{changed}");
            }
            let mut padded: Vec<String> = parts.iter().map(ToString::to_string).collect();
            padded[place].push('=');
            assert!(mint.signer.verify(kind, &padded.join("."), START).is_err());
        }
        assert_eq!(
            URL_SAFE_NO_PAD.decode(parts[2]).map(|bytes| bytes.len()),
            Ok(64)
        );
    }
}
