//! Fail closed, and come back.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use super::{Deployment, ask_for_link, count};
use crate::support::app::{NEW_PASSWORD, PASSWORD};
use crate::support::faults::{Fault, Faults};
use crate::support::http::{Answer, Request, try_send_raw};
use crate::support::process::{Process, Site, to_its_end};
use crate::support::wait::wait_until;

const JANE: &str = "jane@example.com";

fn assert_turned_away(answer: &Answer) {
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert_eq!(answer.header("retry-after"), Some("2"));
}

/// How many rows there are of everything that these tests could write.
fn rows(site: &Site) -> Vec<i64> {
    [
        "outbox",
        "audit",
        "sessions",
        "refresh_tokens",
        "login_tokens",
        "login_tokens WHERE used_at IS NOT NULL",
        "reset_tokens WHERE used_at IS NOT NULL",
        "reset_tokens WHERE revoked_at IS NOT NULL",
        "accounts WHERE credential_version > 1",
        "probe",
    ]
    .map(|what| count(site, what))
    .to_vec()
}

/// Assertion 76; assertion 12 for the full disk. Whether a write fails, the disk is full, or only the
/// sync fails, which is when data seems to be written and is not: nothing is answered with success,
/// nothing is half done, and who has an account does not show. When the fault is over the same process
/// goes on as if nothing had been, and what it answered with 200 survives a SIGKILL.
#[test]
fn while_the_disk_fails_everything_is_refused_and_afterwards_all_works() {
    let deployment = Deployment::start(PASSWORD);
    let Deployment {
        relay,
        site,
        faults,
        server,
    } = &deployment;
    deployment.ask(JANE).envelope(200);
    let first_token = relay.next_mail().token();
    let confirmed = deployment.complete(&first_token, PASSWORD).envelope(200);
    let login = confirmed["Value"].as_str().expect("a token").to_owned();
    relay.next_mail();
    deployment.ask(JANE).envelope(200);
    let token = relay.next_mail().token();
    server.send(&Request::get("/readyz"));
    wait_until("the outbox settles", || {
        (count(site, "outbox WHERE state = 'sent'") == 3).then_some(())
    });

    for (round, fault) in Fault::ALL.into_iter().enumerate() {
        let before = rows(site);
        faults.begin(fault);
        // More than once: each attempt begins with a connection that is opened anew.
        for _ in 0..3 {
            let known = deployment.ask(JANE);
            known.refusal(503);
            assert_turned_away(&known);
            let unknown = deployment.ask("nobody@example.com");
            assert_eq!(known.comparable(), unknown.comparable(), "{fault:?}");
        }
        assert_turned_away(&deployment.complete(&token, NEW_PASSWORD));
        assert_turned_away(&deployment.complete(&token, "weak"));
        assert_turned_away(&deployment.exchange(&login));
        let sign_ins = [
            deployment.sign_in(JANE, PASSWORD),
            deployment.sign_in(JANE, "wrong, wrong, wrong"),
            deployment.sign_in("nobody@example.com", PASSWORD),
        ];
        for answer in sign_ins {
            assert_turned_away(&answer);
        }
        let ready = server.send(&Request::get("/readyz"));
        assert_eq!(ready.status, 503, "{}", ready.text());
        assert_ne!(ready.json()["database"], "ok");
        assert_eq!(server.send(&Request::get("/healthz")).status, 200);
        assert_eq!(rows(site), before, "{fault:?}");

        faults.end(fault);
        assert_eq!(rows(site), before, "{fault:?}");
        deployment
            .ask(&format!("later-{round}@example.com"))
            .envelope(200);
        assert_eq!(server.send(&Request::get("/readyz")).status, 200);
    }
    assert!(faults.failures() >= 3 * 12, "{:#?}", faults.trace());

    assert_eq!(deployment.exchange(&login).status, 200);
    deployment.complete(&token, NEW_PASSWORD).envelope(200);
    relay.next_mail();
    assert_eq!(deployment.sign_in(JANE, NEW_PASSWORD).status, 200);

    let Deployment { site, server, .. } = deployment;
    server.kill();
    let asked = "outbox WHERE recipient LIKE 'later-%@example.com'";
    assert_eq!(count(&site, asked), 3);
    assert_eq!(count(&site, "accounts WHERE credential_version = 3"), 1);
}

/// Assertions 63 and 76, under load: faults come and go while requests arrive on many connections, and
/// the process is killed in the midst. An answer is 200 or 503, and each 200 is a row.
#[test]
fn every_request_that_was_accepted_between_faults_survives_a_kill() {
    let deployment = Deployment::start(PASSWORD);
    let address = deployment.server.address;
    let accepted = Mutex::new(BTreeSet::new());
    let is_over = AtomicBool::new(false);
    let accepted_so_far = || {
        let accepted = accepted.lock().unwrap_or_else(PoisonError::into_inner);
        accepted.len()
    };
    let ask_on = |client: usize| {
        for number in 0.. {
            let email = format!("c{client}-{number}@example.com");
            match try_send_raw(address, &ask_for_link(&email).to_bytes()) {
                Ok(answer) if answer.status == 200 => {
                    let mut accepted = accepted.lock().unwrap_or_else(PoisonError::into_inner);
                    accepted.insert(email);
                }
                Ok(answer) => assert_turned_away(&answer),
                Err(_) if is_over.load(Ordering::Acquire) => return,
                Err(error) => panic!("no answer from a server that lives: {error}"),
            }
        }
    };
    let Deployment {
        site,
        faults,
        server,
        ..
    } = deployment;
    std::thread::scope(|scope| {
        for client in 0..8 {
            let ask_on = &ask_on;
            scope.spawn(move || ask_on(client));
        }
        for _ in 0..3 {
            for fault in Fault::ALL {
                let (failed, taken) = (faults.failures(), accepted_so_far());
                faults.begin(fault);
                wait_until("requests meet the fault", || {
                    (faults.failures() >= failed + 3).then_some(())
                });
                faults.end(fault);
                wait_until("requests are accepted again", || {
                    (accepted_so_far() >= taken + 10).then_some(())
                });
            }
        }
        is_over.store(true, Ordering::Release);
        server.kill();
    });

    let accepted = accepted
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    assert!(accepted.len() >= 90);
    let next = site.serve();
    assert_eq!(next.send(&Request::get("/readyz")).status, 200);
    let sql = site.sql();
    let mut statement = sql
        .prepare("SELECT recipient FROM outbox")
        .expect("a statement");
    let stored: BTreeSet<String> = statement
        .query_map([], |row| row.get(0))
        .expect("rows")
        .collect::<Result<_, _>>()
        .expect("addresses");
    let lost: Vec<_> = accepted.difference(&stored).collect();
    assert!(lost.is_empty(), "accepted and lost: {lost:?}");
}

/// Assertion 76. A first start on a full disk ends in words, and what it has begun is no obstacle to the
/// next one.
#[test]
fn a_start_on_a_full_disk_ends_in_words_and_succeeds_once_there_is_room() {
    let (site, faults) = (Site::new("file:mail"), Faults::new());
    let folder = site.folder().display().to_string();
    to_its_end(&mut faults.load(site.command(&["--version"]), &folder));
    faults.begin(Fault::DiskFull);
    let output = to_its_end(&mut faults.load(site.command(&["serve"]), &folder));
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    let path = "readmit: cannot open the database readmit.db: ";
    assert!(said.starts_with(path) && said.contains("full"), "{said}");
    faults.end(Fault::DiskFull);
    let server = Process::start(faults.load(site.command(&["serve"]), &folder));
    server.send(&ask_for_link("jane@example.com")).envelope(200);
}
