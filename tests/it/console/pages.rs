//! All about one person, and about one message.

use super::desk::{Desk, SIZES, busy_town};

#[test]
fn a_person_has_links_mail_and_trail_on_one_page() {
    let mut desk = Desk::new(busy_town());
    desk.press("5/jane\n\n");
    for size in SIZES {
        desk.resize(size);
        insta::assert_snapshot!(format!("person_{}x{}", size.0, size.1), desk.screen());
    }
    desk.press("sy");
    assert!(desk.sees("suspended") && desk.sees("account.suspend"));
    desk.press("\u{1b}");
    assert!(desk.sees("People, by address"));
}

#[test]
fn a_page_scrolls_no_further_than_its_end() {
    let mut desk = Desk::new(busy_town());
    desk.press("5/jane\n\nG");
    assert!(desk.sees("Audit trail"), "{}", desk.screen());
    desk.press("jjjg");
    assert!(desk.sees("Jane Doe"));
}

#[test]
fn a_message_has_its_history_on_its_page() {
    let mut desk = Desk::new(busy_town());
    desk.press("4j\n");
    let screen = desk.screen();
    for part in [
        "Message 3",
        "mallory@example.com",
        "sent",
        "What was tried",
        "250",
    ] {
        assert!(screen.contains(part), "{part}: {screen}");
    }
}

/// What was removed while it was looked at is said to be gone, and nothing is shown in its place.
#[test]
fn a_page_of_somebody_who_was_removed_closes() {
    let mut desk = Desk::new(busy_town());
    desk.press("5\n");
    let admin = desk.app.admin();
    let address = crate::support::app::email("hana@example.com");
    desk.app
        .wait(admin.remove_account(address, desk.app.now()))
        .expect("she is removed");
    desk.notice_change();
    assert!(desk.sees("it was removed meanwhile"), "{}", desk.screen());
}
