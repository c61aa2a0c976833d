//! What a failure is about, told from the stage of the conversation.

use lettre::transport::smtp;
use lettre::transport::smtp::response::{Response, Severity};
use secrecy::ExposeSecret as _;

use super::super::{EnhancedCode, Failure, FailureKind, Stage, text};
use super::{CLOSING, Relay};

/// "Authentication required", also "Must issue a STARTTLS command first" (RFC 3207, 4); "mechanism is
/// too weak", "credentials invalid" and "encryption required" (RFC 4954, 6).
const SIGN_IN: [u16; 4] = [530, 534, 535, 538];

impl Relay {
    pub(super) fn too_slow(&self, stage: Stage) -> Failure {
        let limit = humantime::format_duration(self.timeout);
        Failure::new(
            FailureKind::Timeout,
            None,
            &format!("{stage}: no answer within {limit}"),
        )
    }

    pub(super) fn failure(&self, stage: Stage, error: &smtp::Error) -> Failure {
        use std::error::Error as _;
        if let Some(code) = error.status() {
            let said = error.source().map(ToString::to_string).unwrap_or_default();
            return self.refusal(stage, code.into(), &said);
        }
        let reason = match error.source() {
            _ if error.to_string().ends_with("incomplete response") => {
                "the relay closed the connection".to_owned()
            }
            Some(source) => source.to_string(),
            None => error.to_string(),
        };
        self.lost(stage, &reason)
    }

    /// The line failed, or what came over it was no SMTP.
    pub(super) fn lost(&self, stage: Stage, reason: &str) -> Failure {
        let kind = if stage.is_about_the_relay() {
            FailureKind::Relay
        } else {
            FailureKind::Broken
        };
        let reason = self.without_credentials(reason);
        Failure::new(kind, None, &format!("{stage}: {reason}"))
    }

    /// The relay said no.
    pub(super) fn refusal(&self, stage: Stage, code: u16, said: &str) -> Failure {
        let kind = match (stage, code) {
            (Stage::StartTls, _) => FailureKind::Tls,
            (Stage::Auth, 500..) => FailureKind::Credentials,
            // Any letter would get these answers, and one that is final would lose them all.
            (_, code) if SIGN_IN.contains(&code) => FailureKind::Credentials,
            (_, CLOSING) => FailureKind::Relay,
            (stage, _) if stage.is_about_the_relay() => FailureKind::Relay,
            (_, 400..500) => FailureKind::Deferred,
            _ => FailureKind::Rejected,
        };
        let said = self.without_credentials(said);
        Failure {
            enhanced: EnhancedCode::at_start_of(&said),
            ..Failure::new(kind, Some(code), &format!("{stage}: {code} {said}"))
        }
    }

    pub(super) fn without_credentials(&self, said: &str) -> String {
        let Some(credentials) = &self.credentials else {
            return said.to_owned();
        };
        match credentials.secret() {
            Some(secret) => {
                text::without_credentials(said, &credentials.username, secret.expose_secret())
            }
            None => said.to_owned(),
        }
    }
}

/// lettre takes any positive reply for consent. A relay that answers DATA with 250, say, has lost
/// the thread, and would read the letter as commands.
pub(super) fn expect(stage: Stage, reply: &Response, wanted: Severity) -> Result<(), Failure> {
    if reply.code().severity == wanted {
        return Ok(());
    }
    let code = reply.code().into();
    Err(Failure::new(
        FailureKind::Broken,
        Some(code),
        &format!("{stage}: the reply {code} does not belong here"),
    ))
}
