//! The one place that turns a failure into an answer.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt as _;
use poem::http::{HeaderMap, HeaderValue, StatusCode, header};
use poem::{Endpoint, IntoResponse, Request, Response};

use super::envelope::Envelope;
use super::error::{Failure, foreign, with_retry_after};
use super::{oauth, pages};
use crate::app::App;
use crate::business::Business;

/// Answers for whatever fails inside: a handler, a parser, the router, or a panic.
pub(super) async fn edge<E: Endpoint<Output = Response>>(
    app: Arc<App>,
    next: Arc<E>,
    request: Request,
) -> poem::Result<Response> {
    let asked = Asked::of(request.uri().path(), request.headers());
    let outcome = AssertUnwindSafe(next.call(request)).catch_unwind().await;
    let failure = match outcome {
        Ok(Ok(response)) => return Ok(response),
        Ok(Err(error)) => error,
        Err(panic) => {
            tracing::error!(panic = panic_text(panic.as_ref()), "a handler panicked");
            Failure::Internal.into()
        }
    };
    Ok(asked.answer(&app, failure).await)
}

/// What a request has asked for, as far as the form of a failure depends on it.
pub(super) enum Asked {
    /// A page, at this path and with these headers.
    Page(String, HeaderMap),
    /// OAuth, which has errors of its own (RFC 6749, section 5.2).
    OAuth,
    /// Anything else.
    Other,
}

impl Asked {
    pub(super) fn of(path: &str, headers: &HeaderMap) -> Self {
        if pages::is_page(path) {
            Self::Page(path.to_owned(), headers.clone())
        } else if oauth::is_oauth(path) {
            Self::OAuth
        } else {
            Self::Other
        }
    }

    /// The answer that tells of a failure.
    async fn answer(self, app: &Arc<App>, failure: poem::Error) -> Response {
        let business = match &self {
            // Whoever is turned away for what there is to do must not make more of it.
            Self::Page(path, _) if !turned_away(&failure) => pages::find(app, path).await.ok(),
            _ => None,
        };
        self.answer_at_once(app, business.flatten(), failure)
    }

    /// The same with all that it takes at hand: whose page it is, where that is to be seen.
    pub(super) fn answer_at_once(
        self,
        app: &App,
        business: Option<Business>,
        failure: poem::Error,
    ) -> Response {
        let (mut response, scheme) = match self {
            Self::Page(path, headers) => {
                return pages::failure(app, business, &path, &headers, &failure);
            }
            Self::OAuth => (oauth::error_response(&failure), "Basic"),
            Self::Other => (envelope_response(failure), "Bearer"),
        };
        if response.status() == StatusCode::UNAUTHORIZED {
            let headers = response.headers_mut();
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(scheme));
        }
        response
    }
}

fn turned_away(failure: &poem::Error) -> bool {
    matches!(
        failure.downcast_ref(),
        Some(Failure::Unavailable | Failure::OverLimit(_))
    )
}

fn envelope_response(error: poem::Error) -> Response {
    let known = error.downcast::<Failure>();
    let retry_after = known.as_ref().ok().and_then(Failure::retry_after);
    let envelope = match known {
        Ok(failure) => {
            let (status, message) = (failure.status(), failure.to_string());
            Envelope::failure(status, message, failure.into_errors())
        }
        Err(error) => {
            let (status, message) = foreign(&error);
            Envelope::failure(status, message.to_owned(), None)
        }
    };
    with_retry_after(envelope.into_response(), retry_after)
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}
