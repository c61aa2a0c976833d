//! The console over a large database: from nothing to a frame, and from a key to a frame.
//!
//! Keys go to the model and frames to a buffer, so that the terminal's own speed is left out; the database is a
//! real one, read by the console's own queries.

use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use readmit::admin::Admin;
use readmit::audit::{self, Actor};
use readmit::clock::Clock;
use readmit::console::{self, Effect, Hands, Message, Model, ThemeName};
use readmit::entropy::Entropy;
use readmit::password::Hasher;
use readmit::store::{Options, Store};
use readmit::vault::Vault;
use tokio::runtime::Runtime;

use crate::stats::{quantile, spread};
use crate::support::process::Site;

const MESSAGES: u32 = 1_000_000;
const PEOPLE: u32 = 100_000;

pub(crate) fn run() {
    let site = Site::new("smtp://127.0.0.1:9");
    let path = site.database();
    let site = site.set("storage.path", path.display());
    site.add_jane("nine otters in the old mill");
    fill(&site);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    println!("{MESSAGES} messages, {PEOPLE} people");
    for (name, keys) in [
        ("overview", ""),
        ("outbox", "4"),
        ("outbox, its other end", "4G"),
        ("accounts", "5"),
        ("templates", "3"),
    ] {
        let mut times: Vec<f64> = (0..10)
            .map(|_| {
                let (seat, took) = crate::timed(|| {
                    let mut seat = Seat::take(&runtime, &site);
                    seat.press(keys);
                    seat
                });
                seat.leave();
                took.as_secs_f64() * 1000.0
            })
            .collect();
        println!("first frame, {name:22} {}", spread(&mut times, "ms"));
    }
    let mut seat = Seat::take(&runtime, &site);
    seat.press("4");
    let scrolling: Vec<_> = (0..2000).map(|_| seat.time("j")).collect();
    print("scroll the outbox", scrolling);
    seat.press("5/");
    let (search, found): (Vec<_>, Vec<_>) = ['p', '9', '9', '9', '7', '7']
        .into_iter()
        .map(|key| seat.time_to_see(key))
        .unzip();
    print("search the people", search);
    print("and what was found", found);
    seat.leave();
    let mut seat = Seat::take(&runtime, &site);
    // Below every location: Canal House, its reset mail, the text in every language.
    seat.press("3hjlllle");
    let writing: Vec<_> = (0..200).map(|_| seat.time("x")).collect();
    print("write a template", writing);
    seat.leave();
}

fn print(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    println!(
        "key to frame, {what:21} p50 {:?}, p99 {:?}",
        quantile(&times, 0.5),
        quantile(&times, 0.99)
    );
}

fn fill(site: &Site) {
    let numbers = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)";
    let mut connection = site.sql();
    let tx = connection.transaction().expect("a transaction");
    for (sql, count) in [
        (
            "INSERT INTO accounts (id, email, email_key, name, created_at, updated_at) {numbers} \
             SELECT printf('00000000-0000-4000-8000-%012x', i), 'p' || i || '@example.com', \
             'p' || i || '@example.com', 'Person ' || i, 0, 0 FROM n",
            PEOPLE,
        ),
        (
            "INSERT INTO outbox (kind, recipient, message_id, state, attempts, next_attempt_at, \
             last_reply, created_at, finished_at) {numbers} \
             SELECT 'reset', 'p' || (i % 100000) || '@example.com', 'm' || i, \
             CASE WHEN i % 1000 = 0 THEN 'dead' ELSE 'sent' END, 1, 0, '250 2.0.0 Ok', i, i FROM n",
            MESSAGES,
        ),
    ] {
        tx.execute(&sql.replace("{numbers}", numbers), [count])
            .expect("rows");
    }
    tx.commit().expect("it is written");
}

/// A console with a buffer for a terminal.
struct Seat<'a> {
    runtime: &'a Runtime,
    hands: Hands,
    model: Model,
    terminal: Terminal<TestBackend>,
}

impl<'a> Seat<'a> {
    fn take(runtime: &'a Runtime, site: &Site) -> Self {
        let config = site.config();
        let entropy = Entropy::System;
        let folder = config.keys.dir.clone();
        let vault = move || Vault::open(&folder, &Entropy::System).map(Arc::new);
        let hooks = audit::hooks(vault);
        let admin = Admin {
            store: Store::open(&Options::from(&config.storage), hooks).expect("the database opens"),
            hasher: Hasher::new(&config.password, entropy.clone()),
            entropy,
            actor: Actor::Admin("bench".to_owned()),
        };
        let hands = Hands {
            admin,
            config: Arc::new(config),
            clock: Clock::System,
        };
        let now = hands.clock.now();
        let mut seat = Self {
            runtime,
            model: Model::new(now, (120, 40), "bench".to_owned(), ThemeName::Dark, false),
            hands,
            terminal: Terminal::new(TestBackend::new(120, 40)).expect("a terminal"),
        };
        let effects = console::start(&mut seat.model);
        seat.carry_out(effects);
        seat
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            let message = self.runtime.block_on(self.hands.carry_out(effect));
            if let Some(message) = message {
                let effects = console::update(&mut self.model, message);
                self.carry_out(effects);
            }
        }
        self.draw();
    }

    fn draw(&mut self) {
        let model = &self.model;
        self.terminal
            .draw(|frame| console::view(model, frame))
            .expect("it is drawn");
    }

    fn take_in(&mut self, c: char) -> Vec<Effect> {
        let key = KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE);
        console::update(&mut self.model, Message::Key(key))
    }

    fn press(&mut self, keys: &str) {
        for c in keys.chars() {
            let effects = self.take_in(c);
            self.carry_out(effects);
        }
    }

    fn time(&mut self, keys: &str) -> Duration {
        crate::timed(|| self.press(keys)).1
    }

    /// Until the frame with the key in it, and until that with what it asked for: the console draws while it
    /// waits for the database.
    fn time_to_see(&mut self, key: char) -> (Duration, Duration) {
        let (effects, seen) = crate::timed(|| {
            let effects = self.take_in(key);
            self.draw();
            effects
        });
        let ((), answered) = crate::timed(|| self.carry_out(effects));
        (seen, seen + answered)
    }

    fn leave(self) {
        self.runtime.block_on(self.hands.admin.store.close());
    }
}
