//! File descriptors, of which every connection takes one and the system gives so many.

use std::process::Command;

use serde_json::json;

use crate::support::app::USERS;
use crate::support::connection::Connection;
use crate::support::http::{Request, try_send_raw};
use crate::support::process::{Process, Site};
use crate::support::smtp::SmtpServer;
use crate::support::wait::wait_until;

/// Sets how many file descriptors a process may have.
fn limit(process: &Process, files: usize) {
    let status = Command::new("prlimit")
        .arg(format!("--pid={}", process.id()))
        .arg(format!("--nofile={files}:"))
        .status()
        .expect("prlimit runs");
    assert!(status.success());
}

/// How many it has.
fn open_files(process: &Process) -> usize {
    let files = std::fs::read_dir(format!("/proc/{}/fd", process.id()));
    files.expect("the process lives").count()
}

fn reset(address: &str) -> Request {
    Request::post(&format!("{USERS}/startPasswordReset")).json(&json!({ "email": address }))
}

/// With few file descriptors there are fewer connections, so that however many clients come, the
/// database and the outbox have theirs: mail leaves, and the server says that it lives.
#[test]
fn connections_leave_file_descriptors_for_the_outbox() {
    let smtp = SmtpServer::start();
    let site = Site::new(&smtp.url());
    site.add_jane("nine otters in the old mill");
    let program = site.command(&["serve"]);
    let mut command = Command::new("prlimit");
    command
        .arg("--nofile=140:140")
        .arg(program.get_program())
        .args(program.get_args())
        .current_dir(site.folder())
        .env_clear()
        .envs(
            program
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
    let process = Process::start(command);
    wait_until("it says so", || {
        let told = process.log().contains("too few file descriptors");
        told.then_some(())
    });
    // The one that will ask is there before the crowd.
    let mut early = Connection::open(process.address);
    early.write(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n");
    assert_eq!(early.read().status, 200);
    let crowd: Vec<_> = (0..300)
        .map(|_| Connection::open(process.address))
        .collect();

    let body = r#"{"email":"jane@example.com","businessId":7}"#;
    early.write(
        format!(
            "POST {USERS}/startPasswordReset HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        )
        .as_bytes(),
    );
    early.read().envelope(200);
    assert!(smtp.next_mail().token().contains('.'));
    assert!(open_files(&process) < 140);
    drop(crowd);
    wait_until("the server has room again", || {
        let answer = try_send_raw(process.address, &Request::get("/healthz").to_bytes()).ok()?;
        (answer.status == 200).then_some(())
    });
}

/// When there are none at all, the server waits for some rather than spin or end, and goes on when there
/// are: it says so once, and what was accepted leaves.
#[test]
fn without_any_the_server_waits_and_goes_on() {
    let smtp = SmtpServer::start();
    let site = Site::new(&smtp.url())
        .set("outbox.first_retry", "10ms")
        .set("storage.readers", 1);
    site.add_jane("nine otters in the old mill");
    let process = site.serve();
    let mut early = Connection::open(process.address);
    // A connection to the database opens its last file when it is first used.
    early.write(b"GET /readyz HTTP/1.1\r\nhost: x\r\n\r\n");
    assert_eq!(early.read().status, 200);
    limit(&process, open_files(&process));
    let crowd: Vec<_> = (0..50).map(|_| Connection::open(process.address)).collect();
    wait_until("the server notices", || {
        process
            .log()
            .contains("connections cannot be accepted")
            .then_some(())
    });
    // Who is connected is served all the same, and what is accepted waits for its turn.
    // Each of these waits for the disk, so that meanwhile more than one connection is tried in vain.
    for _ in 0..30 {
        early.write(b"GET /readyz HTTP/1.1\r\nhost: x\r\n\r\n");
        assert_eq!(early.read().status, 200);
    }
    limit(&process, 1000);
    drop(crowd);
    process.send(&reset("jane@example.com")).envelope(200);
    smtp.next_mail();
    assert_eq!(process.send(&Request::get("/healthz")).status, 200);
    let log = process.log();
    for once in [
        "connections cannot be accepted",
        "connections are accepted again",
    ] {
        assert_eq!(log.matches(once).count(), 1, "{log}");
    }
}
