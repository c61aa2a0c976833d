//! Endpoints for signed-in members: the access token in `Authorization`, and its session.

use std::sync::Arc;

use poem::Request;
use poem_openapi::SecurityScheme;
use poem_openapi::auth::Bearer;

use super::error::Failure;
use crate::app::App;
use crate::session::{Member, NotSignedIn};

/// An access token, from `/api/token` or `exchange`.
#[derive(SecurityScheme)]
#[oai(
    rename = "AccessToken",
    ty = "bearer",
    bearer_format = "JWT",
    checker = "check"
)]
pub(super) struct SignedIn(pub(super) Member);

async fn check(request: &Request, bearer: Bearer) -> poem::Result<Member> {
    let app = request.data::<Arc<App>>().ok_or(Failure::Internal)?;
    let now = app.clock.now();
    let member = app.sessions.authenticate(&bearer.token, now).await;
    Ok(member.map_err(Failure::from)?)
}

impl From<NotSignedIn> for Failure {
    fn from(error: NotSignedIn) -> Self {
        match error {
            NotSignedIn::Invalid => Self::NotSignedIn,
            NotSignedIn::Store(error) => error.into(),
        }
    }
}
