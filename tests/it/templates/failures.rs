//! A saved template that fails although the lint took it: the mail goes out all the same.

use readmit::templates::{self, Kind, Part};

use super::{JANE, place, save, unhurried};
use crate::support::app::TestApp;
use crate::support::wait::wait_until;

/// What the list says of the only saved template, once it says that it failed.
fn failure(app: &TestApp) -> String {
    wait_until("the failure is written down", || {
        let all = app.wait(app.app().store.read(templates::list)).ok()?;
        all.into_iter().next()?.failure
    })
}

/// One that was damaged in the database, or that an earlier program took, gives way to the built-in
/// one, says so, and works again from the next version on.
#[test]
fn a_template_that_fails_gives_way_to_the_built_in_one_and_says_so() {
    let app = unhurried();
    let at = place(Kind::Reset, Part::Text, Some(7), None);
    for (broken, why) in [
        ("{{ link", "line 1"),
        ("{{ lonk }}", "line 1: undefined value"),
        ("{{ link|safe }}", "line 1: filter safe is unknown"),
        (
            "{% for a in range(9999) %}{% for b in range(9999) %}{{ link }}{% endfor %}{% endfor %}",
            "fuel",
        ),
    ] {
        save(&app, &at, "Fine {{ link }}").expect("it is saved");
        app.sql()
            .execute(
                "UPDATE template_versions SET source = ?1 \
                 WHERE version = (SELECT version FROM templates)",
                [broken],
            )
            .expect("the template is damaged");
        app.ask_for_link(JANE);
        let mail = app.next_mail();
        assert!(mail.text().starts_with("Hello Jane Doe,"), "{broken}");
        assert!(mail.text().contains(&mail.link()));
        let said = failure(&app);
        assert!(said.contains(why), "{broken}: {said}");
    }
    save(&app, &at, "Fine {{ link }}").expect("it is saved");
    let all = app
        .wait(app.app().store.read(templates::list))
        .expect("the list");
    assert_eq!((&all[0].failure, all[0].failed_at), (&None, None));
    app.ask_for_link(JANE);
    assert!(app.next_mail().text().starts_with("Fine "));
}

/// The lint fills a template in with samples, and cannot know what each member leads to. A mail without
/// its link is no mail.
#[test]
fn a_mail_whose_template_leaves_its_link_out_is_made_from_the_built_in_one() {
    let app = unhurried();
    app.add_person("sam@example.com", "Sam", Some(7), None);
    for part in [Part::Text, Part::Html] {
        let at = place(Kind::Reset, part, Some(7), None);
        let link = match part {
            Part::Html => "<a href=\"{{ link }}\">x</a>",
            _ => "{{ link }}",
        };
        let source = format!("Mine. {{% if name != 'Sam' %}}{link}{{% endif %}}");
        save(&app, &at, &source).expect("it is saved");
    }
    app.ask_for_link(JANE);
    let mail = app.next_mail();
    assert!(mail.text().starts_with("Mine.") && mail.html().starts_with("Mine."));
    app.ask_for_link("sam@example.com");
    let mail = app.next_mail();
    assert!(mail.text().starts_with("Hello Sam,"));
    assert!(mail.html().contains("Choose a new password"));
    assert_eq!(failure(&app), "the link is missing in this mail");
}
