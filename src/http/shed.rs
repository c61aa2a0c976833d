//! Turning requests away while there is too much to do, before anything is done for them.

use std::sync::Arc;

use poem::{Endpoint, Request, Response};

use super::edge::Asked;
use super::error::Failure;
use super::probes;
use crate::app::App;
use crate::load::{Overloaded, Work};

/// Marks a request on one of the last seats, where only probes are answered.
#[derive(Clone, Copy)]
pub(super) struct Crowded;

impl From<Overloaded> for Failure {
    fn from(_: Overloaded) -> Self {
        Self::Unavailable
    }
}

/// Lets a request in when there is a place for it. Probes need none: an operator must be told that the
/// server lives, most of all when it has too much to do. Who is turned away is answered right here:
/// it must cost next to nothing, or turning away would be what there is too much of.
pub(super) async fn shed<E: Endpoint<Output = Response>>(
    app: Arc<App>,
    next: Arc<E>,
    mut request: Request,
) -> poem::Result<Response> {
    if probes::is_probe(request.uri().path()) {
        return next.call(request).await;
    }
    let admitted = match request.extensions().get::<Crowded>() {
        Some(_) => Err(app.load.turn_away()),
        None => app.load.begin(),
    };
    let work = match admitted {
        Ok(work) => work,
        Err(overloaded) => {
            let failure = Failure::from(overloaded).into();
            return Ok(Asked::of(&request).answer(&app, failure).await);
        }
    };
    request.extensions_mut().insert(work.clone());
    let answer = next.call(request).await;
    work.pause();
    answer
}

/// Gives the place up while the request waits for its client.
pub(super) fn pause(request: &Request) {
    if let Some(work) = request.extensions().get::<Work>() {
        work.pause();
    }
}

/// Takes a place again.
pub(super) fn resume(request: &Request) -> Result<(), Failure> {
    match request.extensions().get::<Work>() {
        Some(work) => Ok(work.resume()?),
        None => Ok(()),
    }
}
