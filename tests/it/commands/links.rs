//! `readmit reset`.

use serde_json::json;

use super::{cells, json, refused};
use crate::support::app::{NEW_PASSWORD, PASSWORD};
use crate::support::http::Request;
use crate::support::process::Site;
use crate::support::smtp::SmtpServer;

/// A link can be seen and revoked, but nothing that is shown opens anything: what is in the mail
/// cannot be made from it.
#[test]
fn a_pending_link_is_listed_without_its_token_and_can_be_revoked() {
    let relay = SmtpServer::start();
    let site = Site::new(&relay.url());
    site.add_jane(PASSWORD);
    assert_eq!(site.ok(&["reset", "list"]), "no links\n");
    let server = site.serve();
    let ask = Request::post("/api/sys/users/startPasswordReset");
    let ask = ask.json(&json!({ "email": "jane@example.com" }));
    server.send(&ask).envelope(200);
    let token = relay.next_mail().token();

    let links = json(&site, &["reset", "list", "--json"]);
    let id = links[0]["jti"].as_str().expect("an id").to_owned();
    assert_eq!(links[0]["state"], "pending");
    assert_eq!(links[0]["email"], "jane@example.com");
    let table = site.ok(&["reset", "list"]);
    let rows: Vec<_> = table.lines().map(cells).collect();
    assert_eq!(
        rows[0],
        ["ID", "EMAIL", "BUSINESS", "STATE", "SENT", "EXPIRES"]
    );
    assert_eq!(rows[1][..4], [&id, "jane@example.com", "7", "pending"]);
    let shown = json(&site, &["user", "show", "jane@example.com", "--json"]);
    assert_eq!(shown["pending_links"], 1);
    let signature = token.rsplit('.').next().expect("a signature");
    assert!(!links.to_string().contains(signature) && !table.contains(signature));

    let printed = site.ok(&["reset", "revoke", &id]);
    assert_eq!(printed, format!("link {id} revoked\n"));
    let complete = Request::post("/api/sys/users/completePasswordReset");
    let body = json!({ "Token": token, "Password": NEW_PASSWORD });
    server.send(&complete.json(&body)).envelope(400);
    assert_eq!(site.ok(&["reset", "list"]), "no links\n");
    let all = json(&site, &["reset", "list", "--all", "--json"]);
    assert_eq!(all[0]["state"], "revoked");
    assert_eq!(all[0]["revoked_why"], "an administrator revoked it");
    let audited: String = site
        .sql()
        .query_row(
            "SELECT actor FROM audit WHERE event = 'reset.revoke'",
            [],
            |row| row.get(0),
        )
        .expect("an entry");
    assert_eq!(audited, "admin:tester");

    for gone in [id.as_str(), "unknown", "", "%"] {
        let said = refused(&site, &["reset", "revoke", gone]);
        let expected = format!(
            "there is no link {gone} that could still be used; `readmit reset list` shows those"
        );
        assert_eq!(said, expected);
    }
}
