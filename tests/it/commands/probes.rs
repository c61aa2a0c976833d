//! `readmit check`, `readmit health` and `readmit openapi`.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Output;

use serde_json::Value;

use super::refusal;
use crate::support::app::PASSWORD;
use crate::support::process::Site;
use crate::support::smtp::{Action, SmtpServer, Stage};

fn printed(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

/// The line that `check` has about a part.
fn line_about(printed: &str, part: &str) -> String {
    let part = format!("{part}: ");
    let mut lines = printed.lines().filter(|line| line.contains(&part));
    let found = lines.find(|line| line.starts_with("ok") || line.starts_with("FAILED"));
    found
        .unwrap_or_else(|| panic!("nothing about {part}{printed}"))
        .to_owned()
}

/// Before the first start and after it, with a relay that wants an account: everything is in order,
/// nothing is changed, no mail is sent, and no secret is printed.
#[test]
fn check_shows_the_configuration_without_secrets_and_that_all_is_well() {
    let relay = SmtpServer::start();
    relay.advertise_auth("readmit", "swordfish");
    let site = Site::new(&relay.url())
        .set("smtp.username", "readmit")
        .set("smtp.password", "swordfish");
    let fresh = site.ok(&["check"]);
    assert!(line_about(&fresh, "database").contains("will be made at the first start"));
    assert!(!site.database().exists() && !site.folder().join("keys").exists());
    site.add_jane(PASSWORD);
    let server = site.serve();
    let shown = site.ok(&["check"]);
    drop(server);
    assert!(line_about(&shown, "database").starts_with("ok"), "{shown}");
    assert!(
        line_about(&shown, "keys").contains("signing with"),
        "{shown}"
    );
    let relay_line = line_about(&shown, "relay");
    assert!(relay_line.contains("signed in as readmit"), "{relay_line}");
    for (section, setting) in [
        ("[smtp]", "username = \"readmit\""),
        ("[reset]", "ttl = \"1h\""),
    ] {
        assert!(
            shown.contains(section) && shown.contains(setting),
            "{shown}"
        );
    }
    assert!(!shown.contains("swordfish"), "{shown}");
    assert!(!relay.transcript().contains("MAIL FROM"));
}

/// Each part is tested whatever became of the others, and the exit status is there for scripts.
#[test]
fn check_names_each_part_that_fails() {
    let relay = SmtpServer::start();
    relay.always(Stage::Connect, Action::ReplyThenClose("554 5.3.2 not here"));
    let site = Site::new(&relay.url());
    site.add_jane(PASSWORD);
    drop(site.serve());
    let keys = site.folder().join("keys");
    for entry in std::fs::read_dir(&keys).expect("a folder") {
        let path = entry.expect("an entry").path();
        let wide = std::fs::Permissions::from_mode(0o644);
        std::fs::set_permissions(&path, wide).expect("a mode");
    }
    let output = site.run(&["check"]);
    let shown = printed(&output);
    assert_eq!(output.status.code(), Some(1), "{shown}");
    assert!(line_about(&shown, "database").starts_with("ok"), "{shown}");
    assert!(line_about(&shown, "keys").starts_with("FAILED"), "{shown}");
    let relay_line = line_about(&shown, "relay");
    assert!(relay_line.starts_with("FAILED"), "{relay_line}");
    assert!(relay_line.ends_with("554 5.3.2 not here"), "{relay_line}");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(said, "readmit: not everything is in order\n");

    std::fs::write(
        site.database(),
        "this is no database, however long it goes on",
    )
    .expect("a file");
    let shown = printed(&site.run(&["check"]));
    assert!(
        line_about(&shown, "database").starts_with("FAILED"),
        "{shown}"
    );
}

/// Of several relays each is tested, and the one that fails is named: an administrator who set up a second
/// one wants to know that it would take over.
#[test]
fn check_tests_every_relay() {
    let (works, fails) = (SmtpServer::start(), SmtpServer::start());
    fails.always(Stage::Connect, Action::Reply("554 5.3.2 not here"));
    let site = Site::new(&format!("{},{}", works.url(), fails.url()));
    let output = site.run(&["check"]);
    let shown = printed(&output);
    assert_eq!(output.status.code(), Some(1), "{shown}");
    let relays: Vec<_> = shown
        .lines()
        .filter(|line| line.contains("  relay: "))
        .collect();
    assert_eq!(relays.len(), 2, "{shown}");
    assert!(relays[0].starts_with("ok"), "{}", relays[0]);
    let named = format!("FAILED  relay: {}", fails.url());
    assert!(relays[1].starts_with(&named), "{}", relays[1]);
    assert!(relays[1].ends_with("554 5.3.2 not here"), "{}", relays[1]);
}

/// For a container's or an init system's probe: the status tells, and the words say what is wrong.
#[test]
fn health_tells_a_server_that_works_from_one_that_does_not_and_from_none() {
    let relay = SmtpServer::start();
    let site = Site::new(&relay.url())
        .set("smtp.timeout", "500ms")
        .set("outbox.lease", "1s");
    site.add_jane(PASSWORD);
    let server = site.serve();
    let health_of = |site: &Site, address: &str| {
        let mut command = site.command(&["health"]);
        command.env("READMIT_HTTP__LISTEN", address);
        command.output().expect("the program runs")
    };
    let address = server.address.to_string();
    let output = health_of(&site, &address);
    assert!(output.status.success(), "{output:?}");
    let line = format!(
        "http://{address}/readyz: ready, backup: off, database: ok, outbox: ok, relay: ok\n"
    );
    assert_eq!(printed(&output), line);
    let site = site.set("http.listen", &address);
    let found: Value = serde_json::from_str(&site.ok(&["health", "--json"])).expect("JSON");
    assert_eq!(
        (&found["healthy"], &found["answer"]["ready"]),
        (&true.into(), &true.into())
    );
    let line = format!("http://{address}/healthz: alive\n");
    assert_eq!(site.ok(&["health", "--live"]), line);
    // A server that listens on all addresses is asked on this machine.
    let everywhere = format!("0.0.0.0:{}", server.address.port());
    assert!(health_of(&site, &everywhere).status.success());

    let stuck = "CREATE TRIGGER refuse BEFORE UPDATE ON outbox \
                 BEGIN SELECT RAISE(FAIL, 'refused'); END; \
                 INSERT INTO outbox (kind, recipient, message_id, next_attempt_at, created_at) \
                 VALUES ('reset', 'jane@example.com', 'x@y.test', 0, 0)";
    site.sql()
        .execute_batch(stuck)
        .expect("a message that is stuck");
    let said = refusal(&health_of(&site, &address), 1);
    assert!(said.contains("answered 503"), "{said}");
    assert!(
        said.contains("a message has been due since 1970-01-01T00:00:00Z"),
        "{said}"
    );
    // The process answers all the same, so it need not be started anew.
    assert_eq!(site.ok(&["health", "--live"]), line);
    let output = site.run(&["health", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let found: Value = serde_json::from_str(&printed(&output)).expect("JSON");
    assert_eq!(
        (&found["healthy"], &found["answer"]["ready"]),
        (&false.into(), &false.into())
    );
    drop(server);
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let silent = silent
        .local_addr()
        .map(|address| (silent, address))
        .expect("an address");
    let site = site.set("http.listen", silent.1);
    let said = refusal(&site.run(&["health", "--timeout=50ms"]), 1);
    assert!(
        said.ends_with("/readyz: it took longer than 50ms\n"),
        "{said}"
    );
    let said = refusal(&health_of(&site, &address), 1);
    assert!(
        said.starts_with(&format!(
            "readmit: no answer from http://{address}/readyz: "
        )),
        "{said}"
    );
}

#[test]
fn openapi_prints_the_document_that_a_server_would_serve() {
    let site = Site::new("smtp://127.0.0.1:1").set("http.public_url", "https://id.canal.test/");
    let printed = site.ok(&["openapi"]);
    let document: Value = serde_json::from_str(&printed).expect("JSON");
    let version = document["openapi"].as_str().unwrap_or_default();
    assert!(version.starts_with("3."), "{version}");
    let paths = document["paths"].as_object().expect("paths");
    for path in ["/api/sys/users/startPasswordReset", "/api/token", "/readyz"] {
        assert!(paths.contains_key(path), "{path}");
    }
    assert!(
        document["servers"]
            .to_string()
            .contains("https://id.canal.test")
    );
    assert!(
        !site.database().exists(),
        "asking for the document needs no database"
    );
    let server = site.serve();
    let answer = server.send(&crate::support::http::Request::get("/openapi.json"));
    assert_eq!(answer.json(), document);
}
