//! `POST strength`: what the policy thinks of a password while it is typed. *Ours*, for the pages' own
//! script; nothing is logged, stored or counted.

use poem::http::StatusCode;
use poem::{FromRequest, IntoResponse, Request, RequestBody, Response, handler};
use serde::Serialize;

use super::reset::in_words;
use super::visit::Visit;
use crate::http::body;
use crate::http::envelope::json;
use crate::http::error::Failure;
use crate::http::fields::Fields;
use crate::limits::Action;

/// The answer.
#[derive(Serialize)]
struct Judged {
    /// From 0 (too guessable) to 4 (very unguessable).
    score: u8,
    /// Whether it would be taken.
    acceptable: bool,
    /// The rules that it misses, in the reader's language.
    missed: Vec<String>,
}

/// `{"Token": …, "Password": …}`, as at `completePasswordReset`: the token of a reset link that can still
/// be used says whose password it is to be, since the rules forbid the member's own name in it.
struct Question {
    visit: Visit,
    token: String,
    password: String,
}

impl<'a> FromRequest<'a> for Question {
    async fn from_request(request: &'a Request, body: &mut RequestBody) -> poem::Result<Self> {
        let visit = Visit::from_request(request, body).await?;
        visit.admit(Action::Strength, None)?;
        if !body::is_media_type(request, "application/json") {
            return Err(Failure::MediaType.into());
        }
        let bytes = body::read(request, body).await?;
        let mut fields = Fields::from_json(&bytes)?;
        let (token, password) = (fields.secret("Token"), fields.secret("Password"));
        let (token, password) = fields.finish(token.zip(password))?;
        Ok(Self {
            visit,
            token,
            password,
        })
    }
}

#[handler]
pub(super) async fn judge(question: Question) -> Result<Response, Failure> {
    let Question {
        visit,
        token,
        password,
    } = question;
    let business = Some(visit.business.id);
    let judgement = visit
        .app
        .resets
        .judge(&token, password.into(), business, visit.now)
        .await?;
    let judged = Judged {
        score: judgement.score,
        acceptable: judgement.missed.is_empty(),
        missed: in_words(visit.words, &judgement.missed),
    };
    Ok(json(StatusCode::OK, &judged).into_response())
}
