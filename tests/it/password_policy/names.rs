//! Passwords made of what stands in the member's mail.

use readmit::password::Context;

use super::{GUESSABLE, NAMES, messages, policy};
use crate::support::app::{TestApp, email};

fn context(name: &str, business: &str) -> Context {
    Context {
        email: Some(email("j.vandermeer@boathouse-nine.example")),
        name: Some(name.to_owned()),
        business: Some(business.to_owned()),
        min_length: None,
    }
}

/// Assertion 9: the names of member and business and the parts of the address, however they are spelt,
/// where they are most of the password.
#[test]
fn a_password_that_is_mostly_names_is_refused() {
    let lax = policy(&[("min_score", "0"), ("min_length", "8")]);
    let context = context("Jo van der Meer", "Grand Canal House");
    for made_of_names in [
        "grand canal house",
        "GrandCanalHouse!",
        "Gr4nd-C4n4l-H0u5e",
        "canalhouse 123",
        "house of canals",
        "vandermeer",
        "j.vandermeer@boathouse-nine.example",
        "van der meer 1",
        "boathouse2024",
        "jo van der meer",
        "meer house meer",
        "1234canalhouse",
    ] {
        let missed = lax.accept(made_of_names, &context).err();
        let missed = missed.map(|missed| missed.sentences());
        assert_eq!(missed, Some(vec![NAMES.to_owned()]), "{made_of_names}");
    }
    for other in [
        "a grand day for otters",
        "the house on the quay",
        "seven herons on the quay",
        "jo and van and der",
    ] {
        let accepted = lax.accept(other, &context);
        assert!(accepted.is_ok(), "{other}: {accepted:?}");
    }
}

/// Names of no length say nothing, and there need be none.
#[test]
fn short_and_absent_names_forbid_nothing() {
    let lax = policy(&[("min_score", "0"), ("min_length", "8")]);
    let short = Context {
        email: Some(email("bo@x.io")),
        name: Some("Bo Li".to_owned()),
        business: Some("A B".to_owned()),
        min_length: None,
    };
    assert!(lax.accept("bo bo bo bo", &short).is_ok());
    assert!(lax.accept("bo bo bo bo", &Context::default()).is_ok());
    // Without a letter in it, a password is made of no name.
    assert!(lax.accept("........", &Context::default()).is_ok());
}

/// A member may ask for the link at another location than their own: it is that one's name which
/// stands in the mail and on the page.
#[test]
fn the_location_that_the_link_is_for_counts() {
    let app = TestApp::builder()
        .set("reset.cooldown", "0s")
        .start()
        .and_jane();
    app.add_business(8, "Harbour Loft", "https://loft.test");
    let request = serde_json::json!({ "email": "jane@example.com", "businessId": 8 });
    app.start_reset(&request).envelope(200);
    let there = app.next_mail().token();
    let answer = app.complete(&there, "harbour loft 8");
    assert_eq!(messages(&answer, "Password"), [NAMES, GUESSABLE]);
    let answer = app.complete(&there, "janedoe@example");
    assert_eq!(messages(&answer, "Password"), [NAMES]);

    // Without a location in the request it is the account's own.
    let own = app.reset_token("jane@example.com");
    let answer = app.complete(&own, "canal house 77");
    assert_eq!(messages(&answer, "Password"), [NAMES, GUESSABLE]);
}
