//! How a letter leaves: by SMTP to the relay, by the host's own mail system, or into a folder.
//!
//! A transport answers for one letter at a time and never tries again by itself; what follows from
//! a [`Failure`] is for the schedule to decide. Delivery is at least once: when a connection is lost
//! behind the final dot, nobody can tell whether the relay took the letter.
//!
//! Texts of relays end up on screens and in the database, so they arrive here as one line, without
//! control characters, and without what the relay quotes back of the letter or the credentials.

mod enhanced;
mod file;
mod sendmail;
mod smtp;
mod stage;
mod text;

use std::fmt;
use std::path::PathBuf;

use crate::clock::Timestamp;
use crate::config;
use crate::email::EmailAddress;

pub use self::enhanced::{EnhancedCode, NoCode};
pub use self::file::MailFolder;
pub use self::sendmail::Sendmail;
pub use self::smtp::Relay;
pub use self::stage::Stage;

/// A rendered message, ready for the wire.
#[derive(Clone)]
pub struct Letter {
    /// The Message-ID without its angle brackets.
    pub message_id: String,
    /// The envelope sender, where bounces go.
    pub sender: EmailAddress,
    /// The envelope recipient: there is exactly one.
    pub recipient: EmailAddress,
    /// The message (RFC 5322): ASCII, lines ended by CRLF, no dot-stuffing.
    pub bytes: Vec<u8>,
}

/// Leaves the content out: it holds links and codes.
impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Letter")
            .field("message_id", &self.message_id)
            .field("sender", &self.sender)
            .field("recipient", &self.recipient)
            .finish_non_exhaustive()
    }
}

/// What a transport said when it took a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The SMTP reply code, 2xx.
    pub code: u16,
    /// The rest of the reply: one line, at most 500 characters.
    pub text: String,
}

impl Reply {
    /// The enhanced status code of the reply (RFC 3463), if it had one.
    pub fn enhanced(&self) -> Option<EnhancedCode> {
        EnhancedCode::at_start_of(&self.text)
    }
}

/// Why a letter did not leave, or may not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Failure {
    /// What the failure is about.
    pub kind: FailureKind,
    /// How far the conversation had come; none where there was no conversation.
    pub stage: Option<Stage>,
    /// The relay's reply code, if it gave one.
    pub code: Option<u16>,
    /// The enhanced status code of that reply, if it had one.
    pub enhanced: Option<EnhancedCode>,
    /// Where it happened and why: one line, at most 500 characters.
    pub text: String,
}

impl Failure {
    fn new(kind: FailureKind, code: Option<u16>, text: &str) -> Self {
        Self {
            kind,
            stage: None,
            code,
            enhanced: None,
            text: text::one_line(text),
        }
    }
}

/// What a [`Failure`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// A 5xx reply to this letter, its sender or its recipient.
    Rejected,
    /// A 4xx reply to this letter, its sender or its recipient.
    Deferred,
    /// The relay cannot be used at present: not found, not reachable, or not willing to talk.
    Relay,
    /// The relay wants us to sign in otherwise than we do. No letter can pass until somebody has
    /// changed the configuration, here or there.
    Credentials,
    /// The connection could not be made private.
    Tls,
    /// A stage of the conversation took too long. If that was the final dot, the letter may have
    /// arrived.
    Timeout,
    /// The relay broke off after the conversation about this letter had begun. If that was at the
    /// final dot, the letter may have arrived.
    Broken,
}

/// Why a transport cannot be set up. Each is a mistake in the configuration or on this machine; a
/// relay that is down is none.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The relay's host name cannot appear in a certificate.
    #[error("smtp.url: `{0}` is neither a host name nor an IP address")]
    Host(String),
    /// The file of additional certificate authorities is unreadable.
    #[error("smtp.ca_file: cannot read certificates from {}: {reason}", path.display())]
    CaFile {
        /// The file as configured.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The TLS library refused its set-up.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] tokio_rustls::rustls::Error),
    /// The mail folder cannot be made.
    #[error("smtp.url: cannot make the mail folder {}: {source}", path.display())]
    Folder {
        /// The folder as configured.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
}

/// Where letters go.
pub enum Transport {
    /// To a relay by SMTP.
    Smtp(Relay),
    /// To the host's own mail system.
    Sendmail(Sendmail),
    /// Into a folder, one file a letter.
    File(MailFolder),
}

impl Transport {
    /// Sets the transport to `url` up: loads certificate authorities or makes the folder. It opens at
    /// most so many connections at the same time, and none yet, because a relay that is down is no
    /// reason not to start.
    pub fn open(
        config: &config::Smtp,
        url: &config::RelayUrl,
        connections: usize,
    ) -> Result<Self, TransportError> {
        match url {
            config::RelayUrl::Smtp { host, port, tls } => {
                Relay::open(config, host, *port, *tls, connections).map(Self::Smtp)
            }
            config::RelayUrl::Sendmail(program) => Ok(Self::Sendmail(Sendmail::new(
                program,
                config.timeout,
                connections,
            ))),
            config::RelayUrl::File(folder) => MailFolder::open(folder).map(Self::File),
        }
    }

    /// Hands one letter over. `now` tells which waiting connections are too old to be trusted.
    pub async fn send(&self, letter: &Letter, now: Timestamp) -> Result<Reply, Failure> {
        check_form(&letter.bytes)?;
        match self {
            Self::Smtp(relay) => relay.send(letter, now).await,
            Self::Sendmail(program) => program.send(letter).await,
            Self::File(folder) => folder.send(letter).await,
        }
    }

    /// Goes as far as possible without a letter and says in a sentence what was found.
    pub async fn probe(&self) -> Result<String, Failure> {
        match self {
            Self::Smtp(relay) => relay.probe().await,
            Self::Sendmail(program) => program.probe().await,
            Self::File(folder) => folder.probe().await,
        }
    }

    /// Takes leave of the relay on every waiting connection.
    pub async fn close(&self) {
        match self {
            Self::Smtp(relay) => relay.close().await,
            Self::Sendmail(_) | Self::File(_) => {}
        }
    }
}

/// Refuses bytes that do not survive SMTP as they are. A lone CR or LF is what SMTP smuggling is
/// made of: some relays take it for the end of a line, and a dot behind it for the end of the letter.
fn check_form(bytes: &[u8]) -> Result<(), Failure> {
    let fault = if !bytes.is_ascii() {
        Some("a byte outside of ASCII")
    } else if bytes.contains(&0) {
        Some("a NUL")
    } else if bytes.iter().enumerate().any(|(at, &byte)| match byte {
        b'\r' => bytes.get(at + 1) != Some(&b'\n'),
        b'\n' => at == 0 || bytes[at - 1] != b'\r',
        _ => false,
    }) {
        Some("a line end other than CRLF")
    } else {
        None
    };
    fault.map_or(Ok(()), |fault| {
        Err(Failure::new(
            FailureKind::Rejected,
            None,
            &format!("not sent: the letter contains {fault}"),
        ))
    })
}
