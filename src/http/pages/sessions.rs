//! `sessions` and `sign-out`: where a member is signed in, and the end of it.

use minijinja::value::Serde;
use minijinja::{Value, context};
use poem::http::StatusCode;
use poem::{Response, handler};
use serde::Serialize;

use super::cookies::Flow;
use super::guard::Posted;
use super::visit::Visit;
use crate::http::error::Failure;
use crate::locale::date_and_time;

/// A session as the page shows it.
#[derive(Serialize)]
struct Shown {
    id: String,
    current: bool,
    /// What the application calls itself, if it calls itself anything.
    application: Option<String>,
    client: Option<String>,
    since: String,
    since_in_words: String,
}

/// `GET sessions`
#[handler]
pub(super) async fn list(visit: Visit) -> Result<Response, Failure> {
    let Some(member) = visit.member().await? else {
        return visit.lead_to("sign-in");
    };
    let email = member.account.email.as_str();
    let zone = visit.business.time_zone.clone().unwrap_or_default();
    let language = visit.words.language;
    let sessions = visit.app.sessions.of_member(&member, visit.now).await?;
    let sessions: Vec<Shown> = sessions
        .into_iter()
        .map(|session| Shown {
            since: session.created_at.to_string(),
            since_in_words: date_and_time(language, &zone, session.created_at),
            application: Some(session.client_id).filter(|id| id != email),
            id: session.id,
            current: session.current,
            client: session.client,
        })
        .collect();
    let sessions = Value::from(Serde(sessions));
    visit.page("sessions.html", context! { email, sessions })
}

/// `POST sessions`: ends one, or all others.
#[handler]
pub(super) async fn end(posted: Posted) -> Result<Response, Failure> {
    let which = posted.get("end").to_owned();
    let visit = posted.visit;
    let Some(member) = visit.member().await? else {
        return visit.lead_to("sign-in");
    };
    let (sessions, client, now) = (&visit.app.sessions, visit.client, visit.now);
    if which == "others" {
        sessions.end_others(&member, client, now).await?;
    } else {
        // One that has ended meanwhile is what was wanted.
        sessions.end(&member, which, client, now).await?;
    }
    visit.lead_to("sessions")
}

/// `POST sign-out`
#[handler]
pub(super) async fn sign_out(posted: Posted) -> Result<Response, Failure> {
    let mut visit = posted.visit;
    if let Some(member) = visit.member().await? {
        let own = member.session.clone();
        let (sessions, client) = (&visit.app.sessions, visit.client);
        sessions.end(&member, own, client, visit.now).await?;
    }
    visit.let_go();
    visit.remember(Flow::default());
    visit.lead_to("signed-out")
}

/// `GET signed-out`
#[handler]
pub(super) fn signed_out(visit: Visit) -> Result<Response, Failure> {
    visit.message(
        StatusCode::OK,
        ("signed_out_title", "signed_out_text"),
        ("sign-in", "sign_in_again"),
    )
}
