//! From a template to an answer: HTML, and the policy that keeps anything else from running in it.

use std::sync::LazyLock;

use minijinja::value::Kwargs;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value, context};
use poem::Response;
use poem::http::{HeaderValue, StatusCode, header};
use url::Url;

use super::assets;
use super::words::{self, Words};
use crate::business::{Business, Colour};
use crate::http::error::Failure;
use crate::text::inert;

const TEMPLATES: [(&str, &str); 12] = [
    (
        "layout.html",
        include_str!("../../../assets/pages/layout.html"),
    ),
    (
        "parts.html",
        include_str!("../../../assets/pages/parts.html"),
    ),
    (
        "sign_in.html",
        include_str!("../../../assets/pages/sign_in.html"),
    ),
    (
        "invited.html",
        include_str!("../../../assets/pages/invited.html"),
    ),
    ("code.html", include_str!("../../../assets/pages/code.html")),
    (
        "second_factor.html",
        include_str!("../../../assets/pages/second_factor.html"),
    ),
    (
        "forgot.html",
        include_str!("../../../assets/pages/forgot.html"),
    ),
    ("sent.html", include_str!("../../../assets/pages/sent.html")),
    (
        "reset.html",
        include_str!("../../../assets/pages/reset.html"),
    ),
    ("done.html", include_str!("../../../assets/pages/done.html")),
    (
        "sessions.html",
        include_str!("../../../assets/pages/sessions.html"),
    ),
    (
        "message.html",
        include_str!("../../../assets/pages/message.html"),
    ),
];

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_filter("fill", fill);
    for (name, source) in TEMPLATES {
        environment
            .add_template(name, source)
            .expect("the built-in templates parse");
    }
    environment
});

/// `{{ w.reset_text | fill(email=email) }}`: a text of the language with a value in its place. The
/// result is text, which is escaped like any other.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the template engine hands values over"
)]
fn fill(text: &str, values: Kwargs) -> Result<String, Error> {
    let name = values
        .args()
        .next()
        .ok_or_else(|| Error::from(ErrorKind::MissingArgument))?;
    let filled = words::fill(text, name, values.get(name)?);
    values.assert_all_used()?;
    Ok(filled)
}

/// Whose page it is, as the layout shows it.
pub(super) struct Brand {
    name: String,
    colour: Colour,
    logo_url: Option<String>,
}

impl Brand {
    pub(super) fn of(business: &Business) -> Self {
        Self {
            name: inert(&business.name),
            colour: business.colour.clone().unwrap_or_default(),
            logo_url: business.logo_url.clone(),
        }
    }

    /// The brand of a page that belongs to no business.
    pub(super) fn plain(name: &str) -> Self {
        Self {
            name: inert(name),
            colour: Colour::default(),
            logo_url: None,
        }
    }

    fn value(&self) -> Value {
        let initial = self.name.chars().find(|c| c.is_alphanumeric());
        context! {
            name => self.name.as_str(),
            initial => initial.map(|c| c.to_uppercase().to_string()),
            colour => self.colour.as_str().trim_start_matches('#'),
            logo_url => self.logo_url.as_deref(),
        }
    }
}

/// A page to be rendered.
pub(super) struct Page<'a> {
    pub(super) status: StatusCode,
    pub(super) brand: &'a Brand,
    pub(super) words: &'static Words,
    /// The way from this page to where the pages of all businesses are: `../` a level.
    pub(super) root: &'a str,
    /// Another origin to which a form of this page may lead in the end.
    pub(super) leads_to: Option<String>,
}

impl Page<'_> {
    /// The answer; `values` are the template's own.
    pub(super) fn render(&self, template: &str, values: Value) -> Result<Response, Failure> {
        let all = context! {
            lang => self.words.language.code(),
            w => self.words.value(),
            brand => self.brand.value(),
            root => Value::from_safe_string(self.root.to_owned()),
            version => assets::version(),
            ..values
        };
        let html = ENVIRONMENT
            .get_template(template)
            .and_then(|template| template.render(all))
            .map_err(|error| {
                tracing::error!(%error, template, "a page cannot be rendered");
                Failure::Internal
            })?;
        let mut response = Response::builder()
            .status(self.status)
            .content_type("text/html; charset=utf-8")
            .body(html);
        let headers = response.headers_mut();
        if let Ok(policy) = HeaderValue::from_str(&self.policy()) {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        Ok(response)
    }

    /// Nothing runs or is loaded that does not come from here, but for the business's logo. A browser may
    /// hold a form to this even when the answer to it leads elsewhere, so that the place to which a member
    /// returns in the end must stand here as well.
    fn policy(&self) -> String {
        let logo = self.brand.logo_url.as_deref().and_then(origin);
        let beside = |origin: Option<&str>| origin.map_or_else(String::new, |o| format!(" {o}"));
        format!(
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'{}; connect-src \
             'self'; form-action 'self'{}; base-uri 'none'; frame-ancestors 'none'",
            beside(logo.as_deref()),
            beside(self.leads_to.as_deref()),
        )
    }
}

/// The origin of a web address.
pub(super) fn origin(address: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    let origin = url.origin();
    origin.is_tuple().then(|| origin.ascii_serialization())
}
