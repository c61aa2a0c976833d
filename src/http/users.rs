//! `/api/sys/users/`: password reset and the exchange of one-time tokens.

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use poem::http::StatusCode;
use poem::web::Data;
use poem::{IntoResponse, Request, RequestBody, Response};
use poem_openapi::registry::{MetaParamIn, MetaResponses, MetaSchemaRef, Registry};
use poem_openapi::types::{Example, Type};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ApiResponse, ExtractParamOptions, Object, OpenApi,
};
use serde::Serialize;

use super::Tag;
use super::body::{Body, JsonRequest};
use super::client::Client;
use super::envelope::{Confirmed, Envelope, Statuses, documented, json};
use super::error::Failure;
use super::fields::Fields;
use crate::app::App;
use crate::business::BusinessId;
use crate::email::EmailAddress;
use crate::limits::Action;
use crate::session::Grant;

pub(super) struct Users;

/// Asks for a reset link.
#[derive(Object)]
#[oai(rename = "StartPasswordReset", rename_all = "camelCase", example)]
pub(super) struct StartSchema {
    /// The account whose password is to be reset: one mailbox, at most 254 octets.
    #[oai(validator(max_length = 254))]
    email: String,
    /// The location whose brand the mail wears: a positive whole number.
    #[oai(nullable, validator(minimum(value = "1")))]
    business_id: Option<i64>,
}

impl Example for StartSchema {
    fn example() -> Self {
        Self {
            email: "jane@example.com".to_owned(),
            business_id: Some(7),
        }
    }
}

pub(super) struct Start {
    email: EmailAddress,
    business: Option<BusinessId>,
}

impl JsonRequest for Start {
    type Schema = StartSchema;

    fn read(fields: &mut Fields) -> Option<Self> {
        let email = fields.email("email");
        let business = fields.business("businessId");
        Some(Self {
            email: email?,
            business: business?,
        })
    }
}

/// Chooses a new password with the token of a reset link.
#[derive(Object)]
#[oai(rename = "CompletePasswordReset", rename_all = "PascalCase", example)]
pub(super) struct CompleteSchema {
    /// The token of the link.
    token: String,
    /// The new password.
    password: String,
    /// The location that the link was made for.
    #[oai(nullable, validator(minimum(value = "1")))]
    business_id: Option<i64>,
}

impl Example for CompleteSchema {
    fn example() -> Self {
        Self {
            token: "eyJ0eXAiOiJyZXNldCtqd3QiLCJhbGciOiJFUzI1NiJ9.….…".to_owned(),
            password: "a long and friendly sentence".to_owned(),
            business_id: Some(7),
        }
    }
}

pub(super) struct Complete {
    token: String,
    password: String,
    business: Option<BusinessId>,
}

impl JsonRequest for Complete {
    type Schema = CompleteSchema;

    fn read(fields: &mut Fields) -> Option<Self> {
        let token = fields.secret("Token");
        let password = fields.secret("Password");
        let business = fields.business("BusinessId");
        Some(Self {
            token: token?,
            password: password?,
            business: business?,
        })
    }
}

pub(super) struct StartStatuses;

impl Statuses for StartStatuses {
    const ALL: &'static [(u16, &'static str)] = &[
        (
            200,
            "The request is on disk. The answer is the same whether or not the account exists.",
        ),
        (
            400,
            "The email address or the business is missing or malformed, or the body is no JSON object.",
        ),
        (408, "The body did not arrive in time."),
        (413, "The body is too large."),
        (415, "The content type is not application/json."),
        (429, "Too many requests from this address."),
        (500, "A defect on our side."),
        (
            503,
            "The server is busy or its disk refuses the write: nothing was accepted.",
        ),
    ];
}

pub(super) struct CompleteStatuses;

impl Statuses for CompleteStatuses {
    const ALL: &'static [(u16, &'static str)] = &[
        (
            200,
            "The password is changed. `Value` is a one-time token for `exchange`, valid for five minutes.",
        ),
        (
            400,
            "The token is not or no longer valid (one message for every reason), or `Errors` says which rules the \
             password misses; then the token can still be used.",
        ),
        (408, "The body did not arrive in time."),
        (413, "The body is too large."),
        (415, "The content type is not application/json."),
        (429, "Too many requests from this address."),
        (500, "A defect on our side."),
        (
            503,
            "The server is busy: nothing was changed, and the token can still be used.",
        ),
    ];
}

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
            (401, "The token is invalid, has expired or was used before."),
            (429, "Too many requests from this address."),
            (500, "A defect on our side."),
            (503, "The server is busy: the token can still be used."),
        ])
    }

    fn register(registry: &mut Registry) {
        <Self as Type>::register(registry);
        Envelope::document(registry);
    }
}

/// A required query parameter of the documentation. Its value is read by [`Fields`] with the others,
/// so that its name may be in any case and every problem is reported at once.
pub(super) struct Documented<T>(PhantomData<T>);

impl<'a, T: Type> ApiExtractor<'a> for Documented<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];
    const PARAM_IS_REQUIRED: bool = true;

    type ParamType = T;
    type ParamRawType = T;

    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Query)
    }

    fn param_schema_ref() -> Option<MetaSchemaRef> {
        Some(T::schema_ref())
    }

    async fn from_request(
        _request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<T>,
    ) -> poem::Result<Self> {
        Ok(Self(PhantomData))
    }
}

/// The longest lifetime that `exchange` can be asked for: a week, in minutes.
const MAX_EXCHANGE_MINUTES: i64 = 10_080;

#[OpenApi(prefix_path = "/api/sys/users")]
impl Users {
    /// Ask for a reset link
    ///
    /// Accepts the request for any address, without looking whether it has an account, and answers
    /// once it is on disk. If there is an account, a mail with a one-time link follows.
    #[oai(
        path = "/startPasswordReset",
        method = "post",
        tag = "Tag::Reset",
        operation_id = "startPasswordReset"
    )]
    async fn start(
        &self,
        app: Data<&Arc<App>>,
        client: Client,
        body: Body<Start>,
    ) -> poem::Result<Confirmed<StartStatuses>> {
        app.limits
            .admit(Action::Reset, client.0)
            .map_err(Failure::from)?;
        let Body(Start { email, business }) = body;
        app.resets
            .request(email, business, client.0.to_string(), app.clock.now())
            .await
            .map_err(Failure::from)?;
        Ok(Confirmed::plain())
    }

    /// Choose a new password
    ///
    /// Uses the link's token up, replaces the password, ends every session, link and code of the
    /// account, and queues a notice to its address.
    #[oai(
        path = "/completePasswordReset",
        method = "post",
        tag = "Tag::Reset",
        operation_id = "completePasswordReset"
    )]
    async fn complete(
        &self,
        app: Data<&Arc<App>>,
        client: Client,
        body: Body<Complete>,
    ) -> poem::Result<Confirmed<CompleteStatuses>> {
        app.limits
            .admit(Action::Complete, client.0)
            .map_err(Failure::from)?;
        let Body(Complete {
            token,
            password,
            business,
        }) = body;
        let (client, now) = (client.0.to_string(), app.clock.now());
        let login = app
            .resets
            .complete(&token, &password, business, client, now)
            .await
            .map_err(Failure::from)?;
        Ok(Confirmed::with(login))
    }

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
        _token: Documented<String>,
        /// The access token's lifetime in minutes, 1 to 10080; the configuration may cap it.
        #[oai(name = "validForInMinutes")]
        _minutes: Documented<i64>,
    ) -> poem::Result<Exchanged> {
        app.limits
            .admit(Action::Exchange, client.0)
            .map_err(Failure::from)?;
        let mut fields = Fields::from_query(request.uri().query().unwrap_or_default());
        let token = fields.secret("token");
        let minutes = fields.whole_number("validForInMinutes", 1..=MAX_EXCHANGE_MINUTES);
        let (token, minutes) = fields.finish(token.zip(minutes))?;
        let lifetime = Duration::from_secs(minutes.unsigned_abs() * 60);
        let now = app.clock.now();
        let grant = app
            .sessions
            .exchange(&token, lifetime, client.0, now)
            .await
            .map_err(Failure::from)?;
        Ok(grant.into())
    }
}
