//! The form of a location's settings.

use crossterm::event::KeyCode;

use super::desk::{Desk, SIZES, busy_town};
use crate::support::app::TestApp;
use crate::support::smtp::SmtpServer;

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

/// Goes to a setting, from the first one.
fn go_to(desk: &mut Desk, place: usize) {
    for _ in 0..20 {
        desk.key(KeyCode::Up);
    }
    for _ in 0..place {
        desk.key(KeyCode::Down);
    }
}

/// Every setting that the command has stands in the form, and is held to the same rules.
#[test]
fn the_rest_of_the_settings_are_held_to_the_command_s_rules() {
    let mut desk = Desk::new(busy_town());
    desk.press("6e");
    for (place, bad, why, good) in [
        (10, "Middle/Earth", "time zone", "Europe/Madrid"),
        (11, "3", "it must be a number from", "20"),
        (12, "1y", "access tokens may live for", "30m"),
        (13, "soon", "a lifetime is written like", "20days"),
        (14, "canal", "canal", "https://app.canal.test"),
    ] {
        go_to(&mut desk, place);
        replace(&mut desk, bad);
        assert!(
            desk.sees(&format!(": {why}")) || desk.sees(why),
            "{}",
            desk.screen()
        );
        desk.ctrl('s');
        assert!(desk.model.overlay.is_some(), "{bad} was taken");
        replace(&mut desk, good);
    }
    for size in SIZES {
        desk.resize(size);
        insta::assert_snapshot!(format!("settings_all_{}x{}", size.0, size.1), desk.screen());
    }
    desk.ctrl('s');
    assert!(desk.sees("Canal House is changed"), "{}", desk.screen());
    let stored: String = desk.app.query(
        "SELECT time_zone || ' ' || password_min_length || ' ' || access_ttl || ' ' || refresh_ttl \
         || ' ' || allowed_origins FROM businesses WHERE id = 7",
    );
    assert_eq!(
        stored,
        "Europe/Madrid 20 1800000 1728000000 https://app.canal.test"
    );
}

/// The password of a location's relay is not on the screen, is sealed, and is asked for anew with another
/// relay or user: it would not open.
#[test]
fn a_relay_of_its_own_gets_a_sealed_password() {
    let own = SmtpServer::start();
    let mut desk = Desk::new(TestApp::with_jane());
    desk.press("6e");
    go_to(&mut desk, 16);
    desk.press("canal");
    assert!(
        desk.sees("without a relay there is no account"),
        "{}",
        desk.screen()
    );
    desk.key(KeyCode::Up);
    desk.press(&own.url());
    assert!(
        desk.sees("relay password: type it anew"),
        "{}",
        desk.screen()
    );
    go_to(&mut desk, 17);
    desk.press("hunter2 hunter2");
    assert!(
        !desk.sees("hunter2") && desk.sees("***"),
        "{}",
        desk.screen()
    );
    desk.key(KeyCode::Up);
    assert!(!desk.sees("hunter2"));
    desk.ctrl('s');
    assert!(desk.sees("Canal House is changed"), "{}", desk.screen());
    let dump: String = desk
        .app
        .query("SELECT coalesce(smtp_url, '') || hex(smtp_password) FROM businesses WHERE id = 7");
    assert!(dump.starts_with(&own.url()) && !dump.contains("68756E74657232"));
    // Nothing of it is changed by saving something else.
    desk.press("e!");
    desk.ctrl('s');
    let after: String = desk
        .app
        .query("SELECT coalesce(smtp_url, '') || hex(smtp_password) FROM businesses WHERE id = 7");
    assert_eq!(after, dump);
    desk.press("e");
    go_to(&mut desk, 16);
    desk.press("2");
    desk.ctrl('s');
    assert!(desk.sees("type it anew"), "{}", desk.screen());
}

/// A password must not travel readable.
#[test]
fn a_relay_that_would_hear_the_password_is_refused() {
    let mut desk = Desk::new(TestApp::with_jane());
    desk.press("6e");
    go_to(&mut desk, 15);
    desk.press("smtp://mail.example.com?tls=opportunistic");
    desk.key(KeyCode::Down);
    desk.press("canal");
    desk.key(KeyCode::Down);
    desk.press("secret");
    assert!(desk.sees("in the clear"), "{}", desk.screen());
    desk.ctrl('s');
    assert!(desk.model.overlay.is_some());
}

/// Control-C closes what lies over a view; what was typed in a form it does not throw away.
#[test]
fn control_c_throws_no_settings_away() {
    let mut desk = Desk::new(TestApp::with_jane());
    desk.press("6e!");
    desk.ctrl('c');
    assert!(desk.model.overlay.is_some() && desk.sees("not saved"));
}

#[test]
fn locations_are_filtered_by_number_name_and_portal() {
    let mut desk = Desk::new(busy_town());
    desk.press("6/TOKYO\n");
    assert!(
        desk.sees("東京ハウス") && !desk.sees("Canal House"),
        "{}",
        desk.screen()
    );
    desk.press("e");
    assert!(desk.sees("https://tokyo.test"));
    desk.press("\u{1b}/7");
    desk.key(KeyCode::Backspace);
    for _ in 0..6 {
        desk.key(KeyCode::Backspace);
    }
    desk.press("7\n");
    assert!(
        desk.sees("Canal House") && !desk.sees("東京ハウス"),
        "{}",
        desk.screen()
    );
    desk.press("\u{1b}");
    assert!(desk.sees("東京ハウス"));
    // The overview has nothing to filter, and does not say that it has.
    desk.press("1/");
    assert!(desk.model.overlay.is_none() && !desk.sees("/ filter"));
}
