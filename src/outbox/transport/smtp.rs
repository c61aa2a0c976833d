//! Letters to a relay over pooled connections.
//!
//! The commands are driven one by one, so that a failure is known by the stage it happened at: it
//! decides whether the letter, the relay or the line is at fault, and whether the letter may have
//! arrived.

mod dial;
mod failure;
mod line;
mod tls;

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Severity;
use secrecy::SecretString;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::JoinSet;

use self::failure::expect;
use self::tls::Privacy;
use super::{Failure, FailureKind, Letter, Reply, Stage, TransportError, text};
use crate::clock::Timestamp;
use crate::config::{self, Tls};
use crate::outbox::library_address;

/// How long a connection may wait for its next letter. Relays close idle ones after a minute or
/// more; firewalls forget them without telling anyone.
const MAX_IDLE: Duration = Duration::from_mins(1);
/// How long a parting QUIT may take. Nothing depends on its answer.
const MAX_QUIT: Duration = Duration::from_secs(1);
/// "Service not available, closing transmission channel" (RFC 5321, 4.2.3).
const CLOSING: u16 = 421;

/// A relay and the connections to it.
pub struct Relay {
    host: String,
    port: u16,
    tls: Tls,
    /// Absent when the configuration wants no TLS.
    privacy: Option<Privacy>,
    hello: ClientId,
    credentials: Option<Credentials>,
    /// The most that one attempt may take, from the wait for a connection to the last reply. Whoever
    /// leases letters to attempts must be able to rely on it, so stages have no time of their own.
    timeout: Duration,
    permits: Semaphore,
    idle: Mutex<Vec<Link>>,
}

/// Who we are to the relay.
struct Credentials {
    username: String,
    proof: Proof,
}

enum Proof {
    Password(SecretString),
    /// By XOAUTH2. The last token that was read is kept, to know it where the relay repeats it.
    Token {
        file: PathBuf,
        last: Mutex<Option<SecretString>>,
    },
}

impl Credentials {
    fn of(config: &config::Smtp) -> Option<Self> {
        let proof = match (&config.password, &config.token_file) {
            (Some(password), _) => Proof::Password(password.clone()),
            (None, Some(file)) => Proof::Token {
                file: file.clone(),
                last: Mutex::new(None),
            },
            (None, None) => return None,
        };
        Some(Self {
            username: config.username.clone()?,
            proof,
        })
    }

    /// The password, or the token of the last connection.
    fn secret(&self) -> Option<SecretString> {
        match &self.proof {
            Proof::Password(password) => Some(password.clone()),
            Proof::Token { last, .. } => {
                last.lock().unwrap_or_else(PoisonError::into_inner).clone()
            }
        }
    }
}

/// A connection that has been greeted and signed in.
struct Link {
    connection: AsyncSmtpConnection,
    encryption: Option<&'static str>,
    /// Whether the relay takes several commands at once (RFC 2920).
    pipelines: bool,
    idle_since: Timestamp,
}

/// What outlives a conversation that ran out of time.
struct Attempt<'a> {
    /// How far it came.
    stage: Stage,
    /// Held until the connection is given back or closed, which keeps their number bounded.
    permit: Option<SemaphorePermit<'a>>,
    /// The connection, once it is usable.
    link: Option<Link>,
}

impl Relay {
    pub(super) fn open(
        config: &config::Smtp,
        host: &str,
        port: u16,
        tls: Tls,
        connections: usize,
    ) -> Result<Self, TransportError> {
        let privacy = match tls {
            Tls::None => None,
            Tls::Opportunistic | Tls::Required | Tls::Implicit => {
                Some(Privacy::open(host, config.ca_file.as_deref())?)
            }
        };
        Ok(Self {
            host: host.to_owned(),
            port,
            tls,
            privacy,
            hello: config
                .hello_name
                .clone()
                .map_or_else(ClientId::default, ClientId::Domain),
            credentials: Credentials::of(config),
            timeout: config.timeout,
            permits: Semaphore::new(connections.max(1)),
            idle: Mutex::new(Vec::new()),
        })
    }

    pub(super) async fn send(&self, letter: &Letter, now: Timestamp) -> Result<Reply, Failure> {
        let mut attempt = Attempt::new();
        let outcome = tokio::time::timeout(self.timeout, self.attempt(&mut attempt, letter, now))
            .await
            .unwrap_or_else(|_| Err(self.too_slow(attempt.stage)));
        match (&outcome, attempt.link) {
            (Ok(_), Some(mut link)) => {
                link.idle_since = now;
                self.idle().push(link);
            }
            (Err(failure), Some(link)) => leave(link, failure).await,
            (_, None) => {}
        }
        outcome.map_err(|failure| Failure {
            stage: Some(attempt.stage),
            ..failure
        })
    }

    pub(super) async fn probe(&self) -> Result<String, Failure> {
        let mut attempt = Attempt::new();
        let outcome = tokio::time::timeout(
            self.timeout,
            self.dial(&mut attempt.stage, &mut attempt.link),
        )
        .await
        .unwrap_or_else(|_| Err(self.too_slow(attempt.stage)))
        .map(|link| self.describe(link));
        match (&outcome, attempt.link) {
            (Ok(_), Some(link)) => quit(link).await,
            (Err(failure), Some(link)) => leave(link, failure).await,
            (_, None) => {}
        }
        outcome
    }

    fn describe(&self, link: &Link) -> String {
        let encryption = link.encryption.map_or_else(
            || "without encryption".to_owned(),
            |version| format!("encrypted with {version}"),
        );
        let identity = self.credentials.as_ref().map_or_else(
            || "without signing in".to_owned(),
            |credentials| format!("signed in as {}", credentials.username),
        );
        format!(
            "The relay {}:{} answers, {encryption}, {identity}.",
            self.host, self.port
        )
    }

    pub(super) async fn close(&self) {
        let idle = std::mem::take(&mut *self.idle());
        // At the same time, so that a relay that says nothing holds a shutdown up but once.
        let mut partings: JoinSet<()> = idle.into_iter().map(quit).collect();
        while partings.join_next().await.is_some() {}
    }

    async fn attempt<'a>(
        &'a self,
        attempt: &mut Attempt<'a>,
        letter: &Letter,
        now: Timestamp,
    ) -> Result<Reply, Failure> {
        let Attempt {
            stage,
            permit,
            link,
        } = attempt;
        // The semaphore is never closed; without a permit the letter would merely go at once.
        *permit = self.permits.acquire().await.ok();
        let link = self.begin(stage, link, letter, now).await?;
        self.finish(stage, link, letter).await
    }

    /// Gets a connection to take the envelope. One that was waiting may have been closed by the relay
    /// meanwhile, which says nothing about the letter: a fresh one takes its place.
    async fn begin<'l>(
        &self,
        stage: &mut Stage,
        slot: &'l mut Option<Link>,
        letter: &Letter,
        now: Timestamp,
    ) -> Result<&'l mut Link, Failure> {
        if let Some(mut idle) = self.take_idle(now) {
            match self.announce(stage, &mut idle, letter).await {
                Ok(()) => return Ok(slot.insert(idle)),
                Err(failure) if *stage == Stage::Mail && says_nothing(&failure) => {}
                Err(failure) => {
                    *slot = Some(idle);
                    return Err(failure);
                }
            }
        }
        let link = self.dial(stage, slot).await?;
        self.announce(stage, link, letter).await?;
        Ok(link)
    }

    /// Sends the envelope, up to the relay's go-ahead for the letter: in one piece to a relay that
    /// takes several commands at once, which saves two of four turns on a long way. What it has
    /// accepted by the time of a refusal comes to nothing with the connection.
    async fn announce(
        &self,
        stage: &mut Stage,
        link: &mut Link,
        letter: &Letter,
    ) -> Result<(), Failure> {
        let [sender, recipient] = [&letter.sender, &letter.recipient].map(library_address);
        let (done, go_on) = (Severity::PositiveCompletion, Severity::PositiveIntermediate);
        let commands = [
            (
                Stage::Mail,
                Mail::new(Some(sender), Vec::new()).to_string(),
                done,
            ),
            (
                Stage::Rcpt,
                Rcpt::new(recipient, Vec::new()).to_string(),
                done,
            ),
            (Stage::Data, Data.to_string(), go_on),
        ];
        let all: String = commands
            .iter()
            .map(|(_, command, _)| command.as_str())
            .collect();
        for (at, command, wanted) in &commands {
            *stage = *at;
            let reply = match (link.pipelines, at) {
                (false, _) => link.connection.command(command).await,
                (true, Stage::Mail) => link.connection.command(&all).await,
                (true, _) => link.connection.read_response().await,
            };
            let reply = reply.map_err(|error| self.failure(*at, &error))?;
            expect(*at, &reply, *wanted)?;
        }
        Ok(())
    }

    /// Sends the letter itself. Nothing from here on is ever tried twice.
    async fn finish(
        &self,
        stage: &mut Stage,
        link: &mut Link,
        letter: &Letter,
    ) -> Result<Reply, Failure> {
        *stage = Stage::Content;
        // lettre writes a line end of its own before the dot; ours would become an empty line.
        let content = letter.bytes.strip_suffix(b"\r\n").unwrap_or(&letter.bytes);
        let reply = link.connection.message(content).await;
        let reply = reply.map_err(|error| {
            let failure = self.failure(Stage::Content, &error);
            Failure {
                text: text::without_letter(&failure.text, &letter.bytes),
                ..failure
            }
        })?;
        expect(Stage::Content, &reply, Severity::PositiveCompletion)?;
        let said = reply.message().collect::<Vec<_>>().join(" ");
        let said = text::without_letter(&self.without_credentials(&said), &letter.bytes);
        Ok(Reply {
            code: reply.code().into(),
            text: text::one_line(&said),
        })
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Link>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection used last, which is the likeliest to be alive. Those that waited too long are
    /// dropped.
    fn take_idle(&self, now: Timestamp) -> Option<Link> {
        let mut idle = self.idle();
        idle.retain(|link| now.since(link.idle_since) <= MAX_IDLE);
        idle.pop()
    }
}

impl Attempt<'_> {
    fn new() -> Self {
        Self {
            stage: Stage::Queue,
            permit: None,
            link: None,
        }
    }
}

/// Whether a failure at the first command means no more than that the connection is over.
fn says_nothing(failure: &Failure) -> bool {
    failure.kind == FailureKind::Broken || failure.code == Some(CLOSING)
}

/// Parts with a connection that failed: politely when the relay has just spoken, and without a word
/// when it is gone.
async fn leave(link: Link, failure: &Failure) {
    if failure.code.is_some_and(|code| code != CLOSING) {
        quit(link).await;
    }
}

async fn quit(mut link: Link) {
    let _ = tokio::time::timeout(MAX_QUIT, link.connection.abort()).await;
}
