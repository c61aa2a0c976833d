//! Every failure, with its status and its words.

use std::time::Duration;

use poem::Response;
use poem::http::{HeaderValue, StatusCode, header};

use super::envelope::{FieldError, TWO_FACTOR};
use crate::limits::OverLimit;
use crate::password::Busy;
use crate::reset::CompleteError;
use crate::session::ExchangeError;
use crate::store::StoreError;

/// Why a request is not answered with what it asked for.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The request as a whole is not what the endpoint takes.
    #[error("{0}")]
    BadRequest(&'static str),
    /// Some properties are wrong.
    #[error("One or more values are missing or invalid.")]
    Invalid(Vec<FieldError>),
    /// The credential in the request is no good.
    #[error("{0}")]
    Unauthorized(&'static str),
    /// There is no good access token.
    #[error("Please sign in first.")]
    NotSignedIn,
    /// There is no such session to end.
    #[error("There is no open session of this id.")]
    NoSuchSession,
    /// The body did not arrive in time.
    #[error("The request took too long to arrive.")]
    TooSlow,
    /// The body is over the limit.
    #[error("The request body is too large.")]
    TooLarge,
    /// The body is of a kind that the endpoint does not take.
    #[error("The content type must be application/json.")]
    MediaType,
    /// The caller is over a limit.
    #[error("Too many requests. Please wait a moment and try again.")]
    OverLimit(Duration),
    /// The server cannot take it at present.
    #[error("The service is busy. Please try again in a moment.")]
    Unavailable,
    /// A defect. The log says more.
    #[error("Something went wrong on our side. Please try again later.")]
    Internal,
}

/// How long a caller that was turned away under load should wait, in seconds.
pub(super) const SHED_RETRY_AFTER: u64 = 2;

impl Failure {
    pub(super) const fn status(&self) -> StatusCode {
        match self {
            Self::BadRequest(_) | Self::Invalid(_) => StatusCode::BAD_REQUEST,
            Self::Unauthorized(_) | Self::NotSignedIn => StatusCode::UNAUTHORIZED,
            Self::NoSuchSession => StatusCode::NOT_FOUND,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::OverLimit(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// `Retry-After` in seconds, rounded up.
    pub(super) fn retry_after(&self) -> Option<u64> {
        match self {
            Self::OverLimit(wait) => Some(whole_seconds(*wait)),
            Self::Unavailable => Some(SHED_RETRY_AFTER),
            _ => None,
        }
    }

    pub(super) fn into_errors(self) -> Option<Vec<FieldError>> {
        match self {
            Self::Invalid(errors) => Some(errors),
            _ => None,
        }
    }
}

/// A wait in seconds, rounded up, so that whoever comes then does not come too early.
pub(super) fn whole_seconds(wait: Duration) -> u64 {
    let started = u64::from(wait.subsec_nanos() > 0);
    (wait.as_secs() + started).max(1)
}

impl poem::error::ResponseError for Failure {
    fn status(&self) -> StatusCode {
        Self::status(self)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Full | StoreError::Unavailable(_) => {
                tracing::warn!(%error, "a request was turned away");
                Self::Unavailable
            }
            StoreError::Panicked | StoreError::Sql(_) => {
                tracing::error!(%error, "a request failed");
                Self::Internal
            }
        }
    }
}

impl From<Busy> for Failure {
    fn from(_: Busy) -> Self {
        Self::Unavailable
    }
}

impl From<OverLimit> for Failure {
    fn from(over: OverLimit) -> Self {
        Self::OverLimit(over.retry_after)
    }
}

impl From<CompleteError> for Failure {
    fn from(error: CompleteError) -> Self {
        match error {
            CompleteError::InvalidToken => {
                Self::BadRequest("This link is invalid or has expired. Please ask for a new one.")
            }
            CompleteError::WeakPassword(missed) => Self::Invalid(
                missed
                    .sentences()
                    .into_iter()
                    .map(|message| FieldError {
                        property_name: "Password".to_owned(),
                        message,
                        attempted_value: None,
                    })
                    .collect(),
            ),
            CompleteError::Busy(busy) => busy.into(),
            CompleteError::Store(error) => error.into(),
        }
    }
}

impl From<ExchangeError> for Failure {
    fn from(error: ExchangeError) -> Self {
        match error {
            ExchangeError::InvalidToken => {
                Self::Unauthorized("The token is invalid, has expired or was used before.")
            }
            ExchangeError::TwoFactor => Self::Unauthorized(TWO_FACTOR),
            ExchangeError::Wait(wait) => Self::OverLimit(wait),
            ExchangeError::Store(error) => error.into(),
        }
    }
}

/// The status and words for a failure of the framework, whose own words are not for strangers.
pub(super) fn foreign(error: &poem::Error) -> (StatusCode, &'static str) {
    match error.status() {
        StatusCode::NOT_FOUND => (StatusCode::NOT_FOUND, "There is nothing at this address."),
        StatusCode::METHOD_NOT_ALLOWED => (
            StatusCode::METHOD_NOT_ALLOWED,
            "This address does not answer to this method.",
        ),
        StatusCode::UNAUTHORIZED => (StatusCode::UNAUTHORIZED, "Please sign in first."),
        status if status.is_client_error() => {
            (StatusCode::BAD_REQUEST, "The request cannot be understood.")
        }
        _ => {
            tracing::error!(%error, "a request failed");
            (
                StatusCode::INTERNAL_SERVER_ERROR,
                "Something went wrong on our side. Please try again later.",
            )
        }
    }
}

/// The `Retry-After` of a failure of ours, in seconds.
pub(super) fn retry_after_of(error: &poem::Error) -> Option<u64> {
    error
        .downcast_ref::<Failure>()
        .and_then(Failure::retry_after)
}

pub(super) fn with_retry_after(mut response: Response, seconds: Option<u64>) -> Response {
    if let Some(seconds) = seconds {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}
