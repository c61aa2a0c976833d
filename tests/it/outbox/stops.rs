//! What a stop in order leaves behind: never a row that looks as if somebody were sending it.

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use readmit::outbox::State;

use super::unhurried;
use crate::support::app::TestApp;
use crate::support::smtp::{Action, Stage};
use crate::support::wait::wait_until;

/// Lets the relay answer only when the server has begun to stop.
fn answer_during_the_stop(server: SocketAddr) -> Action {
    Action::Run(Box::new(move || {
        wait_until("the server takes no connections any more", || {
            TcpStream::connect(server).is_err().then_some(())
        });
    }))
}

/// The states and attempts in the database of a deployment that has stopped.
fn left_behind(app: &TestApp) -> Vec<(String, u32, i64)> {
    let sql = app.sql();
    let mut statement = sql
        .prepare("SELECT state, attempts, next_attempt_at FROM outbox ORDER BY id")
        .expect("a statement");
    let rows = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .expect("rows");
    rows.collect::<Result<_, _>>().expect("rows")
}

/// Assertion 89: the mail under way is finished, and its outcome written. Nothing new is begun: what
/// was claimed and had not started yet, whether it waits for a lane or was claimed ahead, is given back, due at
/// once, and leaves after the next start.
#[test]
fn a_stop_finishes_the_mail_under_way_and_begins_no_other() {
    let mut app = unhurried()
        .set("outbox.concurrency", 1)
        .without_worker()
        .start()
        .and_jane();
    for _ in 0..12 {
        app.ask_for_link("jane@example.com");
    }
    app.smtp.script(Stage::Dot, Action::Stall);
    app.restart_with_worker();
    app.smtp.wait_for(Stage::Dot, 1);
    app.smtp
        .script(Stage::Dot, answer_during_the_stop(app.address));
    app.smtp.release();
    app.smtp.wait_for(Stage::Dot, 2);
    wait_until("more is claimed than can be sent", || {
        let claimed: i64 = app.query("SELECT count(*) FROM outbox WHERE attempts > 0");
        (claimed > 3).then_some(())
    });
    app.stop();
    let now = app.now().millis();
    assert_eq!(app.smtp.mails().len(), 2);
    let left = left_behind(&app);
    let (sent, back) = left.split_at(2);
    assert!(sent.iter().all(|(state, ..)| state == "sent"), "{left:?}");
    assert!(back.iter().all(|(state, ..)| state == "queued"), "{left:?}");
    let taken: Vec<_> = back
        .iter()
        .filter(|(_, attempts, _)| *attempts > 0)
        .collect();
    assert!(taken.len() > 1, "{left:?}");
    assert!(taken.iter().all(|(.., next)| *next == now), "{left:?}");

    app.start_again();
    let outbox = app.settled_outbox();
    assert!(outbox.iter().all(|message| message.state == State::Sent));
    assert_eq!(app.smtp.mails().len(), 12);
}

/// Assertion 89: a relay that says nothing cannot keep the stop from ending in its time, and its
/// messages are given back all the same: they leave on the next start, and not only when their lease
/// is over.
#[test]
fn a_stop_that_has_to_cut_mail_off_gives_its_leases_back() {
    let mut app = unhurried()
        .set("http.shutdown_timeout", "150ms")
        .set("outbox.concurrency", 2)
        .start()
        .and_jane();
    app.smtp.always(Stage::Data, Action::Stall);
    for _ in 0..5 {
        app.ask_for_link("jane@example.com");
    }
    app.smtp.wait_for(Stage::Data, 2);
    app.stop();
    let now = app.now().millis();
    for (state, attempts, next) in left_behind(&app) {
        assert_eq!((state.as_str(), next), ("queued", now));
        assert!(attempts <= 1);
    }
    app.smtp.clear(Stage::Data);
    app.start_again();
    let outbox = app.settled_outbox();
    assert!(outbox.iter().all(|message| message.state == State::Sent));
    assert_eq!(app.smtp.mails().len(), 5);
}

/// An attempt whose time is over during the stop is an ordinary failure: it is queued for later.
#[test]
fn an_attempt_that_fails_during_the_stop_waits_for_its_next() {
    let mut app = unhurried().set("smtp.timeout", "200ms").start().and_jane();
    app.smtp.always(Stage::Data, Action::Stall);
    app.ask_for_link("jane@example.com");
    app.smtp.wait_for(Stage::Data, 1);
    app.stop();
    let left = left_behind(&app);
    assert_eq!((left[0].0.as_str(), left[0].1), ("queued", 1));
    let wait = left[0].2 - app.now().millis();
    let wait = Duration::from_millis(u64::try_from(wait).expect("a time to come"));
    assert!(wait >= Duration::from_secs(1) && wait <= Duration::from_secs(30));
}
