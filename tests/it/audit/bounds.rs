//! Where a stretch of the log begins and ends: a span of time, the age of what is removed, and the pieces
//! that an export is read in.

use std::time::Duration;

use readmit::audit::{self, Filter, Format};

use super::chain::{fill, verify};
use crate::support::app::TestApp;

const DAY: Duration = Duration::from_hours(24);

/// The numbers of the entries that an export of these has.
fn exported(app: &TestApp, filter: &Filter) -> Vec<i64> {
    let mut out = Vec::new();
    let store = &app.app().store;
    let count = app
        .wait(audit::export(store, filter, Format::JsonLines, &mut out))
        .expect("an export");
    let text = String::from_utf8(out).expect("UTF-8");
    let numbers: Vec<i64> = text
        .lines()
        .map(|line| {
            let entry: serde_json::Value = serde_json::from_str(line).expect("an object a line");
            entry["id"].as_i64().expect("a number")
        })
        .collect();
    assert_eq!(u64::try_from(numbers.len()).expect("a number"), count);
    numbers
}

/// An export is read a thousand entries at a time, and has every one of them, once and in order.
#[test]
fn a_long_log_is_exported_whole() {
    let app = TestApp::start();
    fill(&app, &app.app().store, 2100);
    let all: Vec<i64> = (1..=app.query("SELECT max(id) FROM audit")).collect();
    assert!(all.len() >= 2100);
    assert_eq!(exported(&app, &Filter::default()), all);
}

/// A span of time has its first moment in it and its last one not, so that spans that follow each other
/// have every entry once.
#[test]
fn spans_that_follow_each_other_have_each_entry_once() {
    let app = TestApp::start();
    let begun: i64 = app.query("SELECT count(*) FROM audit");
    let times = [1, 2, 3].map(|_| {
        app.advance(Duration::from_secs(1));
        fill(&app, &app.app().store, 2);
        app.now()
    });
    let between = |since, until| {
        exported(
            &app,
            &Filter {
                since,
                until,
                ..Filter::default()
            },
        )
    };
    let [first, second, third] = times;
    let from = |number: i64, count: i64| -> Vec<i64> {
        (begun + number..begun + number + count).collect()
    };
    assert_eq!(between(Some(first), Some(second)), from(1, 2));
    assert_eq!(between(Some(second), Some(third)), from(3, 2));
    assert_eq!(between(Some(third), None), from(5, 2));
}

/// Entries are kept for as long as was promised: one that is just as old as that stays when its elders go.
#[test]
fn an_entry_goes_only_when_it_is_older_than_it_is_kept() {
    let app = TestApp::builder().set("audit.keep", "0s").start();
    let begun: i64 = app.query("SELECT count(*) FROM audit");
    fill(&app, &app.app().store, 3);
    app.advance(Duration::from_millis(1));
    fill(&app, &app.app().store, 2);
    app.advance(DAY);
    let gone = app.wait(audit::sweep(&app.app().store, DAY, app.now()));
    assert_eq!(
        i64::try_from(gone.expect("a sweep")).expect("a number"),
        begun + 3
    );
    let report = verify(&app, None);
    assert_eq!((report.intact, report.entries), (true, 2), "{report:?}");
}
