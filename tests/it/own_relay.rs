//! A relay of a location's own: its mail goes there, its password stays sealed, and nobody else waits
//! for it.

use std::fs;
use std::time::Duration;

use readmit::business::{BusinessId, Changes, OwnRelay};
use readmit::outbox::{Listed, State};
use serde_json::json;

use crate::support::app::TestApp;
use crate::support::process::Site;
use crate::support::smtp::{Action, SmtpServer, Stage};
use crate::support::wait::wait_until;

const JANE: &str = "jane@example.com";
const BOB: &str = "bob@example.com";
const SECRET: &str = "seventeen-herrings";

/// Canal House with a relay of its own and Jane, and Harbour House on the common one with Bob.
fn two_houses(own: &SmtpServer, login: bool) -> TestApp {
    let app = TestApp::builder()
        .set("reset.cooldown", "0s")
        .set("reset.max_pending", 100)
        .set("smtp.timeout", "10s")
        .start()
        .and_jane();
    app.add_business(8, "Harbour House", "https://harbour.test");
    app.add_person(BOB, "Bob", Some(8), None);
    let id = BusinessId::new(7).expect("a number");
    let url = own.url().parse().expect("a relay");
    let relay = if login {
        OwnRelay::with_login(id, url, "desk".to_owned(), &SECRET.into(), &app.app().vault)
            .expect("a relay")
    } else {
        OwnRelay { url, login: None }
    };
    app.change_business(
        7,
        Changes {
            smtp: Some(Some(relay)),
            ..Changes::default()
        },
    );
    app
}

/// Each location's mail goes to its relay, with its account there; a change holds for the next mail.
#[test]
fn mail_goes_to_the_relay_of_its_location() {
    let own = SmtpServer::start();
    own.advertise_auth("desk", SECRET);
    let app = two_houses(&own, true);
    app.ask_for_link(JANE);
    assert_eq!(own.next_mail().recipients, [JANE]);
    app.ask_for_link(BOB);
    assert_eq!(app.smtp.next_mail().recipients, [BOB]);
    // By the address alone, the location is the account's; by number, the one that is named.
    app.start_reset(&json!({ "email": BOB, "businessId": 7 }))
        .envelope(200);
    assert_eq!(own.next_mail().recipients, [BOB]);
    assert!(own.transcript().contains("AUTH"));

    app.settled_outbox();
    app.change_business(
        7,
        Changes {
            smtp: Some(None),
            ..Changes::default()
        },
    );
    app.ask_for_link(JANE);
    assert_eq!(app.smtp.next_mail().recipients, [JANE]);
    assert_eq!((own.mails().len(), app.smtp.mails().len()), (2, 2));
}

/// A relay that takes a letter and says nothing keeps its own location's mail, and no other's; nor does
/// what waits for it count as tried.
#[test]
fn a_relay_that_hangs_holds_up_its_own_location_only() {
    let own = SmtpServer::start();
    let app = two_houses(&own, false);
    own.always(Stage::Mail, Action::Stall);
    let connections = app.app().config.outbox.concurrency;
    for _ in 0..connections + 4 {
        app.ask_for_link(JANE);
    }
    own.wait_for(Stage::Mail, connections);
    for _ in 0..3 {
        app.ask_for_link(BOB);
        assert_eq!(app.smtp.next_mail().recipients, [BOB]);
    }
    wait_until("Bob's mail is marked", || {
        let sent = |message: &&Listed| message.state == State::Sent;
        (app.outbox().iter().filter(sent).count() == 3).then_some(())
    });
    // They do not wait until their leases run out.
    app.advance(app.app().config.outbox.lease / 3);
    wait_until("the rest is put back", || {
        let waiting = |message: &&Listed| message.state == State::Queued && message.attempts == 0;
        (app.outbox().iter().filter(waiting).count() == 4).then_some(())
    });
    own.clear(Stage::Mail);
    own.release();
    for _ in 0..connections {
        own.next_mail();
    }
    wait_until("what was under way is marked", || {
        let sending = |state| app.outbox().iter().any(|message| message.state == state);
        (!sending(State::Sending)).then_some(())
    });
    app.advance(Duration::from_secs(6));
    for _ in 0..4 {
        own.next_mail();
    }
    let all = app.settled_outbox();
    assert!(
        all.iter()
            .all(|message| message.state == State::Sent && message.attempts == 1)
    );
}

/// Whoever can write to the database cannot have the password sent somewhere else.
#[test]
fn the_password_is_of_no_use_for_another_relay() {
    let own = SmtpServer::start();
    let elsewhere = SmtpServer::start();
    elsewhere.advertise_auth("desk", SECRET);
    let app = two_houses(&own, true);
    app.sql()
        .execute(
            "UPDATE businesses SET smtp_url = ?1 WHERE id = 7",
            [elsewhere.url()],
        )
        .expect("the relay is changed");
    app.ask_for_link(JANE);
    let said = wait_until("the attempt has failed", || {
        app.outbox()[0].last_reply.clone()
    });
    assert!(
        said.starts_with("the password of the relay does not open"),
        "{said}"
    );
    assert_eq!((elsewhere.connections(), own.connections()), (0, 0));
    // It is no fault of the mail: it waits.
    assert_eq!(app.outbox()[0].state, State::Queued);
}

/// Assertion 20, for the relay's password: given on standard input, it is in no file but sealed, and no
/// command shows it.
#[test]
fn the_password_of_a_relay_is_sealed_and_never_shown() {
    let own = SmtpServer::start();
    own.advertise_auth("desk", SECRET);
    let common = SmtpServer::start();
    let site = Site::new(&common.url());
    site.add_jane("nine otters in the old mill");
    let url = format!("--smtp-url={}", own.url());
    let set = [
        "business",
        "set",
        "7",
        &url,
        "--smtp-username=desk",
        "--smtp-password-stdin",
    ];
    let output = site.run_with_input(&set, &format!("{SECRET}\n"));
    assert!(output.status.success(), "{output:?}");
    let mut shown = String::from_utf8_lossy(&output.stdout).into_owned();
    shown += &site.ok(&["business", "show", "7"]);
    shown += &site.ok(&["business", "show", "7", "--json"]);
    shown += &site.ok(&["business", "list", "--json"]);
    assert!(shown.contains(", as desk"), "{shown}");
    assert!(shown.contains("\"password\": \"(sealed)\""), "{shown}");
    assert!(!shown.contains(SECRET));

    let server = site.serve();
    let request = crate::support::http::Request::post("/api/sys/users/startPasswordReset")
        .json(&json!({ "email": JANE }));
    server.send(&request).envelope(200);
    assert_eq!(own.next_mail().recipients, [JANE]);
    for entry in fs::read_dir(site.folder()).expect("the folder") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            let bytes = fs::read(&path).expect("the file");
            let at = bytes
                .windows(SECRET.len())
                .position(|part| part == SECRET.as_bytes());
            assert_eq!(at, None, "{}", path.display());
        }
    }
    assert!(!server.log().contains(SECRET));

    let found = site.ok(&["check"]);
    assert!(
        found.contains("ok      relay of business 7: ") && found.contains("signed in as desk"),
        "{found}"
    );

    // In the clear it would be anybody's.
    let set = [
        "business",
        "set",
        "7",
        "--smtp-url=smtp://mail.test?tls=opportunistic",
        "--smtp-username=desk",
        "--smtp-password-stdin",
    ];
    let output = site.run_with_input(&set, SECRET);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("could get the password in the clear"),
        "{said}"
    );
}
