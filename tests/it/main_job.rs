//! The main job, from a request to a signed-in member.

use serde_json::json;

use crate::support::app::{NEW_PASSWORD, PASSWORD, TestApp};
use crate::support::process::Site;
use crate::support::smtp::SmtpServer;

/// The way of the contract, in process.
#[test]
fn a_reset_request_becomes_a_new_password_and_a_signed_in_member() {
    let app = TestApp::with_jane();
    app.start_reset(&json!({ "email": "Jane@Example.com", "businessId": 7 }))
        .envelope(200);
    let mail = app.smtp.next_mail();
    assert_eq!(mail.recipients, ["jane@example.com"]);
    assert!(
        mail.link()
            .starts_with("https://canal.test/reset-password?token=")
    );

    let body = json!({ "Token": mail.token(), "Password": NEW_PASSWORD, "BusinessId": 7 });
    let confirmed = app.complete_with(&body).envelope(200);
    let login = confirmed["Value"].as_str().expect("a login token");
    assert!(app.smtp.next_mail().text().contains("was changed"));

    let session = app.exchange(login, "1440");
    assert_eq!(session.status, 200, "{}", session.text());
    assert_eq!(session.json()["expires_in"], 86400);
    assert_eq!(app.sign_in("jane@example.com", PASSWORD).status, 400);
    let signed_in = app.sign_in("jane@example.com", NEW_PASSWORD);
    assert_eq!(signed_in.status, 200, "{}", signed_in.text());
}

/// The same way with the real program, set up by its own commands.
#[test]
fn the_demo_walks_to_a_completed_reset() {
    let site = Site::new(&SmtpServer::start().url());
    let shown = site.ok(&["demo", "--walk", "--listen", "127.0.0.1:0"]);
    assert!(shown.contains("The reset is complete"), "{shown}");
}
