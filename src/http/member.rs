//! `/api/sys/users/`: what a signed-in member does.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::types::Example;
use poem_openapi::{Object, OpenApi};

use super::Tag;
use super::bearer::SignedIn;
use super::body::{Body, JsonRequest};
use super::client::Client;
use super::envelope::{Confirmed, FieldError, Statuses};
use super::error::Failure;
use super::fields::Fields;
use crate::app::App;
use crate::limits::Action;
use crate::session::ChangePasswordError;

pub(super) struct Members;

/// Changes the password of the signed-in member.
#[derive(Object)]
#[oai(rename = "ChangePassword", rename_all = "PascalCase", example)]
pub(super) struct ChangeSchema {
    /// The password that the member has now.
    #[oai(validator(min_length = 1))]
    current_password: String,
    /// The new one.
    #[oai(validator(min_length = 1))]
    new_password: String,
}

impl Example for ChangeSchema {
    fn example() -> Self {
        Self {
            current_password: "a long and friendly sentence".to_owned(),
            new_password: "another one, longer yet".to_owned(),
        }
    }
}

pub(super) struct Change {
    current: String,
    new: String,
}

impl JsonRequest for Change {
    type Schema = ChangeSchema;

    fn read(fields: &mut Fields) -> Option<Self> {
        let current = fields.secret("CurrentPassword");
        let new = fields.secret("NewPassword");
        Some(Self {
            current: current?,
            new: new?,
        })
    }
}

pub(super) struct BearerStatuses;

impl Statuses for BearerStatuses {
    const ALL: &'static [(u16, &'static str)] = &[
        (200, "Done. `Value` is what is described above."),
        (
            401,
            "The access token is missing, expired or of a session that has ended.",
        ),
        (500, "A defect on our side."),
        (503, "The server is busy: nothing was changed."),
    ];
}

pub(super) struct EndStatuses;

impl Statuses for EndStatuses {
    const ALL: &'static [(u16, &'static str)] = &[
        (200, "The session has ended."),
        (
            401,
            "The access token is missing, expired or of a session that has ended.",
        ),
        (404, "The member has no open session of that id."),
        (500, "A defect on our side."),
        (503, "The server is busy: nothing was changed."),
    ];
}

pub(super) struct ChangeStatuses;

impl Statuses for ChangeStatuses {
    const ALL: &'static [(u16, &'static str)] = &[
        (
            200,
            "The password is changed; every other session has ended.",
        ),
        (
            400,
            "`Errors` says what is wrong: the current password, or the rules that the new one misses.",
        ),
        (
            401,
            "The access token is missing, expired or of a session that has ended.",
        ),
        (408, "The body did not arrive in time."),
        (413, "The body is too large."),
        (415, "The content type is not application/json."),
        (429, "Too many wrong guesses."),
        (500, "A defect on our side."),
        (503, "The server is busy: nothing was changed."),
    ];
}

impl From<ChangePasswordError> for Failure {
    fn from(error: ChangePasswordError) -> Self {
        let wrong = |name: &str, messages: Vec<String>| {
            let errors = messages.into_iter().map(|message| FieldError {
                property_name: name.to_owned(),
                message,
                attempted_value: None,
            });
            Self::Invalid(errors.collect())
        };
        match error {
            ChangePasswordError::WrongPassword => wrong(
                "CurrentPassword",
                vec!["The current password is wrong.".to_owned()],
            ),
            ChangePasswordError::WeakPassword(missed) => wrong("NewPassword", missed.sentences()),
            ChangePasswordError::Wait(wait) => Self::OverLimit(wait),
            ChangePasswordError::Busy(busy) => busy.into(),
            ChangePasswordError::Store(error) => error.into(),
        }
    }
}

#[OpenApi(prefix_path = "/api/sys/users")]
impl Members {
    /// Carry the member into another page
    ///
    /// `Value` is a one-time token for `exchange`, valid for a minute, to be put into a URL.
    #[oai(
        path = "/token/refresh",
        method = "post",
        tag = "Tag::Member",
        operation_id = "tokenRefresh"
    )]
    async fn carry(
        &self,
        app: Data<&Arc<App>>,
        client: Client,
        member: SignedIn,
    ) -> poem::Result<Confirmed<BearerStatuses>> {
        client.admit(&app.limits, Action::Refresh)?;
        let carried = app.sessions.carry(&member.0, app.clock.now()).await;
        Ok(Confirmed::with(carried.map_err(Failure::from)?))
    }

    /// List the member's sessions
    ///
    /// `Value` is a JSON array as text, newest first: `id`, `client_id`, `business_id`, `client` (an
    /// address), `created_at`, `last_used_at`, `expires_at`, and `current` for the one that asks.
    #[oai(
        path = "/sessions",
        method = "get",
        tag = "Tag::Member",
        operation_id = "sessions"
    )]
    async fn sessions(
        &self,
        app: Data<&Arc<App>>,
        member: SignedIn,
    ) -> poem::Result<Confirmed<BearerStatuses>> {
        let sessions = app.sessions.of_member(&member.0, app.clock.now()).await;
        let text = serde_json::to_string(&sessions.map_err(Failure::from)?)
            .map_err(|_| Failure::Internal)?;
        Ok(Confirmed::with(text))
    }

    /// End a session
    ///
    /// Its refresh token is over, and its access tokens are refused here at once.
    #[oai(
        path = "/sessions/:id",
        method = "delete",
        tag = "Tag::Member",
        operation_id = "endSession"
    )]
    async fn end(
        &self,
        app: Data<&Arc<App>>,
        client: Client,
        member: SignedIn,
        /// The session's id, as in the list.
        id: Path<String>,
    ) -> poem::Result<Confirmed<EndStatuses>> {
        let now = app.clock.now();
        let ended = app.sessions.end(&member.0, id.0, client.0, now).await;
        if ended.map_err(Failure::from)? {
            Ok(Confirmed::plain())
        } else {
            Err(Failure::NoSuchSession.into())
        }
    }

    /// Change the password
    ///
    /// Ends every other session, link and code of the account, and queues a notice to its address.
    #[oai(
        path = "/changePassword",
        method = "post",
        tag = "Tag::Member",
        operation_id = "changePassword"
    )]
    async fn change_password(
        &self,
        app: Data<&Arc<App>>,
        client: Client,
        member: SignedIn,
        body: Body<Change>,
    ) -> poem::Result<Confirmed<ChangeStatuses>> {
        let Body(Change { current, new }) = body;
        let now = app.clock.now();
        app.sessions
            .change_password(&member.0, &current, &new, client.0, now)
            .await
            .map_err(Failure::from)?;
        Ok(Confirmed::plain())
    }
}
