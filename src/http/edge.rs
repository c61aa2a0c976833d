//! The one place that turns a failure into an answer.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt as _;
use poem::http::{HeaderValue, StatusCode, header};
use poem::{Endpoint, IntoResponse, Request, Response};

use super::envelope::Envelope;
use super::error::{Failure, foreign, with_retry_after};
use super::{oauth, pages};
use crate::app::App;

/// Answers for whatever fails inside: a handler, a parser, the router, or a panic.
pub(super) async fn edge<E: Endpoint<Output = Response>>(
    app: Arc<App>,
    next: Arc<E>,
    request: Request,
) -> poem::Result<Response> {
    let in_oauth = oauth::is_oauth(request.uri().path());
    let page = pages::is_page(request.uri().path())
        .then(|| (request.uri().path().to_owned(), request.headers().clone()));
    let outcome = AssertUnwindSafe(next.call(request)).catch_unwind().await;
    let failure = match outcome {
        Ok(Ok(response)) => return Ok(response),
        Ok(Err(error)) => error,
        Err(panic) => {
            tracing::error!(panic = panic_text(panic.as_ref()), "a handler panicked");
            Failure::Internal.into()
        }
    };
    if let Some((path, headers)) = page {
        return Ok(pages::failure(&app, &path, &headers, &failure).await);
    }
    let mut response = if in_oauth {
        oauth::error_response(&failure)
    } else {
        envelope_response(failure)
    };
    if response.status() == StatusCode::UNAUTHORIZED {
        let scheme = if in_oauth { "Basic" } else { "Bearer" };
        let headers = response.headers_mut();
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(scheme));
    }
    Ok(response)
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
