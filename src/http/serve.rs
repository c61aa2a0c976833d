//! Connections: accepted, timed, and let finish when the server stops.
//!
//! The framework's own server has no time-out for a header that arrives byte by byte, so the
//! connections are run by hyper directly, whose header time-out also ends idle ones.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use poem::http::uri::Scheme;
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Endpoint, Response};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use crate::app::App;

/// Bytes of buffer a connection starts with; a request's head must fit the largest it may grow to.
const MAX_BUFFER: usize = 32 * 1024;

/// How long accepting pauses when the system has no file descriptor to give.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves until `stop` turns true; then accepts no more and waits for the answers under way, for as
/// long as the configuration allows.
pub async fn serve(app: Arc<App>, listener: TcpListener, mut stop: watch::Receiver<bool>) {
    let endpoint = Arc::new(super::routes(&app));
    let config = &app.config.http;
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(config.header_timeout)
        .max_buf_size(MAX_BUFFER);
    let connections = GracefulShutdown::new();
    let tls = app.tls.as_ref().map(|tls| Handshake {
        acceptor: tls.acceptor(),
        patience: config.header_timeout,
        stop: stop.clone(),
    });
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection cannot be accepted");
                let pause = app.clock.now().after(ACCEPT_PAUSE);
                app.clock.sleep_until(pause).await;
                continue;
            }
        };
        let Ok(local) = stream.local_addr() else {
            continue;
        };
        serve_connection(
            &builder,
            connections.watcher(),
            Arc::clone(&endpoint),
            (stream, tls.clone()),
            (LocalAddr(local.into()), RemoteAddr(peer.into())),
        );
    }
    drop(listener);
    if tokio::time::timeout(config.shutdown_timeout, connections.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("some requests were cut off because they took longer than the shutdown may");
    }
}

/// What a connection goes through before its first request, where the listener speaks TLS.
#[derive(Clone)]
struct Handshake {
    acceptor: TlsAcceptor,
    patience: Duration,
    stop: watch::Receiver<bool>,
}

/// A connection, private or not.
trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

impl Handshake {
    /// None for a client that does not come to terms in time, or not at all: it may speak plain HTTP, or be
    /// a scanner. Neither is an event worth a line. A stop does not wait for it.
    async fn with(mut self, stream: TcpStream) -> Option<Box<dyn Wire>> {
        let handshake = tokio::time::timeout(self.patience, self.acceptor.accept(stream));
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

fn serve_connection<E: Endpoint<Output = Response> + 'static>(
    builder: &http1::Builder,
    watcher: Watcher,
    endpoint: Arc<E>,
    (stream, tls): (TcpStream, Option<Handshake>),
    (local, peer): (LocalAddr, RemoteAddr),
) {
    // Answers are small and written whole: waiting to fill a packet only delays them.
    let _ = stream.set_nodelay(true);
    let scheme = if tls.is_some() {
        Scheme::HTTPS
    } else {
        Scheme::HTTP
    };
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let endpoint = Arc::clone(&endpoint);
        let request = (request, local.clone(), peer.clone(), scheme.clone()).into();
        async move { Ok::<_, Infallible>(endpoint.get_response(request).await.into()) }
    });
    let builder = builder.clone();
    tokio::spawn(async move {
        let stream: Box<dyn Wire> = match tls {
            None => Box::new(stream),
            Some(handshake) => match handshake.with(stream).await {
                Some(stream) => stream,
                None => return,
            },
        };
        let connection = watcher.watch(builder.serve_connection(TokioIo::new(stream), service));
        // A client that breaks off or idles too long is no event worth a line.
        if let Err(error) = connection.await {
            tracing::trace!(%error, "a connection ended");
        }
    });
}
