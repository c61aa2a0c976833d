//! For operators: liveness and readiness.

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
use super::envelope::{Envelope, Statuses, described, json};
use super::error::{SHED_RETRY_AFTER, with_retry_after};
use crate::app::App;
use crate::health;

/// Where to ask whether the process answers.
pub(super) const LIVENESS: &str = "/healthz";

/// Whether this is where an operator asks, who is answered whatever there is to do.
pub(super) fn is_probe(path: &str) -> bool {
    matches!(path, LIVENESS | "/readyz")
}

pub(super) struct Probes;

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
    /// `ok`, or which relay is down. Mail waits for it; requests are taken all the same.
    relay: String,
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
        described(S::ALL, |status| match status {
            429 => Envelope::schema_ref(),
            _ => T::schema_ref(),
        })
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
        Envelope::document(registry);
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
        (429, "Too many requests from this client."),
        (
            503,
            "The server cannot do its work at present: the body says why.",
        ),
    ];
}

#[OpenApi]
impl Probes {
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
        let relays = app.worker.relays();
        let report = health::check(&app.store, &relays, &app.config.outbox, app.clock.now()).await;
        let status = if report.is_ready() {
            StatusCode::OK
        } else {
            StatusCode::SERVICE_UNAVAILABLE
        };
        let body = Readiness {
            ready: report.is_ready(),
            database: report.database,
            outbox: report.outbox,
            relay: report.relay,
        };
        Answer::new(status, &body)
    }
}
