//! For applications and operators: public keys, liveness, readiness.

use std::marker::PhantomData;
use std::sync::Arc;

use poem::http::StatusCode;
use poem::web::Data;
use poem::{IntoResponse, Response};
use poem_openapi::registry::{MetaResponses, Registry};
use poem_openapi::types::Type;
use poem_openapi::{ApiResponse, Object, OpenApi};
use serde::Serialize;

use super::Tag;
use super::envelope::{Statuses, documented, json};
use super::error::{SHED_RETRY_AFTER, with_retry_after};
use crate::app::App;
use crate::health;

pub(super) struct Probes;

/// A JSON Web Key Set (RFC 7517).
#[derive(Object)]
#[oai(read_only_all)]
struct JsonWebKeySet {
    /// The keys; the first one signs.
    keys: Vec<JsonWebKey>,
}

/// A public key of P-256 (RFC 7518, 6.2).
#[derive(Object)]
#[oai(read_only_all)]
struct JsonWebKey {
    /// Always `EC`.
    kty: String,
    /// Always `sig`.
    #[oai(rename = "use")]
    key_use: String,
    /// Always `ES256`.
    alg: String,
    /// The key's id, as in the header of a token.
    kid: String,
    /// Always `P-256`.
    crv: String,
    /// The first coordinate.
    x: String,
    /// The second coordinate.
    y: String,
}

/// How a part of the server is.
#[derive(Serialize, Object)]
#[oai(read_only_all)]
struct Readiness {
    /// Whether the server can do its work.
    ready: bool,
    /// `ok`, or what is wrong with the database.
    database: String,
    /// `ok`, or what is wrong with the outbox.
    outbox: String,
}

/// Whether the process answers.
#[derive(Serialize, Object)]
#[oai(read_only_all)]
struct Liveness {
    /// Always true.
    alive: bool,
}

/// An answer whose body is documented by `T`, and whose statuses by `S`.
struct Answer<T, S> {
    response: Response,
    documented: PhantomData<(T, S)>,
}

impl<T, S> Answer<T, S> {
    fn new(status: StatusCode, body: &impl Serialize) -> Self {
        let busy = status == StatusCode::SERVICE_UNAVAILABLE;
        Self {
            response: with_retry_after(json(status, body), busy.then_some(SHED_RETRY_AFTER)),
            documented: PhantomData,
        }
    }
}

impl<T: Send, S: Statuses> IntoResponse for Answer<T, S> {
    fn into_response(self) -> Response {
        self.response
    }
}

impl<T: Type, S: Statuses> ApiResponse for Answer<T, S> {
    fn meta() -> MetaResponses {
        documented::<T, T>(S::ALL)
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

struct Always;

impl Statuses for Always {
    const ALL: &'static [(u16, &'static str)] = &[(200, "As described.")];
}

struct ReadyOrNot;

impl Statuses for ReadyOrNot {
    const ALL: &'static [(u16, &'static str)] = &[
        (200, "The server does its work."),
        (
            503,
            "The server cannot do its work at present: the body says why.",
        ),
    ];
}

#[OpenApi]
impl Probes {
    /// The public keys
    ///
    /// With these anybody can verify access tokens.
    #[oai(
        path = "/.well-known/jwks.json",
        method = "get",
        tag = "Tag::Service",
        operation_id = "jwks"
    )]
    #[expect(clippy::unused_async, reason = "operations are async")]
    async fn jwks(&self, app: Data<&Arc<App>>) -> Answer<JsonWebKeySet, Always> {
        Answer::new(StatusCode::OK, &app.signer.jwks())
    }

    /// Whether the process answers
    #[oai(
        path = "/healthz",
        method = "get",
        tag = "Tag::Service",
        operation_id = "healthz"
    )]
    #[expect(clippy::unused_async, reason = "operations are async")]
    async fn healthz(&self) -> Answer<Liveness, Always> {
        Answer::new(StatusCode::OK, &Liveness { alive: true })
    }

    /// Whether the server can do its work
    ///
    /// The disk takes a write, and no mail waits past its time.
    #[oai(
        path = "/readyz",
        method = "get",
        tag = "Tag::Service",
        operation_id = "readyz"
    )]
    async fn readyz(&self, app: Data<&Arc<App>>) -> Answer<Readiness, ReadyOrNot> {
        let report = health::check(&app.store, &app.config.outbox, app.clock.now()).await;
        let status = if report.is_ready() {
            StatusCode::OK
        } else {
            StatusCode::SERVICE_UNAVAILABLE
        };
        let body = Readiness {
            ready: report.is_ready(),
            database: report.database,
            outbox: report.outbox,
        };
        Answer::new(status, &body)
    }
}
