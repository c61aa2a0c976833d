//! What a connection goes through before its first request, where the listener speaks TLS.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use super::HURRIED;
use super::patient::Patient;

/// A connection, private or not.
pub(super) trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// How connections become private.
#[derive(Clone)]
pub(super) struct Handshake {
    acceptor: TlsAcceptor,
    patience: Duration,
    stop: watch::Receiver<bool>,
}

impl Handshake {
    pub(super) fn new(
        acceptor: TlsAcceptor,
        patience: Duration,
        stop: watch::Receiver<bool>,
    ) -> Self {
        Self {
            acceptor,
            patience,
            stop,
        }
    }

    /// None for a client that does not come to terms in time, or not at all: it may speak plain HTTP, or be
    /// a scanner. Neither is an event worth a line. A stop does not wait for it.
    pub(super) async fn with(mut self, stream: Patient, hurried: bool) -> Option<Box<dyn Wire>> {
        let patience = if hurried {
            self.patience.min(HURRIED)
        } else {
            self.patience
        };
        let handshake = tokio::time::timeout(patience, self.acceptor.accept(stream));
        let outcome = tokio::select! {
            outcome = handshake => outcome,
            _ = self.stop.wait_for(|stop| *stop) => return None,
        };
        match outcome {
            Ok(Ok(stream)) => Some(Box::new(stream)),
            Ok(Err(error)) => {
                tracing::trace!(%error, "a TLS handshake failed");
                None
            }
            Err(_) => {
                tracing::trace!("a TLS handshake took too long");
                None
            }
        }
    }
}
