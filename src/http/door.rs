//! The door: whether there is a place for a request, asked before anything is done for it.
//!
//! Turning away must cost next to nothing, or it would be what there is too much of. So it is done before
//! the framework has seen the request, by an answer that is like every other one from outside.

use std::sync::Arc;

use hyper::body::Incoming;
use poem::http::Method;
use poem::{Request, Response};

use super::edge::Asked;
use super::error::Failure;
use super::observe::Observed;
use super::{Manners, probes};
use crate::load::{Lateness, Overloaded, Work};

impl From<Overloaded> for Failure {
    fn from(_: Overloaded) -> Self {
        Self::Unavailable
    }
}

/// What has come of a request at the door.
pub(super) enum Entrance {
    /// It is let in, to the place that it has until its [`Work`] ends, or needs none.
    Open(Option<Work>),
    /// It is turned away, with this answer.
    Closed(Response),
}

/// See the module.
pub(super) struct Door(Arc<Manners>);

impl Door {
    pub(super) fn new(manners: Arc<Manners>) -> Self {
        Self(manners)
    }

    /// Lets a request in when there is a place for it. On one of the last seats (`is_last`) nothing but
    /// probes is let in.
    ///
    /// Probes need no place: an operator must be told that the server lives, most of all when it has too
    /// much to do. Nor does a browser that asks whether it may ask.
    pub(super) fn enter(
        &self,
        request: &hyper::Request<Incoming>,
        is_last: bool,
        lateness: Lateness,
    ) -> Entrance {
        if probes::is_probe(request.uri().path()) {
            return Entrance::Open(None);
        }
        let load = &self.0.app.load;
        if is_last {
            return self.turn_away(request, load.turn_away());
        }
        if request.method() == Method::OPTIONS {
            return Entrance::Open(None);
        }
        match load.begin(lateness) {
            Ok(work) => Entrance::Open(Some(work)),
            Err(overloaded) => self.turn_away(request, overloaded),
        }
    }

    fn turn_away(&self, request: &hyper::Request<Incoming>, overloaded: Overloaded) -> Entrance {
        let manners = &self.0;
        let (path, headers) = (request.uri().path(), request.headers());
        let observed = Observed::begin(manners, request.method(), path);
        let failure = Failure::from(overloaded).into();
        let mut response = Asked::of(path, headers).answer_at_once(&manners.app, None, failure);
        manners.origins.tell_known(path, headers, &mut response);
        manners.careful.put(&mut response);
        observed.turned_away(&manners.app, &mut response);
        Entrance::Closed(response)
    }
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
