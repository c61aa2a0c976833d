//! Signing in at the relay with an OAuth 2.0 access token (XOAUTH2).

use std::path::{Path, PathBuf};

use readmit::config;
use readmit::outbox::transport::FailureKind;

use super::{failure_of, send_once, settings};
use crate::support::smtp::{Action, SmtpServer, Stage};

fn server() -> SmtpServer {
    let server = SmtpServer::start();
    server.auth_mechanisms("PLAIN LOGIN XOAUTH2");
    server.advertise_auth("jane", "ya29.first");
    server
}

fn with_token(server: &SmtpServer, file: &Path) -> config::Smtp {
    config::Smtp {
        username: Some("jane".to_owned()),
        token_file: Some(file.to_owned()),
        ..settings(server)
    }
}

fn token_file(folder: &tempfile::TempDir, token: &str) -> PathBuf {
    let file = folder.path().join("token");
    std::fs::write(&file, token).expect("a file");
    file
}

/// Such a token lives for an hour: whoever renews it replaces the file, and nothing has to be started
/// again.
#[test]
fn the_token_is_read_for_each_connection() {
    let (server, folder) = (server(), tempfile::tempdir().expect("a folder"));
    let file = token_file(&folder, "ya29.first\n");
    let settings = with_token(&server, &file);
    send_once(&settings).expect("a reply");
    assert!(server.next_mail().credentials.is_some());
    assert!(server.transcript().contains("AUTH XOAUTH2 "));
    assert!(!server.transcript().contains("AUTH PLAIN"));
    server.advertise_auth("jane", "ya29.second");
    assert_eq!(failure_of(&settings).kind, FailureKind::Credentials);
    token_file(&folder, "ya29.second");
    send_once(&settings).expect("a reply");
}

/// A token that is not there, or a relay that wants another kind of proof, is nothing that a letter can
/// help.
#[test]
fn without_a_token_no_letter_is_at_fault() {
    let (server, folder) = (server(), tempfile::tempdir().expect("a folder"));
    let file = token_file(&folder, "ya29.first");
    let settings = with_token(&server, &file);
    for bad in ["", "\n", "two words", "with a \u{1} in it"] {
        token_file(&folder, bad);
        let failure = failure_of(&settings);
        assert_eq!(failure.kind, FailureKind::Credentials, "{bad:?}");
        assert!(failure.text.contains("smtp.token_file"), "{}", failure.text);
    }
    std::fs::remove_file(&file).expect("it is removed");
    assert_eq!(failure_of(&settings).kind, FailureKind::Credentials);
    token_file(&folder, "ya29.first");
    server.auth_mechanisms("PLAIN LOGIN");
    let failure = failure_of(&settings);
    assert_eq!(failure.kind, FailureKind::Relay);
    assert_eq!(failure.text, "AUTH: the relay offers no XOAUTH2");
}

/// Assertion 80: relays quote what they were told.
#[test]
fn no_text_holds_a_token_that_the_relay_quotes() {
    let (server, folder) = (server(), tempfile::tempdir().expect("a folder"));
    let settings = with_token(&server, &token_file(&folder, "ya29.first"));
    server.script(
        Stage::Auth,
        Action::Reply("535 5.7.8 no such token: ya29.first"),
    );
    let failure = failure_of(&settings);
    assert!(!format!("{failure:?}").contains("ya29"), "{failure:?}");
}
