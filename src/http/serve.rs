//! Connections: accepted, counted, timed, and let finish when the server stops.
//!
//! The framework's own server has no time-out for a header that arrives byte by byte, so the
//! connections are run by hyper directly, whose header time-out also ends idle ones.

mod handshake;
mod lanes;
mod patient;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, ready};
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

use self::handshake::{Handshake, Wire};
use self::lanes::Lanes;
use self::patient::Patient;
use super::door::{Door, Entrance};
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
    let config = &app.config.http;
    let (endpoint, manners) = super::routes(&app);
    let endpoint = Arc::new(endpoint);
    let connections = Connections::new(config, Door::new(manners));
    let tls = app
        .tls
        .as_ref()
        .map(|tls| Handshake::new(tls.acceptor(), config.header_timeout, stop.clone()));
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
                app.clock.sleep(ACCEPT_PAUSE).await;
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
        connections.serve(Arc::clone(&endpoint), (stream, tls.clone()), ends, seat);
    }
    drop(listener);
    connections.end(config.shutdown_timeout).await;
}

/// How connections are run, and all that are.
struct Connections {
    door: Arc<Door>,
    usual: http1::Builder,
    /// For the last seats: one request, and soon.
    hurried: http1::Builder,
    write_timeout: Duration,
    lanes: Lanes,
    all: GracefulShutdown,
}

impl Connections {
    fn new(config: &config::Http, door: Door) -> Self {
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
            door: Arc::new(door),
            usual,
            hurried,
            write_timeout: config.request_timeout,
            lanes: Lanes::start(),
            all: GracefulShutdown::new(),
        }
    }

    fn serve<E: Endpoint<Output = Response> + 'static>(
        &self,
        endpoint: Arc<E>,
        (stream, tls): (TcpStream, Option<Handshake>),
        (local, peer): (LocalAddr, RemoteAddr),
        seat: Seat,
    ) {
        // Answers are small and written whole: waiting to fill a packet only delays them.
        let _ = stream.set_nodelay(true);
        let is_last = seat.is_last();
        let scheme = tls.as_ref().map_or(Scheme::HTTP, |_| Scheme::HTTPS);
        let (lane, pulse) = self.lanes.emptiest();
        let door = Arc::clone(&self.door);
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            pulse.feel();
            let work = match door.enter(&request, is_last, pulse.lateness()) {
                Entrance::Open(work) => work,
                Entrance::Closed(answer) => {
                    return Either::Left(ready(Ok::<_, Infallible>(answer.into())));
                }
            };
            let endpoint = Arc::clone(&endpoint);
            let ends = (local.clone(), peer.clone());
            let mut request = poem::Request::from((request, ends.0, ends.1, scheme.clone()));
            // The place is the request's, and free when that is gone.
            if let Some(work) = work {
                request.extensions_mut().insert(work);
            }
            Either::Right(Box::pin(async move {
                Ok(endpoint.get_response(request).await.into())
            }))
        });
        let builder = if is_last {
            self.hurried.clone()
        } else {
            self.usual.clone()
        };
        // Whatever waits for a stream waits in the lane that serves it.
        let Ok(stream) = stream.into_std() else {
            return;
        };
        let write_timeout = self.write_timeout;
        let watcher = self.all.watcher();
        lane.spawn(async move {
            let Ok(stream) = TcpStream::from_std(stream) else {
                return;
            };
            let stream = Patient::new(stream, write_timeout);
            let stream: Box<dyn Wire> = match tls {
                None => Box::new(stream),
                Some(handshake) => match handshake.with(stream, is_last).await {
                    Some(stream) => stream,
                    None => return,
                },
            };
            let connection = builder.serve_connection(TokioIo::new(stream), service);
            // A client that breaks off or idles too long is no event worth a line.
            if let Err(error) = watcher.watch(connection).await {
                tracing::trace!(%error, "a connection ended");
            }
            drop(seat);
        });
    }

    /// Lets what is under way end, for so long.
    async fn end(self, patience: Duration) {
        if tokio::time::timeout(patience, self.all.shutdown())
            .await
            .is_err()
        {
            tracing::warn!(
                "some requests were cut off because they took longer than the shutdown may"
            );
        }
        self.lanes.stop().await;
    }
}
