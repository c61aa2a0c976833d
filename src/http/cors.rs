//! Cross-origin requests: allowed from the businesses' portals and what else they allow, and from nowhere else.

use std::collections::HashSet;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use poem::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use poem::{Endpoint, Request, Response};

use super::{Manners, pages};
use crate::app::App;
use crate::business::{self, PortalUrl};
use crate::clock::Timestamp;
use crate::store::StoreError;

/// A business added by another process is allowed after this long at the latest.
const FRESH_FOR: Duration = Duration::from_secs(1);

/// The origins that may read our answers.
pub(super) struct Origins {
    app: Arc<App>,
    portals: RwLock<Known>,
}

#[derive(Clone, Default)]
struct Known {
    origins: Arc<HashSet<String>>,
    read_at: Option<Timestamp>,
}

impl Origins {
    pub(super) fn new(app: &Arc<App>) -> Self {
        Self {
            app: Arc::clone(app),
            portals: RwLock::default(),
        }
    }

    fn is_configured(&self, origin: &str) -> bool {
        let configured = &self.app.config.http.allowed_origins;
        configured.iter().any(|allowed| allowed == origin)
    }

    async fn allow(&self, origin: &str) -> bool {
        self.is_configured(origin) || self.portals().await.contains(origin)
    }

    /// Lets the origin of a request to `path` with these headers read the answer, if it is known to be
    /// allowed without another look.
    pub(super) fn tell_known(&self, path: &str, headers: &HeaderMap, response: &mut Response) {
        let origin = origin_of(path, headers)
            .filter(|(_, text)| self.is_configured(text) || self.known().origins.contains(*text));
        tell(
            response.headers_mut(),
            origin.map(|(origin, _)| origin.clone()),
        );
    }

    fn known(&self) -> Known {
        let known = self.portals.read();
        known
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone()
    }

    /// The businesses' origins, read again when they are a second old. A database that cannot be read
    /// leaves the last known ones in force.
    async fn portals(&self) -> Arc<HashSet<String>> {
        let now = self.app.clock.now();
        let known = self.known();
        let fresh = |read_at: Timestamp| read_at <= now && now.since(read_at) < FRESH_FOR;
        if known.read_at.is_some_and(fresh) {
            return known.origins;
        }
        let businesses: Result<_, StoreError> = self.app.store.read(business::sql::all).await;
        let Ok(businesses) = businesses else {
            return known.origins;
        };
        let mut origins = HashSet::new();
        for business in &businesses {
            origins.extend(business.portal_url.as_ref().map(PortalUrl::origin));
            origins.extend(business.allowed_origins.iter().map(str::to_owned));
        }
        let origins = Arc::new(origins);
        *self
            .portals
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = Known {
            origins: Arc::clone(&origins),
            read_at: Some(now),
        };
        origins
    }
}

/// Answers preflights of allowed origins, and lets allowed origins read every other answer of the API.
///
/// A request from another origin is answered all the same, since the API takes no cookies that a
/// foreign page could ride on; its browser just does not show it the answer. Our own pages do take
/// cookies, and no other origin reads them.
pub(super) async fn share<E: Endpoint<Output = Response>>(
    manners: Arc<Manners>,
    next: Arc<E>,
    request: Request,
) -> poem::Result<Response> {
    let origin = match origin_of(request.uri().path(), request.headers()) {
        Some((origin, text)) if manners.origins.allow(text).await => Some(origin.clone()),
        _ => None,
    };
    let is_preflight = request.method() == Method::OPTIONS
        && request
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);

    let mut response = match &origin {
        Some(_) if is_preflight => preflight(),
        _ => next.get_response(request).await,
    };
    tell(response.headers_mut(), origin);
    Ok(response)
}

/// Whose page asks, and how that reads, where others than ours may read the answer.
fn origin_of<'a>(path: &str, headers: &'a HeaderMap) -> Option<(&'a HeaderValue, &'a str)> {
    let origin = headers.get(header::ORIGIN)?;
    let text = origin.to_str().ok()?;
    (!pages::is_under(path)).then_some((origin, text))
}

fn tell(headers: &mut HeaderMap, origin: Option<HeaderValue>) {
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = origin {
        allow_origin(headers, origin);
    }
}

fn preflight() -> Response {
    Response::builder()
        .status(StatusCode::NO_CONTENT)
        .header(header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, DELETE")
        .header(
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "content-type, authorization, client_id",
        )
        .header(header::ACCESS_CONTROL_MAX_AGE, "600")
        .finish()
}

fn allow_origin(headers: &mut HeaderMap, origin: HeaderValue) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("retry-after, ratelimit, ratelimit-policy, x-request-id"),
    );
}
