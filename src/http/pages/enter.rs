//! From a login token or an open session to where the member wanted to go.

use minijinja::context;
use poem::http::StatusCode;
use poem::{Response, handler};

use super::cookies::Flow;
use super::guard::Posted;
use super::visit::Visit;
use crate::http::error::Failure;
use crate::limits::Action;
use crate::session::{ExchangeError, Grant, Member, NotSignedIn};

/// Exchanges a login token for a session. Where a second factor is due, its page asks for it; the browser
/// keeps the token until then.
pub(super) async fn with_login_token(mut visit: Visit, token: String) -> Result<Response, Failure> {
    match exchange(&visit, &token, None).await {
        Ok(grant) => enter(visit, &grant).await,
        Err(ExchangeError::TwoFactor) => {
            let flow = Flow {
                login: Some(token),
                ..visit.flow.clone()
            };
            visit.remember(flow);
            visit.lead_to("second-factor")
        }
        Err(ExchangeError::InvalidToken) => link_is_over(visit),
        Err(error) => Err(error.into()),
    }
}

/// Exchanges a login token that was made for this business.
pub(super) async fn exchange(
    visit: &Visit,
    token: &str,
    code: Option<String>,
) -> Result<Grant, ExchangeError> {
    let sessions = &visit.app.sessions;
    sessions
        .invited(token, visit.business.id, visit.now)
        .await?;
    let lifetime = visit.app.config.tokens.access_ttl;
    sessions
        .exchange(token, code, lifetime, visit.client, visit.now)
        .await
}

/// Has the browser hold the new session in place of the one that it held, and leads on.
pub(super) async fn enter(mut visit: Visit, grant: &Grant) -> Result<Response, Failure> {
    if let Some(earlier) = visit.member().await? {
        let (app, now) = (&visit.app, visit.now);
        app.sessions
            .end(&earlier, earlier.session.clone(), visit.client, now)
            .await?;
    }
    visit.hold(grant);
    if visit.flow.changed {
        let flow = Flow {
            return_to: visit.flow.return_to.take(),
            ..Flow::default()
        };
        visit.remember(flow);
        return visit.lead_to("done");
    }
    match visit.member().await? {
        Some(member) => leave(visit, &member).await,
        None => visit.lead_to("sign-in"),
    }
}

/// Leads a signed-in member to where they came from, with a one-time token to be known there by; else to
/// their sessions.
async fn leave(mut visit: Visit, member: &Member) -> Result<Response, Failure> {
    let return_to = visit.return_to();
    if visit.flow != Flow::default() {
        visit.remember(Flow::default());
    }
    let Some(mut url) = return_to else {
        return visit.lead_to("sessions");
    };
    let token = match visit.app.sessions.carry(member, visit.now).await {
        Ok(token) => token,
        Err(NotSignedIn::Invalid) => return visit.lead_to("sign-in"),
        Err(NotSignedIn::Store(error)) => return Err(error.into()),
    };
    let others: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(name, _)| name != "t")
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    url.query_pairs_mut()
        .clear()
        .extend_pairs(others)
        .append_pair("t", &token);
    visit.lead_to(url.as_str())
}

/// `POST continue`: on to where a signed-in member wanted to go.
#[handler]
pub(super) async fn go_on(posted: Posted) -> Result<Response, Failure> {
    let visit = posted.visit;
    match visit.member().await? {
        Some(member) => leave(visit, &member).await,
        None => visit.lead_to("sign-in"),
    }
}

/// `GET second-factor`
#[handler]
pub(super) fn second_factor(visit: Visit) -> Result<Response, Failure> {
    if visit.flow.login.is_none() {
        return visit.lead_to("sign-in");
    }
    visit.form(
        "second_factor.html",
        super::visit::Again::default(),
        context! {},
    )
}

/// `POST second-factor`
#[handler]
pub(super) async fn take_second_factor(posted: Posted) -> Result<Response, Failure> {
    use super::visit::{Again, Problems};
    let code = posted.get("code").trim().to_owned();
    let mut visit = posted.visit;
    let Some(token) = visit.flow.login.clone() else {
        return visit.lead_to("sign-in");
    };
    let again = if code.is_empty() {
        let missing = visit.words.get("code_missing").to_owned();
        Again::fix(Problems {
            code: vec![missing],
            ..Problems::default()
        })
    } else if let Err(over) = visit.admit(Action::Exchange, None) {
        visit.excuse(over)?
    } else {
        match exchange(&visit, &token, Some(code)).await {
            Ok(grant) => return enter(visit, &grant).await,
            Err(ExchangeError::TwoFactor) => {
                let wrong = visit.words.get("wrong_code").to_owned();
                Again::fix(Problems {
                    code: vec![wrong],
                    ..Problems::default()
                })
            }
            Err(ExchangeError::InvalidToken) => {
                visit.remember(Flow {
                    login: None,
                    ..visit.flow.clone()
                });
                return link_is_over(visit);
            }
            Err(error) => visit.excuse(error.into())?,
        }
    };
    visit.form("second_factor.html", again, context! {})
}

/// What is said to somebody whose link or step towards a session is over.
pub(super) fn link_is_over(visit: Visit) -> Result<Response, Failure> {
    visit.message(
        StatusCode::BAD_REQUEST,
        ("link_over_title", "sign_in_link_over"),
        ("sign-in", "sign_in_again"),
    )
}
