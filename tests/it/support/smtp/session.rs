//! One conversation, from the greeting to QUIT.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::{Action, Mail, Shared, Stage, TlsMode};

trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

struct Session<'a> {
    shared: &'a Shared,
    stream: Box<dyn Stream>,
    /// Read, and not yet used.
    unread: Vec<u8>,
    encrypted: bool,
    credentials: Option<(String, String)>,
    from: Option<String>,
    recipients: Vec<String>,
}

/// Runs the conversation. It ends with QUIT, or with an error when either side hangs up.
pub(super) fn serve(shared: &Shared, tcp: TcpStream) {
    // Without this, a reply may wait for the client's acknowledgement of the one before.
    let _ = tcp.set_nodelay(true);
    let _ = converse(shared, tcp);
}

fn converse(shared: &Shared, tcp: TcpStream) -> io::Result<()> {
    let later = tcp.try_clone()?;
    let mut session = Session {
        shared,
        stream: Box::new(tcp),
        unread: Vec::new(),
        encrypted: false,
        credentials: None,
        from: None,
        recipients: Vec::new(),
    };
    let answered = session.scripted(Stage::Connect, |session| match &shared.tls {
        Some((TlsMode::Implicit, config)) => session.encrypt(later.try_clone()?, config),
        _ => Ok(()),
    })?;
    if answered.is_none() {
        session.say("220 test.example ESMTP")?;
    }
    loop {
        let line = session.read_line()?;
        let line = String::from_utf8_lossy(&line).trim_end().to_owned();
        let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" | "HELO" => {
                let features = session.features();
                session.act(Stage::Ehlo, &features)?;
            }
            "STARTTLS" => {
                let agreed = session.act(Stage::StartTls, "220 go ahead")?;
                if let (true, Some((_, config))) = (agreed, &shared.tls) {
                    session.encrypt(later.try_clone()?, config)?;
                }
            }
            "AUTH" => session.auth(rest)?,
            "MAIL" => {
                if session.act(Stage::Mail, "250 2.1.0 ok")? {
                    session.from = Some(path(rest));
                    session.recipients.clear();
                }
            }
            "RCPT" => {
                if session.act(Stage::Rcpt, "250 2.1.5 ok")? {
                    session.recipients.push(path(rest));
                }
            }
            "DATA" => session.data()?,
            "RSET" => {
                session.from = None;
                session.say("250 2.0.0 ok")?;
            }
            "NOOP" => session.say("250 2.0.0 ok")?,
            "QUIT" => return session.say("221 2.0.0 bye"),
            _ => session.say("500 5.5.2 what?")?,
        }
    }
}

impl Session<'_> {
    /// Does what the script says, and otherwise gives the normal answer. True if the reply was positive.
    fn act(&mut self, stage: Stage, normal: &str) -> io::Result<bool> {
        if let Some(positive) = self.scripted(stage, |_| Ok(()))? {
            return Ok(positive);
        }
        self.say(normal)?;
        Ok(is_positive(normal))
    }

    /// Does what the script says; nothing when a normal answer is still due. `before` runs before
    /// anything is said.
    fn scripted(
        &mut self,
        stage: Stage,
        before: impl FnOnce(&mut Self) -> io::Result<()>,
    ) -> io::Result<Option<bool>> {
        let hung_up = || Err(io::ErrorKind::ConnectionAborted.into());
        let (action, releases) = self.shared.reach(stage);
        match action.as_deref() {
            Some(Action::Reply(text)) => {
                before(self)?;
                self.say(text)?;
                Ok(Some(is_positive(text)))
            }
            Some(Action::ReplyThenClose(text)) => {
                before(self)?;
                self.say(text)?;
                hung_up()
            }
            Some(Action::ReplyAbout(make)) => {
                before(self)?;
                let mail = self.shared.lock().mails.last().cloned();
                let text = make(&mail.expect("a mail has come"));
                self.say(&text)?;
                Ok(Some(is_positive(&text)))
            }
            Some(Action::Close) => hung_up(),
            Some(Action::Stall) => {
                if !self.shared.stall(releases) {
                    return hung_up();
                }
                before(self)?;
                Ok(None)
            }
            Some(Action::Run(run)) => {
                run();
                before(self)?;
                Ok(None)
            }
            None => {
                before(self)?;
                Ok(None)
            }
        }
    }

    fn features(&self) -> String {
        let state = self.shared.lock();
        let mut features = vec!["test.example".to_owned()];
        if state.starttls && !self.encrypted {
            features.push("STARTTLS".to_owned());
        }
        if state.pipelining {
            features.push("PIPELINING".to_owned());
        }
        if state.account.is_some() {
            features.push(format!("AUTH {}", state.mechanisms));
        }
        format!("250-{}\r\n250 8BITMIME", features.join("\r\n250-"))
    }

    fn auth(&mut self, command: &str) -> io::Result<()> {
        if self.scripted(Stage::Auth, |_| Ok(()))?.is_some() {
            return Ok(());
        }
        let (user, password) = match command.split_once(' ') {
            Some(("PLAIN", encoded)) => {
                let decoded = decode(encoded.as_bytes());
                let mut parts = decoded.split('\0').skip(1).map(str::to_owned);
                (
                    parts.next().unwrap_or_default(),
                    parts.next().unwrap_or_default(),
                )
            }
            None if command == "LOGIN" => {
                self.say("334 VXNlcm5hbWU6")?;
                let user = decode(&self.read_line()?);
                self.say("334 UGFzc3dvcmQ6")?;
                (user, decode(&self.read_line()?))
            }
            Some(("XOAUTH2", encoded)) => {
                let decoded = decode(encoded.as_bytes());
                let mut parts = decoded.split('\x01');
                let mut after = |prefix: &str| {
                    let part = parts.next().and_then(|part| part.strip_prefix(prefix));
                    part.unwrap_or_default().to_owned()
                };
                let given = (after("user="), after("auth=Bearer "));
                if self.shared.lock().account.as_ref() != Some(&given) {
                    // Why, in base64, to which the client has nothing to say.
                    self.say("334 eyJzdGF0dXMiOiI0MDEifQ==")?;
                    self.read_line()?;
                }
                given
            }
            _ => return self.say("504 5.5.4 no such mechanism"),
        };
        let given = Some((user, password));
        let known = self.shared.lock().account == given;
        if !known {
            return self.say("535 5.7.8 no");
        }
        self.credentials = given;
        self.say("235 2.7.0 welcome")
    }

    fn data(&mut self) -> io::Result<()> {
        if !self.act(Stage::Data, "354 go ahead")? {
            return Ok(());
        }
        let mail = self.read_mail()?;
        self.shared.change(|state| state.mails.push(mail));
        self.act(Stage::Dot, "250 2.0.0 ok: queued as TEST")?;
        Ok(())
    }

    fn read_mail(&mut self) -> io::Result<Mail> {
        let (mut raw, mut wire) = (Vec::new(), Vec::new());
        loop {
            let line = self.read_line()?;
            // A dot ends the mail between two CRLFs only: a lone LF in front of it does not count.
            let starts_line = wire.is_empty() || wire.ends_with(b"\r\n");
            if starts_line && line == b".\r\n" {
                break;
            }
            wire.extend_from_slice(&line);
            match line.strip_prefix(b".") {
                Some(rest) if starts_line => raw.extend_from_slice(rest),
                _ => raw.extend_from_slice(&line),
            }
        }
        Ok(Mail {
            from: self.from.take().unwrap_or_default(),
            recipients: std::mem::take(&mut self.recipients),
            raw,
            wire,
            encrypted: self.encrypted,
            credentials: self.credentials.clone(),
        })
    }

    fn encrypt(&mut self, tcp: TcpStream, config: &Arc<ServerConfig>) -> io::Result<()> {
        let connection = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
        self.stream = Box::new(StreamOwned::new(connection, tcp));
        self.unread.clear();
        self.encrypted = true;
        Ok(())
    }

    fn read_line(&mut self) -> io::Result<Vec<u8>> {
        loop {
            if let Some(end) = self.unread.iter().position(|&byte| byte == b'\n') {
                return Ok(self.unread.drain(..=end).collect());
            }
            let mut buffer = [0; 4096];
            let read = self.stream.read(&mut buffer)?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.unread.extend_from_slice(&buffer[..read]);
            self.shared
                .change(|state| state.transcript.extend_from_slice(&buffer[..read]));
        }
    }

    /// Says it in Latin-1, so that a test can have an old relay that does not know UTF-8.
    fn say(&mut self, text: &str) -> io::Result<()> {
        let line: Vec<u8> = text
            .chars()
            .chain("\r\n".chars())
            .map(|c| u8::try_from(c).unwrap_or(b'?'))
            .collect();
        self.stream.write_all(&line)?;
        self.stream.flush()
    }
}

fn is_positive(reply: &str) -> bool {
    reply.starts_with(['2', '3'])
}

/// The address in `FROM:<a@b> SIZE=1`.
fn path(argument: &str) -> String {
    let inner = argument.split_once('<').map_or(argument, |(_, rest)| rest);
    inner
        .split_once('>')
        .map_or(inner, |(address, _)| address)
        .to_owned()
}

fn decode(encoded: &[u8]) -> String {
    let decoded = STANDARD.decode(encoded.trim_ascii()).unwrap_or_default();
    String::from_utf8_lossy(&decoded).into_owned()
}
