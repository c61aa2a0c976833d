//! The form of a location's settings.

use crossterm::event::KeyCode;

use super::desk::{Desk, busy_town};

/// Types a text into the setting that is selected, in place of what stands there.
fn replace(desk: &mut Desk, text: &str) {
    for _ in 0..60 {
        desk.key(KeyCode::Backspace);
    }
    desk.press(text);
}

/// What is wrong is said while it is typed, and nothing of it is stored; the rest stays as it was.
#[test]
fn settings_are_judged_while_they_are_typed_and_saved_together() {
    let mut desk = Desk::new(busy_town());
    desk.press("6e");
    desk.key(KeyCode::Down);
    replace(&mut desk, "canal");
    assert!(desk.sees("a portal URL is an absolute http or https address"));
    desk.ctrl('s');
    assert!(
        desk.sees("! portal URL: a portal URL is"),
        "{}",
        desk.screen()
    );
    replace(&mut desk, "https://canal.example/");
    for _ in 0..4 {
        desk.key(KeyCode::Down);
    }
    replace(&mut desk, "#ffee00");
    assert!(
        desk.sees("hard to see on a white page"),
        "{}",
        desk.screen()
    );
    insta::assert_snapshot!("settings", desk.screen());
    desk.ctrl('s');
    assert!(desk.sees("Canal House is changed"), "{}", desk.screen());
    let stored: String = desk
        .app
        .query("SELECT portal_url || ' ' || colour || ' ' || name FROM businesses WHERE id = 7");
    assert_eq!(stored, "https://canal.example #ffee00 Canal House");
    let audited: String = desk
        .app
        .query("SELECT actor FROM audit WHERE event = 'business.set'");
    assert_eq!(audited, "admin:test");
}

#[test]
fn what_was_typed_is_not_thrown_away_by_one_key() {
    let mut desk = Desk::new(busy_town());
    desk.press("6e and more");
    desk.key(KeyCode::Esc);
    assert!(desk.sees("not saved") && desk.sees("Canal House and more"));
    desk.press("!");
    desk.key(KeyCode::Esc);
    assert!(desk.sees("not saved"));
    desk.key(KeyCode::Esc);
    assert!(desk.model.overlay.is_none());
    let stored: String = desk.app.query("SELECT name FROM businesses WHERE id = 7");
    assert_eq!(stored, "Canal House");
}
