//! What an application that starts with one address finds: metadata, keys, who is signed in, and the
//! questions and the end of tokens.

mod introspection;
mod revocation;

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::app::{PASSWORD, TestApp};
use crate::support::http::{Answer, Request};
use crate::support::jwt::Parts;

const JANE: &str = "jane@example.com";

/// The SHA-256 of `the secret`.
const HASH_OF_THE_SECRET: &str = "368a693d784c7d1957ec748148a5de1e1f2e97f1f6360c69b0cfcf6471bbbf07";

fn userinfo(app: &TestApp, access: &str) -> Answer {
    app.send(&Request::get("/api/userinfo").bearer(access))
}

fn metadata(app: &TestApp) -> Value {
    let answer = app.send(&Request::get("/.well-known/openid-configuration"));
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));
    answer.json()
}

/// Contract, section 8: whoever has the address of the metadata finds everything else there. An
/// address that leads nowhere would break applications that nobody here wrote.
#[test]
fn every_address_in_the_metadata_leads_to_what_it_names() {
    let app = TestApp::with_jane();
    let metadata = metadata(&app);
    let path = |name: &str| {
        let url = metadata[name].as_str().expect("an address");
        url.strip_prefix("https://id.readmit.test")
            .expect("an address of ours")
            .to_owned()
    };
    let keys = app.send(&Request::get(&path("jwks_uri")));
    assert!(keys.json()["keys"][0]["kid"].is_string());
    assert_eq!(keys.header("cache-control"), Some("public, max-age=300"));
    let docs = app.send(&Request::get(&path("service_documentation")));
    assert_eq!(docs.status, 200);

    let form = [
        ("grant_type", "password"),
        ("username", JANE),
        ("password", PASSWORD),
    ];
    let session = app.send(&Request::post(&path("token_endpoint")).form(&form));
    let access = session.text_of("access_token");
    let info = app.send(&Request::get(&path("userinfo_endpoint")).bearer(&access));
    assert_eq!(info.text_of("email"), JANE);
    let token = [("token", access.as_str())];
    let asked = app.send(&Request::post(&path("introspection_endpoint")).form(&token));
    assert_eq!(asked.json()["error"], "invalid_client");
    let revoked = app.send(&Request::post(&path("revocation_endpoint")).form(&token));
    assert_eq!(revoked.status, 200);

    let addresses = metadata.as_object().expect("an object").values();
    let addresses = addresses.filter(|value| value.is_string()).count();
    assert_eq!(addresses, 7, "one that this test does not follow");
}

/// An OpenID client compares the issuer, byte for byte, with `iss` of what it gets, and with the
/// address that it asked. So a folder in the address must not end in a slash in one of the three.
#[test]
fn the_issuer_is_the_same_in_metadata_and_tokens() {
    for (public, issuer) in [
        ("https://id.readmit.test", "https://id.readmit.test"),
        ("https://canal.test/login/", "https://canal.test/login"),
    ] {
        let app = TestApp::builder()
            .set("http.public_url", public)
            .start()
            .and_jane();
        let metadata = metadata(&app);
        let (access, _) = app.tokens(JANE, PASSWORD);
        assert_eq!(metadata["issuer"], issuer);
        assert_eq!(Parts::of(&access).claims["iss"], issuer);
        assert_eq!(
            metadata["token_endpoint"],
            format!("{issuer}/api/token").as_str()
        );
    }
}

/// The lists are those of this server: a client that reads them does not try what is not there.
#[test]
fn the_metadata_offers_what_there_is() {
    let app = TestApp::with_jane();
    let metadata = metadata(&app);
    for (name, expected) in [
        (
            "grant_types_supported",
            json!(["password", "refresh_token"]),
        ),
        ("response_types_supported", json!([])),
        ("id_token_signing_alg_values_supported", json!(["ES256"])),
        ("token_endpoint_auth_methods_supported", json!(["none"])),
        (
            "introspection_endpoint_auth_methods_supported",
            json!(["client_secret_basic"]),
        ),
    ] {
        assert_eq!(metadata[name], expected, "{name}");
    }
    let (access, _) = app.tokens(JANE, PASSWORD);
    let info = userinfo(&app, &access).json();
    let claims = metadata["claims_supported"].as_array().expect("a list");
    let said = info.as_object().expect("an object");
    assert_eq!(claims.len(), said.len());
    for claim in claims {
        assert!(
            said.contains_key(claim.as_str().expect("a name")),
            "{claim}"
        );
    }
    assert_eq!(
        Parts::of(&access).header["alg"],
        metadata["id_token_signing_alg_values_supported"][0]
    );
}

/// Standard claims have their types, `sub` is the token's, and what a member does not have is left out
/// rather than null, as OpenID Connect Core wants it (5.3.2).
#[test]
fn userinfo_has_the_claims_of_the_account_as_it_is_now() {
    let app = TestApp::with_jane();
    let sam = app.add_person("sam@example.com", "Sam", None, Some(PASSWORD));
    app.advance(Duration::from_secs(5));
    let (access, _) = app.tokens(JANE, PASSWORD);
    let answer = userinfo(&app, &access);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let expected = json!({
        "sub": Parts::of(&access).claims["sub"],
        "name": "Jane Doe",
        "email": JANE,
        "updated_at": 1_800_000_000,
        "business_id": 7,
    });
    assert_eq!(answer.json(), expected);

    let (access, _) = app.tokens("sam@example.com", PASSWORD);
    let info = userinfo(&app, &access).json();
    assert_eq!(info["sub"], sam.to_string());
    assert!(info.get("business_id").is_none(), "{info}");
}
