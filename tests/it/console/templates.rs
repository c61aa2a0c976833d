//! The tree of templates, and what stands beside it.

use crossterm::event::{KeyCode, MouseButton, MouseEvent, MouseEventKind};
use readmit::console::{Message, Node, ThemeName};
use readmit::templates::{Kind, Part, Place};

use super::desk::{Desk, HOSTILE, SIZES, busy_town};
use crate::support::app::TestApp;
use crate::support::smtp::SmtpServer;

/// A template as somebody has saved it.
pub(super) fn save(app: &TestApp, part: Part, locale: Option<&str>, source: &str) {
    let place = Place {
        kind: Kind::Reset,
        part,
        business: readmit::business::BusinessId::new(7),
        locale: locale.map(|tag| tag.parse().expect("a language")),
    };
    let admin = app.admin();
    app.wait(admin.set_template(place, source.to_owned(), None, app.now()))
        .expect("it is saved");
}

/// A console that looks at the text of Canal House's reset mail in every language.
pub(super) fn at_canal_house(app: TestApp) -> Desk {
    let mut desk = Desk::new(app);
    // Below every location: Canal House, its reset mail, every language.
    desk.press("3hjllll");
    assert!(desk.sees("every language"), "{}", desk.screen());
    desk
}

fn snapshots(desk: &mut Desk, name: &str) {
    for size in SIZES {
        desk.resize(size);
        insta::assert_snapshot!(format!("{name}_{}x{}", size.0, size.1), desk.screen());
    }
}

#[test]
fn the_tree_leads_from_a_location_over_its_mails_to_a_language() {
    let app = busy_town();
    save(&app, Part::Text, None, "Hi {{ name }}, use\n\n{{ link }}\n");
    save(&app, Part::Subject, Some("fr"), "Salut {{ name }}");
    let mut desk = at_canal_house(app);
    snapshots(&mut desk, "templates");
    desk.press("p");
    desk.press("t");
    desk.press("t");
    snapshots(&mut desk, "templates_html");
    // Up the tree again, a step at a time.
    desk.press("hh");
    assert!(desk.sees("The mail with a link"), "{}", desk.screen());
    desk.press("hh");
    assert!(!desk.sees("signin_notice"), "{}", desk.screen());
}

/// What stands in for a template that is not there is said, in the order in which mail looks for it.
#[test]
fn the_fallback_that_applies_is_named() {
    let app = busy_town();
    save(&app, Part::Text, None, "Hi {{ link }}\n");
    let mut desk = at_canal_house(app);
    desk.resize(SIZES[1]);
    assert!(desk.sees("overridden here: version 1 by admin:test"));
    desk.press("jj");
    assert!(
        desk.sees("in force is that of reset text of business 7 in every language"),
        "{}",
        desk.screen()
    );
    desk.press("p");
    assert!(
        desk.sees("in force is the built-in one in en"),
        "{}",
        desk.screen()
    );
    assert!(desk.sees("Preview: HTML"));
    desk.press("pp");
    desk.press("kk");
    // Taken back, it gives way to the next one.
    desk.press("v");
    desk.key(KeyCode::Down);
    desk.press("ry");
    assert!(desk.sees("taken back"), "{}", desk.screen());
    desk.press("\u{1b}");
    assert!(
        desk.sees("taken back in version 2; not overridden here"),
        "{}",
        desk.screen()
    );
}

/// Assertion 82: neither what a location is called nor what a template says acts on the terminal, and both
/// keep to their places.
#[test]
fn hostile_names_and_templates_stand_inert() {
    let app = busy_town();
    save(&app, Part::Text, None, "Hi {{ link }}\n");
    let changed = app.sql().execute_batch(&format!(
        "UPDATE businesses SET name = '{HOSTILE} 東京'; \
         UPDATE template_versions SET source = '{HOSTILE} {{{{ link }}}}\u{202e}x\u{1b}[2J\ny', actor = '{HOSTILE}'"
    ));
    assert_eq!(changed, Ok(()));
    let mut desk = at_canal_house(app);
    for (keys, name) in [("", "tree"), ("v", "versions"), ("\u{1b}e", "editor")] {
        desk.press(keys);
        for cell in desk.buffer().content() {
            let acts = |c: char| c.is_control() || ('\u{200e}'..='\u{202e}').contains(&c);
            assert!(
                !cell.symbol().chars().any(acts),
                "{name}: {:?}",
                cell.symbol()
            );
        }
    }
    desk.press("\u{1b}");
    snapshots(&mut desk, "templates_hostile");
}

#[test]
fn locations_are_filtered_and_another_language_is_written_for() {
    let mut desk = Desk::new(busy_town());
    desk.press("3/東京\n");
    assert!(!desk.sees("Canal House") && desk.sees("東京ハウス"));
    desk.press("gllln");
    assert!(
        desk.sees("Write the mail in this language"),
        "{}",
        desk.screen()
    );
    desk.press("xx\n");
    assert!(desk.sees("a language is one of en"), "{}", desk.screen());
    desk.key(KeyCode::Backspace);
    desk.key(KeyCode::Backspace);
    desk.press("pt-br\n");
    assert!(desk.sees("pt-BR"), "{}", desk.screen());
    desk.resize(SIZES[1]);
    assert!(desk.sees("the built-in one in pt"), "{}", desk.screen());
    assert!(!desk.sees("a language is one of"));
    desk.press("/zzz\n");
    assert!(desk.sees("nothing like that"));
}

#[test]
fn a_test_goes_to_the_address_that_is_typed() {
    let mut desk = at_canal_house(TestApp::with_jane());
    desk.press("mnobody\n");
    assert!(desk.sees("!"), "{}", desk.screen());
    desk.press("@example.com\n");
    let mail = desk.app.smtp.next_mail();
    let subject = mail.header("Subject").expect("a subject");
    assert!(subject.starts_with("[Test] "), "{subject}");
    assert!(
        desk.sees("sent to nobody@example.com: 250"),
        "{}",
        desk.screen()
    );
    let noted: String = desk
        .app
        .query("SELECT actor || ' ' || detail FROM audit WHERE event = 'template.send_test'");
    assert_eq!(noted, "admin:test reset to nobody@example.com");
}

/// A relay that does not take it is said, and nothing is noted.
#[test]
fn a_test_that_the_relay_refuses_is_said_to_be() {
    let relay = SmtpServer::start();
    let url = relay.url();
    drop(relay);
    let app = TestApp::builder().set("smtp.url", url).start().and_jane();
    let mut desk = at_canal_house(app);
    desk.press("mjane@example.com\n");
    assert!(desk.sees("! the test was not sent"), "{}", desk.screen());
}

#[test]
fn a_console_that_only_looks_shows_templates_and_changes_none() {
    let mut desk = Desk::with(busy_town(), ThemeName::Plain, true);
    desk.press("3hjllll");
    desk.press("eEmnr");
    assert!(desk.model.editor.is_none() && desk.model.overlay.is_none());
    assert!(desk.outside.is_empty());
    desk.press("\n");
    assert!(desk.sees("this console only looks"), "{}", desk.screen());
    desk.press("?");
    assert!(!desk.sees("change the template here"));
}

#[test]
fn the_tree_is_clicked() {
    let mut desk = Desk::new(busy_town());
    desk.press("3");
    let mut click = |row| {
        desk.take(Message::Mouse(MouseEvent {
            kind: MouseEventKind::Down(MouseButton::Left),
            column: 3,
            row,
            modifiers: crossterm::event::KeyModifiers::NONE,
        }));
        desk.model.templates.selected.clone()
    };
    assert_eq!(click(5), Node::Mail(None, Kind::Otp));
    // A click on what is selected opens it.
    click(5);
    assert_eq!(click(6), Node::Language(None, Kind::Otp, None));
    click(6);
    assert!(desk.model.editor.is_some());
}
