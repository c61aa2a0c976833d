//! Long lists: a stretch is in memory, and nobody notices.

use std::collections::BTreeSet;
use std::time::Duration;

use crossterm::event::{KeyCode, MouseButton, MouseEvent, MouseEventKind};
use readmit::console::{Message, Tab};

use super::desk::{Desk, busy_town, town};
use crate::support::app::TestApp;

fn with_messages(count: i64) -> TestApp {
    let app = TestApp::builder().without_worker().start();
    app.sql()
        .execute(
            "INSERT INTO outbox (kind, recipient, message_id, state, next_attempt_at, created_at) \
             WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) \
             SELECT 'reset', 'm' || i || '@example.com', 'm' || i, 'sent', 0, i FROM n",
            [count],
        )
        .expect("messages");
    app
}

/// Every row comes by once, whatever stretch is in memory, and the ends are a key away.
#[test]
fn all_messages_pass_by_when_one_scrolls() {
    const COUNT: i64 = 2_500;
    let mut desk = Desk::new(with_messages(COUNT));
    desk.press("4");
    let mut seen = BTreeSet::new();
    for _ in 0..COUNT {
        seen.insert(desk.model.outbox.current().expect("a row").id);
        assert!(desk.model.outbox.rows.len() <= 401);
        desk.press("j");
    }
    assert_eq!(seen.len(), usize::try_from(COUNT).expect("a count"));
    desk.press("g");
    assert_eq!(desk.model.outbox.current().map(|row| row.id), Some(COUNT));
    desk.press("G");
    assert_eq!(desk.model.outbox.current().map(|row| row.id), Some(1));
    assert!(desk.sees("m1@example.com"));
    desk.key(KeyCode::PageUp);
    assert!(desk.model.outbox.selected > 0);
}

/// Who looks at an old message is not torn away by new ones; who follows is shown each.
#[test]
fn new_messages_move_only_who_follows() {
    let app = with_messages(1_000);
    let mut desk = Desk::new(app);
    desk.press("4");
    assert!(desk.sees("following the newest"));
    desk.app.ask_for_link("new@example.com");
    desk.notice_change();
    assert!(desk.sees("new@example.com"));
    desk.press("jjjjj");
    let here = desk.model.outbox.current().map(|row| row.id);
    desk.app.ask_for_link("newer@example.com");
    desk.notice_change();
    assert_eq!(desk.model.outbox.current().map(|row| row.id), here);
    assert!(!desk.sees("following"));
    desk.press("f");
    assert!(desk.sees("newer@example.com") && desk.sees("following"));
}

#[test]
fn a_person_is_found_by_any_part_of_name_or_address() {
    let app = TestApp::start();
    town(&app);
    let mut desk = Desk::new(app);
    desk.press("5/山");
    assert!(desk.sees("hana@example.com") && !desk.sees("jane@example.com"));
    desk.press("\u{1b}");
    assert!(desk.sees("jane@example.com"));
    desk.press("/DOE\n");
    assert!(desk.sees("jane@example.com") && !desk.sees("hana@example.com"));
    // A sign that means something to the database means itself.
    desk.press("\u{1b}/%");
    assert!(desk.sees("nothing like that"), "{}", desk.screen());
}

#[test]
fn the_audit_log_is_filtered_by_its_columns_and_written_to_a_file() {
    let mut desk = Desk::new(busy_town());
    desk.press("5sy7/kind:suspend actor:admin\n");
    assert!(desk.sees("account.suspend") && !desk.sees("business.add"));
    let file = desk.app.folder().join("out.jsonl");
    desk.press("w");
    for _ in 0..40 {
        desk.key(KeyCode::Backspace);
    }
    desk.press(&format!("{}\n", file.display()));
    assert!(desk.sees("1 entries written"), "{}", desk.screen());
    let written = std::fs::read_to_string(&file).expect("a file");
    assert_eq!(written.lines().count(), 1);
    let entry: serde_json::Value = serde_json::from_str(&written).expect("JSON");
    assert_eq!(entry["event"], "account.suspend");
    assert_eq!(entry["email"], "hana@example.com");
    // A file that is there is not written over.
    desk.press("w");
    for _ in 0..40 {
        desk.key(KeyCode::Backspace);
    }
    desk.press(&format!("{}\n", file.display()));
    assert!(desk.sees("cannot write"));
}

/// The countdown runs without a look at the database, and what has run out leaves the pending links.
#[test]
fn a_link_counts_down_and_expires_before_ones_eyes() {
    let app = TestApp::with_jane();
    app.reset_token("jane@example.com");
    let ttl = app.app().config.reset.ttl;
    let mut desk = Desk::new(app);
    desk.press("2");
    desk.advance(ttl.saturating_sub(Duration::from_secs(130)));
    assert!(desk.sees("2m 10s"), "{}", desk.screen());
    desk.advance(Duration::from_secs(1));
    assert!(desk.sees("2m 09s"));
    desk.advance(Duration::from_secs(129));
    assert!(desk.sees("no link can be used now"), "{}", desk.screen());
    desk.press("t");
    assert!(desk.sees("expired"));
}

#[test]
fn the_mouse_chooses_views_and_rows() {
    let mut desk = Desk::new(busy_town());
    let click = |column, row| {
        Message::Mouse(MouseEvent {
            kind: MouseEventKind::Down(MouseButton::Left),
            column,
            row,
            modifiers: crossterm::event::KeyModifiers::NONE,
        })
    };
    desk.take(click(15, 0));
    assert_eq!(desk.model.tab, Tab::Links);
    desk.take(click(10, 5));
    assert_eq!(desk.model.links.selected, 2);
    assert!(desk.model.open.is_none());
    desk.take(click(10, 5));
    assert!(desk.model.open.is_some() && desk.sees("jane@example.com"));
}
