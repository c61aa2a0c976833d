//! What the service manager is told: the protocol of `sd_notify(3)`, one datagram a message.
//!
//! Without `NOTIFY_SOCKET` in the environment nobody wants to know, and nothing is sent.

use std::convert::Infallible;
use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::clock::Clock;
use crate::health;
use crate::server::Server;
use crate::text::inert;

/// The service manager, if there is one.
pub(super) struct Manager {
    socket: Option<UnixDatagram>,
    /// How long it waits for a sign of life before it ends the process, if it does.
    watchdog: Option<Duration>,
}

impl Manager {
    /// The one that the environment names. One that cannot be reached is no reason not to serve.
    pub(super) fn of_environment() -> Self {
        let socket = std::env::var_os("NOTIFY_SOCKET").and_then(|name| match connect(&name) {
            Ok(socket) => Some(socket),
            Err(error) => {
                tracing::warn!(%error, "the service manager (NOTIFY_SOCKET) cannot be reached");
                None
            }
        });
        Self {
            socket,
            watchdog: watchdog(),
        }
    }

    /// That requests are taken. A line break in the status would begin another message.
    pub(super) fn ready(&self, status: &str) {
        self.tell(&format!("READY=1\nSTATUS={}", inert(status)));
    }

    /// That the files are being read anew, until [`Self::ready`] says that it is done.
    pub(super) fn reloading(&self) {
        let now = clock_gettime(ClockId::Monotonic);
        let micros = now.tv_sec * 1_000_000 + now.tv_nsec / 1000;
        self.tell(&format!("RELOADING=1\nMONOTONIC_USEC={micros}"));
    }

    pub(super) fn stopping(&self, signal: &str) {
        self.tell(&format!(
            "STOPPING=1\nSTATUS=Stopping on {signal}: what is under way is finished"
        ));
    }

    /// Shows that the server lives, for as long as it does, and how it is.
    ///
    /// The sign of life is that the writer, a reader and this runtime have answered, whatever they said: a
    /// restart helps a server that hangs, but makes no room on a full disk, about which the status tells.
    pub(super) async fn keep_informed(&self, server: &Server, clock: &Clock) -> Infallible {
        /// How often the status is brought up to date where no sign of life is asked for.
        const EVERY: Duration = Duration::from_secs(15);
        if self.socket.is_none() {
            return std::future::pending().await;
        }
        let every = self.watchdog.map_or(EVERY, |limit| limit / 2);
        let mut shown = String::new();
        loop {
            clock.sleep(every).await;
            let app = server.app();
            let relays = app.worker.relays();
            let backups = app.backups.status();
            let settings = &app.config.outbox;
            let report =
                health::check(&app.store, &relays, backups.as_ref(), settings, clock.now()).await;
            let status = status(server, &report);
            if status != shown {
                self.tell(&format!("STATUS={}", inert(&status)));
                shown = status;
            }
            if server.is_whole() && self.watchdog.is_some() {
                self.tell("WATCHDOG=1");
            }
        }
    }

    /// Messages that cannot be sent are lost: there is nobody to tell that to.
    fn tell(&self, message: &str) {
        if let Some(socket) = &self.socket {
            let _ = socket.send(message.as_bytes());
        }
    }
}

fn status(server: &Server, report: &health::Report) -> String {
    let mut parts = vec![format!("Serving on {}", server.url())];
    for (name, found) in [
        ("database", &report.database),
        ("outbox", &report.outbox),
        ("relay", &report.relay),
    ] {
        if found != health::OK {
            parts.push(format!("{name}: {found}"));
        }
    }
    parts.join("; ")
}

/// A name that begins with `@` is none of the file system's.
fn connect(name: &OsStr) -> io::Result<UnixDatagram> {
    let address = match name.as_bytes().split_first() {
        Some((b'@', name)) => SocketAddr::from_abstract_name(name)?,
        _ => SocketAddr::from_pathname(name)?,
    };
    let socket = UnixDatagram::unbound()?;
    socket.connect_addr(&address)?;
    // A manager that does not read must not hold the server up.
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// The limit, if it is meant for this process.
fn watchdog() -> Option<Duration> {
    let number = |name: &str| std::env::var(name).ok()?.parse::<u64>().ok();
    let ours = std::env::var_os("WATCHDOG_PID").is_none()
        || number("WATCHDOG_PID") == Some(std::process::id().into());
    number("WATCHDOG_USEC")
        .filter(|micros| ours && *micros > 0)
        .map(Duration::from_micros)
}
