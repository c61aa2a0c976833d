//! Access tokens that were shown before: their signature is not computed again, and nothing else is
//! taken for granted.

use std::time::Duration;

use readmit::accounts::AccountId;
use readmit::clock::{Clock, Timestamp};
use readmit::entropy::Entropy;
use readmit::token::{Jti, KeyRing, Kind, SessionClaims, Signer, Subject};

use crate::support::app::{PASSWORD, TestApp, email};
use crate::support::http::Request;

const JANE: &str = "jane@example.com";

fn userinfo(app: &TestApp, access: &str) -> u16 {
    let authorization = format!("Bearer {access}");
    let request = Request::get("/api/userinfo").header("authorization", &authorization);
    app.send(&request).status
}

fn shown_twice(app: &TestApp) -> String {
    let access = app.tokens(JANE, PASSWORD).0;
    assert_eq!(userinfo(app, &access), 200);
    assert_eq!(userinfo(app, &access), 200);
    access
}

/// Assertion 41. A byte more or less, or another one, and it is another token.
#[test]
fn a_token_that_was_good_says_nothing_for_one_that_is_alike() {
    let app = TestApp::with_jane();
    let access = shown_twice(&app);
    let (signed, signature) = access.rsplit_once('.').expect("a signature");
    let (head, tail) = signature.split_at(10);
    let other = if tail.starts_with('A') { 'B' } else { 'A' };
    for altered in [
        format!("{signed}.{head}{other}{}", &tail[1..]),
        format!("{signed}."),
        format!("{access}A"),
        format!("{access}="),
    ] {
        assert_eq!(userinfo(&app, &altered), 401, "{altered}");
    }
    assert_eq!(userinfo(&app, &access), 200);
}

/// Assertion 46: its expiry and its session are looked at each time; and its key, see `key_rotation`.
#[test]
fn a_token_that_was_good_ends_all_the_same() {
    let app = TestApp::with_jane();
    let access = shown_twice(&app);
    app.advance(Duration::from_hours(1));
    assert_eq!(userinfo(&app, &access), 401);

    let access = shown_twice(&app);
    app.wait(app.admin().revoke_sessions(email(JANE), app.now()))
        .expect("the sessions end");
    assert_eq!(userinfo(&app, &access), 401);
}

/// However many tokens come by, each is what it is.
#[test]
fn more_tokens_than_are_remembered_are_told_apart() {
    let app = TestApp::with_jane();
    let config = &app.app().config;
    let clock = Clock::Manual(app.clock.clone());
    let ring = KeyRing::open(&config.keys.dir, Duration::from_hours(1), clock).expect("the keys");
    let signer = Signer::new(ring, &config.http.public_url);
    let account = AccountId::new(Entropy::System.uuid());
    let sign = |number: usize| {
        let subject = Subject {
            account,
            email: email(JANE),
            business: None,
            jti: Jti::new(&Entropy::System),
            issued_at: app.now(),
            expires_at: app.now().after(Duration::from_mins(5)),
        };
        let session = number.to_string();
        let claims = SessionClaims {
            session: &session,
            client_id: JANE,
        };
        signer.sign_access(&subject, &claims)
    };
    let session = |token: &str, now: Timestamp| {
        let verified = signer.verify(Kind::Access, token, now).expect("it is good");
        verified.session.expect("a session")
    };
    let first = sign(0);
    for number in 1..4500 {
        let token = sign(number);
        assert_eq!(session(&token, app.now()), number.to_string());
        if number % 1000 == 0 {
            assert_eq!(session(&first, app.now()), "0");
        }
    }
    assert!(signer.verify(Kind::Login, &first, app.now()).is_err());
    let later = app.now().after(Duration::from_mins(5));
    assert!(signer.verify(Kind::Access, &first, later).is_err());
}
