//! Connections: accepted, counted, timed, and let finish when the server stops.
//!
//! The framework's own server has no time-out for a header that arrives byte by byte, so the
//! connections are run by hyper directly, whose header time-out also ends idle ones.

mod patient;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use poem::http::uri::Scheme;
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Endpoint, Response};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use self::patient::Patient;
use super::shed::Crowded;
use crate::app::App;
use crate::config;
use crate::load::Seat;

/// Bytes of buffer a connection starts with; a request's head must fit the largest it may grow to.
const MAX_BUFFER: usize = 32 * 1024;

/// How long accepting pauses when the system has no file descriptor to give. Without a pause the loop
/// would spin: the connection that cannot be accepted is still there.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How long the head of a request may take on one of the last seats, of which there are few.
const HURRIED: Duration = Duration::from_secs(1);

/// Serves until `stop` turns true; then accepts no more and waits for the answers under way, for as
/// long as the configuration allows.
pub async fn serve(app: Arc<App>, listener: TcpListener, mut stop: watch::Receiver<bool>) {
    let endpoint = Arc::new(super::routes(&app));
    let config = &app.config.http;
    let connections = Connections::new(config);
    let mut failures: u64 = 0;
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                if failures == 0 {
                    tracing::warn!(%error, "connections cannot be accepted");
                }
                failures += 1;
                let pause = app.clock.now().after(ACCEPT_PAUSE);
                app.clock.sleep_until(pause).await;
                continue;
            }
        };
        if failures > 0 {
            tracing::warn!(failures, "connections are accepted again");
            failures = 0;
        }
        // Closed at once when there is no seat at all: whoever waits unanswered would tie up a descriptor.
        let Some(seat) = app.load.seat() else {
            continue;
        };
        let Ok(local) = stream.local_addr() else {
            continue;
        };
        let ends = (LocalAddr(local.into()), RemoteAddr(peer.into()));
        connections.serve(Arc::clone(&endpoint), stream, ends, seat);
    }
    drop(listener);
    if tokio::time::timeout(config.shutdown_timeout, connections.all.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("some requests were cut off because they took longer than the shutdown may");
    }
}

/// How connections are run, and all that are.
struct Connections {
    usual: http1::Builder,
    /// For the last seats: one request, and soon.
    hurried: http1::Builder,
    write_timeout: Duration,
    all: GracefulShutdown,
}

impl Connections {
    fn new(config: &config::Http) -> Self {
        let mut usual = http1::Builder::new();
        usual
            .timer(TokioTimer::new())
            .header_read_timeout(config.header_timeout)
            .max_buf_size(MAX_BUFFER);
        let mut hurried = usual.clone();
        hurried
            .keep_alive(false)
            .header_read_timeout(config.header_timeout.min(HURRIED));
        Self {
            usual,
            hurried,
            write_timeout: config.request_timeout,
            all: GracefulShutdown::new(),
        }
    }

    fn serve<E: Endpoint<Output = Response> + 'static>(
        &self,
        endpoint: Arc<E>,
        stream: TcpStream,
        (local, peer): (LocalAddr, RemoteAddr),
        seat: Seat,
    ) {
        // Answers are small and written whole: waiting to fill a packet only delays them.
        let _ = stream.set_nodelay(true);
        let is_last = seat.is_last();
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let endpoint = Arc::clone(&endpoint);
            let ends = (local.clone(), peer.clone());
            let mut request = poem::Request::from((request, ends.0, ends.1, Scheme::HTTP));
            if is_last {
                request.extensions_mut().insert(Crowded);
            }
            async move { Ok::<_, Infallible>(endpoint.get_response(request).await.into()) }
        });
        let builder = if is_last { &self.hurried } else { &self.usual };
        let stream = TokioIo::new(Patient::new(stream, self.write_timeout));
        let connection = self.all.watch(builder.serve_connection(stream, service));
        tokio::spawn(async move {
            // A client that breaks off or idles too long is no event worth a line.
            if let Err(error) = connection.await {
                tracing::trace!(%error, "a connection ended");
            }
            drop(seat);
        });
    }
}
