//! Which template a mail is made from: the location's before the common one, the member's language
//! before any, the built-in one at last.

use readmit::business::Changes;
use readmit::templates::{Kind, Part};
use serde_json::json;

use super::{JANE, locale, place, save, set_language, unhurried};
use crate::support::app::TestApp;
use crate::support::process::Site;
use crate::support::smtp::SmtpServer;

fn first_line(app: &TestApp, address: &str) -> String {
    app.start_reset(&json!({ "email": address })).envelope(200);
    let text = app.next_mail().text();
    text.lines().next().unwrap_or_default().to_owned()
}

/// Every step of the order, upwards as templates are saved and downwards as they are taken back. The
/// server that runs notices each at the next mail.
#[test]
fn the_most_exact_template_is_taken_and_the_next_stands_in_when_it_is_taken_back() {
    let app = unhurried();
    assert_eq!(first_line(&app, JANE), "Hello Jane Doe,");
    let changes = Changes {
        locale: Some(Some(locale("pt-BR"))),
        ..Changes::default()
    };
    app.change_business(7, changes);
    assert_eq!(first_line(&app, JANE), "Olá, Jane Doe,");

    let steps = [
        (None, None),
        (None, Some("pt")),
        (None, Some("pt-BR")),
        (Some(7), None),
        (Some(7), Some("pt")),
        (Some(7), Some("pt-BR")),
    ];
    for (step, (business, tag)) in steps.into_iter().enumerate() {
        let at = place(Kind::Reset, Part::Text, business, tag);
        let source = format!("Step {step} for {{{{ name }}}}: {{{{ link }}}}");
        assert_eq!(save(&app, &at, &source).expect("it is saved"), 1);
        let line = first_line(&app, JANE);
        assert!(
            line.starts_with(&format!("Step {step} for Jane Doe")),
            "{line}"
        );
    }
    for (step, (business, tag)) in steps.into_iter().enumerate().rev() {
        let line = first_line(&app, JANE);
        assert!(
            line.starts_with(&format!("Step {step} for Jane Doe")),
            "{line}"
        );
        let at = place(Kind::Reset, Part::Text, business, tag);
        let admin = app.admin();
        let back = admin.roll_template_back(at, 0, None, app.now());
        assert_eq!(app.wait(back).expect("it is taken back"), 2);
    }
    assert_eq!(first_line(&app, JANE), "Olá, Jane Doe,");
}

/// What is not in the member's language, or not the location's, stays out of their mail.
#[test]
fn templates_of_other_languages_and_locations_are_not_taken() {
    let app = unhurried();
    app.add_business(8, "Harbour House", "https://harbour.test");
    app.add_person("bob@example.com", "Bob", Some(8), None);
    app.add_person("sam@example.com", "Sam", None, None);
    for (business, tag) in [(Some(7), None), (Some(8), Some("fr")), (None, Some("de"))] {
        let at = place(Kind::Reset, Part::Text, business, tag);
        save(&app, &at, "Foreign {{ link }}").expect("it is saved");
    }
    for address in ["bob@example.com", "sam@example.com"] {
        assert!(first_line(&app, address).starts_with("Hello "), "{address}");
    }
    assert!(first_line(&app, JANE).starts_with("Foreign "));
    set_language(&app, "sam@example.com", Some("de-AT"));
    assert!(first_line(&app, "sam@example.com").starts_with("Foreign "));
    // A kind of its own is not touched by another's template.
    app.send(&crate::support::http::Request::get(&format!(
        "/api/sys/users/sendOtp?email={JANE}&businessId=7"
    )))
    .envelope(200);
    assert!(app.next_mail().text().starts_with("Hello Jane Doe,"));
}

/// The account's language comes before the location's, and English stands in for both.
#[test]
fn the_language_is_the_accounts_then_the_locations_then_english() {
    let app = unhurried();
    assert_eq!(first_line(&app, JANE), "Hello Jane Doe,");
    let changes = Changes {
        locale: Some(Some(locale("fr"))),
        ..Changes::default()
    };
    app.change_business(7, changes);
    assert_eq!(first_line(&app, JANE), "Bonjour Jane Doe,");
    set_language(&app, JANE, Some("nl-BE"));
    assert_eq!(first_line(&app, JANE), "Hallo Jane Doe,");
    set_language(&app, JANE, None);
    assert_eq!(first_line(&app, JANE), "Bonjour Jane Doe,");
}

/// Each part is looked for on its own.
#[test]
fn a_part_of_ones_own_leaves_the_others_as_they_are() {
    let app = unhurried();
    let at = place(Kind::Reset, Part::Subject, Some(7), None);
    save(&app, &at, "Back into {{ business }}\n").expect("it is saved");
    app.ask_for_link(JANE);
    let mail = app.next_mail();
    assert_eq!(
        mail.header("Subject").as_deref(),
        Some("Back into Canal House")
    );
    assert!(mail.text().starts_with("Hello Jane Doe,"));
    assert!(mail.html().contains("Choose a new password"));

    let at = place(Kind::Reset, Part::Html, Some(7), None);
    let short = "{% extends \"layout.html\" %}{% block content %}\
                 <p>Just <a href=\"{{ link }}\">this</a>, {{ name }}.</p>{% endblock %}";
    save(&app, &at, short).expect("it is saved");
    app.ask_for_link(JANE);
    let mail = app.next_mail();
    assert!(mail.html().contains(", Jane Doe.</p>"), "{}", mail.html());
    assert!(mail.html().contains("sent this message automatically"));
    assert!(mail.text().starts_with("Hello Jane Doe,"));
    assert_eq!(
        mail.header("Subject").as_deref(),
        Some("Back into Canal House")
    );
}

/// A server takes what another process has saved for its very next mail, and what that takes back.
#[test]
fn a_running_server_notices_what_another_process_saves() {
    let smtp = SmtpServer::start();
    let site = Site::new(&smtp.url()).set("reset.cooldown", "0s");
    site.add_jane("nine otters in the old mill");
    let server = site.serve();
    let first_line = || {
        let request = crate::support::http::Request::post("/api/sys/users/startPasswordReset")
            .json(&json!({ "email": JANE }));
        server.send(&request).envelope(200);
        let text = smtp.next_mail().text();
        text.lines().next().unwrap_or_default().to_owned()
    };
    assert_eq!(first_line(), "Hello Jane Doe,");
    let set = ["template", "set", "reset", "text", "-", "--business=7"];
    for word in ["One", "Two"] {
        let source = format!("{word} {{{{ link }}}}");
        let output = site.run_with_input(&set, &source);
        assert!(output.status.success(), "{output:?}");
        assert!(first_line().starts_with(word));
    }
    site.ok(&["template", "rollback", "reset", "text", "0", "--business=7"]);
    // The fourth link would be one too many.
    site.ok(&["user", "require-reset", JANE]);
    assert_eq!(first_line(), "Hello Jane Doe,");
}
