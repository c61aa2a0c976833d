//! Names of strangers on a page.

use readmit::business::Changes;

use super::JANE;
use crate::support::app::{PASSWORD, TestApp};
use crate::support::visitor::Visitor;

const HOSTILE: [&str; 6] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "{{ 7777 * 7777 }}{% raw %}",
    "Canal\u{202e}esuoH\u{0007}",
    "' onmouseover='alert(1)",
    "</title><h1>Ours</h1>",
];

/// Assertion 60: a business's name is text on every page, whatever is in it.
#[test]
fn a_hostile_business_name_is_inert() {
    let app = TestApp::hosted();
    let jane = Visitor::at(&app, 7);
    for name in HOSTILE {
        let changes = Changes {
            name: Some(name.to_owned()),
            ..Changes::default()
        };
        app.change_business(7, changes);
        for page in ["sign-in", "forgot", "sent", "reset", "nothing"] {
            let answer = jane.open(page);
            let text = answer.text();
            assert_eq!(text.matches("<script").count(), 1, "{text}");
            assert_eq!(text.matches("<h1>").count(), 1, "{text}");
            assert!(!text.contains("<img") && !text.contains("' on"), "{text}");
            assert!(!text.contains("60481729"), "{text}");
            assert!(!text.contains(['\u{202e}', '\u{7}']), "{text}");
        }
    }
}

/// So is what a visitor types, which comes back in the form; and what stands in a cookie or an address.
#[test]
fn what_was_typed_comes_back_as_text() {
    let app = TestApp::hosted();
    for typed in HOSTILE {
        let visitor = Visitor::at(&app, 7);
        let answers = [
            visitor.sign_in(typed, PASSWORD),
            visitor.send("forgot", &[("email", typed)]),
            visitor.send("code", &[("code", typed)]),
            visitor.send("reset", &[("token", typed), ("password", "x")]),
            visitor.open(&format!("sign-in?return_to={}", urlencode(typed))),
            visitor.open(&format!("reset?token={}", urlencode(typed))),
        ];
        for answer in answers {
            let text = answer.text();
            assert!(text.matches("<script").count() <= 1, "{text}");
            assert!(!text.contains("<img") && !text.contains("\"' on"), "{text}");
            assert!(text.matches("<h1>").count() <= 1, "{text}");
            assert!(!text.contains("60481729"), "{text}");
        }
    }
}

/// The address of an account is shown in many places; it can be odder than one thinks.
#[test]
fn an_odd_address_is_text() {
    let app = TestApp::hosted();
    let odd = "o'neil&<b>@example.com";
    if readmit::email::EmailAddress::parse(odd).is_ok() {
        app.add_person(odd, "O", Some(7), Some(PASSWORD));
        let visitor = Visitor::at(&app, 7);
        visitor.sign_in(odd, PASSWORD);
        assert!(!visitor.read("sessions").contains("<b>"));
    }
    let visitor = Visitor::at(&app, 7);
    visitor.sign_in(JANE, PASSWORD);
    visitor.read("sessions");
}

/// A logo comes from where the business says, and from there alone.
#[test]
fn a_logos_origin_is_all_that_is_added_to_the_policy() {
    let app = TestApp::hosted();
    let changes = Changes {
        logo_url: Some(Some(
            "https://cdn.test:8443/a%20b/logo.png?x=1;y".to_owned(),
        )),
        ..Changes::default()
    };
    app.change_business(7, changes);
    let page = Visitor::at(&app, 7).open("sign-in");
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(
        policy.contains("; img-src 'self' https://cdn.test:8443; "),
        "{policy}"
    );
    assert!(
        page.text().contains("<img class=\"logo\""),
        "{}",
        page.text()
    );
}

fn urlencode(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
