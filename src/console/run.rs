//! The loop: waits for a key, an answer, a change or a second, whichever comes first.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crossterm::event::{Event, EventStream};
use futures_util::StreamExt as _;
use tokio::sync::mpsc;

use super::effects::Hands;
use super::model::Model;
use super::outside::{self, Signals};
use super::terminal::Screen;
use super::theme::ThemeName;
use super::update::{Effect, Message, start, update};
use super::view::view;
use crate::clock::Timestamp;
use crate::store::Watch;

/// How often it is looked whether the database has changed.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// How a console came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Somebody left it.
    Left,
    /// A signal came. What was being written and not saved is in that file, if there was anything.
    Signal(&'static str, Option<PathBuf>),
}

/// Runs the console on this process's terminal until somebody leaves it or a signal comes. The terminal
/// is restored in every case.
pub async fn run(
    hands: Hands,
    mut watch: Watch,
    theme: ThemeName,
    read_only: bool,
) -> io::Result<Ended> {
    let mut signals = Signals::new()?;
    let mut screen = Screen::open()?;
    let mut events = EventStream::new();
    let (answers, mut inbox) = mpsc::unbounded_channel();
    let clock = hands.clock.clone();
    let who = hands.admin.actor.to_string();
    let mut model = Model::new(clock.now(), screen.size()?, who, theme, read_only);
    let mut effects = start(&mut model);
    let mut next_look = clock.now().after(LOOK_EVERY);
    loop {
        for effect in effects.drain(..) {
            match effect {
                Effect::Quit => return Ok(Ended::Left),
                Effect::Copy(text) => Screen::copy(&text)?,
                Effect::Outside(place, text) => {
                    // Two that read the same terminal would share its keys.
                    drop(events);
                    let entropy = &hands.admin.entropy;
                    let written = outside::edit(entropy, &place, &text, &mut signals).await;
                    events = EventStream::new();
                    screen.take_back()?;
                    // It may have become another size meanwhile.
                    let (columns, lines) = screen.size()?;
                    let _ = answers.send(Message::Resized(columns, lines));
                    let _ = answers.send(Message::Written(written));
                }
                effect => {
                    let (hands, answers) = (hands.clone(), answers.clone());
                    tokio::spawn(async move {
                        if let Some(message) = hands.carry_out(effect).await {
                            // Nobody waits for it when the console has come to its end.
                            let _ = answers.send(message);
                        }
                    });
                }
            }
        }
        screen.draw(|frame| view(&model, frame))?;
        // Until something comes that changes the picture.
        let message = loop {
            tokio::select! {
                event = events.next() => match event {
                    Some(Ok(event)) => {
                        if matches!(event, Event::Resize(..)) {
                            screen.forget()?;
                        }
                        if let Some(message) = message(event) {
                            break message;
                        }
                    }
                    Some(Err(error)) => return Err(error),
                    None => return Ok(Ended::Left),
                },
                // The sender lives here, so there is always a next one.
                Some(message) = inbox.recv() => break message,
                () = clock.sleep_until(next_look) => {
                    let now = clock.now();
                    next_look = now.after(LOOK_EVERY);
                    // A database that cannot be asked now is asked again soon.
                    if watch.changed().unwrap_or(false) {
                        break Message::Changed(now);
                    }
                    if second(now) != second(model.now) {
                        break Message::Tick(now);
                    }
                }
                name = signals.recv() => {
                    let draft = outside::keep(&hands.admin.entropy, &model);
                    return Ok(Ended::Signal(name, draft));
                }
            }
        };
        effects = update(&mut model, message);
    }
}

fn second(at: Timestamp) -> i64 {
    at.seconds()
}

fn message(event: Event) -> Option<Message> {
    match event {
        Event::Key(key) => Some(Message::Key(key)),
        Event::Mouse(mouse) => match mouse.kind {
            // It is reported all the time and means nothing here.
            crossterm::event::MouseEventKind::Moved => None,
            _ => Some(Message::Mouse(mouse)),
        },
        Event::Paste(text) => Some(Message::Paste(text)),
        Event::Resize(columns, lines) => Some(Message::Resized(columns, lines)),
        Event::FocusGained | Event::FocusLost => None,
    }
}
