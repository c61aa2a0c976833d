//! Every page by the rules of accessibility that a program can check (axe-core), light and dark, and on a
//! screen of 320 pixels, which is what a page looks like at four times its size (WCAG 2.2, 1.4.10).

use std::time::Duration;

use readmit::business::{Changes, Colour};

use super::super::JANE;
use super::{page, reachable};
use crate::support::app::{NEW_PASSWORD, PASSWORD, TestApp};
use crate::support::browser::{Browser, Scripts};
use crate::support::installed::installed_npm;
use crate::two_factor;

const AXE: &str = "axe-core@4.14.1";

/// The source of axe-core, where it can be had.
fn axe() -> Option<String> {
    let folder = installed_npm(&AXE.replace('@', "-"), &[AXE])?;
    let source = folder.join("node_modules/axe-core/axe.min.js");
    Some(std::fs::read_to_string(source).expect("it was installed"))
}

/// Fails when anything on the page is wrong, light on a large screen or dark on a small one.
fn check(browser: &Browser, axe: Option<&str>, name: &str) {
    if let Some(axe) = axe {
        browser.execute(axe);
    }
    for (width, scheme) in [(1000, "light"), (320, "dark")] {
        browser.measures(width, 900);
        browser.prefers(scheme);
        let wide = browser.execute("return document.documentElement.scrollWidth");
        assert!(
            wide.as_u64() <= Some(u64::from(width)),
            "{name} is {wide} wide on {width}"
        );
        if axe.is_none() {
            continue;
        }
        let violations = browser.execute_async(
            "const done = arguments[arguments.length - 1];
             const say = (it) =>
               it.id + ': ' + it.nodes.map((node) => node.html + ' ' + node.failureSummary).join(', ');
             axe.run().then(
               (found) => done(found.violations.map(say)),
               (error) => done([String(error)]));",
        );
        assert_eq!(violations, serde_json::json!([]), "{name}, {scheme}");
    }
}

#[test]
fn every_page_is_accessible_and_fits_a_small_screen() {
    let Some(browser) = Browser::open(Scripts::On, "de") else {
        return;
    };
    let axe = axe();
    let check = |name: &str| check(&browser, axe.as_deref(), name);
    let app = reachable();
    let (access, _) = app.tokens(JANE, PASSWORD);
    let (secret, _) = two_factor::enrol(&app, &access);
    // A colour that nobody could read on white, and a name that does not fit a line.
    let changes = Changes {
        colour: Some(Some(Colour::parse("#ffe600").expect("a colour"))),
        name: Some("Canal House Kanalhausgesellschaftsverwaltung am Wasser".to_owned()),
        ..Changes::default()
    };
    app.change_business(7, changes);
    let open = |name: &str| browser.goto(&page(&app, name));

    open("nothing");
    check("a page that is missing");
    open("reset");
    check("a link that is over");
    open("sign-in");
    check("sign-in");
    browser.write("#email", "jane");
    browser.click("button[value=code]");
    browser.sees("#email-problem", "E-Mail-Adresse");
    check("sign-in with a problem");
    browser.clear("#email");
    browser.write("#email", JANE);
    browser.click("button[value=code]");
    browser.arrives_at("/code");
    let mail = app.next_mail();
    browser.write("#code", "1");
    browser.click("main button");
    browser.sees("#code-problem", "falsch");
    check("code with a problem");
    browser.goto(&mail.link());
    check("an invitation");
    open("forgot");
    check("forgot");
    app.advance(Duration::from_mins(1));
    browser.clear("#email");
    browser.write("#email", JANE);
    browser.click("main button");
    browser.arrives_at("/sent");
    check("sent");
    let link = app.next_mail().link();
    browser.goto(&link);
    check("reset");
    browser.write("#password", "Canal House 1");
    browser.sees("#verdict", "unserem Namen");
    check("reset with a verdict");
    browser.click("main button:not([type])");
    browser.sees("#password-problem", "unserem Namen");
    check("reset with a problem");
    browser.write("#password", NEW_PASSWORD);
    browser.sees("#verdict", "Sehr stark");
    check("reset with a good password");
    browser.click("main button:not([type])");
    browser.arrives_at("/second-factor");
    check("second factor");
    browser.write("#code", &two_factor::code(&app, &secret));
    browser.click("main button");
    browser.arrives_at("/done");
    check("done");
    another_session(&app, &secret);
    open("sign-in");
    check("sign-in of somebody who is in");
    open("sessions");
    check("sessions");
    browser.click("form[action=sign-out] button");
    browser.arrives_at("/signed-out");
    check("signed out");
}

fn another_session(app: &TestApp, secret: &str) {
    app.advance(Duration::from_secs(30));
    let form = [
        ("grant_type", "password"),
        ("username", JANE),
        ("password", NEW_PASSWORD),
        ("totp", &two_factor::code(app, secret)),
        ("client_id", "till"),
    ];
    let request = crate::support::http::Request::post("/api/token").form(&form);
    assert_eq!(app.send(&request).status, 200);
}
