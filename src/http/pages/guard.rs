//! Forms that were really sent from a page of ours, by the browser that got it.
//!
//! Two things are asked of every form. What the browser itself says about where it comes from
//! (`Sec-Fetch-Site`, `Origin`) must not name another site. And it must carry a token that only we can
//! make, bound to a random cookie of that browser and to the business: a signed double submit.

use std::collections::HashMap;
use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use poem::http::{HeaderMap, StatusCode, header};
use poem::{FromRequest, Request, RequestBody};
use subtle::ConstantTimeEq as _;
use url::Url;

use super::visit::Visit;
use crate::app::App;
use crate::http::body;
use crate::http::error::Failure;
use crate::http::urlencoded::{self, FORM};

/// A form that was sent from a page of ours.
pub(super) struct Posted {
    pub(super) visit: Visit,
    fields: HashMap<String, String>,
}

impl Posted {
    /// The value of a field; empty when there is none.
    pub(super) fn get(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }
}

/// Why a form is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    /// It comes from elsewhere.
    #[error("the form was sent from another site")]
    Foreign,
    /// It is not this browser's, or the browser has forgotten us since.
    #[error("the form belongs to no visit of this browser")]
    Stale,
}

impl poem::error::ResponseError for Refused {
    fn status(&self) -> StatusCode {
        StatusCode::FORBIDDEN
    }
}

impl<'a> FromRequest<'a> for Posted {
    async fn from_request(request: &'a Request, body: &mut RequestBody) -> poem::Result<Self> {
        let app = request.data::<Arc<App>>().ok_or(Failure::Internal)?;
        if is_foreign(request.headers(), &app.config.http.public_url) {
            return Err(Refused::Foreign.into());
        }
        if !body::is_media_type(request, FORM) {
            return Err(Failure::BadRequest("Send a form.").into());
        }
        let visit = Visit::from_request(request, body).await?;
        let bytes = body::read(request, body).await?;
        let fields =
            urlencoded::parse(&bytes).map_err(|_| Failure::BadRequest("The form is malformed."))?;
        let posted = Self { visit, fields };
        let (given, wanted) = (posted.get("csrf"), token(&posted.visit));
        if bool::from(given.as_bytes().ct_eq(wanted.as_bytes())) {
            Ok(posted)
        } else {
            Err(Refused::Stale.into())
        }
    }
}

/// The token of this browser's forms at this business.
pub(super) fn token(visit: &Visit) -> String {
    let message = format!("{}:{}", visit.business.id, visit.browser);
    URL_SAFE_NO_PAD.encode(visit.app.vault.mac("page form", message.as_bytes()))
}

/// Whether the browser says that the request was not made by a page of ours.
///
/// No page can forge either header. Under our own `Referrer-Policy` browsers send `Origin: null` with
/// a form, which says nothing; those that are too old for `Sec-Fetch-Site` are left to the token.
fn is_foreign(headers: &HeaderMap, public_url: &Url) -> bool {
    let said = |name| headers.get(name).map(|value| value.to_str().unwrap_or(""));
    let own = public_url.origin().ascii_serialization();
    let site = said(header::HeaderName::from_static("sec-fetch-site"));
    let origin = said(header::ORIGIN);
    match (site, origin) {
        (Some(site), _) if site != "same-origin" => true,
        // A page of ours that is reached under another name than the public one is still ours.
        (Some(_), _) | (None, None | Some("null")) => false,
        (None, Some(origin)) => origin != own,
    }
}
