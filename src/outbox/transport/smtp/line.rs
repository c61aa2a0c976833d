//! The byte stream that lettre speaks over.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// What lettre reads for the relay's greeting, which was read before lettre came in.
const STAND_IN_GREETING: &str = "220 greeted already\r\n";

#[derive(Debug)]
enum Socket {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Socket {
    fn writer(&mut self) -> Pin<&mut (dyn AsyncWrite + Unpin)> {
        Pin::new(match self {
            Self::Plain(tcp) => tcp,
            Self::Tls(tls) => tls,
        })
    }
}

/// A connection to the relay, encrypted or not.
///
/// Replies are ASCII, since we never ask for SMTPUTF8, but some relays answer in Latin-1 all the
/// same. lettre would take such a reply for a broken connection and so lose its code; here the
/// offending bytes become question marks.
///
/// lettre writes and flushes a letter, and then its final dot. What does not end with a line is held
/// back until the rest is there, so that both leave in one packet, or one TLS record.
#[derive(Debug)]
pub(super) struct Line {
    socket: Socket,
    /// Read already, and to be read by lettre.
    stand_in: Vec<u8>,
    /// Whether what lettre sends next was sent already.
    is_rehearsal: bool,
    /// Written, and not sent yet.
    unsent: Vec<u8>,
}

impl Line {
    pub(super) fn plain(tcp: TcpStream) -> Self {
        Self::over(Socket::Plain(tcp))
    }

    pub(super) fn tls(tls: TlsStream<TcpStream>) -> Self {
        Self::over(Socket::Tls(Box::new(tls)))
    }

    fn over(socket: Socket) -> Self {
        Self {
            socket,
            stand_in: Vec::new(),
            is_rehearsal: false,
            unsent: Vec::new(),
        }
    }

    /// lettre expects a greeting first, and introduces itself: this plays the relay's part again, whose
    /// answer to EHLO is known. A feature of nothing but blanks, at which lettre panics, is none there.
    pub(super) fn rehearsing(self, features: &str) -> Self {
        let features = features.lines().map(|line| match line.split_at_checked(4) {
            Some((code, feature)) => format!("{code}{}\r\n", feature.trim_end()),
            None => format!("{line}\r\n"),
        });
        let features: String = features.collect();
        Self {
            stand_in: [STAND_IN_GREETING, &features].concat().into_bytes(),
            is_rehearsal: true,
            ..self
        }
    }

    /// The version of TLS in use, or nothing.
    pub(super) fn encryption(&self) -> Option<&'static str> {
        match &self.socket {
            Socket::Plain(_) => None,
            Socket::Tls(tls) => Some(match tls.get_ref().1.protocol_version() {
                Some(tokio_rustls::rustls::ProtocolVersion::TLSv1_3) => "TLS 1.3",
                _ => "TLS 1.2",
            }),
        }
    }
}

impl AsyncTokioStream for Line {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        match &self.socket {
            Socket::Plain(tcp) => tcp.peer_addr(),
            Socket::Tls(tls) => tls.get_ref().0.peer_addr(),
        }
    }
}

impl AsyncRead for Line {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let line = self.get_mut();
        if !line.stand_in.is_empty() {
            let now = line.stand_in.len().min(buffer.remaining());
            buffer.put_slice(&line.stand_in[..now]);
            line.stand_in.drain(..now);
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        let outcome = match &mut line.socket {
            Socket::Plain(tcp) => Pin::new(tcp).poll_read(cx, buffer),
            Socket::Tls(tls) => Pin::new(tls).poll_read(cx, buffer),
        };
        for byte in &mut buffer.filled_mut()[before..] {
            if !byte.is_ascii() {
                *byte = b'?';
            }
        }
        outcome
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().unsent.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let line = self.get_mut();
        if !line.unsent.ends_with(b"\r\n") {
            return Poll::Ready(Ok(()));
        }
        if std::mem::take(&mut line.is_rehearsal) {
            line.unsent.clear();
            return Poll::Ready(Ok(()));
        }
        let mut socket = line.socket.writer();
        while !line.unsent.is_empty() {
            let sent = ready!(socket.as_mut().poll_write(cx, &line.unsent))?;
            if sent == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            line.unsent.drain(..sent);
        }
        socket.poll_flush(cx)
    }

    /// What was held back is the beginning of a letter, which is not to be sent without its end.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().socket.writer().poll_shutdown(cx)
    }
}
