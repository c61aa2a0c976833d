//! The API under cases that schemathesis, a program that others wrote, makes of its documentation.

use std::path::Path;
use std::process::Command;

use sha2::{Digest as _, Sha256};

use super::report;
use crate::support::app::PASSWORD;
use crate::support::http::Request;
use crate::support::installed::{installed_pip, said};
use crate::support::process::{Process, Site};
use crate::support::smtp::SmtpServer;

const PACKAGES: [&str; 1] = ["schemathesis==4.32.*"];

const SECRET: &str = "the secret of the resource server";

/// Everything that it can check of an answer, but for one thing: that a request which fits its description is
/// accepted. A description cannot say which tokens and passwords are the right ones.
const NOT_CHECKED: &str = "positive_data_acceptance";

/// A server with nothing to hold anybody back, and with a member.
fn start(relay: &SmtpServer) -> (Site, Process) {
    let hash = data_encoding::HEXLOWER.encode(&Sha256::digest(SECRET));
    let site = Site::in_memory(&relay.url())
        .set("introspection.resource_servers", format!("orders:{hash}"))
        .set("otp.cooldown", "0s")
        .set("log.level", "warn");
    site.add_jane(PASSWORD);
    let process = site.serve();
    (site, process)
}

/// What it is to send as credentials.
fn settings(access: &str) -> String {
    format!(
        "[auth.openapi.AccessToken]\nbearer = \"{access}\"\n\n\
         [auth.openapi.ResourceServer]\nusername = \"orders\"\npassword = \"{SECRET}\"\n"
    )
}

/// How many cases it has tried, of so many at most for an operation; none where it cannot be had.
fn tried(most: usize) -> Option<usize> {
    let folder = installed_pip("schemathesis", &PACKAGES)?;
    let relay = SmtpServer::start();
    let (site, process) = start(&relay);
    let sign_in = [
        ("grant_type", "password"),
        ("username", "jane@example.com"),
        ("password", PASSWORD),
    ];
    let signed_in = process.send(&Request::post("/api/token").form(&sign_in));
    let file = site.folder().join("schemathesis.toml");
    std::fs::write(&file, settings(&signed_in.text_of("access_token"))).expect("a file");
    let output = run(&folder, &file, &process, most);
    let printed = said(&output);
    assert!(output.status.success(), "{printed}\n{}", process.log());
    assert!(!process.log().contains("panic"), "{}", process.log());
    // The member was signed in to the end, so that what is behind a credential has been tried as well.
    let still = Request::get("/api/userinfo").bearer(&signed_in.text_of("access_token"));
    assert_eq!(process.send(&still).status, 200);
    let line = printed.lines().find(|line| line.contains(" generated"));
    let count = line.and_then(|line| {
        line.split_whitespace()
            .next()?
            .replace(',', "")
            .parse()
            .ok()
    });
    Some(count.unwrap_or_else(|| panic!("no number of cases: {printed}")))
}

fn run(folder: &Path, file: &Path, process: &Process, most: usize) -> std::process::Output {
    Command::new(folder.join("bin/st"))
        .arg("--config-file")
        .arg(file)
        .arg("run")
        .arg(format!("http://{}/openapi.json", process.address))
        .args(["--url", &format!("http://{}", process.address)])
        .args(["--max-examples", &most.to_string(), "--seed", "8"])
        .args(["--phases", "examples,coverage,fuzzing"])
        .args(["--exclude-checks", NOT_CHECKED])
        .args(["--generation-database", "none", "--no-color"])
        .args(["--continue-on-failure", "--warnings", "off"])
        .current_dir(file.parent().unwrap_or(file))
        .env_remove("HTTP_PROXY")
        .env_remove("http_proxy")
        .env("NO_PROXY", "127.0.0.1")
        .output()
        .expect("the program runs")
}

/// Assertion 10: no 5xx, no status, content type, header or body that is not documented, nothing refused that
/// should be taken nor taken that should be refused, with the member's token and without.
#[test]
fn every_answer_to_what_another_program_makes_of_the_documentation_is_as_documented() {
    if let Some(count) = tried(5) {
        assert!(count >= 250, "{count}");
    }
}

#[test]
#[ignore = "takes some minutes"]
fn five_thousand_cases_of_the_documentation() {
    if let Some(count) = tried(300) {
        assert!(count >= 5000, "{count}");
        report("cases by schemathesis", &count.to_string());
    }
}
