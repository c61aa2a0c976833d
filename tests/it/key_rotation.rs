//! Another key signs, and a running server notices.

mod commands;
mod trouble;

use std::time::Duration;

use readmit::clock::{Clock, Timestamp};
use readmit::config::{Config, ConfigFile};
use readmit::token::{self, KeyRing, KeyState, Kind, ListedKey, Signer};
use serde_json::json;

use crate::support::app::{NEW_PASSWORD, PASSWORD, TestApp};
use crate::support::http::Request;
use crate::support::jwt::{Parts, SigningKey};

const JANE: &str = "jane@example.com";

/// How long a server may take to notice what nobody tells it.
const LOOK: Duration = Duration::from_secs(1);

/// How long an old key counts by default: as long as the longest access token, a week, and a minute for servers that
/// have not noticed the new one yet.
const HONOURED: Duration = Duration::from_mins(7 * 24 * 60 + 1);

fn rotate(app: &TestApp) -> String {
    let keys = app.folder().join("keys");
    app.wait(app.admin().rotate_key(keys, app.now()))
        .expect("another key")
}

fn retire(app: &TestApp, id: &str) {
    let keys = app.folder().join("keys");
    app.wait(app.admin().retire_key(keys, id.to_owned(), app.now()))
        .expect("the key is retired");
}

fn list(app: &TestApp) -> Vec<ListedKey> {
    let keys = app.folder().join("keys");
    token::list_keys(&keys, token::honoured_for(&app.app().config), app.now()).expect("the keys")
}

/// The ids of the public keys, in the order in which they are served.
fn served(app: &TestApp) -> Vec<String> {
    let set = app.send(&Request::get("/.well-known/jwks.json")).json();
    let keys = set["keys"].as_array().expect("keys");
    let id = |key: &serde_json::Value| key["kid"].as_str().expect("an id").to_owned();
    keys.iter().map(id).collect()
}

fn access_token(app: &TestApp) -> String {
    let session = app.sign_in(JANE, PASSWORD).json();
    session["access_token"]
        .as_str()
        .expect("a token")
        .to_owned()
}

fn signed_by(token: &str) -> String {
    let header = Parts::of(token).header;
    header["kid"].as_str().expect("an id").to_owned()
}

fn verifies(app: &TestApp, token: &str) -> bool {
    let verified = app.app().signer.verify(Kind::Access, token, app.now());
    verified.is_ok()
}

/// The same token under an expiry that outlasts every key, signed by whoever holds this key.
fn everlasting(key: &SigningKey, token: &str) -> String {
    let parts = Parts::of(token).claim("exp", json!(10_000_000_000_i64));
    key.sign(&parts.header("kid", json!(key.id())))
}

/// Assertion 41. After a rotation the running server signs with the new key and serves both, the new
/// one first; a link that was sent before still works.
#[test]
fn a_running_server_signs_with_the_new_key_and_honours_what_the_old_one_signed() {
    let app = TestApp::with_jane();
    let link = app.reset_token(JANE);
    let before = access_token(&app);
    let old = signed_by(&before);
    assert_eq!(served(&app), [old.as_str()]);

    let new = rotate(&app);
    assert_ne!(new, old);
    app.advance(LOOK);
    let after = access_token(&app);
    assert_eq!(signed_by(&after), new);
    assert_eq!(served(&app), [new.as_str(), &old]);
    assert!(verifies(&app, &before) && verifies(&app, &after));
    let login = app.complete(&link, NEW_PASSWORD).envelope(200);
    let login = login["Value"].as_str().expect("a token");
    assert_eq!(signed_by(login), new);
    assert_eq!(app.exchange(login, "60").status, 200);
}

/// Assertion 41. The old key goes when its last token can only be over, to the millisecond, whether
/// the server runs all the time or is started anew; a token that claims to live longer goes with it.
#[test]
fn an_old_key_is_dropped_when_the_last_token_that_it_signed_is_over() {
    let mut app = TestApp::with_jane();
    let key = SigningKey::of(&app.folder().join("keys"));
    let token = access_token(&app);
    let long = everlasting(&key, &token);
    app.advance(Duration::from_hours(1000));
    assert!(verifies(&app, &long) && !verifies(&app, &token));

    let (rotated_at, new) = (app.now(), rotate(&app));
    app.advance(HONOURED.saturating_sub(Duration::from_millis(1)));
    for _ in 0..2 {
        assert!(verifies(&app, &long));
        assert_eq!(served(&app), [new.as_str(), &key.id()]);
        app.restart();
    }
    let until = rotated_at.after(HONOURED);
    assert_eq!(list(&app)[1].state, KeyState::Verifying { until });
    app.advance(Duration::from_millis(1));
    for _ in 0..2 {
        assert!(!verifies(&app, &long));
        assert_eq!(served(&app), [new.as_str()]);
        app.restart();
    }
    assert_eq!(list(&app)[1].state, KeyState::Over { since: until });
    assert!(verifies(
        &app,
        &everlasting(&SigningKey::newest(&app.folder().join("keys")), &token)
    ));
}

/// Three keys: each old one counts from when the next took its place, not from when the newest came.
#[test]
fn each_key_has_its_own_time() {
    let app = TestApp::with_jane();
    let first = served(&app).remove(0);
    let second_at = app.now().after(Duration::from_hours(24));
    app.advance(Duration::from_hours(24));
    let second = rotate(&app);
    let third_at = second_at.after(Duration::from_hours(48));
    app.advance(Duration::from_hours(48));
    let third = rotate(&app);
    let key = |id: &str, made_at, state| ListedKey {
        id: id.to_owned(),
        made_at,
        state,
    };
    let verifying = |from: Timestamp| KeyState::Verifying {
        until: from.after(HONOURED),
    };
    let expected = [
        key(&third, third_at, KeyState::Signing),
        key(&second, second_at, verifying(third_at)),
        key(&first, crate::support::app::START, verifying(second_at)),
    ];
    assert_eq!(list(&app), expected);
    app.advance(LOOK);
    assert_eq!(served(&app), [third.as_str(), &second, &first]);
    // A retired key in between does not lengthen the time of those before it.
    retire(&app, &second);
    assert_eq!(list(&app)[2], expected[2]);
    app.advance(LOOK);
    assert_eq!(served(&app), [third, first]);
}

/// How long is a matter of the configuration: the longest-lived of all tokens decides.
#[test]
fn the_longest_life_that_is_configured_decides_how_long_an_old_key_counts() {
    let honoured = |settings: &[(&str, &str)]| {
        let env = settings
            .iter()
            .map(|(key, value)| (format!("READMIT_{key}"), (*value).to_owned()));
        token::honoured_for(&Config::load(ConfigFile::None, env).expect("a configuration"))
    };
    let minutes = |count: u64| Duration::from_mins(count + 1);
    let week = ("TOKENS__MAX_EXCHANGE", "7d");
    let short = [
        ("TOKENS__MAX_EXCHANGE", "1m"),
        ("TOKENS__ACCESS_TTL", "1m"),
        ("RESET__TTL", "1m"),
        ("RESET__WELCOME_TTL", "1m"),
    ];
    assert_eq!(honoured(&[]), HONOURED);
    assert_eq!(honoured(&[week]), HONOURED);
    assert_eq!(honoured(&short), minutes(10));
    for at in 0..short.len() {
        let mut one_longer = short;
        one_longer[at].1 = "5h";
        assert_eq!(honoured(&one_longer), minutes(300), "{one_longer:?}");
    }
}

/// A command that signs (a fresh link for somebody on the telephone) uses the new key at once. Whoever
/// brings its token to the server must not have to wait until that looks again.
#[test]
fn a_token_of_a_key_that_is_not_known_yet_is_taken_at_once() {
    let app = TestApp::with_jane();
    let token = access_token(&app);
    rotate(&app);
    let by_the_new = everlasting(&SigningKey::newest(&app.folder().join("keys")), &token);
    assert!(verifies(&app, &by_the_new));
    assert_eq!(served(&app).len(), 2);
}

/// Anybody can send tokens that name unknown keys, as many as they like. Those make the server look a
/// few times, and no more until it looks by itself.
#[test]
fn a_flood_of_unknown_keys_does_not_make_the_server_look_without_end() {
    let app = TestApp::with_jane();
    let token = access_token(&app);
    for _ in 0..100 {
        let stranger = SigningKey::new();
        assert!(!verifies(&app, &everlasting(&stranger, &token)));
    }
    rotate(&app);
    let by_the_new = everlasting(&SigningKey::newest(&app.folder().join("keys")), &token);
    assert!(!verifies(&app, &by_the_new), "it has looked again");
    app.advance(LOOK.saturating_sub(Duration::from_millis(1)));
    assert!(!verifies(&app, &by_the_new), "it has looked again");
    app.advance(Duration::from_millis(1));
    assert!(verifies(&app, &by_the_new));
    // From then on strangers are looked for again.
    rotate(&app);
    let by_the_newest = everlasting(&SigningKey::newest(&app.folder().join("keys")), &token);
    assert!(verifies(&app, &by_the_newest));
}

/// A retired key is worth nothing as soon as the server has looked, and stays so.
#[test]
fn what_a_retired_key_has_signed_is_worth_nothing() {
    let mut app = TestApp::with_jane();
    let link = app.reset_token(JANE);
    let token = access_token(&app);
    let (old, new) = (signed_by(&token), rotate(&app));
    app.advance(LOOK);
    assert!(verifies(&app, &token));
    retire(&app, &old);
    app.advance(LOOK);
    for _ in 0..2 {
        assert!(!verifies(&app, &token));
        assert_eq!(served(&app), [new.as_str()]);
        assert_eq!(app.complete(&link, NEW_PASSWORD).status, 400);
        app.restart();
    }
    let at = app.now().before(LOOK);
    assert_eq!(list(&app)[1].state, KeyState::Retired { at });
    let left = std::fs::read_dir(app.folder().join("keys")).expect("the folder");
    let keys = left.filter(|entry| {
        let name = entry.as_ref().expect("an entry").file_name();
        name.to_string_lossy().ends_with(".pem")
    });
    assert_eq!(keys.count(), 1, "the private key is gone");
}

/// A clock that was stepped back before the rotation makes no difference to which key signs.
#[test]
fn a_rotation_under_a_clock_that_was_stepped_back_counts() {
    let app = TestApp::with_jane();
    let old = served(&app).remove(0);
    app.clock.step_back(Duration::from_hours(5));
    let new = rotate(&app);
    let newest = rotate(&app);
    assert_eq!(served(&app), [newest.as_str(), &new, &old]);
    assert_eq!(signed_by(&access_token(&app)), newest);
}

/// Two deployments are strangers to each other, however alike.
#[test]
fn two_rings_on_one_folder_agree_and_on_two_do_not() {
    let app = TestApp::with_jane();
    let token = access_token(&app);
    let config = &app.app().config;
    let signer = |keys: &std::path::Path| {
        let clock = Clock::Manual(app.clock.clone());
        let ring = KeyRing::open(keys, HONOURED, clock).expect("the keys");
        Signer::new(ring, &config.http.public_url)
    };
    let verify = |signer: &Signer| signer.verify(Kind::Access, &token, app.now()).is_ok();
    assert!(verify(&signer(&config.keys.dir)));
    let elsewhere = tempfile::tempdir().expect("a folder");
    assert!(!verify(&signer(elsewhere.path())));
}
