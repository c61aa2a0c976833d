//! Assertions 57 and 60: whatever members and locations are called, in every language and every part.

use readmit::locale::Language;
use readmit::templates::{Kind, Part, Rendered};

use super::{JANE, brand, builtin, place, save, unhurried, wire};

const HOSTILE: [&str; 8] = [
    "<b onclick=alert(1)>Eve</b>",
    "{{ link }}{% include 'layout.html' %}",
    "Eve\r\nBcc: eve@evil.test",
    "</td></tr></table><a href=\"https://evil.test\">here</a>",
    "\u{202e}evE\u{2028}next",
    "=?utf-8?q?Eve?=",
    "\"'><img src=x>",
    "[[greeting]] <!-- ",
];

/// The names of the tags, in their order.
fn tags(html: &str) -> Vec<String> {
    html.split('<')
        .skip(1)
        .map(|rest| {
            rest.chars()
                .take_while(|c| !c.is_whitespace() && *c != '>')
                .collect()
        })
        .collect()
}

fn headers(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let head = text.split("\r\n\r\n").next().unwrap_or_default();
    head.lines()
        .filter(|line| !line.starts_with([' ', '\t']))
        .map(|line| line.split(':').next().unwrap_or_default().to_owned())
        .collect()
}

fn assert_same_shape(mail: &Rendered, harmless: &Rendered, what: &str) {
    assert_eq!(tags(&mail.html), tags(&harmless.html), "{what}");
    assert_eq!(
        mail.html.matches("href=\"").count(),
        harmless.html.matches("href=\"").count(),
        "{what}"
    );
    assert_eq!(
        mail.text.lines().count(),
        harmless.text.lines().count(),
        "{what}"
    );
    assert_eq!(mail.subject.lines().count(), 1, "{what}");
}

#[test]
fn no_name_is_anything_but_text_in_any_language_and_part() {
    let harmless_brand = brand("Canal House");
    for language in Language::ALL {
        for kind in Kind::ALL {
            let harmless = builtin(kind, language, &harmless_brand, "Jane");
            let expected = headers(&wire(&harmless, &harmless_brand, "Jane"));
            for name in HOSTILE {
                let what = format!("{kind} {language} {name:?}");
                let brand = brand(name);
                let mail = builtin(kind, language, &brand, name);
                assert_same_shape(&mail, &harmless, &what);
                assert_eq!(headers(&wire(&mail, &brand, name)), expected, "{what}");
            }
        }
    }
}

/// Assertion 60, with templates of one's own: what is escaped in the built-in ones is escaped in these.
#[test]
fn no_name_is_anything_but_text_in_a_saved_template() {
    let app = unhurried();
    app.add_person(
        "eve@example.com",
        "</p><a href='https://evil.test'>here</a>",
        Some(7),
        None,
    );
    let html = place(Kind::Reset, Part::Html, Some(7), None);
    save(
        &app,
        &html,
        "<p title=\"{{ name }}\">{{ name|upper }}</p><a href=\"{{ link }}\">x</a>",
    )
    .expect("it is saved");
    let subject = place(Kind::Reset, Part::Subject, Some(7), None);
    save(&app, &subject, "{{ name }} at {{ business }}").expect("it is saved");
    app.ask_for_link("eve@example.com");
    let mail = app.next_mail();
    assert_eq!(tags(&mail.html()), ["p", "/p", "a", "/a"]);
    assert_eq!(
        mail.html().matches("href=").count(),
        2,
        "one of them as text: {}",
        mail.html()
    );
    assert!(!mail.html().contains("href='"));
    assert_eq!(mail.recipients, ["eve@example.com"]);
}

/// Assertion 59, with templates of one's own: no template and no header moves the link.
#[test]
fn the_link_of_a_saved_template_is_the_locations() {
    let app = unhurried();
    let at = place(Kind::Reset, Part::Text, None, None);
    save(&app, &at, "{{ link }}").expect("it is saved");
    let request = crate::support::http::Request::post("/api/sys/users/startPasswordReset")
        .header("x-forwarded-host", "evil.test")
        .header("origin", "https://evil.test")
        .header("referer", "https://evil.test/")
        .json(&serde_json::json!({ "email": JANE }));
    app.send(&request).envelope(200);
    let text = app.next_mail().text();
    assert!(
        text.starts_with("https://canal.test/reset-password?token="),
        "{text}"
    );
    assert!(!text.contains("evil"));
}
