//! `/api/sys/users/`: one-time codes and magic links by mail.

use std::sync::Arc;

use poem::Request;
use poem::web::Data;
use poem_openapi::types::Example;
use poem_openapi::{Object, OpenApi};

use super::Tag;
use super::body::{Body, JsonRequest};
use super::client::Client;
use super::envelope::{Confirmed, Statuses};
use super::error::Failure;
use super::fields::Fields;
use super::parameters::{Address, Documented, Location};
use crate::app::App;
use crate::business::BusinessId;
use crate::email::EmailAddress;
use crate::limits::Action;
use crate::otp::{RequestError, VerifyError};

pub(super) struct Codes;

/// Takes a one-time code.
#[derive(Object)]
#[oai(rename = "VerifyOtp", rename_all = "PascalCase", example)]
pub(super) struct VerifySchema {
    /// The address that the code was sent to.
    #[oai(validator(min_length = 1, max_length = 254))]
    email: String,
    /// The code: its digits.
    #[oai(validator(min_length = 1))]
    otp: String,
    /// The location that the code was asked for.
    #[oai(validator(minimum(value = "1")))]
    business_id: i64,
}

impl Example for VerifySchema {
    fn example() -> Self {
        Self {
            email: "jane@example.com".to_owned(),
            otp: "042917".to_owned(),
            business_id: 7,
        }
    }
}

pub(super) struct Verify {
    email: EmailAddress,
    otp: String,
    business: BusinessId,
}

impl JsonRequest for Verify {
    type Schema = VerifySchema;

    fn read(fields: &mut Fields) -> Option<Self> {
        let email = fields.email("Email");
        let otp = fields.secret("Otp");
        let business = fields.required_business("BusinessId");
        Some(Self {
            email: email?,
            otp: otp?,
            business: business?,
        })
    }
}

pub(super) struct SendStatuses;

impl Statuses for SendStatuses {
    const ALL: &'static [(u16, &'static str)] = &[
        (
            200,
            "The request is on disk. The answer is the same whether or not the account exists.",
        ),
        (400, "A parameter is missing or malformed."),
        (
            429,
            "A code was sent to this address less than a minute ago, or too many requests from this client.",
        ),
        (500, "A defect on our side."),
        (
            503,
            "The server is busy or its disk refuses the write: nothing was accepted.",
        ),
    ];
}

pub(super) struct VerifyStatuses;

impl Statuses for VerifyStatuses {
    const ALL: &'static [(u16, &'static str)] = &[
        (
            200,
            "The code was right. `Value` is a one-time token for `exchange`, valid for five minutes.",
        ),
        (
            400,
            "A property is missing or malformed, or the code is wrong, expired, used or of nobody (one message for \
             every reason).",
        ),
        (408, "The body did not arrive in time."),
        (413, "The body is too large."),
        (415, "The content type is not application/json."),
        (
            429,
            "Too many wrong guesses, or too many requests from this client.",
        ),
        (500, "A defect on our side."),
        (503, "The server is busy: nothing was changed."),
    ];
}

impl From<RequestError> for Failure {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::CoolingDown(wait) => Self::OverLimit(wait),
            RequestError::Store(error) => error.into(),
        }
    }
}

impl From<VerifyError> for Failure {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::WrongCode => Self::BadRequest("This code is wrong or has expired."),
            VerifyError::Wait(wait) => Self::OverLimit(wait),
            VerifyError::Store(error) => error.into(),
        }
    }
}

#[OpenApi(prefix_path = "/api/sys/users")]
impl Codes {
    /// Ask for a one-time code
    ///
    /// Accepts the request for any address, without looking whether it has an account, and answers
    /// once it is on disk. If there is an account, a mail with a code and a magic link follows.
    #[oai(
        path = "/sendOtp",
        method = "get",
        tag = "Tag::SignIn",
        operation_id = "sendOtp"
    )]
    async fn send(
        &self,
        app: Data<&Arc<App>>,
        client: Client,
        request: &Request,
        /// The address: one mailbox, at most 254 octets.
        #[oai(name = "email")]
        _email: Documented<Address>,
        /// The location: a positive whole number.
        #[oai(name = "businessId")]
        _business: Documented<Location>,
    ) -> poem::Result<Confirmed<SendStatuses>> {
        let mut fields = Fields::from_query(request.uri().query().unwrap_or_default());
        let email = fields.email("email");
        let business = fields.required_business("businessId");
        let (email, business) = fields.finish(email.zip(business))?;
        client.admit_about(&app.limits, Action::Otp, Some(&email), Some(business))?;
        app.otps
            .request(email, business, client.0, app.clock.now())
            .await
            .map_err(Failure::from)?;
        Ok(Confirmed::plain())
    }

    /// Sign in with a one-time code
    ///
    /// A code is taken once, and dies after five wrong guesses.
    #[oai(
        path = "/verifyOtp",
        method = "post",
        tag = "Tag::SignIn",
        operation_id = "verifyOtp"
    )]
    async fn verify(
        &self,
        app: Data<&Arc<App>>,
        client: Client,
        body: Body<Verify>,
    ) -> poem::Result<Confirmed<VerifyStatuses>> {
        let Body(Verify {
            email,
            otp,
            business,
        }) = body;
        client.admit_about(&app.limits, Action::Verify, Some(&email), Some(business))?;
        let login = app
            .otps
            .verify(email, business, &otp, client.0, app.clock.now())
            .await
            .map_err(Failure::from)?;
        Ok(Confirmed::with(login))
    }
}
