//! The listener of its own on which monitoring asks, so that neither is the other's to reach: the API
//! is for the world, and this is not.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

use super::render;
use crate::app::App;

/// Who scrapes needs one connection.
const CONNECTIONS: usize = 16;

/// How long headers may take to arrive, and an idle connection is kept.
const PATIENCE: Duration = Duration::from_secs(90);

/// How long accepting pauses when the system has no file descriptor to give.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Answers until `stop` turns true.
pub async fn serve(app: Arc<App>, listener: TcpListener, mut stop: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE);
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (listener.accept().await, place)
        };
        let (accepted, place) = tokio::select! {
            next = next => next,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        let Ok((stream, _)) = accepted else {
            app.clock.sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let app = Arc::clone(&app);
        let service = service_fn(move |request| {
            let app = Arc::clone(&app);
            async move { Ok::<_, Infallible>(answer(&app, &request).await) }
        });
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        let mut stop = stop.clone();
        tokio::spawn(async move {
            let _place = place;
            tokio::select! {
                // Whoever breaks off is no event worth a line.
                _ = connection => {}
                _ = stop.wait_for(|stop| *stop) => {}
            }
        });
    }
}

async fn answer(app: &App, request: &Request<Incoming>) -> Response<String> {
    let plain = |status, text: &str| with(status, "text/plain; charset=utf-8", text.to_owned());
    match (request.uri().path(), request.method()) {
        ("/metrics", &Method::GET) => {
            let text = render(app).await;
            with(
                StatusCode::OK,
                "text/plain; version=0.0.4; charset=utf-8",
                text,
            )
        }
        ("/metrics", _) => {
            let mut answer = plain(
                StatusCode::METHOD_NOT_ALLOWED,
                "only GET is answered here\n",
            );
            let allowed = hyper::header::HeaderValue::from_static("GET");
            answer.headers_mut().insert(ALLOW, allowed);
            answer
        }
        _ => plain(
            StatusCode::NOT_FOUND,
            "there is /metrics here, and nothing else\n",
        ),
    }
}

fn with(status: StatusCode, form: &'static str, text: String) -> Response<String> {
    let mut answer = Response::new(text);
    *answer.status_mut() = status;
    for (name, value) in [(CONTENT_TYPE, form), (CACHE_CONTROL, "no-store")] {
        let value = hyper::header::HeaderValue::from_static(value);
        answer.headers_mut().insert(name, value);
    }
    answer
}
