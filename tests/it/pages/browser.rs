//! The pages in a real browser: the whole way, with and without scripts, by keyboard, on a small screen,
//! and by the rules of accessibility.

mod accessible;

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::Duration;

use fantoccini::key::Key;
use readmit::business::{Changes, PortalUrl};

use super::JANE;
use crate::codes;
use crate::support::app::{NEW_PASSWORD, PASSWORD, TestApp};
use crate::support::browser::{Browser, Scripts};
use crate::two_factor;

/// Canal House, at an address that a browser reaches.
fn reachable() -> TestApp {
    // Its links have to lead to it, so that its port must be known before it listens.
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.local_addr().expect("an address").port()
    };
    TestApp::builder()
        .set("http.listen", format!("127.0.0.1:{port}"))
        .set("http.public_url", format!("http://127.0.0.1:{port}/"))
        .start()
        .and_hosted()
}

fn page(app: &TestApp, page: &str) -> String {
    format!("http://{}/p/7/{page}", app.address)
}

/// From a forgotten password to signed out, as a member goes. The script only adds to it, so that the way
/// is the same without.
fn the_whole_way(scripts: Scripts) {
    let Some(browser) = Browser::open(scripts, "en") else {
        return;
    };
    let app = reachable();
    browser.goto(&page(&app, "sign-in"));
    assert_eq!(browser.focus(), "email");
    assert_eq!(browser.is_seen("#reveal"), scripts == Scripts::On);
    browser.write("#email", JANE);
    browser.write("#password", "was it herons?");
    browser.click("button[value=password]");
    browser.sees(
        "[role=alert]",
        "The email address or the password is wrong.",
    );
    browser.click("a[href=forgot]");
    browser.arrives_at("/forgot");
    browser.write("#email", JANE);
    browser.click("main button");
    browser.arrives_at("/sent");
    assert!(
        browser
            .text()
            .contains("If jane@example.com has an account here")
    );

    // The link in the mail leads here, and can be opened twice.
    let link = app.next_mail().link();
    browser.goto(&link);
    browser.goto(&link);
    assert!(browser.text().contains("For jane@example.com"));
    browser.write("#password", "jane1234");
    if scripts == Scripts::On {
        browser.sees("#verdict", "It is too short: 12 characters or more.");
        browser.sees(
            "#verdict",
            "It is made of your name, your email address or our name.",
        );
        assert_eq!(
            browser.property("#password", "type").as_deref(),
            Some("password")
        );
        browser.click("#reveal");
        assert_eq!(
            browser.property("#password", "type").as_deref(),
            Some("text")
        );
        assert_eq!(browser.focus(), "password");
    } else {
        assert!(!browser.is_seen("#strength"));
    }
    browser.click("main button:not([type])");
    browser.sees(
        "#password-problem",
        "It is too short: 12 characters or more.",
    );
    assert_eq!(browser.focus(), "password");
    assert_eq!(browser.property("#password", "value").as_deref(), Some(""));
    browser.write("#password", NEW_PASSWORD);
    if scripts == Scripts::On {
        browser.sees("#verdict", "Very strong");
        let score = browser.property("#score", "ariaValueNow");
        assert_eq!(score.as_deref(), Some("4"));
    }
    browser.click("main button:not([type])");
    browser.arrives_at("/done");
    assert!(
        browser
            .text()
            .contains("You are signed in as jane@example.com.")
    );
    browser.click("main button");
    browser.arrives_at("/sessions");
    assert!(browser.text().contains("This browser"));

    // Another session comes and goes.
    assert_eq!(app.sign_in(JANE, NEW_PASSWORD).status, 200);
    browser.goto(&page(&app, "sessions"));
    browser.click("li button");
    browser.arrives_at("/sessions");
    assert!(
        !browser.text().contains("Another browser"),
        "{}",
        browser.text()
    );
    // Loaded again, the page sends nothing again.
    browser.goto(&page(&app, "sessions"));
    browser.click("form[action=sign-out] button");
    browser.arrives_at("/signed-out");
    browser.goto(&page(&app, "sessions"));
    browser.arrives_at("/sign-in");
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn a_member_goes_the_whole_way_with_scripts() {
    the_whole_way(Scripts::On);
}

#[test]
fn a_member_goes_the_whole_way_without_scripts() {
    the_whole_way(Scripts::Off);
}

/// No pointer: from field to field, to the code by mail, and through the second factor.
#[test]
fn the_keyboard_is_enough() {
    let Some(browser) = Browser::open(Scripts::On, "en") else {
        return;
    };
    let app = reachable();
    let (access, _) = app.tokens(JANE, PASSWORD);
    let (secret, _) = two_factor::enrol(&app, &access);
    browser.goto(&page(&app, "sign-in"));
    let tab = Key::Tab.to_string();
    let enter = Key::Enter.to_string();
    browser.press(JANE);
    let mut order = Vec::new();
    for _ in 0..5 {
        browser.press(&tab);
        order.push(browser.focus());
    }
    let expected = [
        "password",
        "reveal",
        "Forgot your password?",
        "Sign in",
        "Email me a code instead",
    ];
    assert_eq!(order, expected);
    browser.press(&enter);
    browser.arrives_at("/code");
    assert_eq!(browser.focus(), "code");
    let mail = app.next_mail();
    browser.press(&format!("{}{enter}", codes::code(&mail)));
    browser.arrives_at("/second-factor");
    assert_eq!(browser.focus(), "code");
    browser.press(&format!("{}{enter}", two_factor::code(&app, &secret)));
    browser.arrives_at("/sessions");
    // What has the focus can be seen to have it.
    browser.press(&tab);
    let outline = "return getComputedStyle(document.activeElement).outlineStyle";
    assert_eq!(browser.execute(outline), "solid");
    assert_eq!(browser.complaints(), [""; 0]);
}

/// A browser holds a form to the policy of its page even when the answer leads elsewhere; the member
/// arrives at the portal all the same, with the token that it exchanges.
#[test]
fn a_member_arrives_at_the_portal() {
    let Some(browser) = Browser::open(Scripts::On, "en") else {
        return;
    };
    let app = reachable();
    let portal = TcpListener::bind("127.0.0.1:0").expect("a port");
    let origin = format!("http://{}", portal.local_addr().expect("an address"));
    let answers = std::thread::spawn(move || {
        let (mut stream, _) = portal.accept().expect("a visitor");
        let mut request = [0; 8192];
        let count = stream.read(&mut request).expect("a request");
        let page = b"HTTP/1.1 200 OK\r\ncontent-length: 7\r\nconnection: close\r\n\r\nwelcome";
        stream.write_all(page).expect("an answer");
        String::from_utf8_lossy(&request[..count]).into_owned()
    });
    let changes = Changes {
        portal_url: Some(Some(PortalUrl::parse(&origin).expect("a portal"))),
        ..Changes::default()
    };
    app.change_business(7, changes);
    browser.goto(&page(&app, &format!("sign-in?return_to={origin}/orders")));
    browser.write("#email", JANE);
    browser.write("#password", PASSWORD);
    browser.click("button[value=password]");
    browser.arrives_at("/orders");
    let request = answers.join().expect("the portal answers");
    let line = request.lines().next().unwrap_or_default();
    let (_, token) = line.split_once("?t=").expect("a token");
    let token = token.split(' ').next().unwrap_or_default();
    assert_eq!(app.exchange(token, "5").status, 200);
    assert!(
        !request.to_ascii_lowercase().contains("referer"),
        "{request}"
    );
    app.advance(Duration::from_secs(1));
}
