//! Addresses that bounced for good: nothing is sent to them until somebody has looked.

use readmit::outbox::suppression::{self, Suppression};
use readmit::outbox::{Listed, State};

use super::unhurried;
use crate::support::app::{NEW_PASSWORD, TestApp, email};
use crate::support::smtp::{Action, Stage};

fn suppressed(app: &TestApp) -> Vec<Suppression> {
    app.wait(app.app().store.read(suppression::list))
        .expect("the list can be read")
}

fn bounce(app: &TestApp, id: i64, reply: &'static str) -> Listed {
    app.smtp.script(Stage::Rcpt, Action::Reply(reply));
    app.ask_for_link("jane@example.com");
    app.wait_for_state(id, State::Dead)
}

/// A hard bounce puts the *stored* address on the list with what the relay said. Requests for it, by
/// whichever spelling, are dropped with that reason, and the relay hears nothing of them; to whoever
/// asks, the answer is the same as ever.
#[test]
fn after_a_hard_bounce_requests_are_dropped_with_the_reason() {
    let app = unhurried().start().and_jane();
    let dead = bounce(&app, 1, "550 5.1.1 no such user");
    assert_eq!(
        dead.reason.as_deref(),
        Some("there is no such mailbox; the relay refused it for good")
    );
    let [listed] = suppressed(&app).try_into().expect("one address");
    assert_eq!(listed.address, "jane@example.com");
    assert_eq!(listed.reason, "RCPT TO: 550 5.1.1 no such user");
    assert_eq!(listed.at, app.now());
    let mails = app.smtp.transcript().matches("MAIL FROM").count();
    app.ask_for_link("JANE@example.com");
    let dropped = app.wait_for_state(2, State::Dropped);
    assert_eq!(
        dropped.reason.as_deref(),
        Some("suppressed since 2027-01-15T08:00:00Z: RCPT TO: 550 5.1.1 no such user")
    );
    assert_eq!(app.smtp.transcript().matches("MAIL FROM").count(), mails);

    let release = app.admin();
    let released = app.wait(release.release(email("jane@example.com"), app.now()));
    assert!(released.expect("the database answers"));
    let again = app.wait(release.release(email("jane@example.com"), app.now()));
    assert!(!again.expect("the database answers"), "once is enough");
    app.ask_for_link("jane@example.com");
    app.wait_for_state(3, State::Sent);
    let audited = "SELECT group_concat(actor || ' ' || event || ' ' || detail) FROM audit \
                   WHERE event LIKE 'outbox.%'";
    let audited: String = app.query(audited);
    assert_eq!(audited, "admin:test outbox.release jane@example.com");
}

/// Full mailboxes, policy, refusals without an enhanced code and those of the sender say nothing about
/// whether the address exists.
#[test]
fn other_refusals_suppress_nobody() {
    let app = unhurried().start().and_jane();
    for (id, reply) in (1..).zip([
        "550 no such user",
        "552 5.2.2 full",
        "550 5.7.1 policy",
        "553 5.1.8 your domain",
    ]) {
        bounce(&app, id, reply);
    }
    assert!(suppressed(&app).is_empty());
}

/// Notices are held back like links: the mailbox does not exist for them either.
#[test]
fn notices_to_a_suppressed_address_are_dropped_too() {
    let app = unhurried().start().and_jane();
    let token = app.reset_token("jane@example.com");
    let reason = "moved away".to_owned();
    let admin = app.admin();
    let added = app.wait(admin.suppress(email("Jane@Example.com"), reason, app.now()));
    assert!(added.expect("the database answers"));
    app.complete(&token, NEW_PASSWORD).envelope(200);
    let notice = app.wait_for_state(2, State::Dropped);
    let reason = notice.reason.unwrap_or_default();
    assert!(reason.ends_with(": moved away"), "{reason}");
}
