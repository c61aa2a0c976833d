//! Every request under an id of its own: in the log, in the answer, and in the counters.

use std::sync::Arc;
use std::time::Duration;

use poem::http::{HeaderValue, Method, StatusCode};
use poem::{Endpoint, Request, Response};
use tracing::Instrument as _;

use super::Manners;
use crate::app::App;
use crate::meter::Answered;

/// Whatever is logged while a request is answered, on whichever thread, carries its id, which the caller
/// gets too. Of its path only the route's template is said, because a link that leads here by mistake can
/// have a token in it.
pub(super) async fn observe<E: Endpoint<Output = Response>>(
    manners: Arc<Manners>,
    next: Arc<E>,
    request: Request,
) -> poem::Result<Response> {
    let app = &manners.app;
    let _under_way = app.requests.enter();
    let observed = Observed::begin(&manners, request.method(), request.uri().path());
    let span = observed.span();
    let answer = next.get_response(request).instrument(span.clone());
    let mut response = answer.await;
    span.in_scope(|| observed.answered(app, &mut response));
    Ok(response)
}

/// A request, as it stands in the log and in the counters.
pub(super) struct Observed {
    id: String,
    route: Arc<str>,
    method: &'static str,
    begun: Duration,
}

impl Observed {
    pub(super) fn begin(manners: &Manners, method: &Method, path: &str) -> Self {
        Self {
            id: manners.app.entropy.token::<9>(),
            route: manners.methods.route(path),
            method: name(method),
            begun: manners.app.clock.uptime(),
        }
    }

    fn span(&self) -> tracing::Span {
        let Self {
            id, route, method, ..
        } = self;
        tracing::info_span!("request", id, method, route = &**route)
    }

    fn answered(self, app: &App, response: &mut Response) {
        let status = response.status().as_u16();
        let took = self.took(app);
        let seconds = took.as_secs_f64();
        if response.status() == StatusCode::INTERNAL_SERVER_ERROR {
            tracing::error!(status, seconds, "answered");
        } else {
            tracing::debug!(status, seconds, "answered");
        }
        self.count(app, took, response);
    }

    /// What was turned away is told of in one line, and only where everything is: its span would cost more
    /// than the rest of the answer.
    pub(super) fn turned_away(self, app: &App, response: &mut Response) {
        let Self {
            id, route, method, ..
        } = &self;
        tracing::debug!(id, method, route = &**route, "turned away");
        let took = self.took(app);
        self.count(app, took, response);
    }

    fn took(&self, app: &App) -> Duration {
        app.clock.uptime().saturating_sub(self.begun)
    }

    fn count(self, app: &App, took: Duration, response: &mut Response) {
        let answered = Answered {
            route: self.route,
            method: self.method,
            status: response.status().as_u16(),
        };
        app.requests.answered(answered, took);
        if let Ok(id) = HeaderValue::try_from(self.id) {
            response.headers_mut().insert("x-request-id", id);
        }
    }
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
