//! Every request under an id of its own: in the log, in the answer, and in the counters.

use std::sync::Arc;

use poem::http::{HeaderValue, Method, StatusCode};
use poem::{Endpoint, Request, Response};
use tracing::Instrument as _;

use super::methods::Methods;
use crate::app::App;
use crate::meter::Answered;

/// Whatever is logged while a request is answered, on whichever thread, carries its id, which the caller
/// gets too. Of its path only the route's template is said, because a link that leads here by mistake can
/// have a token in it.
pub(super) async fn observe<E: Endpoint<Output = Response>>(
    app: Arc<App>,
    known: Arc<Methods>,
    next: Arc<E>,
    request: Request,
) -> poem::Result<Response> {
    let _under_way = app.requests.enter();
    let id = app.entropy.token::<9>();
    let route = known.route(request.uri().path());
    let method = name(request.method());
    let span = tracing::info_span!("request", id, method, route = &*route);
    let begun = app.clock.uptime();
    let answer = next.get_response(request).instrument(span.clone());
    let mut response = answer.await;
    let took = app.clock.uptime().saturating_sub(begun);
    let status = response.status().as_u16();
    let seconds = took.as_secs_f64();
    span.in_scope(|| {
        if response.status() == StatusCode::INTERNAL_SERVER_ERROR {
            tracing::error!(status, seconds, "answered");
        } else {
            tracing::debug!(status, seconds, "answered");
        }
    });
    let answered = Answered {
        route,
        method,
        status,
    };
    app.requests.answered(answered, took);
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert("x-request-id", id);
    }
    Ok(response)
}

/// A method by its name; there are no more of them in the counters than these, whatever a stranger sends.
fn name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        _ => "other",
    }
}
