//! `/api/sys/users/totp/`: a signed-in member's second factor.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::types::Example;
use poem_openapi::{Object, OpenApi};
use secrecy::ExposeSecret as _;

use super::Tag;
use super::bearer::SignedIn;
use super::body::{Body, JsonRequest};
use super::client::Client;
use super::envelope::{Confirmed, FieldError, Statuses};
use super::error::Failure;
use super::fields::Fields;
use crate::app::App;
use crate::limits::Action;
use crate::password::Password;
use crate::totp::TwoFactorError;

pub(super) struct TwoFactors;

/// Shows that the device has the secret.
#[derive(Object)]
#[oai(rename = "ConfirmTotp", rename_all = "PascalCase", example)]
pub(super) struct ConfirmSchema {
    /// The code that the device shows.
    #[oai(validator(min_length = 1))]
    totp: String,
}

impl Example for ConfirmSchema {
    fn example() -> Self {
        Self {
            totp: "042917".to_owned(),
        }
    }
}

pub(super) struct Confirm {
    totp: String,
}

impl JsonRequest for Confirm {
    type Schema = ConfirmSchema;

    fn read(fields: &mut Fields) -> Option<Self> {
        let totp = fields.secret("Totp")?;
        Some(Self { totp })
    }
}

/// Switches two-factor authentication off.
#[derive(Object)]
#[oai(rename = "DisableTotp", rename_all = "PascalCase", example)]
pub(super) struct DisableSchema {
    /// The member's password.
    #[oai(validator(min_length = 1))]
    password: String,
    /// The code that the device shows, or a recovery code.
    #[oai(validator(min_length = 1))]
    totp: String,
}

impl Example for DisableSchema {
    fn example() -> Self {
        Self {
            password: "a long and friendly sentence".to_owned(),
            totp: "042917".to_owned(),
        }
    }
}

pub(super) struct Disable {
    password: String,
    totp: String,
}

impl JsonRequest for Disable {
    type Schema = DisableSchema;

    fn read(fields: &mut Fields) -> Option<Self> {
        let password = fields.secret("Password");
        let totp = fields.secret("Totp");
        Some(Self {
            password: password?,
            totp: totp?,
        })
    }
}

pub(super) struct StartStatuses;

impl Statuses for StartStatuses {
    const ALL: &'static [(u16, &'static str)] = &[
        (200, "`Value` is the `otpauth` URI for the device."),
        (400, "Two-factor authentication is on already."),
        (
            401,
            "The access token is missing, expired or of a session that has ended.",
        ),
        (500, "A defect on our side."),
        (503, "The server is busy: nothing was changed."),
    ];
}

pub(super) struct ChangeStatuses;

impl Statuses for ChangeStatuses {
    const ALL: &'static [(u16, &'static str)] = &[
        (200, "Done. `Value` is what is described above."),
        (400, "`Message` or `Errors` says what is wrong."),
        (
            401,
            "The access token is missing, expired or of a session that has ended.",
        ),
        (408, "The body did not arrive in time."),
        (413, "The body is too large."),
        (415, "The content type is not application/json."),
        (429, "Too many tries."),
        (500, "A defect on our side."),
        (503, "The server is busy: nothing was changed."),
    ];
}

impl From<TwoFactorError> for Failure {
    fn from(error: TwoFactorError) -> Self {
        let wrong = |name: &str, message: &str| {
            Self::Invalid(vec![FieldError {
                property_name: name.to_owned(),
                message: message.to_owned(),
                attempted_value: None,
            }])
        };
        match error {
            TwoFactorError::AlreadyOn => {
                Self::BadRequest("Two-factor authentication is on already. Switch it off first.")
            }
            TwoFactorError::NotStarted => {
                Self::BadRequest("Two-factor authentication has not been started.")
            }
            TwoFactorError::NotOn => Self::BadRequest("Two-factor authentication is not on."),
            TwoFactorError::WrongCode => wrong("Totp", "The code is wrong."),
            TwoFactorError::WrongPassword => wrong("Password", "The password is wrong."),
            TwoFactorError::UnknownAccount => Self::NotSignedIn,
            TwoFactorError::Wait(wait) => Self::OverLimit(wait),
            TwoFactorError::Busy(busy) => busy.into(),
            TwoFactorError::Store(error) => error.into(),
        }
    }
}

#[OpenApi(prefix_path = "/api/sys/users/totp")]
impl TwoFactors {
    /// Set two-factor authentication up
    ///
    /// `Value` is an `otpauth` URI, to be shown as a QR code. Nothing changes until `confirm`.
    #[oai(
        path = "/start",
        method = "post",
        tag = "Tag::Member",
        operation_id = "totpStart"
    )]
    async fn start(
        &self,
        app: Data<&Arc<App>>,
        client: Client,
        member: SignedIn,
    ) -> poem::Result<Confirmed<StartStatuses>> {
        let (account, client) = (member.0.account.id, client.0.to_string());
        let started = app.two_factor.start(account, client, app.clock.now()).await;
        let uri = started.map_err(Failure::from)?;
        Ok(Confirmed::with(uri.expose_secret().to_owned()))
    }

    /// Switch two-factor authentication on
    ///
    /// `Value` is ten recovery codes, separated by blanks. They are shown this once.
    #[oai(
        path = "/confirm",
        method = "post",
        tag = "Tag::Member",
        operation_id = "totpConfirm"
    )]
    async fn confirm(
        &self,
        app: Data<&Arc<App>>,
        client: Client,
        member: SignedIn,
        body: Body<Confirm>,
    ) -> poem::Result<Confirmed<ChangeStatuses>> {
        client.admit(&app.limits, Action::Verify)?;
        let (account, client) = (member.0.account.id, client.0.to_string());
        let confirmed = app
            .two_factor
            .confirm(account, body.0.totp, client, app.clock.now())
            .await;
        let codes = confirmed.map_err(Failure::from)?;
        Ok(Confirmed::with(codes.expose_secret().to_owned()))
    }

    /// Switch two-factor authentication off
    ///
    /// Takes the password and a code. `Value` is null.
    #[oai(
        path = "/disable",
        method = "post",
        tag = "Tag::Member",
        operation_id = "totpDisable"
    )]
    async fn disable(
        &self,
        app: Data<&Arc<App>>,
        client: Client,
        member: SignedIn,
        body: Body<Disable>,
    ) -> poem::Result<Confirmed<ChangeStatuses>> {
        client.admit(&app.limits, Action::Verify)?;
        let Body(Disable { password, totp }) = body;
        // One that is longer than any can be is wrong, too.
        let password =
            Password::new(&password).ok_or_else(|| Failure::from(TwoFactorError::WrongPassword))?;
        app.two_factor
            .disable(
                member.0.account.id,
                password,
                totp,
                client.0,
                app.clock.now(),
            )
            .await
            .map_err(Failure::from)?;
        Ok(Confirmed::plain())
    }
}
