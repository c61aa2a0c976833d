//! The versions of a template: what each changed, and the way back.

use crossterm::event::KeyCode;
use readmit::templates::Part;

use super::desk::{Desk, SIZES, busy_town};
use super::templates::{at_canal_house, save};

const TEXT: &str = "Hi {{ name }},\n\nuse {{ link }}\n";

/// The text of a version.
fn source(desk: &Desk, version: i64) -> String {
    let sql = format!("SELECT source FROM template_versions WHERE version = {version}");
    desk.app.query(&sql)
}

/// What is put back is the text of the very version that was selected.
#[test]
fn versions_are_compared_and_put_back() {
    let app = busy_town();
    save(&app, Part::Text, None, TEXT);
    save(&app, Part::Text, None, &TEXT.replace("Hi", "Hello"));
    save(&app, Part::Text, None, &TEXT.replace("Hi", "Dear"));
    let mut desk = at_canal_house(app);
    desk.press("v");
    for size in SIZES {
        desk.resize(size);
        insta::assert_snapshot!(format!("versions_{}x{}", size.0, size.1), desk.screen());
    }
    assert!(desk.sees("-Hello {{ name }},") && desk.sees("+Dear {{ name }},"));
    desk.press("jj");
    assert!(
        desk.sees("Version 1 against the version before"),
        "{}",
        desk.screen()
    );
    desk.press("t");
    assert!(
        desk.sees("-Dear {{ name }},") && desk.sees("+Hi {{ name }},"),
        "{}",
        desk.screen()
    );
    desk.press("r");
    assert!(
        desk.sees("Put version 1 of the reset text of business 7"),
        "{}",
        desk.screen()
    );
    desk.press("n");
    assert!(desk.sees("nothing was done"));
    desk.press("ry");
    assert!(
        desk.sees("version 4 is in force, the same as version 1"),
        "{}",
        desk.screen()
    );
    let noted: String = desk
        .app
        .query("SELECT actor || ' ' || detail FROM audit WHERE event = 'template.rollback'");
    assert_eq!(
        noted,
        "admin:test reset text of business 7 in every language, version 4"
    );
    assert_eq!(source(&desk, 4), source(&desk, 1));
    desk.press("k");
    assert!(desk.sees("Version 2 against"), "{}", desk.screen());
    desk.press("ry");
    assert_eq!(source(&desk, 5), source(&desk, 2));
    desk.press("\u{1b}");
    assert!(desk.sees("overridden here: version 5"), "{}", desk.screen());
}

/// Version 0 is to have no template there. It cannot be taken back twice.
#[test]
fn a_template_is_taken_back() {
    let app = busy_town();
    save(&app, Part::Text, None, TEXT);
    let mut desk = at_canal_house(app);
    desk.press("vj");
    assert!(desk.sees("Version 0"));
    desk.press("r");
    assert!(
        desk.sees("Take the reset text of business 7"),
        "{}",
        desk.screen()
    );
    desk.press("y");
    assert!(
        desk.sees("taken back; the next one in the order stands in"),
        "{}",
        desk.screen()
    );
    desk.press("ry");
    assert!(desk.sees("nothing to take back"), "{}", desk.screen());
    let versions: i64 = desk.app.query("SELECT count(*) FROM template_versions");
    assert_eq!(versions, 2);
}

/// A long difference is scrolled, to its end and no further.
#[test]
fn a_long_difference_is_scrolled() {
    let app = busy_town();
    let lines: Vec<_> = (0..60).map(|n| format!("line {n}")).collect();
    save(
        &app,
        Part::Text,
        None,
        &format!("{TEXT}{}\nthe end\n", lines.join("\n")),
    );
    let mut desk = at_canal_house(app);
    desk.press("v");
    assert!(!desk.sees("the end"));
    for _ in 0..10 {
        desk.key(KeyCode::PageDown);
    }
    assert!(desk.sees("the end"), "{}", desk.screen());
    desk.press("g");
    assert!(desk.sees("@@"), "{}", desk.screen());
}
