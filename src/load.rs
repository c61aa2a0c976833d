//! How much the server takes on at the same time: connections, and requests that are worked on.
//!
//! What is over is turned away at once. Queues that grow make everybody wait, and answer in the end
//! to clients that have gone.

mod pulse;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub use self::pulse::{LATE, LONG, Lateness, Pulse};
use crate::config::Config;

/// So many connections are taken beyond the configured ones, so that a full server can still say that it
/// is, and that it lives.
const LAST_SEATS: usize = 16;

/// File descriptors for everything that is neither a connection, nor a reader of the database, nor a
/// conversation with a relay: the listeners, the log, the writer, keys and files that are read.
const OTHER_FILES: usize = 64;

/// Each reader has the database, its log and its index open; each attempt at a mail may have a connection
/// and a file.
const FILES_OF_A_READER: usize = 3;
const FILES_OF_AN_ATTEMPT: usize = 2;

/// What a thread that answers waits by: the system's list of what is ready, and ways to wake it.
const FILES_OF_A_CORE: usize = 4;

/// While the cores are late, one place of so many is filled: room for many who come at the same moment.
const PLACES_WHILE_LATE: usize = 4;

/// And one of so many when they have been for long.
const PLACES_WHEN_LATE_FOR_LONG: usize = 16;

/// But so many in any case, so that there is always something to do: what made the cores late may be over.
const PLACES_AT_ANY_TIME: usize = 16;

/// There is too much to do. Nothing was done; try again in a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the server has too much to do")]
pub struct Overloaded;

/// See the module.
pub struct Load {
    seats: Arc<Semaphore>,
    max_connections: usize,
    last_seats: Arc<Semaphore>,
    places: Arc<Semaphore>,
    max_in_flight: usize,
    shed: AtomicU64,
    crowded: AtomicU64,
    closed: AtomicU64,
}

/// How much there is to do, and what was turned away since the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Connections that are open.
    pub connections: usize,
    /// How many could be.
    pub max_connections: usize,
    /// Requests that are worked on.
    pub in_flight: usize,
    /// How many could be.
    pub max_in_flight: usize,
    /// Requests that were answered with 503 for want of a place.
    pub shed: u64,
    /// Connections beyond the most, on which only probes are answered.
    pub crowded: u64,
    /// Connections that were closed unanswered.
    pub closed: u64,
}

/// A connection's permission to be. It ends when dropped.
#[derive(Debug)]
pub struct Seat {
    _permit: OwnedSemaphorePermit,
    is_last: bool,
}

impl Seat {
    /// Whether it is one of the last, where only probes are answered.
    pub const fn is_last(&self) -> bool {
        self.is_last
    }
}

impl Load {
    /// As much as the configuration says, and the system's file descriptors allow beside the database
    /// and the outbox, which must go on whatever clients do.
    pub fn new(config: &Config) -> Arc<Self> {
        let (wanted, allowed) = (config.http.max_connections, for_connections(config));
        let max_connections = wanted.min(allowed);
        if max_connections < wanted {
            tracing::warn!(
                max_connections,
                "http.max_connections is {wanted}, for which the process has too few file descriptors; raise their limit"
            );
        }
        let max_in_flight = config.http.max_in_flight;
        Arc::new(Self {
            seats: Arc::new(Semaphore::new(max_connections)),
            max_connections,
            last_seats: Arc::new(Semaphore::new(LAST_SEATS)),
            places: Arc::new(Semaphore::new(max_in_flight)),
            max_in_flight,
            shed: AtomicU64::new(0),
            crowded: AtomicU64::new(0),
            closed: AtomicU64::new(0),
        })
    }

    /// A seat for a new connection; none when even the last are taken.
    pub fn seat(&self) -> Option<Seat> {
        if let Ok(permit) = Arc::clone(&self.seats).try_acquire_owned() {
            return Some(Seat {
                _permit: permit,
                is_last: false,
            });
        }
        let Ok(permit) = Arc::clone(&self.last_seats).try_acquire_owned() else {
            self.closed.fetch_add(1, Ordering::Relaxed);
            return None;
        };
        self.crowded.fetch_add(1, Ordering::Relaxed);
        Some(Seat {
            _permit: permit,
            is_last: true,
        })
    }

    /// A place for a request that is to be worked on, by a thread that is as late as this.
    pub fn begin(self: &Arc<Self>, lateness: Lateness) -> Result<Work, Overloaded> {
        let share = match lateness {
            Lateness::OnTime => 1,
            Lateness::Late => PLACES_WHILE_LATE,
            Lateness::LateForLong => PLACES_WHEN_LATE_FOR_LONG,
        };
        let most = (self.max_in_flight / share).max(PLACES_AT_ANY_TIME);
        if self.max_in_flight - self.places.available_permits() >= most {
            return Err(self.turn_away());
        }
        let work = Work(Arc::new(Place {
            load: Arc::clone(self),
            permit: Mutex::default(),
        }));
        work.resume()?;
        Ok(work)
    }

    /// Counts a request that was turned away.
    pub fn turn_away(&self) -> Overloaded {
        self.shed.fetch_add(1, Ordering::Relaxed);
        Overloaded
    }

    /// The counters at this moment.
    pub fn snapshot(&self) -> Snapshot {
        let taken = |of: &Semaphore, all: usize| all.saturating_sub(of.available_permits());
        Snapshot {
            connections: taken(&self.seats, self.max_connections)
                + taken(&self.last_seats, LAST_SEATS),
            max_connections: self.max_connections,
            in_flight: taken(&self.places, self.max_in_flight),
            max_in_flight: self.max_in_flight,
            shed: self.shed.load(Ordering::Relaxed),
            crowded: self.crowded.load(Ordering::Relaxed),
            closed: self.closed.load(Ordering::Relaxed),
        }
    }
}

/// A request's place among those that are worked on, until it is dropped. Clones are of the same request.
#[derive(Clone)]
pub struct Work(Arc<Place>);

struct Place {
    load: Arc<Load>,
    permit: Mutex<Option<OwnedSemaphorePermit>>,
}

impl Work {
    fn permit(&self) -> std::sync::MutexGuard<'_, Option<OwnedSemaphorePermit>> {
        self.0.permit.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the place up, to wait for the client: those who are slow must not take the places of the
    /// others.
    pub fn pause(&self) {
        drop(self.permit().take());
    }

    /// Takes a place again.
    pub fn resume(&self) -> Result<(), Overloaded> {
        let load = &self.0.load;
        match Arc::clone(&load.places).try_acquire_owned() {
            Ok(permit) => {
                *self.permit() = Some(permit);
                Ok(())
            }
            Err(_) => Err(load.turn_away()),
        }
    }
}

/// How many cores there are to answer, each by a thread of its own.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// How many connections there are file descriptors for: one at least.
fn for_connections(config: &Config) -> usize {
    let Some(limit) = getrlimit(Resource::Nofile).current else {
        return usize::MAX;
    };
    let reserved = OTHER_FILES
        + LAST_SEATS
        + config.storage.readers * FILES_OF_A_READER
        + config.outbox.concurrency * FILES_OF_AN_ATTEMPT
        + cores() * FILES_OF_A_CORE;
    usize::try_from(limit)
        .unwrap_or(usize::MAX)
        .saturating_sub(reserved)
        .max(1)
}

/// Asks the system for as many file descriptors as this process may have. The usual first limit is 1024,
/// for the sake of programs that use `select`; this one does not.
pub fn raise_descriptor_limit() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!(%error, "the limit of file descriptors cannot be raised");
    }
}
