//! What is worth stealing, and where it must not lie.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use readmit::entropy::Entropy;
use readmit::outbox::State;
use sha2::{Digest as _, Sha256};

use crate::support::app::{NEW_PASSWORD, PASSWORD, TestApp};
use crate::support::jwt::Parts;
use crate::support::smtp::{Action, Stage};
use crate::support::wait::wait_until;

const JANE: &str = "jane@example.com";
const BOB: &str = "bob@example.com";

/// The bytes of every file of a deployment but its keys, as a text of one character each.
fn everything_at_rest(folder: &Path) -> String {
    let mut bytes = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            assert_eq!(path.file_name().expect("a name"), "keys");
        } else {
            bytes.extend(fs::read(path).expect("the file"));
        }
    }
    as_text(&bytes)
}

fn as_text(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

fn contains(at_rest: &str, needle: &[u8]) -> bool {
    at_rest.contains(&as_text(needle))
}

fn jti(token: &str) -> String {
    let claims = Parts::of(token).claims;
    claims["jti"].as_str().expect("an id").to_owned()
}

/// Assertion 20. Every secret of a whole flow is looked for in database and WAL, while it runs and
/// after it; that ids and hashes are found shows that the search would find what it must not. One
/// message is stuck on its way out, and one member has got no further than the mail.
#[test]
fn nothing_at_rest_opens_a_door() {
    let mut app = TestApp::with_jane();
    app.add_person(BOB, "Bob", Some(7), Some(PASSWORD));
    let waiting = app.reset_token(BOB);
    let used = app.reset_token(JANE);
    let weak = "tooweak-sd7";
    app.complete(&used, weak).refusal(400);
    app.smtp.hang_up();
    app.smtp.always(Stage::Connect, Action::Close);
    let login = app.complete(&used, NEW_PASSWORD).envelope(200);
    let login = login["Value"].as_str().expect("a token").to_owned();
    let session = app.exchange(&login, "60").json();
    let signed_in = app.sign_in(JANE, NEW_PASSWORD).json();
    app.sign_in(JANE, "a wrong password 8f3");
    wait_until("the notice is tried in vain", || {
        let notice = app.outbox().pop().expect("a notice");
        (notice.state == State::Queued && notice.attempts > 0).then_some(())
    });

    let refresh_tokens = [&session["refresh_token"], &signed_in["refresh_token"]]
        .map(|token| token.as_str().expect("a refresh token"));
    let tokens = [
        waiting.as_str(),
        &used,
        &login,
        session["token"].as_str().expect("a token"),
        signed_in["access_token"].as_str().expect("a token"),
    ];
    let mut secrets: Vec<&str> = tokens
        .iter()
        .flat_map(|token| token.split('.'))
        .chain(refresh_tokens)
        .collect();
    secrets.extend([PASSWORD, NEW_PASSWORD, weak, "a wrong password 8f3"]);
    let hashes = refresh_tokens.map(|token| Sha256::digest(token.as_bytes()));

    for running in [true, false] {
        if !running {
            app.stop();
        }
        let at_rest = everything_at_rest(app.folder());
        let wal = fs::metadata(app.folder().join("readmit.db-wal"));
        assert_eq!(wal.is_ok_and(|file| file.len() > 0), running);
        for token in &tokens[..3] {
            assert!(contains(&at_rest, jti(token).as_bytes()));
        }
        for hash in &hashes {
            assert!(contains(&at_rest, hash));
        }
        for secret in &secrets {
            assert!(!contains(&at_rest, secret.as_bytes()), "{secret}");
            let decoded = URL_SAFE_NO_PAD.decode(secret).unwrap_or_default();
            assert!(
                decoded.is_empty() || !contains(&at_rest, &decoded),
                "{secret}"
            );
        }
        // No token of any other kind either: each begins with `{"` in base64.
        assert!(!contains(&at_rest, b"eyJ0eXAi") && !contains(&at_rest, b"eyJhbGci"));
    }
}

/// Assertion 20: no mail's body is kept, so that an outbox that is read tells who asked and when.
#[test]
fn no_mail_is_kept_before_or_after_it_is_sent() {
    let app = TestApp::with_jane();
    let mail = {
        app.ask_for_link(JANE);
        app.next_mail()
    };
    app.settled_outbox();
    let at_rest = everything_at_rest(app.folder());
    let subject = mail.header("Subject").expect("a subject");
    for text in [
        subject.as_str(),
        "To choose a new password",
        "/reset-password?token=",
    ] {
        assert!(mail.text().contains(text) || text == subject);
        assert!(!contains(&at_rest, text.as_bytes()), "{text}");
    }
}

/// Assertion 19: 128 bits each, of which no two are alike.
#[test]
fn token_ids_have_128_bits_and_never_repeat() {
    let app = TestApp::with_jane();
    let mut seen = HashSet::new();
    for number in 0..10 {
        let address = format!("member{number}@example.com");
        app.add_person(&address, "Member", Some(7), Some(PASSWORD));
        let reset = app.reset_token(&address);
        let login = app.complete(&reset, NEW_PASSWORD).envelope(200);
        let login = login["Value"].as_str().expect("a token").to_owned();
        app.next_mail();
        let session = app.exchange(&login, "60").json();
        let access = session["token"].as_str().expect("a token");
        for token in [&reset, &login, access] {
            let id = URL_SAFE_NO_PAD.decode(jti(token)).expect("base64url");
            assert_eq!(id.len(), 16);
            assert!(seen.insert(id));
        }
        let refresh = session["refresh_token"].as_str().expect("a token");
        let refresh = URL_SAFE_NO_PAD.decode(refresh).expect("base64url");
        assert_eq!(refresh.len(), 32);
        assert!(seen.insert(refresh));
    }
    assert_eq!(seen.len(), 40);
    // Were the bytes not evenly spread, some bit would hardly ever or nearly always be set.
    for bit in 0..128 {
        let set = seen
            .iter()
            .filter(|id| id[bit / 8] & (1 << (bit % 8)) != 0)
            .count();
        assert!((4..=36).contains(&set), "bit {bit} is set in {set} of 40");
    }
}

/// Assertion 19: ids come from the one source that is passed in, which in the program is the
/// operating system's. Two deployments on the same seed make the same ids; on the system's, never.
#[test]
fn token_ids_come_from_the_injected_source() {
    let ids = |entropy: Entropy| {
        let app = TestApp::builder().entropy(entropy).start().and_jane();
        let reset = app.reset_token(JANE);
        let refresh = app.sign_in(JANE, PASSWORD).json()["refresh_token"].clone();
        (jti(&reset), refresh)
    };
    assert_eq!(ids(Entropy::seeded(7)), ids(Entropy::seeded(7)));
    let (first, second) = (ids(Entropy::System), ids(Entropy::System));
    assert_ne!(first.0, second.0);
    assert_ne!(first.1, second.1);
}
