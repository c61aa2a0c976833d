//! Every view in both sizes, as it stands in the buffer.

use readmit::clock::Timestamp;
use readmit::console::{Activity, Answer, Message, Overview};
use readmit::outbox::{Backlog, RelayStatus};

use super::desk::{Desk, SIZES, busy_town};
use crate::support::app::{START, TestApp};

fn snapshots(desk: &mut Desk, name: &str) {
    for size in SIZES {
        desk.resize(size);
        insta::assert_snapshot!(format!("{name}_{}x{}", size.0, size.1), desk.screen());
    }
}

/// What an overview shows is made up here: ports and sizes differ from run to run.
fn overview() -> Overview {
    let wave = |length: u32, step: u32| (0..length).map(|n| n * step % 17).collect();
    let activity = |length| Activity {
        requests: wave(length, 3),
        mails: wave(length, 5),
        sign_ins: wave(length, 7),
        refusals: vec![0; usize::try_from(length).expect("small")],
    };
    Overview {
        hour: activity(60),
        day: activity(48),
        backlog: Backlog {
            waiting: 12,
            oldest: Some(Timestamp::from_seconds(START.seconds() - 754)),
            dead: 3,
        },
        relays: vec![
            RelayStatus {
                relay: "smtp://first.test:587".to_owned(),
                place: 0,
                down_since: Some(Timestamp::from_seconds(START.seconds() - 3900)),
                next_probe_at: None,
                failure: Some("connection refused\u{1b}[2J".to_owned()),
            },
            RelayStatus {
                relay: "smtp://second.test:587".to_owned(),
                place: 1,
                down_since: None,
                next_probe_at: None,
                failure: None,
            },
        ],
        held_back: 2,
        limited: Some(vec![
            ("sign_in".to_owned(), 1203),
            ("reset_email".to_owned(), 17),
        ]),
        size: 123_456_789,
        server: Ok("127.0.0.1:8080".to_owned()),
    }
}

#[test]
fn the_overview_shows_the_last_hour_and_day_and_what_is_wrong() {
    let mut desk = Desk::new(TestApp::start());
    desk.take(Message::Read(Answer::Overview(Box::new(overview()))));
    snapshots(&mut desk, "overview");
}

#[test]
fn the_overview_says_when_no_limit_bites_and_when_there_are_none() {
    let mut desk = Desk::new(TestApp::start());
    for (limited, said) in [
        (Some(Vec::new()), "held nothing back in the last hour"),
        (None, "limits  off"),
    ] {
        let overview = Overview {
            limited,
            ..overview()
        };
        desk.take(Message::Read(Answer::Overview(Box::new(overview))));
        let screen = desk.screen();
        assert!(screen.contains(said), "{screen}");
    }
}

/// Assertion 82: names with controls and marks of direction stand inert in every list, and what is wide or
/// combined does not shift the columns.
#[test]
fn lists_show_what_there_is() {
    let mut desk = Desk::new(busy_town());
    for (key, name) in [
        ("2", "links"),
        ("4", "outbox"),
        ("5", "accounts"),
        ("6", "businesses"),
        ("7", "audit"),
    ] {
        desk.press(key);
        snapshots(&mut desk, name);
    }
}

#[test]
fn help_and_palette_lie_over_the_view() {
    let mut desk = Desk::new(busy_town());
    desk.press("2?");
    snapshots(&mut desk, "help");
    desk.press("q:rvk");
    snapshots(&mut desk, "palette");
    assert!(desk.sees("revoke the link"), "{}", desk.screen());
    desk.press("\n");
    snapshots(&mut desk, "confirm");
}

#[test]
fn an_empty_deployment_says_what_to_do() {
    let mut desk = Desk::new(TestApp::start());
    for (key, says) in [
        ("2", "no link can be used now"),
        ("4", "no messages here"),
        ("5", "readmit user add"),
        ("6", "readmit business add"),
        ("7", "nothing has happened yet"),
    ] {
        desk.press(key);
        assert!(desk.sees(says), "{}", desk.screen());
    }
}

#[test]
fn a_terminal_that_is_too_small_is_told_so() {
    let mut desk = Desk::new(TestApp::start());
    for size in [(79, 24), (80, 23), (20, 5), (1, 1)] {
        desk.resize(size);
        desk.buffer();
    }
    desk.resize((60, 20));
    assert!(desk.sees("needs 80 columns and 24 lines"));
    desk.press("q");
    assert!(desk.left);
}
