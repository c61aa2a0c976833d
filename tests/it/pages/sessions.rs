//! The member's session at the pages: what the browser holds, and what ends it.

use std::time::Duration;

use readmit::business::Changes;

use super::{JANE, reset::link};
use crate::support::app::{NEW_PASSWORD, PASSWORD, TestApp};
use crate::support::visitor::{Visitor, hidden};

/// A browser in which Jane is signed in.
fn signed_in(app: &TestApp) -> Visitor<'_> {
    let jane = Visitor::at(app, 7);
    assert_eq!(jane.sign_in(JANE, PASSWORD).status, 303);
    jane
}

fn is_in(visitor: &Visitor) -> bool {
    match visitor.open("sessions") {
        answer if answer.status == 200 => true,
        answer => {
            assert_eq!(answer.header("location"), Some("sign-in"));
            false
        }
    }
}

/// Of the cookies, none can be read by a script, set by another host, or sent in clear.
#[test]
fn the_cookies_are_ours_alone() {
    let app = TestApp::hosted();
    let jane = Visitor::at(&app, 7);
    let first = jane.open("sign-in?return_to=x");
    let second = jane.sign_in(JANE, PASSWORD);
    let all: Vec<String> = first
        .cookies()
        .chain(second.cookies())
        .map(str::to_owned)
        .collect();
    assert!(!all.is_empty());
    for cookie in &all {
        let mut parts = cookie.split("; ");
        assert!(
            parts.next().is_some_and(|pair| pair.starts_with("__Host-")),
            "{cookie}"
        );
        let attributes: Vec<&str> = parts.filter(|part| !part.starts_with("Max-Age=")).collect();
        assert_eq!(
            attributes,
            ["Path=/", "HttpOnly", "SameSite=Lax", "Secure"],
            "{cookie}"
        );
    }
    let of_fifteen_days = |cookie: &String| {
        cookie.starts_with("__Host-member-7=") && cookie.ends_with("Max-Age=1296000")
    };
    assert!(all.iter().any(of_fifteen_days), "{all:?}");
    // A location's own sessions may be shorter.
    let changes = Changes {
        refresh_ttl: Some(Some("12h".parse().expect("a lifetime"))),
        ..Changes::default()
    };
    app.change_business(7, changes);
    let shorter = jane.sign_in(JANE, PASSWORD);
    let of_half_a_day = |cookie: &str| cookie.ends_with("Max-Age=43200");
    assert!(shorter.cookies().any(of_half_a_day), "{shorter:?}");
    drop(app);
    // Without https there is no such protection to be had, as on a developer's machine.
    let app = TestApp::builder()
        .set("http.public_url", "http://id.readmit.test/")
        .start()
        .and_hosted();
    let page = Visitor::at(&app, 7).open("sign-in");
    let cookie = page.cookies().next().expect("a cookie");
    assert!(cookie.starts_with("browser="), "{cookie}");
    assert!(!cookie.contains("Secure"), "{cookie}");
}

/// Assertion 20, for the browser's part: the cookie is no refresh token for the API, a refresh token of
/// the API is no cookie, and one business's is none at another's.
#[test]
fn the_cookie_serves_at_its_pages_only() {
    let app = TestApp::hosted();
    app.add_hosted_business(8, "Harbour Loft");
    let jane = signed_in(&app);
    let cookie = jane.cookie("member-7").expect("a session");
    let answer = app.send(
        &crate::support::http::Request::post("/api/token")
            .form(&[("grant_type", "refresh_token"), ("refresh_token", &cookie)]),
    );
    assert_eq!(answer.status, 400);
    let (_, refresh) = app.tokens(JANE, PASSWORD);
    let thief = Visitor::at(&app, 7);
    thief.plant("__Host-member-7", &refresh);
    assert!(!is_in(&thief));
    let elsewhere = jane.moved_to(8);
    elsewhere.plant("__Host-member-8", &cookie);
    assert!(!is_in(&elsewhere));
    for other in ["", "AAAA", &cookie[1..], &cookie[..cookie.len() - 2]] {
        thief.plant("__Host-member-7", other);
        assert!(!is_in(&thief), "{other}");
    }
    thief.plant("__Host-member-7", &cookie);
    assert!(
        is_in(&thief),
        "it is a bearer's, and that is why it is guarded so"
    );
}

/// Many tabs at a time and pages loaded again use nothing up; the session ends when its time is over.
#[test]
fn a_session_lasts_as_long_as_any() {
    let app = TestApp::hosted();
    let jane = signed_in(&app);
    for _ in 0..3 {
        assert!(is_in(&jane));
        app.advance(Duration::from_hours(24 * 4));
    }
    assert!(is_in(&jane));
    app.advance(Duration::from_hours(24 * 3));
    assert!(!is_in(&jane));
}

#[test]
fn a_member_sees_and_ends_sessions() {
    let app = TestApp::hosted();
    let (one, two, three) = (signed_in(&app), signed_in(&app), signed_in(&app));
    let page = one.read("sessions");
    assert_eq!(page.matches("<li>").count(), 3, "{page}");
    assert_eq!(page.matches("This browser").count(), 1, "{page}");
    // One of the others.
    let (_, button) = page.split_once("name=\"end\" value=\"").expect("a button");
    let id = button.split('"').next().expect("an id");
    assert_eq!(one.sent("sessions", &[("end", id)]), "sessions");
    assert!(is_in(&one));
    assert_ne!(is_in(&two), is_in(&three));
    // Once more is no error, and nor is nonsense.
    assert_eq!(one.sent("sessions", &[("end", id)]), "sessions");
    assert_eq!(one.sent("sessions", &[("end", "nonsense")]), "sessions");
    // All the others.
    assert_eq!(one.sent("sessions", &[("end", "others")]), "sessions");
    assert!(is_in(&one));
    assert!(!is_in(&two) && !is_in(&three));
    assert!(!one.read("sessions").contains("Sign out everywhere else"));
    let ended: i64 = app.query("SELECT count(*) FROM audit WHERE event = 'session.end'");
    assert_eq!(ended, 2);
}

/// A member ends their own only, whatever id is in the form.
#[test]
fn nobody_ends_the_session_of_another() {
    let app = TestApp::hosted();
    app.add_person("bob@example.com", "Bob", Some(7), Some(PASSWORD));
    let jane = signed_in(&app);
    let bob = Visitor::at(&app, 7);
    bob.sign_in("bob@example.com", PASSWORD);
    let id: String = app.query(
        "SELECT s.id FROM sessions s JOIN accounts a ON a.id = s.account_id \
         WHERE a.email_key = 'jane@example.com'",
    );
    bob.sent("sessions", &[("end", &id)]);
    bob.sent("sessions", &[("end", "others")]);
    assert!(is_in(&jane));
}

/// Signing out ends the session itself: the cookie is worth nothing to who kept a copy.
#[test]
fn signing_out_ends_the_session() {
    let app = TestApp::hosted();
    let jane = signed_in(&app);
    let cookie = jane.cookie("member-7").expect("a session");
    assert_eq!(jane.sent("sign-out", &[]), "signed-out");
    assert!(jane.read("signed-out").contains("You are signed out"));
    assert_eq!(jane.cookie("member-7"), None);
    assert!(!is_in(&jane));
    jane.plant("__Host-member-7", &cookie);
    assert!(!is_in(&jane));
    // Twice is no error.
    assert_eq!(jane.sent("sign-out", &[]), "signed-out");
}

/// Assertions 30 and 46: what ends sessions ends these, at once.
#[test]
fn a_reset_and_a_suspension_end_the_session() {
    let app = TestApp::hosted();
    let jane = signed_in(&app);
    let elsewhere = Visitor::at(&app, 7);
    let link = link(&app, &elsewhere);
    let token = hidden(&elsewhere.read(&link), "token");
    elsewhere.sent("reset", &[("token", &token), ("password", NEW_PASSWORD)]);
    assert!(!is_in(&jane));
    assert!(is_in(&elsewhere));
    app.suspend(JANE);
    assert!(!is_in(&elsewhere));
}

/// One browser holds one session: a new one takes the place of the old.
#[test]
fn signing_in_again_replaces_the_session() {
    let app = TestApp::hosted();
    let jane = signed_in(&app);
    let old = jane.cookie("member-7").expect("a session");
    jane.sign_in(JANE, PASSWORD);
    assert_ne!(jane.cookie("member-7"), Some(old.clone()));
    assert!(is_in(&jane));
    jane.plant("__Host-member-7", &old);
    assert!(!is_in(&jane));
    let open: i64 = app.query("SELECT count(*) FROM sessions WHERE revoked_at IS NULL");
    assert_eq!(open, 1);
}
