//! What keys do: each act is asked about, is the same as the command's, and stands in the audit log.

use readmit::console::ThemeName;

use super::desk::{Desk, busy_town};
use crate::support::app::{NEW_PASSWORD, TestApp};

fn audited(app: &TestApp, event: &str) -> i64 {
    app.query(&format!(
        "SELECT count(*) FROM audit WHERE event = '{event}' AND actor = 'admin:test'"
    ))
}

/// Assertions 35 and 83.
#[test]
fn a_link_is_revoked_only_after_a_yes() {
    let app = TestApp::with_jane();
    let token = app.reset_token("jane@example.com");
    let mut desk = Desk::new(app);
    desk.press("2x");
    assert!(desk.sees("Revoke the link of jane@example.com?"));
    desk.press("n");
    assert_eq!(audited(&desk.app, "reset.revoke"), 0);
    assert!(desk.sees("nothing was done") && desk.sees("jane@example.com"));
    desk.press("xy");
    assert_eq!(audited(&desk.app, "reset.revoke"), 1);
    assert!(desk.sees("the link of jane@example.com is revoked"));
    assert!(desk.sees("no link can be used now"));
    desk.app.complete(&token, NEW_PASSWORD).envelope(400);
    // Behind the toggle it is still there.
    desk.press("t");
    assert!(desk.sees("revoked"));
    desk.press("x");
    assert!(
        desk.sees("the link is revoked already"),
        "{}",
        desk.screen()
    );
}

/// A link that is alive would hold another one back: it ends, and the new one works.
#[test]
fn a_link_is_sent_again_in_place_of_the_old_one() {
    let app = TestApp::with_jane();
    let old = app.reset_token("jane@example.com");
    let mut desk = Desk::new(app);
    desk.press("2ry");
    assert!(desk.sees("a new link is on its way to jane@example.com"));
    // The console is another process: the server finds what it queued at its next poll.
    desk.advance(desk.app.app().config.outbox.poll);
    let new = desk.app.next_mail().token();
    desk.app.complete(&old, NEW_PASSWORD).envelope(400);
    desk.app.complete(&new, NEW_PASSWORD).envelope(200);
    assert_eq!(audited(&desk.app, "reset.resend"), 1);
}

/// Assertion 83: a link opens a door, and is not on the screen before somebody asks for it.
#[test]
fn a_link_for_the_telephone_is_copied_and_hidden_until_it_is_asked_for() {
    let mut desk = Desk::new(TestApp::with_jane());
    desk.resize((120, 40));
    desk.press("5m");
    assert!(desk.sees("be sure to whom you are talking"));
    desk.press("y");
    let link = desk.copied.pop().expect("it was copied");
    let token = link.rsplit('=').next().expect("a token").to_owned();
    assert!(link.starts_with("https://canal.test/reset-password?token="));
    assert!(!desk.sees("https://canal.test/reset"), "{}", desk.screen());
    desk.press("s");
    assert!(desk.sees("https://canal.test/reset-password?token="));
    desk.press("sc");
    assert!(!desk.sees("https://canal.test/reset"));
    assert_eq!(desk.copied, [link]);
    desk.press("\n");
    assert_eq!(audited(&desk.app, "reset.link_by_hand"), 1);
    desk.app.complete(&token, NEW_PASSWORD).envelope(200);
}

#[test]
fn a_person_is_shut_out_and_let_in_again() {
    let mut desk = Desk::new(TestApp::with_jane());
    desk.press("5sy");
    assert!(desk.sees("suspended"));
    desk.press("s");
    assert!(desk.sees("Let jane@example.com sign in again?"));
    desk.press("y");
    assert!(desk.sees("active"));
    for (key, event) in [
        ("p", "account.require_reset"),
        ("e", "account.revoke_sessions"),
    ] {
        desk.press(key);
        desk.press("y");
        assert_eq!(audited(&desk.app, event), 1, "{event}");
    }
    desk.press("oy");
    assert!(desk.sees("two-factor authentication is not on"));
    assert_eq!(audited(&desk.app, "account.suspend"), 1);
    assert_eq!(audited(&desk.app, "account.reactivate"), 1);
}

/// A set is acted on after its number was confirmed; what is in no state for it is passed over.
#[test]
fn marked_messages_are_cancelled_together() {
    let app = TestApp::builder().without_worker().start().and_jane();
    for n in 0..3 {
        app.ask_for_link(&format!("m{n}@example.com"));
    }
    let mut desk = Desk::new(app);
    desk.press("4  ");
    assert!(desk.sees("2 messages marked"), "{}", desk.screen());
    desk.press("x");
    assert!(desk.sees("Cancel 2 messages?"));
    desk.press("y");
    assert!(desk.sees("2 messages cancelled"));
    let states: i64 = desk
        .app
        .query("SELECT count(*) FROM outbox WHERE state = 'queued'");
    assert_eq!(states, 1);
    desk.press("t");
    assert!(desk.sees("Messages that are dead"));
    desk.press("tx");
    assert!(desk.sees("Cancel 1 message?"), "{}", desk.screen());
}

/// A console that only looks offers no key that changes anything, and takes none.
#[test]
fn a_console_that_only_looks_changes_nothing() {
    let before = |app: &TestApp| app.query::<i64>("SELECT count(*) FROM audit");
    let mut desk = Desk::with(busy_town(), ThemeName::Dark, true);
    let entries = before(&desk.app);
    for tab in ["1", "2", "3", "4", "5", "6", "7"] {
        desk.press(tab);
        for key in "xrmspeoyEn".chars() {
            desk.press(&format!("{key}y\u{1b}"));
        }
    }
    assert_eq!(before(&desk.app), entries);
    let pending: i64 = desk
        .app
        .query("SELECT count(*) FROM reset_tokens WHERE revoked_at IS NULL");
    assert_eq!(pending, 3);
    desk.press("2?");
    assert!(!desk.sees("revoke the link"));
}
