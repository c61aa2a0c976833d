//! The HTTP server: routes, and what every answer has in common.
//!
//! The API's documentation is made of its handlers; the hosted pages stand beside it (`pages.rs`).
//!
//! A handler parses, calls one domain function and wraps the answer. Whatever fails on the way, in
//! a handler or before one, ends in one place (`edge.rs`), which makes it the envelope (or, at the token
//! endpoints, OAuth's error). Who finds no place is turned away at the door (`door.rs`), before all that.

mod bearer;
mod body;
mod client;
mod codes;
mod cors;
mod discovery;
mod docs;
mod door;
mod edge;
mod envelope;
mod error;
mod exchange;
mod fields;
pub mod json;
mod limited;
mod member;
mod methods;
mod oauth;
mod observe;
mod pages;
mod parameters;
mod probes;
mod reset;
pub mod serve;
mod two_factor;
pub mod urlencoded;

use std::sync::Arc;

use poem::{Endpoint, EndpointExt as _, Response, Route, get};
use poem_openapi::{OpenApiService, Tags};

use crate::app::App;

type Apis = (
    reset::Resets,
    codes::Codes,
    exchange::Exchange,
    oauth::OAuth,
    oauth::tokens::Tokens,
    member::Members,
    two_factor::TwoFactors,
    discovery::Discovery,
    probes::Probes,
);
type Service = OpenApiService<Apis, ()>;

/// In the order of the documentation.
const APIS: Apis = (
    reset::Resets,
    codes::Codes,
    exchange::Exchange,
    oauth::OAuth,
    oauth::tokens::Tokens,
    member::Members,
    two_factor::TwoFactors,
    discovery::Discovery,
    probes::Probes,
);

/// The groups of the documentation.
#[derive(Tags)]
enum Tag {
    /// Password reset: ask for a link, choose a new password.
    Reset,
    /// Sign-in: with a password, a one-time code, or a one-time token.
    #[oai(rename = "Sign-in")]
    SignIn,
    /// What a signed-in member does, with an access token.
    Member,
    /// For applications and operators.
    Service,
}

fn service(public_url: &url::Url) -> Service {
    OpenApiService::new(APIS, "readmit", env!("CARGO_PKG_VERSION"))
        .description(docs::DESCRIPTION)
        .server(public_url.as_str().trim_end_matches('/'))
}

/// The OpenAPI document as JSON.
pub fn openapi(public_url: &url::Url) -> String {
    service(public_url).spec()
}

/// What all answers have in common, whichever part of the server makes them.
struct Manners {
    app: Arc<App>,
    methods: methods::Methods,
    origins: cors::Origins,
    careful: envelope::Careful,
}

impl Manners {
    fn new(app: &Arc<App>, document: &str) -> Arc<Self> {
        Arc::new(Self {
            app: Arc::clone(app),
            methods: methods::Methods::of(document, &pages::METHODS),
            origins: cors::Origins::new(app),
            careful: envelope::Careful::new(&app.config.http),
        })
    }
}

/// Everything that the server answers, and the manners in which it does.
fn routes(app: &Arc<App>) -> (impl Endpoint<Output = Response> + use<>, Arc<Manners>) {
    let api = service(&app.config.http.public_url);
    let document = api.spec();
    let manners = Manners::new(app, &document);
    let page = docs::ui(document.clone());
    let routes = pages::add_to(Route::new())
        .nest("/", api)
        .at("/docs", get(page))
        .at("/openapi.json", get(docs::document(document)))
        .data(Arc::clone(app));
    let allowed = Arc::clone(&manners);
    let routes = surround(&manners, routes)
        .around(move |next, request| methods::allow(Arc::clone(&allowed), next, request));
    (routes, manners)
}

/// What stands around every route: a failure or a panic becomes an answer, and every answer has the
/// headers that all of them have.
pub fn guard<E>(app: &Arc<App>, routes: E) -> impl Endpoint<Output = Response> + use<E>
where
    E: Endpoint<Output = Response> + 'static,
{
    let document = openapi(&app.config.http.public_url);
    surround(&Manners::new(app, &document), routes)
}

fn surround<E>(manners: &Arc<Manners>, routes: E) -> impl Endpoint<Output = Response> + use<E>
where
    E: Endpoint<Output = Response> + 'static,
{
    let [of_edge, of_limits] = [(); 2].map(|()| Arc::clone(&manners.app));
    let [sharing, careful, observing] = [(); 3].map(|()| Arc::clone(manners));
    routes
        .around(move |next, request| limited::count(Arc::clone(&of_limits), next, request))
        .around(move |next, request| edge::edge(Arc::clone(&of_edge), next, request))
        .around(limited::tell)
        // So many layers of generic types are too deep for the compiler, which this cuts short.
        .boxed()
        .around(move |next, request| cors::share(Arc::clone(&sharing), next, request))
        .around(move |next, request| envelope::headers(Arc::clone(&careful), next, request))
        .around(move |next, request| observe::observe(Arc::clone(&observing), next, request))
}
