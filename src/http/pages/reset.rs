//! `forgot` and `reset`: a link by mail, and a new password with it.

use minijinja::context;
use poem::http::StatusCode;
use poem::{Request, Response, handler};

use super::cookies::Flow;
use super::enter::with_login_token;
use super::guard::Posted;
use super::sign_in::{address, query};
use super::visit::{Again, Problems, Visit};
use super::words::Words;
use crate::http::error::Failure;
use crate::limits::Action;
use crate::password::{Password, Rule};
use crate::reset::CompleteError;

/// `GET forgot`
#[handler]
pub(super) fn open_forgot(visit: Visit) -> Result<Response, Failure> {
    let email = visit.flow.email.clone().unwrap_or_default();
    show_forgot(visit, &email, Again::default())
}

fn show_forgot(visit: Visit, email: &str, again: Again) -> Result<Response, Failure> {
    visit.form("forgot.html", again, context! { email })
}

/// `POST forgot`: the same work and the same answer whatever the address, as at `startPasswordReset`.
#[handler]
pub(super) async fn send_forgot(posted: Posted) -> Result<Response, Failure> {
    let typed = posted.get("email").trim().to_owned();
    let mut visit = posted.visit;
    let email = match address(&visit, &typed) {
        Ok(email) => email,
        Err(problems) => return show_forgot(visit, &typed, Again::fix(problems)),
    };
    if let Err(over) = visit.admit(Action::Reset, Some(&email)) {
        let again = visit.excuse(over)?;
        return show_forgot(visit, &typed, again);
    }
    let (business, client) = (visit.business.id, visit.client.to_string());
    let asked = visit
        .app
        .resets
        .request(email, Some(business), client, visit.now)
        .await;
    if let Err(error) = asked {
        let again = visit.excuse(error.into())?;
        return show_forgot(visit, &typed, again);
    }
    let flow = Flow {
        email: Some(typed),
        ..visit.flow.clone()
    };
    visit.remember(flow);
    visit.lead_to("sent")
}

/// `GET sent`
#[handler]
pub(super) fn sent(visit: Visit) -> Result<Response, Failure> {
    let email = visit.flow.email.clone();
    visit.page("sent.html", context! { email })
}

/// `GET reset?token=`: nothing is used up, however often and by whomever it is opened.
#[handler]
pub(super) async fn open_reset(request: &Request, visit: Visit) -> Result<Response, Failure> {
    let token = query(request).remove("token").unwrap_or_default();
    show_reset(visit, &token, Again::default()).await
}

async fn show_reset(visit: Visit, token: &str, again: Again) -> Result<Response, Failure> {
    let business = Some(visit.business.id);
    match visit.app.resets.linked(token, business, visit.now).await {
        Ok(account) => {
            let email = account.email.as_str().to_owned();
            visit.form("reset.html", again, context! { token, email })
        }
        Err(CompleteError::InvalidToken) => link_is_over(visit),
        Err(error) => Err(error.into()),
    }
}

/// `POST reset`
#[handler]
pub(super) async fn send_reset(posted: Posted) -> Result<Response, Failure> {
    let token = posted.get("token").to_owned();
    let password = posted.get("password").to_owned();
    let mut visit = posted.visit;
    if password.is_empty() {
        let missing = visit.words.get("new_password_missing").to_owned();
        let again = Again::fix(Problems {
            password: vec![missing],
            ..Problems::default()
        });
        return show_reset(visit, &token, again).await;
    }
    if let Err(over) = visit.admit(Action::Complete, None) {
        let again = visit.excuse(over)?;
        return show_reset(visit, &token, again).await;
    }
    let (business, client) = (Some(visit.business.id), visit.client.to_string());
    let completed = visit
        .app
        .resets
        .complete(&token, &password, business, client, visit.now)
        .await;
    let again = match completed {
        Ok(login) => {
            let flow = Flow {
                changed: true,
                ..visit.flow.clone()
            };
            visit.remember(flow);
            return with_login_token(visit, login).await;
        }
        Err(CompleteError::InvalidToken) => return link_is_over(visit),
        Err(CompleteError::WeakPassword(missed)) => Again::fix(Problems {
            password: in_words(visit.words, missed.rules()),
            ..Problems::default()
        }),
        Err(CompleteError::Busy(busy)) => visit.excuse(busy.into())?,
        Err(CompleteError::Store(error)) => visit.excuse(error.into())?,
    };
    show_reset(visit, &token, again).await
}

/// `GET done`: the password is changed, and the member is in.
#[handler]
pub(super) async fn done(visit: Visit) -> Result<Response, Failure> {
    match visit.member().await? {
        Some(member) => {
            let email = member.account.email.as_str();
            visit.page("done.html", context! { email })
        }
        None => visit.lead_to("sign-in"),
    }
}

fn link_is_over(visit: Visit) -> Result<Response, Failure> {
    visit.message(
        StatusCode::BAD_REQUEST,
        ("link_over_title", "reset_link_over"),
        ("forgot", "ask_for_link"),
    )
}

/// The rules that a password misses, in the reader's language.
pub(super) fn in_words(words: &Words, missed: &[Rule]) -> Vec<String> {
    let sentence = |rule: &Rule| match rule {
        Rule::TooLong => words.filled("rule_too_long", "most", &Password::MAX_BYTES.to_string()),
        Rule::TooShort(least) => words.filled("rule_too_short", "least", &least.to_string()),
        Rule::Nul => words.get("rule_nul").to_owned(),
        Rule::Common => words.get("rule_common").to_owned(),
        Rule::Names => words.get("rule_names").to_owned(),
        Rule::Breached => words.get("rule_breached").to_owned(),
        Rule::Guessable => words.get("rule_guessable").to_owned(),
    };
    missed.iter().map(sentence).collect()
}
