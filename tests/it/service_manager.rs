//! What a service manager is told, as it hears it: datagrams from the real program.

use std::io::ErrorKind;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::Path;
use std::time::Duration;

use crate::support::http::Request;
use crate::support::process::{Process, Site};
use crate::support::wait::wait_until;

/// The manager's end.
struct Manager(UnixDatagram);

impl Manager {
    fn at(path: &Path) -> Self {
        Self(UnixDatagram::bind(path).expect("a socket"))
    }

    /// The next message; none if nothing is said for so long.
    fn hears_within(&self, patience: Duration) -> Option<String> {
        self.0.set_read_timeout(Some(patience)).expect("a time-out");
        let mut message = [0; 4096];
        match self.0.recv(&mut message) {
            Ok(length) => Some(String::from_utf8_lossy(&message[..length]).into_owned()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => None,
            Err(error) => panic!("{error}"),
        }
    }

    /// The next message with this line.
    fn hears(&self, line: &str) -> String {
        loop {
            let message = self.hears_within(Duration::from_secs(20));
            let message = message.unwrap_or_else(|| panic!("nobody says {line}"));
            if message.lines().any(|said| said.starts_with(line)) {
                return message;
            }
        }
    }
}

fn serve(site: &Site, socket: &str, more: &[(&str, &str)]) -> Process {
    let mut command = site.command(&["serve"]);
    command
        .env("NOTIFY_SOCKET", socket)
        .envs(more.iter().copied());
    Process::start(command)
}

/// Ready when requests are taken, reloading in between, stopping at the end: by a path and by an abstract
/// name, as containers have it.
#[test]
fn a_manager_hears_of_start_reload_and_stop() {
    let site = Site::new("smtp://127.0.0.1:9");
    let path = site.folder().join("notify");
    let named = Manager::at(&path);
    let name = format!("readmit-test-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).expect("a name");
    let nameless = Manager(UnixDatagram::bind_addr(&address).expect("a socket"));
    for (manager, socket) in [
        (&named, path.display().to_string()),
        (&nameless, format!("@{name}")),
    ] {
        let mut process = serve(&site, &socket, &[]);
        let ready = manager.hears("READY=1");
        let status = format!("STATUS=Serving on http://{}", process.address);
        assert!(ready.lines().any(|line| line == status), "{ready}");
        process.signal("HUP");
        let reloading = manager.hears("RELOADING=1");
        let (_, micros) = reloading.split_once("MONOTONIC_USEC=").expect("a time");
        assert!(micros.trim().parse::<u64>().expect("a number") > 0);
        manager.hears("READY=1");
        process.signal("TERM");
        manager.hears("STOPPING=1");
        assert_eq!(process.wait().code(), Some(0));
    }
}

/// The watchdog is for a server that hangs: while the database does not answer, there is no sign of life.
/// One that answers with an error is not restarted for it, since that makes no room on a disk.
#[test]
fn signs_of_life_come_while_the_database_answers_and_not_while_it_hangs() {
    let site = Site::new("smtp://127.0.0.1:9").set("storage.busy_timeout", "1m");
    let path = site.folder().join("notify");
    let manager = Manager::at(&path);
    let limit = ("WATCHDOG_USEC", "400000");
    let process = serve(&site, &path.display().to_string(), &[limit]);
    manager.hears("WATCHDOG=1");
    manager.hears("WATCHDOG=1");
    let sql = site.sql();
    sql.execute_batch("BEGIN IMMEDIATE").expect("the lock");
    // Those of before are heard out; then there is silence for three times the limit.
    wait_until("the signs of life end", || {
        manager
            .hears_within(Duration::from_millis(1200))
            .is_none()
            .then_some(())
    });
    sql.execute_batch("COMMIT").expect("the lock is given back");
    manager.hears("WATCHDOG=1");

    let refuse = "CREATE TRIGGER refuse BEFORE UPDATE ON probe \
                  BEGIN SELECT RAISE(FAIL, 'no room'); END";
    sql.execute_batch(refuse).expect("a trigger");
    let status = manager.hears("STATUS=Serving on");
    assert!(status.contains("database: "), "{status}");
    manager.hears("WATCHDOG=1");
    manager.hears("WATCHDOG=1");
    drop(process);
}

/// A limit that is meant for another process asks nothing of this one.
#[test]
fn a_limit_for_another_process_and_a_manager_that_is_gone_are_no_trouble() {
    let site = Site::new("smtp://127.0.0.1:9");
    let path = site.folder().join("notify");
    let manager = Manager::at(&path);
    let limit = [("WATCHDOG_USEC", "100000"), ("WATCHDOG_PID", "1")];
    let process = serve(&site, &path.display().to_string(), &limit);
    manager.hears("READY=1");
    assert_eq!(manager.hears_within(Duration::from_millis(500)), None);
    drop(process);

    let process = serve(&site, "/nowhere/notify", &[]);
    assert_eq!(process.send(&Request::get("/healthz")).status, 200);
    wait_until("it is told of", || {
        process
            .log()
            .contains("the service manager (NOTIFY_SOCKET) cannot be reached")
            .then_some(())
    });
}
