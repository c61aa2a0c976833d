//! What a console owes to whoever sits before it.

use ratatui::style::Color;
use readmit::console::{Message, ThemeName};

use super::desk::{Desk, busy_town};

/// Assertion 82, cell by cell, in every view and on every page.
#[test]
fn no_text_of_a_stranger_acts_on_the_terminal() {
    let app = busy_town();
    app.ask_for_link("x@example.com");
    app.settled_outbox();
    app.sql()
        .execute_batch(
            "UPDATE outbox SET reason = 'no\u{1b}]0;title\u{7}\u{202e}way\r\n', client = '\u{9b}2J';
             UPDATE audit SET detail = '\u{1b}[31m\u{2028}', client = '\u{2067}';
             UPDATE businesses SET name = 'Canal\u{1b}cHouse';",
        )
        .expect("it is written");
    let mut desk = Desk::new(app);
    for keys in [
        "2",
        "2t",
        "3",
        "3jl",
        "4",
        "4\n",
        "5",
        "5/mallory\n\n",
        "6",
        "7",
        "2x",
        "?",
        "\u{1b}2/\u{1b}",
    ] {
        desk.press(keys);
        for cell in desk.buffer().content() {
            let acts = |c: char| {
                c.is_control()
                    || matches!(
                        c,
                        '\u{2028}' | '\u{2029}' | '\u{61c}' | '\u{200e}' | '\u{200f}'
                    )
                    || ('\u{202a}'..='\u{202e}').contains(&c)
                    || ('\u{2066}'..='\u{2069}').contains(&c)
            };
            assert!(
                !cell.symbol().chars().any(acts),
                "{keys}: {:?}",
                cell.symbol()
            );
        }
        desk.press("\u{1b}\u{1b}");
    }
}

/// <https://no-color.org>: not a single colour, and yet it can be seen what is selected.
#[test]
fn the_plain_theme_has_no_colour() {
    let mut desk = Desk::with(busy_town(), ThemeName::Plain, false);
    for tab in ["1", "2", "3", "4", "5", "7"] {
        desk.press(tab);
        let buffer = desk.buffer();
        for cell in buffer.content() {
            assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset));
        }
        let marked = buffer
            .content()
            .iter()
            .any(|cell| !cell.modifier.is_empty());
        assert!(marked);
    }
}

/// A line that somebody else wrote and that is pasted by mistake must not press keys.
#[test]
fn pasted_text_presses_no_keys() {
    let mut desk = Desk::new(busy_town());
    desk.press("2");
    desk.take(Message::Paste("xyxyq\n".to_owned()));
    assert!(!desk.left && desk.model.overlay.is_none());
    desk.press("/");
    desk.take(Message::Paste("jane\u{1b}[2J\n".to_owned()));
    assert_eq!(desk.model.filter(), "jane [2J");
}

#[test]
fn control_c_leaves_from_a_view_and_only_closes_what_lies_over_it() {
    let mut desk = Desk::new(busy_town());
    desk.press(":");
    desk.ctrl('c');
    assert!(!desk.left && desk.model.overlay.is_none());
    desk.ctrl('c');
    assert!(desk.left);
}
