//! Killed in the middle of a delivery.

use std::sync::{Arc, Mutex};

use serde_json::json;

use super::{Victim, add_people, address, all_sent, ask, rows, site};
use crate::support::app::NEW_PASSWORD;
use crate::support::http::Request;
use crate::support::process::Process;
use crate::support::smtp::{Action, Mail, SmtpServer, Stage};
use crate::support::wait::wait_until;

fn complete(server: &Process, mail: &Mail) {
    let request = Request::post("/api/sys/users/completePasswordReset");
    let body = json!({ "Token": mail.token(), "Password": NEW_PASSWORD });
    server.send(&request.json(&body)).envelope(200);
}

/// Assertion 64: a worker that died leaves its claim behind. For as long as the lease lasts nobody
/// touches it, because nobody can know that it died; then the next process sends the mail, once.
#[test]
fn the_claim_of_a_killed_process_is_taken_over_when_its_lease_is_over() {
    let relay = SmtpServer::start();
    let site = site(&relay);
    add_people(&site, 1);
    relay.script(Stage::Data, Action::Stall);
    let server = site.serve();
    assert!(ask(server.address, &address(0)));
    relay.wait_for(Stage::Data, 1);
    server.kill();
    relay.release();
    let (state, attempts, lease_until) = rows(&site).remove(0);
    assert_eq!((state.as_str(), attempts), ("sending", 1));

    let server = site.serve();
    relay.next_mail();
    let row = wait_until("it is marked", || {
        rows(&site).into_iter().find(|r| r.0 == "sent")
    });
    assert_eq!(row.1, 2, "attempts");
    let finished: i64 = site
        .sql()
        .query_row("SELECT finished_at FROM outbox", [], |row| row.get(0))
        .expect("the row");
    assert!(
        finished >= lease_until,
        "sent {} ms early",
        lease_until - finished
    );
    assert!(ask(server.address, &address(0)));
    relay.next_mail();
    assert_eq!(relay.mails().len(), 2, "one for each request");
}

/// Assertion 70: the relay has read the whole letter when the server dies, so that nobody can know
/// whether it was delivered. It is sent once more, under the same Message-ID; whichever copy the
/// member opens, its link works.
#[test]
fn a_kill_at_the_final_dot_costs_one_double_whose_link_works_as_well() {
    let relay = SmtpServer::start();
    let site = site(&relay);
    add_people(&site, 2);
    let victim = Victim::default();
    for (person, open_the_first) in [(0, true), (1, false)] {
        let kill = victim.clone();
        relay.script(Stage::Dot, Action::Run(Box::new(move || kill.kill())));
        let server = site.serve();
        let at = server.address;
        victim.is(server);
        assert!(ask(at, &address(person)));
        let first = relay.next_mail();
        wait_until("the server is dead", || victim.is_gone().then_some(()));

        let server = site.serve();
        let second = relay.next_mail();
        assert_eq!(first.header("Message-ID"), second.header("Message-ID"));
        assert_eq!(first.recipients, second.recipients);
        wait_until("it is marked", || all_sent(&rows(&site)).then_some(()));
        complete(&server, if open_the_first { &first } else { &second });
        assert!(relay.next_mail().text().contains("was changed"));
        wait_until("it is marked", || all_sent(&rows(&site)).then_some(()));
        server.kill();
    }
    assert_eq!(relay.mails().len(), 6, "two copies and a notice for each");
}

/// Assertion 70, a moment later: the relay's 250 has arrived, and the server dies while it still
/// waits to write that down. One double at most, under the same Message-ID.
#[test]
fn a_kill_between_the_relays_consent_and_the_commit_costs_one_double() {
    let relay = SmtpServer::start();
    let site = site(&relay).set("storage.busy_timeout", "30ms");
    add_people(&site, 1);
    let server = site.serve();
    let lock = Arc::new(Mutex::new(site.sql()));
    let holder = Arc::clone(&lock);
    let hold = move || {
        let connection = holder.lock().expect("the test's connection");
        connection
            .execute_batch("BEGIN IMMEDIATE")
            .expect("the lock");
    };
    relay.script(Stage::Dot, Action::Run(Box::new(hold)));
    assert!(ask(server.address, &address(0)));
    let first = relay.next_mail();
    wait_until("the consent cannot be written", || {
        let told = "the outcome of a mail cannot be written yet";
        server.log().contains(told).then_some(())
    });
    server.kill();
    lock.lock()
        .expect("the test's connection")
        .execute_batch("ROLLBACK")
        .expect("the lock can be let go");
    assert_eq!(rows(&site)[0].0, "sending");

    let server = site.serve();
    let second = relay.next_mail();
    assert_eq!(first.header("Message-ID"), second.header("Message-ID"));
    wait_until("it is marked", || all_sent(&rows(&site)).then_some(()));
    complete(&server, &first);
    assert!(relay.next_mail().text().contains("was changed"));
    assert_eq!(relay.mails().len(), 3);
}
