//! `sign-in` and `code`: with a password, with a code by mail, or with the link beside it.

use std::collections::HashMap;

use minijinja::context;
use poem::{Request, Response, handler};

use super::cookies::Flow;
use super::enter::{enter, link_is_over, with_login_token};
use super::guard::Posted;
use super::visit::{Again, Problems, Visit};
use crate::email::EmailAddress;
use crate::http::error::Failure;
use crate::http::urlencoded;
use crate::limits::Action;
use crate::otp::{RequestError, VerifyError};
use crate::password::Password;
use crate::session::{ExchangeError, Login, SignInError, Step};

/// The parameters of a page's address; one that is malformed has none.
pub(super) fn query(request: &Request) -> HashMap<String, String> {
    let query = request.uri().query().unwrap_or_default();
    urlencoded::parse(query.as_bytes()).unwrap_or_default()
}

/// `GET sign-in`: the form; with `?token=`, whether to use the link that led here. Nothing is used up.
#[handler]
pub(super) async fn open(request: &Request, mut visit: Visit) -> Result<Response, Failure> {
    let mut query = query(request);
    if let Some(token) = query.remove("token") {
        return invite(visit, &token, Again::default()).await;
    }
    if let Some(address) = query.remove("return_to")
        && let Some(url) = visit.may_return_to(&address)
    {
        let flow = Flow {
            return_to: Some(url.into()),
            ..visit.flow.clone()
        };
        visit.remember(flow);
    }
    let email = visit.flow.email.clone().unwrap_or_default();
    show(visit, &email, Again::default()).await
}

async fn show(visit: Visit, email: &str, again: Again) -> Result<Response, Failure> {
    let member = visit.member().await?;
    let member = member.map(|member| member.account.email.as_str().to_owned());
    visit.form("sign_in.html", again, context! { email, member })
}

/// Asks whether to use a link, and says for whom it is: a member may hold a link that somebody else
/// asked for.
async fn invite(visit: Visit, token: &str, again: Again) -> Result<Response, Failure> {
    let sessions = &visit.app.sessions;
    match sessions.invited(token, visit.business.id, visit.now).await {
        Ok(account) => {
            let email = account.email.as_str().to_owned();
            visit.form("invited.html", again, context! { token, email })
        }
        Err(ExchangeError::InvalidToken) => link_is_over(visit),
        Err(error) => Err(error.into()),
    }
}

/// `POST sign-in`
#[handler]
pub(super) async fn send(posted: Posted) -> Result<Response, Failure> {
    let token = posted.get("token").to_owned();
    if !token.is_empty() {
        let visit = posted.visit;
        return match visit.admit(Action::Exchange, None) {
            Ok(()) => with_login_token(visit, token).await,
            Err(over) => {
                let again = visit.excuse(over)?;
                invite(visit, &token, again).await
            }
        };
    }
    match posted.get("by") {
        "code" => ask_for_code(posted).await,
        _ => with_password(posted).await,
    }
}

async fn with_password(posted: Posted) -> Result<Response, Failure> {
    let email = posted.get("email").trim().to_owned();
    let password = posted.get("password").to_owned();
    let mut visit = posted.visit;
    let words = visit.words;
    let mut problems = Problems::default();
    if email.is_empty() {
        problems.email.push(words.get("email_missing").to_owned());
    }
    if password.is_empty() {
        let missing = words.get("password_missing").to_owned();
        problems.password.push(missing);
    }
    if problems.any() {
        return show(visit, &email, Again::fix(problems)).await;
    }
    let address = EmailAddress::parse(&email).ok();
    if let Err(over) = visit.admit(Action::SignIn, address.as_ref()) {
        let again = visit.excuse(over)?;
        return show(visit, &email, again).await;
    }
    let login = Login {
        username: email.clone(),
        password: Password::new(&password),
        totp: None,
        client_id: None,
    };
    let sessions = &visit.app.sessions;
    let step = sessions
        .sign_in_by_steps(login, visit.client, visit.now)
        .await;
    let again = match step {
        Ok(Step::In(grant)) => return enter(visit, &grant).await,
        Ok(Step::SecondFactor(token)) => {
            let flow = Flow {
                login: Some(token),
                ..visit.flow.clone()
            };
            visit.remember(flow);
            return visit.lead_to("second-factor");
        }
        Err(SignInError::Credentials | SignInError::TwoFactor) => {
            Again::because(words.get("wrong_credentials"))
        }
        Err(SignInError::MustReset) => Again::because(words.get("must_reset")),
        Err(SignInError::Wait(wait)) => visit.excuse(Failure::OverLimit(wait))?,
        Err(SignInError::Busy(busy)) => visit.excuse(busy.into())?,
        Err(SignInError::Store(error)) => visit.excuse(error.into())?,
    };
    show(visit, &email, again).await
}

async fn ask_for_code(posted: Posted) -> Result<Response, Failure> {
    let typed = posted.get("email").trim().to_owned();
    let mut visit = posted.visit;
    let email = match address(&visit, &typed) {
        Ok(email) => email,
        Err(problems) => return show(visit, &typed, Again::fix(problems)).await,
    };
    match request_code(&visit, email).await? {
        None => {
            let flow = Flow {
                email: Some(typed),
                ..visit.flow.clone()
            };
            visit.remember(flow);
            visit.lead_to("code")
        }
        Some(again) => show(visit, &typed, again).await,
    }
}

/// The address that was typed, or what is wrong with it.
pub(super) fn address(visit: &Visit, typed: &str) -> Result<EmailAddress, Problems> {
    EmailAddress::parse(typed).map_err(|_| {
        let problem = if typed.is_empty() {
            "email_missing"
        } else {
            "email_invalid"
        };
        Problems {
            email: vec![visit.words.get(problem).to_owned()],
            ..Problems::default()
        }
    })
}

/// Asks for a code, without looking whether there is anybody to send it to; or what to say instead.
async fn request_code(visit: &Visit, email: EmailAddress) -> Result<Option<Again>, Failure> {
    if let Err(over) = visit.admit(Action::Otp, Some(&email)) {
        return visit.excuse(over).map(Some);
    }
    let (business, client) = (visit.business.id, visit.client);
    let asked = visit
        .app
        .otps
        .request(email, business, client, visit.now)
        .await;
    match asked {
        Ok(()) => Ok(None),
        Err(RequestError::CoolingDown(wait)) => {
            let mut again = visit.excuse(Failure::OverLimit(wait))?;
            let wait = visit.wait(wait);
            again.alert = Some(visit.words.filled("code_wait", "wait", &wait));
            Ok(Some(again))
        }
        Err(RequestError::Store(error)) => visit.excuse(error.into()).map(Some),
    }
}

/// `GET code`: where a code from the mail is typed.
#[handler]
pub(super) fn open_code(visit: Visit) -> Result<Response, Failure> {
    match visit.flow.email.clone() {
        Some(email) => show_code(visit, &email, Again::default()),
        None => visit.lead_to("sign-in"),
    }
}

fn show_code(visit: Visit, email: &str, again: Again) -> Result<Response, Failure> {
    visit.form("code.html", again, context! { email })
}

/// `POST code`
#[handler]
pub(super) async fn send_code(posted: Posted) -> Result<Response, Failure> {
    let code = posted.get("code").trim().to_owned();
    let another = !posted.get("again").is_empty();
    let visit = posted.visit;
    let typed = visit.flow.email.clone().unwrap_or_default();
    let Ok(email) = EmailAddress::parse(&typed) else {
        return visit.lead_to("sign-in");
    };
    if another {
        return match request_code(&visit, email).await? {
            None => visit.lead_to("code"),
            Some(again) => show_code(visit, &typed, again),
        };
    }
    let wrong = |problem: &str| {
        Again::fix(Problems {
            code: vec![visit.words.get(problem).to_owned()],
            ..Problems::default()
        })
    };
    let again = if code.is_empty() {
        wrong("code_missing")
    } else if let Err(over) = visit.admit(Action::Verify, Some(&email)) {
        visit.excuse(over)?
    } else {
        let (business, client) = (visit.business.id, visit.client);
        let taken = visit
            .app
            .otps
            .verify(email, business, &code, client, visit.now)
            .await;
        match taken {
            Ok(login) => return with_login_token(visit, login).await,
            Err(VerifyError::WrongCode) => wrong("wrong_code"),
            Err(VerifyError::Wait(wait)) => visit.excuse(Failure::OverLimit(wait))?,
            Err(VerifyError::Store(error)) => visit.excuse(error.into())?,
        }
    };
    show_code(visit, &typed, again)
}
