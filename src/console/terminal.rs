//! The terminal: taken over, and given back however the console ends.

use std::io::{self, Stdout, stdout};
use std::thread;

use crossterm::clipboard::CopyToClipboard;
use crossterm::event::{
    DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture,
};
use crossterm::execute;
use crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::backend::CrosstermBackend;
use ratatui::{Frame, Terminal};

/// The terminal in the console's hands. It is restored when this is dropped, and when the thread that
/// opened it panics.
pub(super) struct Screen {
    terminal: Terminal<CrosstermBackend<Stdout>>,
}

impl Screen {
    pub(super) fn open() -> io::Result<Self> {
        restore_on_panic();
        enable_raw_mode()?;
        // From here on dropping it restores.
        let screen = Self {
            terminal: Terminal::new(CrosstermBackend::new(stdout()))?,
        };
        enter()?;
        Ok(screen)
    }

    /// Gives the terminal to another program, as it was before.
    pub(super) fn lend() {
        restore();
    }

    /// Takes it again, and draws everything at the next occasion.
    pub(super) fn take_back(&mut self) -> io::Result<()> {
        enable_raw_mode()?;
        enter()?;
        self.forget()
    }

    pub(super) fn draw(&mut self, draw: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        self.terminal.draw(draw).map(|_| ())
    }

    /// How many columns and lines it has.
    pub(super) fn size(&self) -> io::Result<(u16, u16)> {
        self.terminal.size().map(|size| (size.width, size.height))
    }

    /// Draws everything at the next occasion, whatever stands there now. The library's own way asks the
    /// terminal where its cursor is, and fails where the answer takes long or never comes.
    pub(super) fn forget(&mut self) -> io::Result<()> {
        execute!(stdout(), Clear(ClearType::All))?;
        self.terminal = Terminal::new(CrosstermBackend::new(stdout()))?;
        Ok(())
    }

    /// Hands a text to the clipboard of whoever sits before the terminal, over SSH too (OSC 52). Whether
    /// the terminal takes it, it does not say.
    pub(super) fn copy(text: &str) -> io::Result<()> {
        execute!(stdout(), CopyToClipboard::to_clipboard_from(text))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

fn enter() -> io::Result<()> {
    execute!(
        stdout(),
        EnterAlternateScreen,
        EnableMouseCapture,
        EnableBracketedPaste
    )
}

/// A terminal that has gone away takes no restoring, which is no matter.
fn restore() {
    let _ = execute!(
        stdout(),
        DisableBracketedPaste,
        DisableMouseCapture,
        LeaveAlternateScreen,
        crossterm::cursor::Show
    );
    let _ = disable_raw_mode();
}

/// A panic's message is readable only on a restored terminal. A panic of another thread is caught and
/// reported as an error by the database's threads; its message would only disturb the picture.
fn restore_on_panic() {
    let ours = thread::current().id();
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if thread::current().id() == ours {
            restore();
            before(info);
        }
    }));
}
