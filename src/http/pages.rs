//! Pages for members of businesses that have no portal: `/p/7/sign-in` and its like.
//!
//! They are made on the server, in the business's colour and name and the member's language, and work
//! without a script: forms are posted, and what was done is answered with a redirect, so that a page
//! can be loaded again. A handler calls the same functions as the API's, within the same limits; nothing
//! here knows more about accounts than a portal could.
//!
//! | what | where |
//! | --- | --- |
//! | who visits, and what goes back | `visit.rs`; its cookies in `cookies.rs` |
//! | forms that are ours | `guard.rs` |
//! | HTML, and the policy of each page | `view.rs`, `words.rs`, `assets.rs`, and `assets/pages/` |
//! | the pages | `sign_in.rs`, `reset.rs`, `enter.rs`, `sessions.rs`, `strength.rs` |

mod assets;
mod cookies;
mod enter;
mod guard;
mod reset;
mod sessions;
mod sign_in;
mod strength;
mod view;
mod visit;
mod words;

use minijinja::context;
use poem::http::{HeaderMap, StatusCode};
use poem::{Request, Response, Route, get, handler, post};

use self::guard::Refused;
use self::view::{Brand, Page};
pub(super) use self::visit::find;
use self::visit::{Visit, language};
use self::words::Words;
use super::error::{Failure, foreign, retry_after_of, with_retry_after};
use crate::app::App;
use crate::business::Business;

/// The pages and the methods that each answers to.
pub(super) const METHODS: [(&str, &str); 18] = [
    ("/p/assets/pages.css", "GET, HEAD"),
    ("/p/assets/pages.js", "GET, HEAD"),
    ("/p/assets/brand.css", "GET, HEAD"),
    ("/p/assets/icon.svg", "GET, HEAD"),
    ("/p/{business}", "GET, HEAD"),
    ("/p/{business}/sign-in", "GET, HEAD, POST"),
    ("/p/{business}/code", "GET, HEAD, POST"),
    ("/p/{business}/second-factor", "GET, HEAD, POST"),
    ("/p/{business}/continue", "POST"),
    ("/p/{business}/forgot", "GET, HEAD, POST"),
    ("/p/{business}/sent", "GET, HEAD"),
    ("/p/{business}/reset", "GET, HEAD, POST"),
    ("/p/{business}/strength", "POST"),
    ("/p/{business}/done", "GET, HEAD"),
    ("/p/{business}/sessions", "GET, HEAD, POST"),
    ("/p/{business}/sign-out", "POST"),
    ("/p/{business}/signed-out", "GET, HEAD"),
    ("/p/{business}/", "GET, HEAD"),
];

/// Adds the pages.
pub(super) fn add_to(routes: Route) -> Route {
    routes
        .at("/p/assets/pages.css", get(assets::style))
        .at("/p/assets/pages.js", get(assets::script))
        .at("/p/assets/brand.css", get(assets::brand))
        .at("/p/assets/icon.svg", get(assets::icon))
        .at("/p/:business", get(home))
        .at("/p/:business/", get(home))
        .at(
            "/p/:business/sign-in",
            get(sign_in::open).post(sign_in::send),
        )
        .at(
            "/p/:business/code",
            get(sign_in::open_code).post(sign_in::send_code),
        )
        .at(
            "/p/:business/second-factor",
            get(enter::second_factor).post(enter::take_second_factor),
        )
        .at("/p/:business/continue", post(enter::go_on))
        .at(
            "/p/:business/forgot",
            get(reset::open_forgot).post(reset::send_forgot),
        )
        .at("/p/:business/sent", get(reset::sent))
        .at(
            "/p/:business/reset",
            get(reset::open_reset).post(reset::send_reset),
        )
        .at("/p/:business/strength", post(strength::judge))
        .at("/p/:business/done", get(reset::done))
        .at(
            "/p/:business/sessions",
            get(sessions::list).post(sessions::end),
        )
        .at("/p/:business/sign-out", post(sessions::sign_out))
        .at("/p/:business/signed-out", get(sessions::signed_out))
}

/// `GET /p/7`: what a business gives its members to remember.
#[handler]
fn home(request: &Request, visit: Visit) -> Result<Response, Failure> {
    let number = visit.business.id;
    if request.uri().path().ends_with('/') {
        visit.lead_to("sign-in")
    } else {
        visit.lead_to(&format!("{number}/sign-in"))
    }
}

/// Whether `path` is under the pages.
pub(super) fn is_under(path: &str) -> bool {
    path.starts_with("/p/")
}

/// Whether what is answered at `path` is a page, failures included. What the pages' script asks for is
/// none.
pub(super) fn is_page(path: &str) -> bool {
    is_under(path) && !path.ends_with("/strength")
}

/// The page of a failure, in the dress of this business.
pub(super) fn failure(
    app: &App,
    business: Option<Business>,
    path: &str,
    headers: &HeaderMap,
    error: &poem::Error,
) -> Response {
    let words = Words::of(language(headers, business.as_ref()));
    let from = &app.config.smtp.from;
    let ours = from.name.as_deref().unwrap_or(from.address.domain());
    let brand = business
        .as_ref()
        .map_or_else(|| Brand::plain(ours), Brand::of);
    let (status, heading, text) = said(error);
    let depth = path.split('/').count().saturating_sub(3);
    let page = Page {
        status,
        brand: &brand,
        words,
        root: &"../".repeat(depth),
        leads_to: None,
    };
    let way = business.map(|business| {
        let address = format!("{}{}/sign-in", "../".repeat(depth), business.id);
        context! { address, label => words.get("start_over") }
    });
    let values = context! { heading => words.get(heading), text => words.get(text), way };
    let response = page.render("message.html", values);
    let response = response.unwrap_or_else(|_| Response::builder().status(status).finish());
    with_retry_after(response, retry_after_of(error))
}

/// The status of a failure, and the keys of its heading and its text.
fn said(error: &poem::Error) -> (StatusCode, &'static str, &'static str) {
    let status = match error.downcast_ref::<Failure>() {
        Some(failure) => failure.status(),
        None => match error.downcast_ref::<Refused>() {
            Some(Refused::Foreign) => {
                return (StatusCode::FORBIDDEN, "error_title", "error_foreign");
            }
            Some(Refused::Stale) => {
                return (StatusCode::FORBIDDEN, "error_title", "error_stale");
            }
            None => foreign(error).0,
        },
    };
    match status {
        StatusCode::NOT_FOUND => (status, "error_missing_title", "error_missing"),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            (status, "error_title", "busy")
        }
        status if status.is_client_error() => (status, "error_title", "error_request"),
        _ => (status, "error_title", "error_ours"),
    }
}
