//! A visit to a page: at which business, in which language, by which browser; and what goes back.

use std::net::IpAddr;
use std::sync::Arc;

use minijinja::value::Serde;
use minijinja::{Value, context};
use poem::error::NotFoundError;
use poem::http::{HeaderMap, HeaderValue, StatusCode, header};
use poem::{FromRequest, Request, RequestBody, Response};
use serde::Serialize;
use url::Url;

use super::cookies::{Cookies, Flow};
use super::view::{Brand, Page};
use super::words::{self, Words};
use crate::app::App;
use crate::business::{self, Business, BusinessId, Lifetime, PortalUrl};
use crate::clock::Timestamp;
use crate::email::EmailAddress;
use crate::http::client::Client;
use crate::http::error::{Failure, with_retry_after};
use crate::limits::Action;
use crate::locale::{self, Language};
use crate::session::{Grant, Member, NotSignedIn};
use crate::store::StoreError;

/// See the module.
pub(super) struct Visit {
    pub(super) app: Arc<App>,
    pub(super) business: Business,
    pub(super) words: &'static Words,
    pub(super) client: IpAddr,
    asking: Client,
    pub(super) now: Timestamp,
    pub(super) flow: Flow,
    pub(super) browser: String,
    /// The refresh token that the browser holds.
    session: Option<String>,
    cookies: Vec<HeaderValue>,
}

impl<'a> FromRequest<'a> for Visit {
    async fn from_request(request: &'a Request, body: &mut RequestBody) -> poem::Result<Self> {
        let app = request.data::<Arc<App>>().ok_or(Failure::Internal)?;
        let client = Client::from_request(request, body).await?;
        let business = find(app, request.uri().path())
            .await
            .map_err(Failure::from)?
            .ok_or(NotFoundError)?;
        let headers = request.headers();
        let mut visit = Self {
            app: Arc::clone(app),
            words: Words::of(language(headers, Some(&business))),
            client: client.0,
            asking: client,
            now: app.clock.now(),
            flow: Flow::default(),
            browser: String::new(),
            session: None,
            cookies: Vec::new(),
            business,
        };
        let cookies = visit.cookies();
        let (flow, session) = (cookies.flow(headers), cookies.session(headers));
        let known = cookies.browser(headers);
        let browser = known.clone().unwrap_or_else(|| app.entropy.token::<16>());
        let new = match known {
            Some(_) => None,
            None => cookies.set_browser(&browser),
        };
        visit.cookies.extend(new);
        visit.flow = flow;
        visit.browser = browser;
        visit.session = session;
        Ok(visit)
    }
}

/// The business whose pages stand at `path`, which begins like `/p/7`. A number has one spelling.
pub(in crate::http) async fn find(app: &App, path: &str) -> Result<Option<Business>, StoreError> {
    let number = path.split('/').nth(2).unwrap_or_default();
    let id = number.parse::<BusinessId>().ok();
    let Some(id) = id.filter(|id| id.to_string() == number) else {
        return Ok(None);
    };
    app.store.read(move |db| business::find(db, id)).await
}

/// What the browser likes best of what we speak, else the business's language, else English.
pub(super) fn language(headers: &HeaderMap, business: Option<&Business>) -> Language {
    headers
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .and_then(words::preferred)
        .or_else(|| Some(business?.locale.as_ref()?.language()))
        .unwrap_or_default()
}

/// What is wrong with the fields of a form, and with the whole of it.
#[derive(Default)]
pub(super) struct Again {
    pub(super) status: StatusCode,
    pub(super) alert: Option<String>,
    pub(super) problems: Problems,
    retry_after: Option<u64>,
}

/// What is wrong with each field.
#[derive(Default, Serialize)]
pub(super) struct Problems {
    pub(super) email: Vec<String>,
    pub(super) password: Vec<String>,
    pub(super) code: Vec<String>,
}

impl Again {
    /// The form was refused for this reason.
    pub(super) fn because(alert: &str) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            alert: Some(alert.to_owned()),
            ..Self::default()
        }
    }

    /// Fields of the form are wrong.
    pub(super) fn fix(problems: Problems) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            problems,
            ..Self::default()
        }
    }
}

impl Problems {
    pub(super) fn any(&self) -> bool {
        [&self.email, &self.password, &self.code]
            .iter()
            .any(|problems| !problems.is_empty())
    }
}

impl Visit {
    fn cookies(&self) -> Cookies<'_> {
        Cookies {
            vault: &self.app.vault,
            business: self.business.id,
            secure: self.app.config.http.public_url.scheme() == "https",
        }
    }

    /// Admits a form by the limits of what it asks for.
    pub(super) fn admit(
        &self,
        action: Action,
        email: Option<&EmailAddress>,
    ) -> Result<(), Failure> {
        let (limits, business) = (&self.app.limits, Some(self.business.id));
        self.asking.admit_about(limits, action, email, business)
    }

    /// The page of a form that is shown for the first time, or again with what is wrong with it.
    pub(super) fn form(
        self,
        template: &str,
        again: Again,
        values: Value,
    ) -> Result<Response, Failure> {
        let values = context! {
            alert => again.alert,
            problems => Value::from(Serde(again.problems)),
            ..values
        };
        let page = self.page_of(again.status, template, values)?;
        Ok(with_retry_after(page, again.retry_after))
    }

    /// A page.
    pub(super) fn page(self, template: &str, values: Value) -> Result<Response, Failure> {
        self.page_of(StatusCode::OK, template, values)
    }

    /// A page that says one thing, and offers one way on.
    pub(super) fn message(
        self,
        status: StatusCode,
        (heading, text): (&str, &str),
        (address, label): (&str, &str),
    ) -> Result<Response, Failure> {
        let words = self.words;
        let values = context! {
            heading => words.get(heading),
            text => words.get(text),
            way => context! { address, label => words.get(label) },
        };
        self.page_of(status, "message.html", values)
    }

    fn page_of(
        self,
        status: StatusCode,
        template: &str,
        values: Value,
    ) -> Result<Response, Failure> {
        let page = Page {
            status,
            brand: &Brand::of(&self.business),
            words: self.words,
            root: "../",
            leads_to: self
                .return_to()
                .map(|url| url.origin().ascii_serialization()),
        };
        let csrf = super::guard::token(&self);
        let response = page.render(template, context! { csrf, ..values })?;
        Ok(self.with_cookies(response))
    }

    /// Leads on to another page of the business, or to `to` elsewhere.
    pub(super) fn lead_to(self, to: &str) -> Result<Response, Failure> {
        let to = HeaderValue::from_str(to).map_err(|_| Failure::Internal)?;
        let mut response = Response::builder().status(StatusCode::SEE_OTHER).finish();
        response.headers_mut().insert(header::LOCATION, to);
        Ok(self.with_cookies(response))
    }

    fn with_cookies(mut self, mut response: Response) -> Response {
        for cookie in self.cookies.drain(..) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        response
    }

    /// Has the browser remember `flow`.
    pub(super) fn remember(&mut self, flow: Flow) {
        let cookie = self.cookies().set_flow(&flow);
        self.cookies.extend(cookie);
        self.flow = flow;
    }

    /// Has the browser hold this session.
    pub(super) fn hold(&mut self, grant: &Grant) {
        let common = self.app.config.tokens.refresh_ttl;
        let ttl = self.business.refresh_ttl.map_or(common, Lifetime::get);
        let cookie = self.cookies().set_session(&grant.refresh_token, ttl);
        self.cookies.extend(cookie);
        self.session = Some(grant.refresh_token.clone());
    }

    /// Has the browser forget its session.
    pub(super) fn let_go(&mut self) {
        let cookie = self.cookies().drop_session();
        self.cookies.extend(cookie);
        self.session = None;
    }

    /// Who is signed in, if the session that the browser holds is open.
    pub(super) async fn member(&self) -> Result<Option<Member>, Failure> {
        let Some(token) = &self.session else {
            return Ok(None);
        };
        match self.app.sessions.holder(token, self.now).await {
            Ok(member) => Ok(Some(member)),
            Err(NotSignedIn::Invalid) => Ok(None),
            Err(NotSignedIn::Store(error)) => Err(error.into()),
        }
    }

    /// Where the member goes after signing in, if that may still be.
    pub(super) fn return_to(&self) -> Option<Url> {
        self.may_return_to(self.flow.return_to.as_deref()?)
    }

    /// The address, if its origin is one that belongs to the business. A member is sent nowhere else.
    pub(super) fn may_return_to(&self, address: &str) -> Option<Url> {
        /// What fits a cookie beside the rest.
        const LONGEST: usize = 1024;
        let url = Url::parse(address).ok()?;
        let plain = address.len() <= LONGEST
            && matches!(url.scheme(), "http" | "https")
            && url.username().is_empty()
            && url.password().is_none();
        let origin = url.origin().ascii_serialization();
        let portal = self.business.portal_url.as_ref().map(PortalUrl::origin);
        let known = portal.as_ref() == Some(&origin)
            || self.business.allowed_origins.iter().any(|o| o == origin);
        (plain && known).then_some(url)
    }

    /// How a form is shown again for a reason that goes by; anything else is no matter of the form.
    pub(super) fn excuse(&self, failure: Failure) -> Result<Again, Failure> {
        let alert = match &failure {
            Failure::OverLimit(wait) => self.words.filled("wait", "wait", &self.wait(*wait)),
            Failure::Unavailable => self.words.get("busy").to_owned(),
            _ => return Err(failure),
        };
        Ok(Again {
            status: failure.status(),
            alert: Some(alert),
            retry_after: failure.retry_after(),
            ..Again::default()
        })
    }

    /// A wait as people say it, rounded up.
    pub(super) fn wait(&self, wait: std::time::Duration) -> String {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        let rounded = if seconds < 60 {
            seconds.max(1)
        } else {
            seconds.div_ceil(60) * 60
        };
        let rounded = std::time::Duration::from_secs(rounded);
        locale::duration(self.words.language, rounded)
    }
}
