//! The envelope, `ActionConfirmation`, and the headers of every answer.

use std::marker::PhantomData;
use std::sync::Arc;

use poem::http::{HeaderValue, StatusCode, header};
use poem::{Endpoint, IntoResponse, Request, Response};
use poem_openapi::payload::{Json, Payload as _};
use poem_openapi::registry::{
    MetaHeader, MetaMediaType, MetaResponse, MetaResponses, MetaSchemaRef, Registry,
};
use poem_openapi::types::{Example, Type};
use poem_openapi::{ApiResponse, Object};
use serde::Serialize;

use super::Manners;
use crate::config::Http;

/// What is said where a second factor is due, by `exchange` and the token endpoint alike.
pub(super) const TWO_FACTOR: &str = "two_factor_auth_check";

/// The answer of every endpoint under `/api/sys/users/` but `exchange`, and of every failure.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "PascalCase")]
#[oai(
    rename_all = "PascalCase",
    rename = "ActionConfirmation",
    read_only_all,
    example
)]
pub(super) struct Envelope {
    /// The outcome.
    pub(super) was_successful: bool,
    /// A result, where the endpoint has one.
    #[oai(nullable)]
    pub(super) value: Option<String>,
    /// The HTTP status, mirrored.
    pub(super) status: u16,
    /// One sentence for a person; null on success.
    #[oai(nullable)]
    pub(super) message: Option<String>,
    /// Every problem of the request; null on success.
    #[oai(nullable)]
    pub(super) errors: Option<Vec<FieldError>>,
}

/// One problem of a request.
#[derive(Clone, Debug, Serialize, Object)]
#[serde(rename_all = "PascalCase")]
#[oai(rename_all = "PascalCase", read_only_all)]
pub(super) struct FieldError {
    /// The property, as the documentation spells it.
    pub(super) property_name: String,
    /// What is wrong with it.
    pub(super) message: String,
    /// What was sent, cut at 128 characters; null for a password, token or code.
    #[oai(nullable)]
    pub(super) attempted_value: Option<String>,
}

impl Example for Envelope {
    fn example() -> Self {
        Self::success(None)
    }
}

impl Envelope {
    /// Documents the envelope. Its fields are all there in every answer, whereas the derive takes one
    /// that may be null for one that may be absent.
    pub(super) fn document(registry: &mut Registry) {
        Self::register(registry);
        for name in [Self::name(), FieldError::name()] {
            if let Some(schema) = registry.schemas.get_mut(name.as_ref()) {
                schema.required = schema.properties.iter().map(|(name, _)| *name).collect();
            }
        }
    }

    pub(super) fn success(value: Option<String>) -> Self {
        Self {
            was_successful: true,
            value,
            status: StatusCode::OK.as_u16(),
            message: None,
            errors: None,
        }
    }

    pub(super) fn failure(
        status: StatusCode,
        message: String,
        errors: Option<Vec<FieldError>>,
    ) -> Self {
        Self {
            was_successful: false,
            value: None,
            status: status.as_u16(),
            message: Some(message),
            errors,
        }
    }
}

impl IntoResponse for Envelope {
    fn into_response(self) -> Response {
        json(
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            &self,
        )
    }
}

/// A JSON answer with its keys in the order of `value`'s fields.
pub(super) fn json(status: StatusCode, value: &impl Serialize) -> Response {
    let body = serde_json::to_vec(value).unwrap_or_default();
    Response::builder()
        .status(status)
        .content_type("application/json; charset=utf-8")
        .body(body)
}

/// The statuses that an operation documents, with what each means.
pub(super) trait Statuses: Send {
    const ALL: &'static [(u16, &'static str)];
}

/// A successful envelope of an operation with the documented statuses `S`.
pub(super) struct Confirmed<S>(Envelope, PhantomData<S>);

impl<S> Confirmed<S> {
    pub(super) fn plain() -> Self {
        Self(Envelope::success(None), PhantomData)
    }

    pub(super) fn with(value: String) -> Self {
        Self(Envelope::success(Some(value)), PhantomData)
    }
}

impl<S: Statuses> IntoResponse for Confirmed<S> {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}

impl<S: Statuses> ApiResponse for Confirmed<S> {
    fn meta() -> MetaResponses {
        documented::<Envelope, Envelope>(S::ALL)
    }

    fn register(registry: &mut Registry) {
        Envelope::document(registry);
    }
}

/// The documentation of `statuses`, whose 200 has the body `Ok` and whose others have `Failed`.
pub(super) fn documented<Ok: Type, Failed: Type>(
    statuses: &'static [(u16, &'static str)],
) -> MetaResponses {
    let unsaid = ANYWHERE
        .iter()
        .filter(|(status, _)| statuses.iter().all(|(said, _)| said != status));
    let mut all: Vec<_> = statuses.iter().chain(unsaid).copied().collect();
    all.sort_unstable_by_key(|(status, _)| *status);
    described(&all, |status| {
        if status == 200 {
            Ok::schema_ref()
        } else {
            Failed::schema_ref()
        }
    })
}

/// What any operation may answer, whatever it does.
const ANYWHERE: [(u16, &str); 2] = [
    (429, "Too many requests from this client."),
    (503, "The server is busy: try again in a moment."),
];

/// The documentation of just these statuses, and the schema of each one's body.
pub(super) fn described(
    statuses: &[(u16, &'static str)],
    schema: impl Fn(u16) -> MetaSchemaRef,
) -> MetaResponses {
    let responses = statuses
        .iter()
        .map(|&(status, description)| MetaResponse {
            description,
            status: Some(status),
            status_range: None,
            content: vec![MetaMediaType {
                content_type: Json::<Envelope>::CONTENT_TYPE,
                schema: schema(status),
            }],
            headers: waiting(status),
        })
        .collect();
    MetaResponses { responses }
}

/// The headers that tell when to come again.
fn waiting(status: u16) -> Vec<MetaHeader> {
    let header = |name: &str, description: &str, required, schema| MetaHeader {
        name: name.to_owned(),
        description: Some(description.to_owned()),
        required,
        deprecated: false,
        schema,
    };
    let mut headers = Vec::new();
    if matches!(status, 429 | 503) {
        let description = "Seconds to wait before trying again.";
        headers.push(header("Retry-After", description, true, u32::schema_ref()));
    }
    if status == 429 {
        let description = "What is left of the limit, and for how many seconds: `\"reset\";r=0;t=5` \
                           (draft-ietf-httpapi-ratelimit-headers-11).";
        headers.push(header("RateLimit", description, true, String::schema_ref()));
        let description = "The limit, and its window in seconds: `\"reset\";q=120;w=60`. Absent where the \
                           wait is for wrong guesses or a code that was just sent.";
        let policy = header("RateLimit-Policy", description, false, String::schema_ref());
        headers.push(policy);
    }
    headers
}

/// What every answer carries to keep browsers careful.
pub(super) struct Careful {
    hsts: Option<HeaderValue>,
}

impl Careful {
    pub(super) fn new(http: &Http) -> Self {
        Self { hsts: hsts(http) }
    }

    pub(super) fn put(&self, response: &mut Response) {
        let headers = response.headers_mut();
        let mut default = |name, value| {
            headers
                .entry(name)
                .or_insert(HeaderValue::from_static(value));
        };
        default(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
        default(header::REFERRER_POLICY, "no-referrer");
        default(header::X_FRAME_OPTIONS, "DENY");
        default(
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'",
        );
        default(header::CACHE_CONTROL, "no-store");
        if let Some(hsts) = &self.hsts {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, hsts.clone());
        }
    }
}

/// What keeps browsers from plain HTTP (RFC 6797), where TLS ends here and the world's address is of
/// https. Behind a proxy it is for the proxy to say, which alone knows how the client came.
fn hsts(http: &Http) -> Option<HeaderValue> {
    let seconds = http.hsts.as_secs();
    let private = http.tls.is_some() && http.public_url.scheme() == "https";
    (private && seconds > 0)
        .then(|| HeaderValue::try_from(format!("max-age={seconds}")).ok())
        .flatten()
}

/// Puts it into every answer.
pub(super) async fn headers<E: Endpoint<Output = Response>>(
    manners: Arc<Manners>,
    next: Arc<E>,
    request: Request,
) -> poem::Result<Response> {
    let mut response = next.get_response(request).await;
    manners.careful.put(&mut response);
    Ok(response)
}
