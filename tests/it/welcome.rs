//! The mail that welcomes somebody who was added.

use std::time::Duration;

use readmit::outbox::State;

use crate::support::app::{NEW_PASSWORD, PASSWORD, TestApp};
use crate::support::http::Request;
use crate::support::jwt::Parts;
use crate::support::process::Site;
use crate::support::smtp::{Action, SmtpServer, Stage};

/// The whole way: an administrator adds somebody, they choose a password by the link, and sign in.
#[test]
fn somebody_who_is_added_gets_a_link_to_choose_a_password() {
    let smtp = SmtpServer::start();
    let site = Site::new(&smtp.url());
    site.ok(&[
        "business",
        "add",
        "7",
        "--name=Canal House",
        "--portal-url=https://canal.test",
        "--locale=nl",
    ]);
    let server = site.serve();
    let said = site.ok(&[
        "user",
        "add",
        "kim@example.com",
        "--name=Kim",
        "--business=7",
        "--welcome",
    ]);
    assert_eq!(
        said,
        "kim@example.com added; the mail with their link is on its way\n"
    );
    let mail = smtp.next_mail();
    assert_eq!(
        mail.header("Subject").as_deref(),
        Some("Welkom bij Canal House: kies je wachtwoord")
    );
    assert!(mail.text().contains("is 3 dagen geldig"), "{}", mail.text());
    assert!(
        mail.link()
            .starts_with("https://canal.test/reset-password?token=")
    );
    let claims = Parts::of(&mail.token()).claims;
    let lives = claims["exp"].as_i64().zip(claims["iat"].as_i64());
    assert_eq!(lives.map(|(over, from)| over - from), Some(3 * 24 * 3600));

    let body = serde_json::json!({ "Token": mail.token(), "Password": NEW_PASSWORD });
    let complete = Request::post("/api/sys/users/completePasswordReset").json(&body);
    server.send(&complete).envelope(200);
    let sign_in = Request::post("/api/token").form(&[
        ("grant_type", "password"),
        ("username", "kim@example.com"),
        ("password", NEW_PASSWORD),
    ]);
    assert_eq!(server.send(&sign_in).status, 200);

    // Who has a password needs no link to choose one.
    let output = site.run_with_input(
        &[
            "user",
            "add",
            "lee@example.com",
            "--name=Lee",
            "--welcome",
            "--password-stdin",
        ],
        PASSWORD,
    );
    assert_eq!(output.status.code(), Some(2));
}

/// A welcome that could not leave in time for it says nothing any more.
#[test]
fn a_welcome_is_dropped_when_the_account_has_a_password_by_then() {
    let app = TestApp::with_jane();
    app.smtp
        .always(Stage::Mail, Action::Reply("451 4.3.0 later"));
    app.wait(app.admin().add_account(
        readmit::admin::Person {
            email: crate::support::app::email("kim@example.com"),
            name: "Kim".to_owned(),
            business: None,
            locale: None,
            password: None,
            welcome: Some("welcome@readmit.test".to_owned()),
        },
        app.now(),
    ))
    .expect("the account is added");
    let id = app.outbox()[0].id;
    app.wait_for_state(id, State::Queued);
    crate::support::wait::wait_until("the first try is over", || {
        app.outbox()[0].last_reply.clone().map(|_| ())
    });
    let password = readmit::password::Password::new(PASSWORD).expect("a password");
    app.wait(app.admin().set_password(
        crate::support::app::email("kim@example.com"),
        password,
        app.now(),
    ))
    .expect("the password is set");
    app.smtp.clear(Stage::Mail);
    app.advance(Duration::from_hours(1));
    let dropped = app.wait_for_state(id, State::Dropped);
    assert_eq!(
        dropped.reason.as_deref(),
        Some("the account has a password already")
    );
    assert!(app.smtp.mails().is_empty());
}
