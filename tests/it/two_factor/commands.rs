//! The help desk and the second factor, with the real program.

use readmit::clock::Clock;
use serde_json::{Value, json};

use super::{DUE, JANE, access, code_at};
use crate::support::app::{PASSWORD, USERS};
use crate::support::http::{Answer, Request};
use crate::support::process::{Process, Site};

fn sign_in(server: &Process, totp: Option<&str>) -> Answer {
    let mut form = vec![
        ("grant_type", "password"),
        ("username", JANE),
        ("password", PASSWORD),
    ];
    form.extend(totp.map(|code| ("totp", code)));
    server.send(&Request::post("/api/token").form(&form))
}

fn shown(site: &Site) -> (String, Value) {
    let text = site.ok(&["user", "show", JANE]);
    let line = text.lines().find(|line| line.starts_with("two-factor"));
    let json = site.ok(&["user", "show", JANE, "--json"]);
    let json = serde_json::from_str(&json).expect("JSON");
    (line.expect("a line").to_owned(), json)
}

/// A member telephones whose device is lost: the desk sees that the second factor is on and what is left of
/// the recovery codes, and switches it off. The member is asked for the password alone from then on, also
/// by a server that was running all the time; and the log says who did it.
#[test]
fn the_desk_sees_a_second_factor_and_switches_it_off() {
    let site = Site::in_memory("file:mail");
    site.add_jane(PASSWORD);
    let server = site.serve();
    assert!(shown(&site).0.ends_with("off"));
    let token = access(&sign_in(&server, None));
    let post = |path: &str, body: Option<Value>| {
        let mut request = Request::post(&format!("{USERS}/totp/{path}"))
            .header("authorization", &format!("Bearer {token}"));
        if let Some(body) = body {
            request = request.json(&body);
        }
        server.send(&request).envelope(200)["Value"].clone()
    };
    let uri = post("start", None);
    let (_, secret) = uri
        .as_str()
        .and_then(|uri| uri.split_once("secret="))
        .expect("a secret");
    let secret = secret.split('&').next().expect("a secret");
    let now = Clock::System.now();
    let codes = post("confirm", Some(json!({ "Totp": code_at(now, secret) })));
    let codes: Vec<&str> = codes.as_str().expect("codes").split(' ').collect();
    assert_eq!(sign_in(&server, None).json()["error"], DUE);
    access(&sign_in(&server, Some(codes[0])));

    let (line, json) = shown(&site);
    assert!(line.ends_with(", 9 recovery codes left"), "{line}");
    assert_eq!(json["recovery_codes_left"], 9);
    for secret in codes.iter().copied().chain([secret]) {
        assert!(!json.to_string().contains(secret));
    }

    let unasked = site.run_with_input(&["user", "totp-off", JANE], "no\n");
    assert!(!unasked.status.success());
    assert_eq!(sign_in(&server, None).json()["error"], DUE);
    let printed = site.ok(&["user", "totp-off", JANE, "--yes"]);
    assert!(printed.starts_with(JANE), "{printed}");
    access(&sign_in(&server, None));
    assert!(shown(&site).0.ends_with("off"));
    assert_eq!(shown(&site).1["recovery_codes_left"], Value::Null);
    let twice = site.run(&["user", "totp-off", JANE, "--yes"]);
    assert!(!twice.status.success());
    let said = String::from_utf8_lossy(&twice.stderr);
    assert!(said.contains("is not on"), "{said}");
    let log: (i64, String) = site
        .sql()
        .query_row(
            "SELECT count(*), max(actor) FROM audit WHERE event = 'account.totp_off'",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .expect("the log");
    assert_eq!(log.0, 1);
    assert!(log.1.contains("tester"), "{}", log.1);
}
