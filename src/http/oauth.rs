//! `/api/token`: sign-in with a password and refresh, in OAuth 2.0's terms (RFC 6749, 4.3, 5 and 6).
//!
//! Its answers, failures included, are OAuth's JSON and never the envelope.

mod form;
pub(super) mod tokens;

use std::sync::Arc;

use poem::http::{HeaderMap, HeaderValue, StatusCode};
use poem::web::Data;
use poem::{IntoResponse, Request, Response};
use poem_openapi::param::Header;
use poem_openapi::registry::{MetaResponses, Registry};
use poem_openapi::types::{Example, Type};
use poem_openapi::{ApiResponse, Object, OpenApi};
use serde::Serialize;

use self::form::{Form, SignInSchema};
use super::Tag;
use super::client::Client;
use super::envelope::{TWO_FACTOR, documented, json};
use super::error::{Failure, foreign, retry_after_of, with_retry_after};
use crate::app::App;
use crate::email::EmailAddress;
use crate::limits::Action;
use crate::password::Password;
use crate::session::{Grant, Login, RefreshError, SignInError};

/// The header that says which application asks, and the parameter that does as well.
const CLIENT_ID: &str = "client_id";

/// Whether failures at this path are OAuth's.
pub(super) fn is_oauth(path: &str) -> bool {
    matches!(
        path,
        "/api/token" | "/api/token/revoke" | "/api/token/introspect"
    )
}

pub(super) struct OAuth;

/// An open session (RFC 6749, 5.1).
#[derive(Serialize, Object)]
#[oai(rename = "TokenAnswer", read_only_all, example)]
pub(super) struct Answer {
    /// The access token.
    access_token: String,
    /// Always `bearer`.
    token_type: &'static str,
    /// The access token's lifetime in seconds.
    expires_in: u64,
    /// The refresh token.
    refresh_token: String,
}

impl Example for Answer {
    fn example() -> Self {
        Self {
            access_token: "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJFUzI1NiJ9.….…".to_owned(),
            token_type: "bearer",
            expires_in: 3600,
            refresh_token: "l0CCtTdQJ1QbJ3Yw2pFqzv6b1m6mS0cXqGx3mY1Hn9E".to_owned(),
        }
    }
}

impl From<Grant> for Answer {
    fn from(grant: Grant) -> Self {
        Self {
            access_token: grant.access_token,
            token_type: "bearer",
            expires_in: grant.expires_in.as_secs(),
            refresh_token: grant.refresh_token,
        }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        json(StatusCode::OK, &self)
    }
}

impl ApiResponse for Answer {
    fn meta() -> MetaResponses {
        documented::<Self, ErrorBody>(&[
            (200, "The session is open."),
            (
                400,
                "`error` is `invalid_request`, `unsupported_grant_type`, `invalid_grant` (wrong password, unknown \
                 account and suspended account alike; or a refresh token that is no good), `two_factor_auth_check` (the password is right, and `totp` is missing or wrong) or `must_reset_password` (the password is right, and an \
                 administrator requires a new one).",
            ),
            (408, "The body did not arrive in time."),
            (413, "The body is too large."),
            (
                429,
                "Too many requests, or too many wrong guesses, from this address.",
            ),
            (500, "A defect on our side."),
            (503, "The server is busy: try again in a moment."),
        ])
    }

    fn register(registry: &mut Registry) {
        <Self as Type>::register(registry);
        ErrorBody::register(registry);
    }
}

/// A failure (RFC 6749, 5.2).
#[derive(Serialize, Object)]
#[oai(rename = "TokenError", read_only_all, example)]
pub(super) struct ErrorBody {
    /// What went wrong, for a program.
    error: &'static str,
    /// What went wrong, for a person.
    error_description: &'static str,
}

impl Example for ErrorBody {
    fn example() -> Self {
        Self {
            error: Refusal::Grant.code(),
            error_description: Refusal::Grant.description(),
        }
    }
}

/// A refusal in OAuth's own terms.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("{}", self.description())]
pub(super) enum Refusal {
    Request(&'static str),
    GrantType,
    Grant,
    RefreshToken,
    MustReset,
    TwoFactor,
    Client,
}

impl Refusal {
    const fn code(self) -> &'static str {
        match self {
            Self::Request(_) => "invalid_request",
            Self::GrantType => "unsupported_grant_type",
            Self::Grant | Self::RefreshToken => "invalid_grant",
            Self::MustReset => "must_reset_password",
            Self::TwoFactor => TWO_FACTOR,
            Self::Client => "invalid_client",
        }
    }

    const fn description(self) -> &'static str {
        match self {
            Self::Request(what) => what,
            Self::GrantType => {
                "Send application/x-www-form-urlencoded with grant_type=password or refresh_token."
            }
            Self::Grant => "The email address or the password is wrong.",
            Self::RefreshToken => "The refresh token is invalid, has expired or was used before.",
            Self::MustReset => "A new password is required. Please reset your password.",
            Self::TwoFactor => {
                "A code of the second factor is required, or the given one is wrong."
            }
            Self::Client => "The name or the secret of the resource server is wrong.",
        }
    }
}

impl poem::error::ResponseError for Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Self::Client => StatusCode::UNAUTHORIZED,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

/// Any failure at the token endpoint as OAuth's error.
pub(super) fn error_response(error: &poem::Error) -> Response {
    // The framework itself refuses a request without credentials.
    let refusal = match error.status() {
        StatusCode::UNAUTHORIZED => Some(&Refusal::Client),
        _ => error.downcast_ref::<Refusal>(),
    };
    let (status, code, description) = if let Some(refusal) = refusal {
        (error.status(), refusal.code(), refusal.description())
    } else {
        let (status, description) = match error.downcast_ref::<Failure>() {
            Some(Failure::OverLimit(_)) => (
                StatusCode::TOO_MANY_REQUESTS,
                "Too many requests. Please wait a moment and try again.",
            ),
            Some(Failure::Unavailable) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "The service is busy. Please try again in a moment.",
            ),
            Some(Failure::TooLarge) => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "The request body is too large.",
            ),
            Some(Failure::TooSlow) => (
                StatusCode::REQUEST_TIMEOUT,
                "The request took too long to arrive.",
            ),
            _ => foreign(error),
        };
        let code = match status {
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                "temporarily_unavailable"
            }
            status if status.is_server_error() => "server_error",
            _ => "invalid_request",
        };
        (status, code, description)
    };
    let body = ErrorBody {
        error: code,
        error_description: description,
    };
    with_retry_after(json(status, &body), retry_after_of(error))
}

/// Whom the session is for, by header or parameter.
fn client_id(headers: &HeaderMap, form: Option<&str>) -> Result<Option<String>, Refusal> {
    let given = headers
        .get_all(CLIENT_ID)
        .iter()
        .map(HeaderValue::as_bytes)
        .chain(form.map(str::as_bytes))
        .filter(|id| *id != b"");
    let mut client_id = None;
    for id in given {
        if client_id.is_some_and(|earlier| earlier != id) {
            return Err(Refusal::Request("client_id is given twice, and differs."));
        }
        client_id = Some(id);
    }
    let Some(id) = client_id else {
        return Ok(None);
    };
    // RFC 6749, appendix A.1: printable ASCII. The length is ours.
    let printable = |id: &&str| id.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    match std::str::from_utf8(id).ok().filter(printable) {
        Some(id) if id.len() <= 255 => Ok(Some(id.to_owned())),
        _ => Err(Refusal::Request(
            "client_id must be printable ASCII, 255 characters at most.",
        )),
    }
}

#[OpenApi]
impl OAuth {
    /// Sign in with a password, or refresh a session
    ///
    /// A refresh token is used once and answered with the next one; using one twice ends its session.
    /// Wrong password, unknown account and suspension have one and the same answer, after the same
    /// work.
    #[oai(
        path = "/api/token",
        method = "post",
        tag = "Tag::SignIn",
        operation_id = "token"
    )]
    async fn token(
        &self,
        app: Data<&Arc<App>>,
        client: Client,
        request: &Request,
        /// Which application asks. Defaults to the email address.
        #[oai(name = "client_id")]
        _client_id: Header<Option<String>>,
        form: Form<SignInSchema>,
    ) -> poem::Result<Answer> {
        let client_id = client_id(request.headers(), form.get(CLIENT_ID))?;
        let now = app.clock.now();
        let grant = match form.get("grant_type") {
            Some("password") => {
                let username = required(&form, "username")?;
                let email = EmailAddress::parse(username).ok();
                client.admit_about(&app.limits, Action::SignIn, email.as_ref(), None)?;
                let login = Login {
                    username: username.to_owned(),
                    password: Password::new(required(&form, "password")?),
                    totp: form.get("totp").map(str::to_owned),
                    client_id,
                };
                app.sessions.sign_in(login, client.0, now).await?
            }
            Some("refresh_token") => {
                client.admit(&app.limits, Action::Refresh)?;
                let token = form
                    .get("refresh_token")
                    .ok_or(Refusal::Request("refresh_token is required."))?;
                app.sessions
                    .refresh(token, client_id, client.0, now)
                    .await?
            }
            Some(_) => return Err(Refusal::GrantType.into()),
            None => return Err(Refusal::Request("grant_type is required.").into()),
        };
        Ok(grant.into())
    }
}

impl From<SignInError> for poem::Error {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Credentials => Refusal::Grant.into(),
            SignInError::MustReset => Refusal::MustReset.into(),
            SignInError::TwoFactor => Refusal::TwoFactor.into(),
            SignInError::Wait(wait) => Failure::OverLimit(wait).into(),
            SignInError::Busy(busy) => Failure::from(busy).into(),
            SignInError::Store(error) => Failure::from(error).into(),
        }
    }
}

impl From<RefreshError> for poem::Error {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::Invalid => Refusal::RefreshToken.into(),
            RefreshError::Store(error) => Failure::from(error).into(),
        }
    }
}

fn required<'a>(form: &'a Form<SignInSchema>, name: &str) -> Result<&'a str, Refusal> {
    form.get(name)
        .ok_or(Refusal::Request("username and password are required."))
}
