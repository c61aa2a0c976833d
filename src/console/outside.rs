//! A template in somebody's own editor, which gets the terminal meanwhile.

use std::io;
use std::path::PathBuf;

use tokio::process::Command;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::model::Model;
use super::terminal::Screen;
use crate::editor::{self, Draft};
use crate::entropy::Entropy;
use crate::templates::Place;

/// The signals that end a console.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// The name of the next one.
    pub(super) async fn recv(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.hang_up.recv() => "SIGHUP",
        }
    }
}

/// Waits while the text is in somebody's own editor; what was written there, or why nothing was. A draft
/// that could not be taken over stays where it is.
pub(super) async fn edit(
    entropy: &Entropy,
    place: &Place,
    text: &str,
    signals: &mut Signals,
) -> Result<String, String> {
    let draft = Draft::new(entropy, place, text)
        .map_err(|error| format!("a draft cannot be written: {error}"))?;
    Screen::lend();
    let mut running = Command::from(editor::command(draft.file()));
    let mut running = match running.spawn() {
        Ok(running) => running,
        Err(error) => return Err(editor::judge(Err(error)).err().unwrap_or_default()),
    };
    let ended = loop {
        tokio::select! {
            ended = running.wait() => break ended,
            // Its own keys send it to us as well. The editor decides what becomes of it.
            _ = signals.interrupt.recv() => {}
        }
    };
    let kept = |why: String| format!("{why}; the draft is in {}", draft.file().display());
    editor::judge(ended).map_err(&kept)?;
    let written = draft.read().map_err(|error| kept(error.to_string()))?;
    // It is in the console by now; a file that stays is no harm.
    let _ = draft.remove();
    Ok(written)
}

/// Writes down what would be lost when a signal ends the console; where it is.
pub(super) fn keep(entropy: &Entropy, model: &Model) -> Option<PathBuf> {
    let editor = model.editor.as_ref().filter(|editor| editor.is_changed())?;
    let draft = Draft::new(entropy, &editor.place, &editor.source()).ok()?;
    Some(draft.file().to_owned())
}
