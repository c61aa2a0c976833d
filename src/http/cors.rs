//! Cross-origin requests: allowed from the businesses' portals and what else they allow, and from nowhere else.

use std::collections::HashSet;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use poem::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use poem::{Endpoint, Request, Response};

use super::pages;
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

    async fn allow(&self, origin: &str) -> bool {
        let configured = &self.app.config.http.allowed_origins;
        configured.iter().any(|allowed| allowed == origin) || self.portals().await.contains(origin)
    }

    /// The businesses' origins, read again when they are a second old. A database that cannot be read
    /// leaves the last known ones in force.
    async fn portals(&self) -> Arc<HashSet<String>> {
        let now = self.app.clock.now();
        let known = self
            .portals
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone();
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
    origins: Arc<Origins>,
    next: Arc<E>,
    request: Request,
) -> poem::Result<Response> {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let of_pages = pages::is_under(request.uri().path());
    let allowed = match origin.as_ref().and_then(|origin| origin.to_str().ok()) {
        Some(text) if !of_pages => origins.allow(text).await,
        _ => false,
    };
    let origin = origin.filter(|_| allowed);
    let is_preflight = request.method() == Method::OPTIONS
        && request
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);

    let mut response = match &origin {
        Some(_) if is_preflight => preflight(),
        _ => next.get_response(request).await,
    };
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = origin {
        allow_origin(headers, origin);
    }
    Ok(response)
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
