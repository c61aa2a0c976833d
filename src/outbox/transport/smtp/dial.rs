//! From nothing to a connection that is greeted, private where it must be, and signed in.

use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::sync::PoisonError;

use lettre::transport::smtp::authentication::Mechanism;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Ehlo, Starttls};
use lettre::transport::smtp::response::Response;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::super::{Failure, FailureKind};
use super::line::Line;
use super::tls::Privacy;
use super::{Link, Proof, Relay, Stage};
use crate::clock::Timestamp;
use crate::config::Tls;

/// The most bytes of a reply that is read without lettre.
const MAX_REPLY: usize = 10_000;

impl Relay {
    /// Connects. The connection is left in `slot` even when signing in fails.
    pub(super) async fn dial<'l>(
        &self,
        stage: &mut Stage,
        slot: &'l mut Option<Link>,
    ) -> Result<&'l mut Link, Failure> {
        *stage = Stage::Connect;
        let tcp = self.connect().await?;
        let stays_here =
            is_loopback(&self.host) && tcp.peer_addr().is_ok_and(|peer| peer.ip().is_loopback());
        let (mut stream, features) = match (&self.privacy, self.tls) {
            (None, _) => (Line::plain(tcp), None),
            (Some(privacy), Tls::Implicit) => {
                *stage = Stage::Handshake;
                (self.encrypt(tcp, privacy).await?, None)
            }
            (Some(privacy), _) => self.negotiate(stage, tcp, privacy).await?,
        };
        *stage = Stage::Hello;
        let features = match features {
            Some(features) => features,
            None => self.greet(&mut stream).await?,
        };
        let encryption = stream.encryption();
        let pipelines = offers(&features, "PIPELINING");
        // lettre greets, and keeps only those features that it uses itself: so it hears again what was said.
        let stream = Box::new(stream.rehearsing(&features));
        let connection = AsyncSmtpConnection::connect_with_transport(stream, &self.hello).await;
        let link = slot.insert(Link {
            connection: connection.map_err(|error| self.failure(Stage::Hello, &error))?,
            encryption,
            pipelines,
            idle_since: Timestamp::default(),
        });
        *stage = Stage::Auth;
        self.sign_in(link, stays_here).await?;
        Ok(link)
    }

    /// Waits for the greeting, and introduces itself. Returns what the relay offers.
    async fn greet(
        &self,
        stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    ) -> Result<String, Failure> {
        self.exchange(Stage::Hello, stream, "").await?;
        self.introduce(stream).await
    }

    async fn introduce(
        &self,
        stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    ) -> Result<String, Failure> {
        let hello = Ehlo::new(self.hello.clone()).to_string();
        self.exchange(Stage::Hello, stream, &hello).await
    }

    /// Tries each address of the relay, each with its share of the time, so that one that swallows
    /// packets leaves some for the next.
    async fn connect(&self) -> Result<TcpStream, Failure> {
        let failed = |error: io::Error| {
            let reason = format!("{}:{}: {error}", self.host, self.port);
            self.lost(Stage::Connect, &reason)
        };
        let addresses: Vec<_> = tokio::net::lookup_host((self.host.as_str(), self.port))
            .await
            .map_err(failed)?
            .collect();
        let share = self.timeout / u32::try_from(addresses.len()).unwrap_or(1).max(1);
        let mut failure = failed(io::Error::other("the name has no address"));
        for address in addresses {
            match tokio::time::timeout(share, TcpStream::connect(address)).await {
                Ok(Ok(tcp)) => {
                    // Nagle's algorithm would hold back what follows until the relay acknowledges what it
                    // has, which it delays by 40 ms.
                    tcp.set_nodelay(true).map_err(failed)?;
                    return Ok(tcp);
                }
                Ok(Err(error)) => failure = failed(error),
                Err(_) => failure = self.too_slow(Stage::Connect),
            }
        }
        Err(failure)
    }

    async fn encrypt(&self, tcp: TcpStream, privacy: &Privacy) -> Result<Line, Failure> {
        let handshake = privacy.connector.connect(privacy.name.clone(), tcp);
        match handshake.await {
            Ok(tls) => Ok(Line::tls(tls)),
            Err(error) => {
                let text = format!("{}: {}: {error}", Stage::Handshake, self.host);
                Err(Failure::new(FailureKind::Tls, None, &text))
            }
        }
    }

    /// Greeting, EHLO and STARTTLS in the clear, one byte at a time and without lettre, which reads
    /// ahead: what someone on the way put behind the go-ahead would stay in its buffer, and pass for
    /// a private reply after the handshake. Here it ends up in the handshake and breaks it. Without TLS the
    /// relay has said what it offers, and is not asked again: some take a second EHLO for an error.
    async fn negotiate(
        &self,
        stage: &mut Stage,
        mut tcp: TcpStream,
        privacy: &Privacy,
    ) -> Result<(Line, Option<String>), Failure> {
        *stage = Stage::Hello;
        let features = self.greet(&mut tcp).await?;
        let offered = offers(&features, "STARTTLS");
        if !offered && self.tls == Tls::Opportunistic {
            return Ok((Line::plain(tcp), Some(features)));
        }
        if !offered {
            // Nothing depends on whether the relay hears this.
            let _ = tcp.write_all(b"QUIT\r\n").await;
            return Err(Failure::new(
                FailureKind::Tls,
                None,
                "STARTTLS: TLS is required, and the relay does not offer it",
            ));
        }
        *stage = Stage::StartTls;
        self.exchange(*stage, &mut tcp, &Starttls.to_string())
            .await?;
        *stage = Stage::Handshake;
        let mut line = self.encrypt(tcp, privacy).await?;
        *stage = Stage::Hello;
        // What was said in the clear may have been said by anybody (RFC 3207, 4.2).
        let features = self.introduce(&mut line).await?;
        Ok((line, Some(features)))
    }

    /// Sends a command (the empty one waits for the greeting) and reads a positive reply.
    async fn exchange(
        &self,
        stage: Stage,
        stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
        command: &str,
    ) -> Result<String, Failure> {
        let step = async {
            stream.write_all(command.as_bytes()).await?;
            stream.flush().await?;
            let text = read_reply(stream).await?;
            let reply: Response = text
                .parse()
                .map_err(|_| io::Error::other("the relay does not speak SMTP"))?;
            Ok((text, reply))
        };
        let (text, reply) = step
            .await
            .map_err(|error: io::Error| self.lost(stage, &error.to_string()))?;
        if reply.is_positive() {
            return Ok(text);
        }
        let said = reply.message().collect::<Vec<_>>().join(" ");
        Err(self.refusal(stage, reply.code().into(), &said))
    }

    async fn sign_in(&self, link: &mut Link, stays_here: bool) -> Result<(), Failure> {
        let Some(credentials) = &self.credentials else {
            return Ok(());
        };
        if link.encryption.is_none() && !stays_here {
            return Err(Failure::new(
                FailureKind::Tls,
                None,
                "AUTH: credentials are configured, and are not sent without encryption",
            ));
        }
        let (mechanisms, names): (&[Mechanism], _) = match &credentials.proof {
            // LOGIN has been superseded, but is all that some relays know.
            Proof::Password(_) => (
                &[Mechanism::Plain, Mechanism::Login],
                "neither PLAIN nor LOGIN",
            ),
            Proof::Token { file, last } => {
                let token = read_token(file).await?;
                *last.lock().unwrap_or_else(PoisonError::into_inner) = Some(token);
                (&[Mechanism::Xoauth2], "no XOAUTH2")
            }
        };
        let server = link.connection.server_info();
        if server.get_auth_mechanism(mechanisms).is_none() {
            return Err(self.lost(Stage::Auth, &format!("the relay offers {names}")));
        }
        let secret = credentials.secret().unwrap_or_default();
        let given = lettre::transport::smtp::authentication::Credentials::new(
            credentials.username.clone(),
            secret.expose_secret().to_owned(),
        );
        match link.connection.auth(mechanisms, &given).await {
            Ok(_) => Ok(()),
            // The relay says why in a challenge, which it takes an empty answer to end.
            Err(error) if error.is_client() => Err(Failure::new(
                FailureKind::Credentials,
                None,
                "AUTH: the relay does not take the credentials",
            )),
            Err(error) => Err(self.failure(Stage::Auth, &error)),
        }
    }
}

/// The token in a file, without the blanks around it.
async fn read_token(file: &Path) -> Result<SecretString, Failure> {
    let failed = |why: &str| {
        let text = format!("AUTH: smtp.token_file: {}: {why}", file.display());
        Failure::new(FailureKind::Credentials, None, &text)
    };
    let text = tokio::fs::read_to_string(file)
        .await
        .map_err(|error| failed(&error.to_string()))?;
    let token = text.trim();
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(failed("this is no token"));
    }
    Ok(SecretString::from(token))
}

/// Whether the name can mean nothing but this machine.
fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// Whether a reply to EHLO names this feature (RFC 5321, 4.1.1.1): one on each line, behind the code.
fn offers(features: &str, wanted: &str) -> bool {
    let named = |line: &str| {
        line.get(4..)
            .is_some_and(|name| name.trim().eq_ignore_ascii_case(wanted))
    };
    features.lines().skip(1).any(named)
}

/// The lines of one reply, byte by byte, so that nothing is read of what comes behind it.
async fn read_reply(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<String> {
    let mut reply = String::new();
    let mut line_start = 0;
    loop {
        let byte = stream.read_u8().await.map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => io::Error::other("the relay closed the connection"),
            _ => error,
        })?;
        reply.push(if byte.is_ascii() { byte.into() } else { '?' });
        if reply.len() > MAX_REPLY {
            return Err(io::Error::other("the reply is too long"));
        }
        if byte == b'\n' {
            // A hyphen behind the code announces another line.
            if reply.as_bytes().get(line_start + 3) != Some(&b'-') {
                break;
            }
            line_start = reply.len();
        }
    }
    Ok(reply)
}
