//! A console without a terminal: keys go in, effects are carried out at once on a real deployment, and the
//! buffer can be looked at.

use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::text::Span;
use readmit::clock::Clock;
use readmit::console::{self, Effect, Hands, Message, Model, ThemeName};
use serde_json::json;

use crate::support::app::TestApp;

/// The sizes that every view is looked at in: the smallest, and a comfortable one.
pub(super) const SIZES: [(u16, u16); 2] = [(80, 24), (120, 40)];

pub(super) struct Desk {
    pub(super) app: TestApp,
    pub(super) model: Model,
    hands: Hands,
    /// What was handed to the clipboard.
    pub(super) copied: Vec<String>,
    pub(super) left: bool,
    /// What was handed to somebody's own editor.
    pub(super) outside: Vec<String>,
}

impl Desk {
    pub(super) fn new(app: TestApp) -> Self {
        Self::with(app, ThemeName::Dark, false)
    }

    pub(super) fn with(app: TestApp, theme: ThemeName, read_only: bool) -> Self {
        let hands = Hands {
            admin: app.admin(),
            config: Arc::new(app.app().config.clone()),
            clock: Clock::Manual(app.clock.clone()),
        };
        let model = Model::new(app.now(), SIZES[0], "admin:test".into(), theme, read_only);
        let mut desk = Self {
            app,
            model,
            hands,
            copied: Vec::new(),
            left: false,
            outside: Vec::new(),
        };
        let effects = console::start(&mut desk.model);
        desk.carry_out(effects);
        desk
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Quit => self.left = true,
                Effect::Copy(text) => self.copied.push(text),
                Effect::Outside(_, text) => self.outside.push(text),
                effect => {
                    let message = self.app.wait(self.hands.carry_out(effect));
                    self.take(message.expect("a message"));
                }
            }
        }
    }

    pub(super) fn take(&mut self, message: Message) {
        let effects = console::update(&mut self.model, message);
        self.carry_out(effects);
    }

    pub(super) fn key(&mut self, code: KeyCode) {
        self.take(Message::Key(KeyEvent::new(code, KeyModifiers::NONE)));
    }

    pub(super) fn ctrl(&mut self, c: char) {
        let key = KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL);
        self.take(Message::Key(key));
    }

    /// Presses each of these in turn.
    pub(super) fn press(&mut self, keys: &str) {
        for c in keys.chars() {
            self.key(match c {
                '\n' => KeyCode::Enter,
                '\u{1b}' => KeyCode::Esc,
                c => KeyCode::Char(c),
            });
        }
    }

    /// Lets time go on, as the loop notices it.
    pub(super) fn advance(&mut self, span: Duration) {
        self.app.advance(span);
        self.take(Message::Tick(self.app.now()));
    }

    /// Tells the console that the database has changed.
    pub(super) fn notice_change(&mut self) {
        self.take(Message::Changed(self.app.now()));
    }

    pub(super) fn resize(&mut self, (columns, lines): (u16, u16)) {
        self.take(Message::Resized(columns, lines));
    }

    pub(super) fn buffer(&self) -> Buffer {
        let (columns, lines) = self.model.size;
        let mut terminal = Terminal::new(TestBackend::new(columns, lines)).expect("a terminal");
        terminal
            .draw(|frame| console::view(&self.model, frame))
            .expect("it is drawn");
        terminal.backend().buffer().clone()
    }

    /// The screen as text, a line a line.
    pub(super) fn screen(&self) -> String {
        text(&self.buffer())
    }

    pub(super) fn sees(&self, what: &str) -> bool {
        self.screen().contains(what)
    }
}

/// A buffer as a terminal shows it: a wide character takes the place of two cells.
pub(super) fn text(buffer: &Buffer) -> String {
    let mut screen = String::new();
    for y in 0..buffer.area.height {
        let (mut line, mut x) = (String::new(), 0);
        while x < buffer.area.width {
            let symbol = buffer[(x, y)].symbol();
            line.push_str(symbol);
            x += u16::try_from(Span::raw(symbol).width().max(1)).expect("a width");
        }
        screen.push_str(line.trim_end());
        screen.push('\n');
    }
    screen
}

/// Two locations and four people with fixed ids: one of them wide, and one whose name means mischief.
pub(super) fn town(app: &TestApp) {
    app.add_business(7, "Canal House", "https://canal.test");
    app.add_business(8, "東京ハウス", "https://tokyo.test");
    let person = |n: u32, email: &str, name: &str, business: i64| {
        let id = format!("00000000-0000-4000-8000-{n:012}");
        json!({ "id": id, "email": email, "name": name, "business": business, "must_reset": true })
    };
    let people = [
        person(1, "jane@example.com", "Jane Doe", 7),
        person(2, "hana@example.com", "花子 山田", 8),
        person(3, "zoe@example.com", "Zoe\u{301} Sma\u{301}l", 7),
        person(4, "mallory@example.com", "Mallory", 7),
    ];
    let lines: Vec<String> = people.iter().map(ToString::to_string).collect();
    app.import(&lines.join("\n")).expect("the people come in");
    // No command takes such a name; a database that somebody else has written may hold one.
    let changed = app.sql().execute(
        "UPDATE accounts SET name = ?1 WHERE email_key = 'mallory@example.com'",
        [HOSTILE],
    );
    assert_eq!(changed, Ok(1));
}

/// A name that would clear the screen, turn the writing around and break the line.
pub(super) const HOSTILE: &str = "Mal\u{1b}[2J\u{202e}lory\u{9b}31m \u{2066}Ma\u{200f}ck";

/// A town in which links were asked for, one by one.
pub(super) fn busy_town() -> TestApp {
    let app = TestApp::start();
    town(&app);
    for address in [
        "jane@example.com",
        "hana@example.com",
        "mallory@example.com",
    ] {
        app.ask_for_link(address);
        app.next_mail();
        app.advance(Duration::from_secs(70));
    }
    app.ask_for_link("nobody@example.com");
    app.settled_outbox();
    app
}
