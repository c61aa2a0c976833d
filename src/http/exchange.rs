//! `/api/sys/users/exchange`: from a one-time token to a session.

use std::sync::Arc;
use std::time::Duration;

use poem::http::StatusCode;
use poem::web::Data;
use poem::{IntoResponse, Request, Response};
use poem_openapi::registry::{MetaResponses, MetaSchema, Registry};
use poem_openapi::types::{Example, Type};
use poem_openapi::{ApiResponse, Object, OpenApi};
use serde::Serialize;

use super::Tag;
use super::client::Client;
use super::envelope::{Envelope, documented, json};
use super::error::Failure;
use super::fields::Fields;
use super::parameters::{Documented, OptionalSecret, Parameter, Secret};
use crate::app::App;
use crate::limits::Action;
use crate::session::Grant;

pub(super) struct Exchange;

/// An open session.
#[derive(Serialize, Object)]
#[oai(rename = "ExchangedToken", read_only_all, example)]
pub(super) struct Exchanged {
    /// The access token.
    token: String,
    /// Always `bearer`.
    token_type: &'static str,
    /// The access token's lifetime in seconds.
    expires_in: u64,
    /// The refresh token.
    refresh_token: String,
}

impl Example for Exchanged {
    fn example() -> Self {
        Self {
            token: "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJFUzI1NiJ9.….…".to_owned(),
            token_type: "bearer",
            expires_in: 86400,
            refresh_token: "l0CCtTdQJ1QbJ3Yw2pFqzv6b1m6mS0cXqGx3mY1Hn9E".to_owned(),
        }
    }
}

impl From<Grant> for Exchanged {
    fn from(grant: Grant) -> Self {
        Self {
            token: grant.access_token,
            token_type: "bearer",
            expires_in: grant.expires_in.as_secs(),
            refresh_token: grant.refresh_token,
        }
    }
}

impl IntoResponse for Exchanged {
    fn into_response(self) -> Response {
        json(StatusCode::OK, &self)
    }
}

impl ApiResponse for Exchanged {
    fn meta() -> MetaResponses {
        documented::<Self, Envelope>(&[
            (200, "The session is open."),
            (400, "A parameter is missing or malformed."),
            (
                401,
                "The token is invalid, has expired or was used before; or `Message` is `two_factor_auth_check`: add `totp`, \
                 the token can still be used.",
            ),
            (
                429,
                "Too many requests, or too many wrong codes, from this address.",
            ),
            (500, "A defect on our side."),
            (503, "The server is busy: the token can still be used."),
        ])
    }

    fn register(registry: &mut Registry) {
        <Self as Type>::register(registry);
        Envelope::document(registry);
    }
}

/// The longest lifetime that `exchange` can be asked for: a week, in minutes.
const MAX_EXCHANGE_MINUTES: u16 = 10_080;

/// How `validForInMinutes` is documented.
struct Minutes;

impl Parameter for Minutes {
    fn schema() -> MetaSchema {
        MetaSchema {
            minimum: Some(1.0),
            maximum: Some(f64::from(MAX_EXCHANGE_MINUTES)),
            ..MetaSchema::new_with_format("integer", "int64")
        }
    }
}

#[OpenApi(prefix_path = "/api/sys/users")]
impl Exchange {
    /// Exchange a one-time token for a session
    ///
    /// A token is exchanged once, whoever races. The answer is not the envelope; its failures are.
    #[oai(
        path = "/exchange",
        method = "post",
        tag = "Tag::SignIn",
        operation_id = "exchange"
    )]
    async fn exchange(
        &self,
        app: Data<&Arc<App>>,
        client: Client,
        request: &Request,
        /// The one-time token, such as `Value` of `completePasswordReset`.
        #[oai(name = "token")]
        _token: Documented<Secret>,
        /// The access token's lifetime in minutes, 1 to 10080; the configuration may cap it.
        #[oai(name = "validForInMinutes")]
        _minutes: Documented<Minutes>,
        /// Where two-factor authentication is on: six digits, or a recovery code.
        #[oai(name = "totp")]
        _totp: Documented<OptionalSecret>,
    ) -> poem::Result<Exchanged> {
        client.admit(&app.limits, Action::Exchange)?;
        let mut fields = Fields::from_query(request.uri().query().unwrap_or_default());
        let token = fields.secret("token");
        let minutes = fields.whole_number("validForInMinutes", 1..=MAX_EXCHANGE_MINUTES.into());
        let totp = fields.optional_secret("totp");
        let ((token, minutes), totp) = fields.finish(token.zip(minutes).zip(totp))?;
        let lifetime = Duration::from_secs(minutes.unsigned_abs() * 60);
        let now = app.clock.now();
        let grant = app
            .sessions
            .exchange(&token, totp, lifetime, client.0, now)
            .await
            .map_err(Failure::from)?;
        Ok(grant.into())
    }
}
