//! `/api/sys/users/`: password reset.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::types::Example;
use poem_openapi::{Object, OpenApi};

use super::Tag;
use super::body::{Body, JsonRequest};
use super::client::Client;
use super::envelope::{Confirmed, Statuses};
use super::error::Failure;
use super::fields::Fields;
use crate::app::App;
use crate::business::BusinessId;
use crate::email::EmailAddress;
use crate::limits::Action;

pub(super) struct Resets;

/// Asks for a reset link.
#[derive(Object)]
#[oai(rename = "StartPasswordReset", rename_all = "camelCase", example)]
pub(super) struct StartSchema {
    /// The account whose password is to be reset: one mailbox, at most 254 octets.
    #[oai(validator(min_length = 1, max_length = 254))]
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
    #[oai(validator(min_length = 1))]
    token: String,
    /// The new password.
    #[oai(validator(min_length = 1))]
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

#[OpenApi(prefix_path = "/api/sys/users")]
impl Resets {
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
        let Body(Start { email, business }) = body;
        client.admit_about(&app.limits, Action::Reset, Some(&email), business)?;
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
        let Body(Complete {
            token,
            password,
            business,
        }) = body;
        client.admit_about(&app.limits, Action::Complete, None, business)?;
        let (client, now) = (client.0.to_string(), app.clock.now());
        let login = app
            .resets
            .complete(&token, &password, business, client, now)
            .await
            .map_err(Failure::from)?;
        Ok(Confirmed::with(login))
    }
}
