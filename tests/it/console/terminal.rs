//! The real program in a pseudo-terminal, beside a running server.

use std::io::{Read as _, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use readmit::admin::Admin;
use readmit::audit::Actor;
use readmit::clock::Clock;
use readmit::config::{Config, ConfigFile};
use readmit::console::{self, Hands, ThemeName};
use readmit::entropy::Entropy;
use readmit::password::Hasher;
use readmit::store::{Options, Store, Watch};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal as signal_stream};

use super::desk::HOSTILE;
use crate::support::app::{NEW_PASSWORD, PASSWORD};
use crate::support::http::Request;
use crate::support::process::{Site, signal};
use crate::support::smtp::SmtpServer;
use crate::support::wait::wait_until;

/// The bits of termios' local modes (POSIX; these values are Linux's).
const ICANON: u32 = 0o2;
const ECHO: u32 = 0o10;

/// A terminal with a console in it.
pub(super) struct Terminal {
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    /// Its modes live as long as somebody has it open.
    _slave: Box<dyn portable_pty::SlavePty + Send>,
    screen: Arc<Mutex<vt100::Parser>>,
}

impl Terminal {
    pub(super) fn start(site: &Site, arguments: &[&str]) -> Self {
        Self::start_with(site, arguments, &[])
    }

    /// With these in its environment.
    pub(super) fn start_with(site: &Site, arguments: &[&str], more: &[(&str, &str)]) -> Self {
        let mut with = vec!["console"];
        with.extend(arguments);
        let program = site.command(&with);
        let mut command = CommandBuilder::new(program.get_program());
        command.args(program.get_args());
        command.cwd(site.folder());
        command.env_clear();
        for (name, value) in program.get_envs() {
            if let Some(value) = value {
                command.env(name, value);
            }
        }
        for (name, value) in more {
            command.env(name, value);
        }
        Self::run(command)
    }

    fn run(mut command: CommandBuilder) -> Self {
        let dimensions = PtySize {
            rows: 24,
            cols: 80,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pty = native_pty_system().openpty(dimensions).expect("a terminal");
        command.env("TERM", "xterm-256color");
        let child = pty.slave.spawn_command(command).expect("it starts");
        let screen = Arc::new(Mutex::new(vt100::Parser::new(lines(24), lines(80), 0)));
        let (into, mut reader) = (
            Arc::clone(&screen),
            pty.master.try_clone_reader().expect("a reader"),
        );
        std::thread::spawn(move || {
            let mut chunk = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut chunk) {
                into.lock()
                    .expect("the screen's lock")
                    .process(&chunk[..count]);
            }
        });
        Self {
            keys: pty.master.take_writer().expect("a writer"),
            master: pty.master,
            child,
            _slave: pty.slave,
            screen,
        }
    }

    pub(super) fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("keys");
        self.keys.flush().expect("keys");
    }

    pub(super) fn contents(&self) -> String {
        self.screen
            .lock()
            .expect("the screen's lock")
            .screen()
            .contents()
    }

    pub(super) fn wait_for(&self, what: &str) {
        wait_until(&format!("{what:?} stands on the screen"), || {
            self.contents().contains(what).then_some(())
        });
    }

    /// Makes it another size.
    pub(super) fn resize(&self, columns: u16, rows: u16) {
        let size = PtySize {
            rows,
            cols: columns,
            pixel_width: 0,
            pixel_height: 0,
        };
        let mut parser = self.screen.lock().expect("the screen's lock");
        parser.screen_mut().set_size(lines(rows), lines(columns));
        self.master.resize(size).expect("a size");
    }

    pub(super) fn process(&self) -> u32 {
        self.child.process_id().expect("a process")
    }

    /// Whether the terminal is as it was: the screen, the cursor, the mouse, and lines that are edited.
    pub(super) fn is_restored(&self) -> bool {
        let parser = self.screen.lock().expect("the screen's lock");
        let screen = parser.screen();
        let modes = self.master.get_termios().expect("the terminal's modes");
        let edits_lines = modes.local_flags.bits() & (ICANON | ECHO) == ICANON | ECHO;
        !screen.alternate_screen()
            && !screen.hide_cursor()
            && !screen.bracketed_paste()
            && screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None
            && edits_lines
    }

    pub(super) fn wait_for_end(&mut self) -> bool {
        wait_until("the console ends", || {
            self.child.try_wait().expect("its state can be asked")
        })
        .success()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The console's main job: a link that a portal asks for is there within two seconds, and can be revoked.
/// Assertion 82: a name that would act on the terminal does not.
#[test]
fn a_link_appears_beside_a_running_server_and_is_revoked_by_keys() {
    let relay = SmtpServer::start();
    let site = Site::in_memory(&relay.url());
    site.add_jane(PASSWORD);
    let mut connection = site.sql();
    let tx = connection.transaction().expect("a transaction");
    tx.execute("UPDATE accounts SET name = ?1", [HOSTILE])
        .expect("a name");
    tx.commit().expect("it is written");
    let server = site.serve();
    let mut terminal = Terminal::start(&site, &[]);
    terminal.wait_for("dead letters");
    terminal.press("2");
    terminal.wait_for("no link can be used now");

    let ask = Request::post("/api/sys/users/startPasswordReset");
    let ask = ask.json(&json!({ "email": "jane@example.com", "businessId": 7 }));
    server.send(&ask).envelope(200);
    let asked = now();
    terminal.wait_for("jane@example.com");
    assert!(asked.elapsed() < Duration::from_secs(2));
    terminal.press("5");
    terminal.wait_for("Mal [2J lory 31m Ma ck");
    terminal.press("2");
    terminal.wait_for("Pending reset links: 1");
    let token = relay.next_mail().token();
    terminal.press("x");
    terminal.wait_for("Revoke the link of jane@example.com?");
    terminal.press("y");
    terminal.wait_for("is revoked");
    let complete = Request::post("/api/sys/users/completePasswordReset");
    let body = json!({ "Token": token, "Password": NEW_PASSWORD });
    server.send(&complete.json(&body)).envelope(400);

    terminal.press("q");
    assert!(terminal.wait_for_end());
    wait_until("the terminal is restored", || {
        terminal.is_restored().then_some(())
    });
    let actor: String = site
        .sql()
        .query_row(
            "SELECT actor FROM audit WHERE event = 'reset.revoke'",
            [],
            |row| row.get(0),
        )
        .expect("an entry");
    assert_eq!(actor, "admin:tester");
}

/// Assertion 84, and that a console works without a server. Each signal leaves the terminal as it was.
#[test]
fn the_terminal_is_restored_after_a_signal() {
    let site = Site::in_memory("smtp://127.0.0.1:9");
    site.add_jane(PASSWORD);
    for name in ["TERM", "HUP", "INT"] {
        let mut terminal = Terminal::start(&site, &["--read-only"]);
        terminal.wait_for("nothing listens");
        assert!(!terminal.is_restored());
        signal(terminal.process(), name);
        terminal.wait_for_end();
        wait_until("the terminal is restored", || {
            terminal.is_restored().then_some(())
        });
    }
}

/// It is drawn anew at once. This terminal answers no question; one behind a slow line might not in time.
#[test]
fn a_terminal_that_is_resized_is_drawn_anew() {
    let site = Site::in_memory("smtp://127.0.0.1:9");
    site.add_jane(PASSWORD);
    let mut terminal = Terminal::start(&site, &["--read-only"]);
    terminal.wait_for("nothing listens");
    terminal.resize(70, 20);
    terminal.wait_for("needs 80 columns");
    terminal.resize(120, 40);
    terminal.wait_for("2 Reset links");
    terminal.press("q");
    assert!(terminal.wait_for_end());
}

/// Assertion 84. The panic's message is readable: it comes after the terminal was given back.
#[test]
fn the_terminal_is_restored_after_a_panic() {
    let site = Site::in_memory("smtp://127.0.0.1:9");
    site.add_jane(PASSWORD);
    let tests = std::env::current_exe().expect("this program");
    let mut command = CommandBuilder::new(tests);
    command.args(["--exact", "console::terminal::a_console_that_panics"]);
    command.args(["--ignored", "--nocapture"]);
    command.env(DATABASE, site.database());
    // A backtrace would push the message off the screen.
    command.env("RUST_BACKTRACE", "0");
    let mut terminal = Terminal::run(command);
    terminal.wait_for("dead letters");
    assert!(!terminal.is_restored());
    signal(terminal.process(), "USR1");
    assert!(!terminal.wait_for_end());
    terminal.wait_for("the panic that was asked for");
    assert!(terminal.is_restored(), "{}", terminal.contents());
}

/// Where [`a_console_that_panics`] finds its database.
const DATABASE: &str = "READMIT_TEST_DATABASE";

#[test]
#[ignore = "needs a terminal of its own, which the test above gives it"]
fn a_console_that_panics() {
    let path = std::env::var(DATABASE).expect("a database");
    let settings = [("READMIT_STORAGE__PATH".to_owned(), path)];
    let config = Config::load(ConfigFile::None, settings).expect("a valid configuration");
    let options = Options::from(&config.storage);
    let entropy = Entropy::System;
    let hands = Hands {
        admin: Admin {
            store: Store::open(&options).expect("the database opens"),
            hasher: Hasher::new(&config.password, entropy.clone()),
            entropy,
            actor: Actor::Admin("test".to_owned()),
        },
        config: Arc::new(config),
        clock: Clock::System,
    };
    let watch = Watch::open(&options).expect("it is watched");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let _ = runtime.block_on(async {
        let mut asked = signal_stream(SignalKind::user_defined1()).expect("a signal");
        tokio::select! {
            ended = console::run(hands, watch, ThemeName::Dark, true) => ended,
            _ = asked.recv() => panic!("the panic that was asked for"),
        }
    });
}

/// Where there is no terminal it says so, and writes no escape sequence into a file.
#[test]
fn without_a_terminal_it_says_that_it_needs_one() {
    let site = Site::in_memory("smtp://127.0.0.1:9");
    site.add_jane(PASSWORD);
    let output = site.run(&["console"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("the console needs a terminal"), "{said}");
}

#[expect(
    clippy::disallowed_methods,
    reason = "the promise is about real seconds"
)]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}

fn lines(count: u16) -> std::num::NonZero<u16> {
    std::num::NonZero::new(count).expect("some")
}
