//! A template is changed in the console.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use readmit::console::{Message, ThemeName};
use readmit::templates::Part;

use super::desk::{Desk, SIZES, busy_town};
use super::templates::{at_canal_house, save};
use crate::support::app::TestApp;

const ESC: &str = "\u{1b}";

fn chord(desk: &mut Desk, code: KeyCode, held: KeyModifiers) {
    desk.take(Message::Key(KeyEvent::new(code, held)));
}

fn stored(app: &TestApp) -> i64 {
    app.query("SELECT count(*) FROM template_versions")
}

/// The whole way: what is written is previewed and judged as it is written, is saved in the administrator's
/// name, and the next mail says it.
#[test]
fn what_is_written_is_previewed_judged_saved_and_in_the_next_mail() {
    let mut desk = at_canal_house(TestApp::with_jane());
    desk.resize(SIZES[1]);
    desk.press("e");
    assert!(desk.sees("begins with the built-in one") && desk.sees("nothing is wrong with it"));
    desk.press("Ahoy {{ name }}! \n");
    assert!(desk.sees("changed, not saved"));
    assert!(desk.sees("Ahoy Jane Doe!"), "{}", desk.screen());
    desk.press("{{ nome }}");
    assert!(desk.sees("there is no {{ nome }}"), "{}", desk.screen());
    for _ in 0..10 {
        desk.key(KeyCode::Backspace);
    }
    assert!(desk.sees("nothing is wrong with it"), "{}", desk.screen());
    desk.ctrl('s');
    assert!(
        desk.sees("saved: version 1 is in force"),
        "{}",
        desk.screen()
    );
    assert!(desk.sees("as it is in force"));
    let noted: String = desk
        .app
        .query("SELECT actor || ' ' || detail FROM audit WHERE event = 'template.set'");
    assert_eq!(
        noted,
        "admin:test reset text of business 7 in every language, version 1"
    );
    // There is nothing to lose now, so that it asks nothing.
    desk.press(ESC);
    assert!(desk.model.editor.is_none() && desk.model.overlay.is_none());
    assert!(desk.sees("overridden here: version 1 by admin:test"));
    desk.app.ask_for_link("jane@example.com");
    assert!(desk.app.next_mail().text().contains("Ahoy Jane Doe!"));
}

/// What the lint is against is not saved, and stays where it was written.
#[test]
fn a_template_that_is_refused_stays_in_the_editor() {
    let mut desk = at_canal_house(TestApp::with_jane());
    desk.press("e{% if");
    assert!(desk.sees("before the mistake"), "{}", desk.screen());
    desk.ctrl('s');
    assert!(desk.sees("! line "), "{}", desk.screen());
    assert!(desk.sees("{% ifHello"), "{}", desk.screen());
    assert_eq!(stored(&desk.app), 0);
    desk.ctrl('a');
    desk.ctrl('x');
    desk.press("no way in");
    assert!(desk.sees("the link is missing"), "{}", desk.screen());
    desk.ctrl('s');
    assert_eq!(stored(&desk.app), 0);
    assert!(desk.model.editor.is_some());
}

#[test]
fn leaving_with_something_unsaved_asks() {
    let mut desk = at_canal_house(TestApp::with_jane());
    desk.press("eMore. \u{1b}");
    assert!(desk.sees("s saves it, d throws it away"));
    desk.press("qx\u{1b}");
    assert!(desk.model.editor.is_some() && desk.model.overlay.is_none());
    assert!(desk.sees("More. Hello"));
    desk.press("\u{1b}s");
    assert_eq!(stored(&desk.app), 1);
    desk.press("Still more. \u{1b}d");
    assert!(desk.model.editor.is_none());
    assert_eq!(stored(&desk.app), 1);
    assert!(desk.sees("More. Hello") && !desk.sees("Still more."));
    // Control-C throws nothing away either.
    desk.press("eAgain. ");
    desk.ctrl('c');
    assert!(desk.model.editor.is_some() && !desk.left);
}

#[test]
fn changes_are_undone_and_redone_found_and_selected() {
    let mut desk = at_canal_house(TestApp::with_jane());
    desk.press("exyz");
    desk.ctrl('z');
    assert!(desk.sees("xyHello") && !desk.sees("xyzHello"));
    desk.ctrl('y');
    assert!(desk.sees("xyzHello"));
    for _ in 0..3 {
        desk.ctrl('z');
    }
    assert!(!desk.sees("changed, not saved"), "{}", desk.screen());
    // Whatever its case, and signs that mean something to a pattern mean themselves.
    desk.ctrl('f');
    desk.press("{{ LINK }}\n");
    assert!(desk.sees("line 7, column 1"), "{}", desk.screen());
    desk.ctrl('f');
    desk.press("nowhere");
    assert!(desk.sees("not there: nowhere"), "{}", desk.screen());
    desk.press(ESC);
    for _ in 0..4 {
        chord(&mut desk, KeyCode::Right, KeyModifiers::SHIFT);
    }
    desk.ctrl('c');
    assert_eq!(desk.copied.pop().as_deref(), Some("{{ l"));
    desk.key(KeyCode::Home);
    desk.ctrl('v');
    assert!(desk.sees("{{ l{{ link }}"), "{}", desk.screen());
    // Everything else writes, and so do the letters that mean something outside.
    desk.press("q?/:7");
    assert!(desk.sees("{{ lq?/:7{{ link }}"));
    assert!(desk.model.overlay.is_none());
}

/// Pasted text is written as it is, but for what no template may hold. Terminals send a line's end as a
/// carriage return, with or without a line feed behind it.
#[test]
fn what_is_pasted_is_written() {
    let mut desk = at_canal_house(TestApp::with_jane());
    desk.press("e");
    desk.take(Message::Paste(
        "One\r\ntwo\u{1b}[2J\u{7}\rthree\n".to_owned(),
    ));
    let editor = desk.model.editor.as_ref().expect("an editor");
    assert!(editor.source().starts_with("One\ntwo[2J\nthree\nHello"));
    assert!(desk.sees("One") && desk.sees("two[2J"));
}

/// Two people write at once: the later one is told, and neither's text is lost.
#[test]
fn another_s_work_is_not_replaced_unseen() {
    let mut desk = at_canal_house(TestApp::with_jane());
    desk.press("eMine. ");
    save(&desk.app, Part::Text, None, "Theirs {{ link }}\n");
    desk.notice_change();
    desk.ctrl('s');
    assert!(
        desk.sees("not saved: somebody else has saved this meanwhile"),
        "{}",
        desk.screen()
    );
    assert_eq!(stored(&desk.app), 1);
    assert!(desk.sees("Mine. Hello"));
    desk.ctrl('s');
    assert!(desk.sees("version 2 is in force"), "{}", desk.screen());
}

/// Somebody's own editor gets the text, and what comes back is judged and not yet saved.
#[test]
fn a_text_comes_back_from_somebody_s_own_editor() {
    let mut desk = at_canal_house(TestApp::with_jane());
    desk.press("E");
    let text = desk.outside.pop().expect("it was handed over");
    assert!(text.starts_with("Hello {{ name }},\n"));
    desk.take(Message::Written(Ok(text.replace("Hello", "Howdy"))));
    assert!(
        desk.sees("not saved yet: ^S puts it into force"),
        "{}",
        desk.screen()
    );
    assert!(desk.sees("Howdy Jane Doe,"), "{}", desk.screen());
    desk.ctrl('z');
    desk.ctrl('z');
    assert!(desk.sees("Hello Jane Doe,"), "{}", desk.screen());
    desk.ctrl('o');
    assert_eq!(desk.outside.len(), 1);
    desk.take(Message::Written(Err("the editor `ed` failed".to_owned())));
    assert!(desk.sees("! the editor `ed` failed"));
}

/// A test of what is written goes out before it is saved.
#[test]
fn a_draft_is_tested_before_it_is_saved() {
    let mut desk = at_canal_house(TestApp::with_jane());
    desk.press("eBrand new. ");
    desk.ctrl('e');
    assert!(desk.sees("Send a test of what is written"));
    desk.press("boss@example.com\n");
    assert!(
        desk.app
            .smtp
            .next_mail()
            .text()
            .contains("Brand new. Hello Jane Doe,")
    );
    assert_eq!(stored(&desk.app), 0);
}

#[test]
fn the_editor_stands_beside_its_preview() {
    let app = busy_town();
    save(
        &app,
        Part::Html,
        None,
        "<p>Dear {{ name }},</p>\n<p><a href=\"{{ link }}\">Choose</a> or write.</p>\n",
    );
    let mut desk = at_canal_house(app);
    desk.advance(Duration::ZERO);
    for (keys, name) in [("pe", "editor_html"), ("<b>{{ oops }}", "editor_faults")] {
        desk.press(keys);
        for size in SIZES {
            desk.resize(size);
            insta::assert_snapshot!(format!("{name}_{}x{}", size.0, size.1), desk.screen());
        }
    }
    desk.key(KeyCode::F(1));
    assert!(desk.sees("Editing a template") && desk.sees("save the template"));
    desk.press("q");
    desk.ctrl('p');
    desk.press("undo\n");
    assert!(desk.sees("<b>{{ oops }<p>"), "{}", desk.screen());
}

/// <https://no-color.org>, and the terminal's own sixteen colours: nothing is said by colour alone.
#[test]
fn the_editor_has_no_colour_where_there_is_to_be_none() {
    for theme in [ThemeName::Plain, ThemeName::Sixteen] {
        let app = TestApp::with_jane();
        let mut desk = Desk::with(app, theme, false);
        desk.press("3hjllllex{{ oops }}");
        for keys in ["", "\u{1b}", "\u{1b}"] {
            desk.press(keys);
            let plain = theme == ThemeName::Plain;
            for cell in desk.buffer().content() {
                for colour in [cell.fg, cell.bg] {
                    let few = !matches!(
                        colour,
                        ratatui::style::Color::Rgb(..) | ratatui::style::Color::Indexed(_)
                    );
                    let none = colour == ratatui::style::Color::Reset;
                    assert!(if plain { none } else { few }, "{colour:?}");
                }
            }
        }
        assert!(desk.sees("! there is no {{ oops }}"), "{}", desk.screen());
    }
}
