//! Many at once, and many behind one address.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use readmit::email::EmailAddress;
use readmit::limits::{Action, Caller};

use super::{ask, limits};
use crate::support::app::TestApp;
use crate::support::parallel::all_at_once;

/// Assertion 50: between looking and counting there is no gap to slip through.
#[test]
fn of_two_hundred_requests_at_once_just_the_quota_is_admitted() {
    let app = TestApp::builder()
        .set("limits.enabled", "true")
        .set("limits.reset", "31/1h")
        .without_worker()
        .start();
    let addresses: Vec<String> = (0..200).map(|n| format!("m{n}@example.com")).collect();
    let statuses = all_at_once(&addresses, |address| ask(&app, "", address).status);
    let count = |wanted: u16| statuses.iter().filter(|status| **status == wanted).count();
    assert_eq!((count(200), count(429)), (31, 169));
    assert_eq!(app.outbox().len(), 31);
    let rules = app.app().limits.snapshot().rules;
    let reset = rules.iter().find(|it| it.rule.to_string() == "reset");
    let reset = reset.expect("the limit of resets");
    assert_eq!((reset.admitted, reset.limited), (31, 169));
}

/// Assertion 51: as many mails as the quota, however many ask at once.
#[test]
fn of_many_requests_for_one_address_just_the_quota_is_sent() {
    let app = TestApp::builder()
        .set("limits.enabled", "true")
        .set("limits.reset_email", "5/1h")
        .without_worker()
        .start();
    let statuses = all_at_once(&[(); 40], |()| ask(&app, "", "jane@example.com").status);
    assert_eq!(statuses, [200; 40]);
    let outbox = app.outbox();
    let dropped = outbox.iter().filter(|message| message.reason.is_some());
    assert_eq!((outbox.len(), dropped.count()), (40, 35));
}

/// A thousand members behind one address, who all come within ten minutes: each forgets the password
/// or asks for a code, gets in, and looks around. None is held back by the defaults.
#[test]
fn a_thousand_members_behind_one_address_are_not_held_back() {
    let (limits, clock) = limits(&[]);
    let client = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    for member in 0..1000 {
        let email = EmailAddress::parse(&format!("m{member}@example.com")).expect("an address");
        let caller = Caller {
            email: Some(&email),
            ..Caller::at(client)
        };
        let way = match member % 3 {
            0 => [Action::Reset, Action::Complete, Action::Exchange],
            1 => [Action::Otp, Action::Verify, Action::Exchange],
            _ => [Action::SignIn, Action::SignIn, Action::Refresh],
        };
        for action in way.into_iter().chain([Action::Any; 20]) {
            let admitted = limits.admit(action, &caller);
            assert!(admitted.is_ok(), "member {member}: {admitted:?}");
        }
        for action in [Action::Reset, Action::Otp] {
            assert!(limits.may_mail(action, &email));
        }
        clock.advance(Duration::from_millis(600));
    }
}
