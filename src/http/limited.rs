//! Limits at the edge: every request counts, and an answer says where its caller stands.
//!
//! The fields are those of draft-ietf-httpapi-ratelimit-headers-11: `RateLimit-Policy` names the quota
//! (`"exchange";q=600;w=60`), `RateLimit` what is left of it (`"exchange";r=599;t=60`). They have no
//! partition key, which would be somebody's address.
//!
//! An answer that could be compared with another one to find out about an account has no `RateLimit`
//! while it is admitted, so that it is the same to the byte whenever it is asked for: those to a request
//! for a link or a code, to a code, and to a sign-in. The count would tell nothing, but differ.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use poem::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use poem::{Endpoint, Request, Response};

use super::client;
use super::error::{Failure, whole_seconds};
use super::probes;
use crate::app::App;
use crate::config::Quota;
use crate::limits::{Action, Caller, Limits, OverLimit, Rule, Standing};

const LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// What a limit has said while a request was handled. Clones are of the same request.
#[derive(Clone, Default)]
pub(super) struct Told(Arc<Mutex<Option<Said>>>);

#[derive(Clone, Copy)]
enum Said {
    Admitted(Standing),
    Refused(OverLimit),
}

impl Told {
    /// What the limits have said of this request.
    pub(super) fn of(request: &Request) -> Self {
        request.extensions().get().cloned().unwrap_or_default()
    }

    /// Admits a request, or refuses it, by the limits of `action`.
    pub(super) fn admit(
        &self,
        limits: &Limits,
        action: Action,
        caller: &Caller<'_>,
    ) -> Result<(), Failure> {
        let admitted = limits.admit(action, caller);
        let said = match admitted {
            Ok(standing) => standing.map(Said::Admitted),
            Err(over) => Some(Said::Refused(over)),
        };
        if let Some(said) = said {
            self.note(said);
        }
        Ok(admitted.map(|_| ())?)
    }

    fn note(&self, said: Said) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(said);
    }

    fn said(&self) -> Option<Said> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts every request but those of `/healthz`, before anything is read of it.
pub(super) async fn count<E: Endpoint<Output = Response>>(
    app: Arc<App>,
    next: Arc<E>,
    request: Request,
) -> poem::Result<Response> {
    // What comes over no socket is no stranger's.
    if request.uri().path() != probes::LIVENESS
        && let Ok(client) = client::of(&request, &app.config.http)
    {
        let caller = Caller::at(client);
        // Where the client stands with all its requests is said only when it is turned away.
        if let Err(over) = app.limits.admit(Action::Any, &caller) {
            Told::of(&request).note(Said::Refused(over));
            return Err(Failure::from(over).into());
        }
    }
    next.call(request).await
}

/// Writes into every answer what the limits have said.
pub(super) async fn tell<E: Endpoint<Output = Response>>(
    next: Arc<E>,
    mut request: Request,
) -> poem::Result<Response> {
    let told = Told::default();
    request.extensions_mut().insert(told.clone());
    let mut response = next.get_response(request).await;
    let over = response.status() == StatusCode::TOO_MANY_REQUESTS;
    let headers = response.headers_mut();
    match told.said() {
        Some(Said::Refused(over)) => {
            set(headers, POLICY, policy(over.rule, over.quota));
            set(headers, LIMIT, left(&over.rule, 0, over.retry_after));
        }
        // What makes somebody wait stands in the database, and has no fixed quota: wrong guesses, or a
        // code that was sent just before.
        _ if over => {
            let wait = headers.get(header::RETRY_AFTER);
            let wait = wait.and_then(|value| value.to_str().ok()?.parse().ok());
            let wait = Duration::from_secs(wait.unwrap_or(1));
            set(headers, LIMIT, left(&"wait", 0, wait));
        }
        Some(Said::Admitted(Standing {
            rule,
            quota,
            remaining,
        })) => {
            set(headers, POLICY, policy(rule, quota));
            if !is_compared(rule.action) {
                // The quota is full again within its whole time, so what is left is not too much for it.
                set(headers, LIMIT, left(&rule, remaining, quota.per));
            }
        }
        None => {}
    }
    Ok(response)
}

const fn is_compared(action: Action) -> bool {
    match action {
        Action::Reset | Action::Otp | Action::Verify | Action::SignIn => true,
        Action::Complete | Action::Exchange | Action::Refresh | Action::Strength | Action::Any => {
            false
        }
    }
}

/// A window is in whole seconds; of another one nothing is said.
fn policy(rule: Rule, quota: Quota) -> String {
    let count = quota.count;
    if quota.per.subsec_nanos() == 0 {
        format!("\"{rule}\";q={count};w={}", quota.per.as_secs())
    } else {
        format!("\"{rule}\";q={count}")
    }
}

fn left(name: &impl std::fmt::Display, remaining: u32, within: Duration) -> String {
    format!("\"{name}\";r={remaining};t={}", whole_seconds(within))
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: String) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(name, value);
    }
}
