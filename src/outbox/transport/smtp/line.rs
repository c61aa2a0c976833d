//! The byte stream that lettre speaks over.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// What lettre reads when the relay's own greeting was read before lettre came in.
const STAND_IN_GREETING: &[u8] = b"220 greeted already\r\n";

#[derive(Debug)]
enum Socket {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// A connection to the relay, encrypted or not.
///
/// Replies are ASCII, since we never ask for SMTPUTF8, but some relays answer in Latin-1 all the
/// same. lettre would take such a reply for a broken connection and so lose its code; here the
/// offending bytes become question marks.
#[derive(Debug)]
pub(super) struct Line {
    socket: Socket,
    stand_in: &'static [u8],
}

impl Line {
    pub(super) fn plain(tcp: TcpStream) -> Self {
        Self {
            socket: Socket::Plain(tcp),
            stand_in: &[],
        }
    }

    pub(super) fn tls(tls: TlsStream<TcpStream>) -> Self {
        Self {
            socket: Socket::Tls(Box::new(tls)),
            stand_in: &[],
        }
    }

    /// lettre expects a greeting first; this gives it one.
    pub(super) fn greeted_already(self) -> Self {
        Self {
            stand_in: STAND_IN_GREETING,
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
            let (now, later) = line
                .stand_in
                .split_at(line.stand_in.len().min(buffer.remaining()));
            buffer.put_slice(now);
            line.stand_in = later;
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
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().socket {
            Socket::Plain(tcp) => Pin::new(tcp).poll_write(cx, bytes),
            Socket::Tls(tls) => Pin::new(tls).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().socket {
            Socket::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
            Socket::Tls(tls) => Pin::new(tls).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().socket {
            Socket::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Socket::Tls(tls) => Pin::new(tls).poll_shutdown(cx),
        }
    }
}
