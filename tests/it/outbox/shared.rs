//! Several servers on one database, and attempts that take longer than a lease.

use std::collections::BTreeMap;
use std::time::Duration;

use readmit::outbox::State;

use super::{beside, unhurried};
use crate::support::process::{Process, Site};
use crate::support::smtp::{Action, SmtpServer, Stage};
use crate::support::wait::wait_until;

/// Assertion 64: two real servers on one file, each with a relay of its own, and a thousand messages:
/// both send their share, and no message goes twice.
#[test]
fn two_servers_on_one_file_send_each_of_a_thousand_messages_once() {
    const MESSAGES: u32 = 1000;
    let relays = [SmtpServer::start(), SmtpServer::start()];
    let site = Site::in_memory(&relays[0].url()).set("outbox.poll", "10ms");
    site.add_jane("nine otters in the old mill");
    let _servers = relays.each_ref().map(|relay| {
        let mut command = site.command(&["serve"]);
        command.env("READMIT_SMTP__URL", relay.url());
        Process::start(command)
    });
    let sql = site.sql();
    let rows = "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?1) \
                INSERT INTO outbox (kind, recipient, account_id, message_id, next_attempt_at, \
                created_at) SELECT 'changed', 'p' || n || '@example.com', id, n || '@x.test', \
                created_at, created_at FROM n, accounts";
    let queued = sql.execute(rows, [MESSAGES]).expect("rows");
    assert_eq!(queued, MESSAGES as usize);
    let left = "SELECT count(*) FROM outbox WHERE state <> 'sent'";
    wait_until("all of them are sent", || {
        let left: i64 = sql.query_row(left, [], |row| row.get(0)).ok()?;
        (left == 0).then_some(())
    });
    let mails = relays.each_ref().map(SmtpServer::mails);
    assert!(
        mails.iter().all(|mails| mails.len() > 50),
        "both had a share"
    );
    let mut copies: BTreeMap<String, usize> = BTreeMap::new();
    for mail in mails.iter().flatten() {
        *copies.entry(mail.recipients[0].clone()).or_default() += 1;
    }
    assert_eq!(copies.len(), MESSAGES as usize);
    let doubles: Vec<_> = copies.iter().filter(|(_, count)| **count > 1).collect();
    assert!(doubles.is_empty(), "{doubles:?}");
    let attempts: u32 = sql
        .query_row("SELECT sum(attempts) FROM outbox", [], |row| row.get(0))
        .expect("a sum");
    assert_eq!(attempts, MESSAGES);
}

/// Assertion 64: an attempt that takes longer than its lease keeps it for as long as its server lives,
/// so that no other one starts the same.
#[test]
fn a_long_attempt_renews_its_lease() {
    let relay = SmtpServer::start();
    relay.always(Stage::Dot, Action::Stall);
    let slow = unhurried().smtp(relay).start().and_jane();
    slow.ask_for_link("jane@example.com");
    slow.smtp.wait_for(Stage::Dot, 1);
    let other = beside(&slow).start();
    // It has looked at the outbox once: had it come up while the clocks were apart, it would have taken
    // the lease for one of a clock that was ahead.
    other.ask_for_link("nobody@example.com");
    other.wait_for_state(2, State::Dropped);
    let lease_until = || slow.query::<i64>("SELECT next_attempt_at FROM outbox WHERE id = 1");
    for step in 1..=6 {
        let before = lease_until();
        slow.advance(Duration::from_secs(30));
        wait_until(&format!("the lease is renewed, time {step}"), || {
            (lease_until() > before).then_some(())
        });
        other.advance(Duration::from_secs(30));
    }
    // Three minutes later, a lease of one minute would long be over.
    other.ask_for_link("nobody@example.com");
    other.wait_for_state(3, State::Dropped);
    assert_eq!(other.smtp.connections(), 0);
    slow.smtp.clear(Stage::Dot);
    slow.smtp.release();
    let sent = slow.wait_for_state(1, State::Sent);
    assert_eq!(sent.attempts, 1);
}
