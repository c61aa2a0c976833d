//! What the pages are dressed in: one stylesheet, one script, and what follows from a colour.

use std::sync::LazyLock;

use poem::http::{HeaderValue, StatusCode, header};
use poem::{Request, Response, handler};
use sha2::{Digest as _, Sha256};

use crate::business::Colour;
use crate::http::urlencoded;

const STYLE: &str = include_str!("../../../assets/pages/pages.css");
const SCRIPT: &str = include_str!("../../../assets/pages/pages.js");

/// Changes whenever a file does.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let digest = Sha256::new()
        .chain_update(STYLE)
        .chain_update(SCRIPT)
        .finalize();
    data_encoding::HEXLOWER.encode(&digest[..8])
});

/// The grounds on which the colour is read, as `pages.css` has them; of the two of each scheme the one that
/// is nearer to it.
const LIGHT: &str = "#f3f4f6";
const DARK: &str = "#1b1e23";

/// What pages add to the addresses of the files, so that a browser need never ask twice.
pub(super) fn version() -> &'static str {
    &VERSION
}

/// `pages.css`
#[handler]
pub(super) fn style(request: &Request) -> Response {
    file(request, "text/css; charset=utf-8", STYLE)
}

/// `pages.js`
#[handler]
pub(super) fn script(request: &Request) -> Response {
    file(request, "text/javascript; charset=utf-8", SCRIPT)
}

fn file(request: &Request, content_type: &'static str, content: &'static str) -> Response {
    let tag = format!("\"{}\"", version());
    let known = request
        .headers()
        .get(header::IF_NONE_MATCH)
        .and_then(|tags| tags.to_str().ok())
        .is_some_and(|tags| tags.split(',').any(|known| known.trim() == tag));
    let current = parameter(request, "v").as_deref() == Some(version());
    let mut response = if known {
        Response::builder()
            .status(StatusCode::NOT_MODIFIED)
            .finish()
    } else {
        Response::builder().content_type(content_type).body(content)
    };
    let headers = response.headers_mut();
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    let caching = if current { FOREVER } else { "no-cache" };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    response
}

/// For what stands at its address for good.
const FOREVER: &str = "public, max-age=31536000, immutable";

fn parameter(request: &Request, name: &str) -> Option<String> {
    let query = request.uri().query().unwrap_or_default();
    urlencoded::parse(query.as_bytes()).ok()?.remove(name)
}

fn colour(request: &Request) -> Option<Colour> {
    let digits = parameter(request, "colour")?;
    Colour::parse(&format!("#{digits}")).ok()
}

fn made_of_colour(content_type: &'static str, content: Option<String>) -> Response {
    let Some(content) = content else {
        return Response::builder().status(StatusCode::NOT_FOUND).finish();
    };
    Response::builder()
        .content_type(content_type)
        .header(header::CACHE_CONTROL, FOREVER)
        .body(content)
}

/// `brand.css?colour=0b6e4f`: a business's colour, and the same in the lightness in which it can be read
/// on a page. It is made of the colour alone, so that the policy needs to admit no style inside of a page.
#[handler]
pub(super) fn brand(request: &Request) -> Response {
    let made = colour(request).map(|colour| {
        let on = |ground| {
            let ground = Colour::parse(ground).unwrap_or_default();
            colour.legible_on(&ground)
        };
        format!(
            ":root{{--brand:{colour};--on-brand:{};--accent:{}}}\n\
             @media (prefers-color-scheme:dark){{:root{{--accent:{}}}}}\n",
            colour.text_on_it(),
            on(LIGHT),
            on(DARK),
        )
    });
    made_of_colour("text/css; charset=utf-8", made)
}

/// `icon.svg?colour=0b6e4f`: an open door in a business's colour, for the browser's tab.
#[handler]
pub(super) fn icon(request: &Request) -> Response {
    let made = colour(request).map(|colour| {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 32 32\">\
             <rect width=\"32\" height=\"32\" rx=\"8\" fill=\"{colour}\"/>\
             <path d=\"M9 25V7h14v18M9 7l8 4v18l-8-4\" fill=\"none\" stroke=\"{}\" stroke-width=\"2.5\" \
             stroke-linejoin=\"round\"/></svg>\n",
            colour.text_on_it(),
        )
    });
    made_of_colour("image/svg+xml", made)
}
