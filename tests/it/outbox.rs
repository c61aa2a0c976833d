//! The outbox of a running deployment: what becomes of each message, and who may send it.

mod bounces;
mod crashes;
mod drops;
mod history;
mod keep;
mod leases;
mod order;
mod refusals;
mod relays;
mod retries;
mod shared;
mod stops;

use readmit::outbox::{Listed, State};

use crate::support::app::{Builder, TestApp};
use crate::support::wait::wait_until;

/// A deployment where one account may have as many links as a test wants.
fn unhurried() -> Builder {
    TestApp::builder()
        .set("reset.cooldown", "0s")
        .set("reset.max_pending", 100)
}

/// A second deployment on the database and keys of the first, with a relay and a clock of its own:
/// another process, as far as leases go.
fn beside(first: &TestApp) -> Builder {
    unhurried()
        .set("storage.path", first.database().display())
        .set("keys.dir", first.folder().join("keys").display())
}

/// Waits until the message has failed so often and waits for its next attempt.
fn wait_for_failures(app: &TestApp, id: i64, attempts: u32) -> Listed {
    wait_until(
        &format!("message {id} waits after attempt {attempts}"),
        || {
            app.outbox().into_iter().find(|message| {
                message.id == id && message.attempts == attempts && message.state == State::Queued
            })
        },
    )
}

/// Moves the clock to the message's next attempt.
fn advance_to(app: &TestApp, message: &Listed) {
    let next = message.next_attempt_at.expect("a message that waits");
    app.advance(next.since(app.now()));
}
