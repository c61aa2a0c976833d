//! Messages that take the server down with them.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use readmit::app::App;
use readmit::clock::{Clock, ManualClock};
use readmit::config::{Config, ConfigFile};
use readmit::dkim::Dkim;
use readmit::entropy::Entropy;
use readmit::outbox::worker::{Parts, Worker};
use readmit::outbox::{
    self, Composed, Filter, Listed, Needless, OwnRelays, Relays, Renderer, State,
};
use tokio::sync::watch;

use super::unhurried;
use crate::support::app::{START, TestApp};
use crate::support::process::{Process, Site};
use crate::support::smtp::{Action, SmtpServer, Stage};
use crate::support::wait::wait_until;

fn poisonous(recipients: &[String]) -> bool {
    recipients == ["poison@example.com"]
}

/// Kills the server whenever the relay has read a certain letter, as a defect in what comes then would.
struct Trap {
    victim: Arc<std::sync::Mutex<Option<Process>>>,
    relay: Arc<SmtpServer>,
}

impl Trap {
    fn kill_if_poisoned(&self) {
        let last = self.relay.mails().pop().expect("a mail has come");
        if poisonous(&last.recipients) {
            let victim = self.victim.lock().expect("the victim's lock").take();
            if let Some(process) = victim {
                process.kill();
            }
        }
    }
}

/// Assertion 71: a message that takes the server down three times is set aside with the reason. The
/// others, which were under way at the same time, are not to blame: they are sent, none of them twice
/// for each crash, and none is set aside.
#[test]
fn a_message_that_kills_the_server_is_set_aside_and_no_other_is() {
    let relay = Arc::new(SmtpServer::start());
    let site = Site::new(&relay.url())
        .set("outbox.lease", "600ms")
        .set("smtp.timeout", "500ms")
        .set("outbox.first_retry", "50ms")
        .set("outbox.max_retry", "50ms")
        .set("outbox.poll", "30ms")
        .set("outbox.concurrency", 4);
    site.add_jane("nine otters in the old mill");
    let victim = Arc::default();
    let trap = Trap {
        victim: Arc::clone(&victim),
        relay: Arc::clone(&relay),
    };
    relay.always(
        Stage::Dot,
        Action::Run(Box::new(move || trap.kill_if_poisoned())),
    );
    let rows = "INSERT INTO outbox (kind, recipient, account_id, message_id, next_attempt_at, \
                created_at) SELECT 'changed', ?1, id, ?1, created_at, created_at FROM accounts";
    let sql = site.sql();
    for n in 0..12 {
        let recipient = match n {
            2 => "poison@example.com".to_owned(),
            n => format!("p{n:02}@example.com"),
        };
        sql.execute(rows, [recipient]).expect("a row");
    }
    let row = |state: &str| -> i64 {
        let count = "SELECT count(*) FROM outbox WHERE state = ?1";
        sql.query_row(count, [state], |row| row.get(0))
            .expect("a count")
    };
    for crash in 1..=3 {
        let server = site.serve();
        *victim.lock().expect("the victim's lock") = Some(server);
        wait_until(&format!("crash {crash}"), || {
            let gone = victim.lock().expect("the victim's lock").is_none();
            gone.then_some(())
        });
    }
    let _server = site.serve();
    wait_until("everything has come to its end", || {
        (row("queued") + row("sending") == 0).then_some(())
    });
    assert_eq!((row("sent"), row("dead")), (11, 1));
    let (recipient, reason, attempts): (String, String, u32) = sql
        .query_row(
            "SELECT recipient, reason, attempts FROM outbox WHERE state = 'dead'",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .expect("the dead one");
    assert_eq!(recipient, "poison@example.com");
    assert_eq!(reason, "3 attempts at it ended with a crash of the server");
    assert!(attempts >= 4, "three, and the claim that set it aside");
    let copies = |address: &str| {
        let mails = relay.mails();
        mails.iter().filter(|m| m.recipients == [address]).count()
    };
    assert_eq!(copies("poison@example.com"), 3);
    let doubles = (0..12).filter(|n| copies(&format!("p{n:02}@example.com")) > 1);
    // Three lanes beside the poison's, at two crashes; at the third it is alone.
    assert!(
        doubles.count() <= 6,
        "no more than were under way at a crash"
    );
}

/// A worker of its own on the deployment's database, whose composing is the test's.
struct Bench {
    app: Arc<App>,
    worker: Arc<Worker>,
    clock: ManualClock,
}

fn bench(app: &TestApp, compose: readmit::outbox::worker::Compose) -> Bench {
    let at = |path: &Path| path.display().to_string();
    let settings = [
        ("READMIT_STORAGE__PATH", at(&app.database())),
        ("READMIT_KEYS__DIR", at(&app.folder().join("keys"))),
        ("READMIT_SMTP__URL", app.smtp.url()),
    ];
    let settings = settings.map(|(name, value)| (name.to_owned(), value));
    let config = Config::load(ConfigFile::None, settings).expect("a valid configuration");
    let manual = ManualClock::new(START);
    let clock = Clock::Manual(manual.clone());
    let opened = App::open(config, clock.clone(), Entropy::System).expect("it opens");
    let config = &opened.config;
    let relays = Relays::open(&config.smtp, &config.outbox, clock.clone(), Entropy::System);
    let parts = Parts {
        store: opened.store.clone(),
        relays: relays.expect("a relay"),
        own_relays: OwnRelays::new(
            &config.smtp,
            &config.outbox,
            Arc::clone(&opened.vault),
            clock.clone(),
            Entropy::System,
        ),
        renderer: Renderer::new(Arc::default(), Arc::clone(&opened.signer)),
        compose,
        dkim: Dkim::open(&config.keys.dir, clock.clone()).expect("the keys"),
        clock,
        entropy: Entropy::System,
    };
    Bench {
        worker: Worker::new(parts, &config.outbox),
        app: opened,
        clock: manual,
    }
}

/// Assertion 71: a panic while a message is composed takes neither the worker nor the other messages
/// of the same claim with it, and counts as a crash of that message.
#[test]
fn a_message_whose_composing_panics_is_set_aside_and_no_other_is() {
    let app = unhurried().without_worker().start();
    for address in ["good@example.com", "poison@example.com", "fine@example.com"] {
        app.ask_for_link(address);
    }
    let tries = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&tries);
    let bench = bench(
        &app,
        Arc::new(move |_, message, _| {
            if message.recipient.as_str() == "poison@example.com" {
                counter.fetch_add(1, Ordering::AcqRel);
                panic!("a defect, as this test has it");
            }
            Ok(Composed::Drop(Needless::UnknownAddress))
        }),
    );
    let (stop, stopped) = watch::channel(false);
    let outbox = || -> Vec<Listed> {
        let read = bench
            .app
            .store
            .read(|db| outbox::list(db, &Filter::default(), 10));
        app.wait(read).expect("the outbox can be read")
    };
    app.wait(async {
        let running = tokio::spawn(Arc::clone(&bench.worker).run(stopped, Duration::ZERO));
        let waiting = tokio::task::spawn_blocking({
            let (tries, clock) = (Arc::clone(&tries), bench.clock.clone());
            move || {
                for expected in 1..=3 {
                    wait_until("it is composed", || {
                        (tries.load(Ordering::Acquire) >= expected).then_some(())
                    });
                    wait_until("the clock passes its wait", || {
                        clock.advance(Duration::from_secs(31));
                        (expected == 3 || tries.load(Ordering::Acquire) > expected).then_some(())
                    });
                }
            }
        });
        waiting.await.expect("three tries");
        while outbox_is_open(&bench.app).await {
            bench.clock.advance(Duration::from_secs(31));
            tokio::task::yield_now().await;
        }
        let _ = stop.send(true);
        running.await.expect("the worker ends in order");
    });
    let mut listed = outbox();
    listed.reverse();
    let states: Vec<State> = listed.iter().map(|message| message.state).collect();
    assert_eq!(states, [State::Dropped, State::Dead, State::Dropped]);
    assert_eq!(
        listed[1].reason.as_deref(),
        Some("3 attempts at it ended with a crash of the server")
    );
    let dead = bench.worker.meter().snapshot().dead;
    assert!(dead.contains(&("crashed", 1)), "{dead:?}");
    app.wait(bench.app.store.close());
}

async fn outbox_is_open(app: &App) -> bool {
    let due: Result<_, readmit::store::StoreError> = app
        .store
        .read(|db| outbox::stats(db, &[]).map(|stats| stats.oldest_due))
        .await;
    due.expect("the outbox can be read").is_some()
}

/// One more crash would condemn it: so nothing else is under way with it that could be to blame, and it does not
/// begin before what is has ended.
#[test]
fn a_suspect_waits_until_it_has_the_server_to_itself() {
    let mut app = unhurried()
        .set("outbox.concurrency", 3)
        .set("outbox.max_crashes", 2)
        .without_worker()
        .start()
        .and_jane();
    for _ in 0..2 {
        app.ask_for_link("jane@example.com");
    }
    app.sql()
        .execute("UPDATE outbox SET crashes = 1 WHERE id = 2", [])
        .expect("a suspect");
    app.smtp.always(Stage::Data, Action::Stall);
    app.restart_with_worker();
    app.smtp.wait_for(Stage::Data, 1);
    let state = |id| app.query::<String>(&format!("SELECT state FROM outbox WHERE id = {id}"));
    assert_eq!((&*state(1), &*state(2)), ("sending", "queued"));
    app.smtp.release();
    app.smtp.wait_for(Stage::Data, 2);
    assert_eq!((&*state(1), &*state(2)), ("sent", "sending"));
    app.smtp.clear(Stage::Data);
    app.smtp.release();
    app.wait_for_state(2, State::Sent);
}
