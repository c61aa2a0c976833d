//! `readmit template` on the real program.

use serde_json::{Value, json};

use crate::support::process::Site;
use crate::support::smtp::SmtpServer;

fn site(smtp_url: &str) -> Site {
    let site = Site::new(smtp_url);
    site.ok(&[
        "business",
        "add",
        "7",
        "--name=Canal House",
        "--portal-url=https://canal.test",
        "--time-zone=Europe/Amsterdam",
    ]);
    site
}

/// Runs a command with this on its standard input, and returns what it said and whether it succeeded.
fn run(site: &Site, arguments: &[&str], input: &str) -> (bool, String) {
    let output = site.run_with_input(arguments, input);
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8(said).expect("UTF-8"),
    )
}

const TEXT: [&str; 5] = ["template", "set", "reset", "text", "-"];

/// Versions are kept, with who, when and why; an earlier one comes back as a new one.
#[test]
fn versions_are_kept_shown_compared_and_put_back() {
    let site = site("smtp://127.0.0.1:1");
    let at = ["reset", "text", "--business=7", "--locale=fr"];
    let set = |source: &str, note: &str| {
        let arguments = [&TEXT[..], &["--business=7", "--locale=fr", note]].concat();
        run(&site, &arguments, source)
    };
    let place = "reset text of business 7 in fr";
    let saved = set("Un {{ link }}\r\n", "--note=a first try");
    assert_eq!(saved, (true, format!("{place}: version 1 is in force\n")));
    let saved = set("Deux {{ link }}\n", "--note=friendlier");
    assert_eq!(saved, (true, format!("{place}: version 2 is in force\n")));

    let template =
        |act: &str, more: &[&str]| site.ok(&[&["template", act], &at[..], more].concat());
    assert_eq!(template("show", &[]), "Deux {{ link }}\n");
    assert_eq!(template("show", &["--version=1"]), "Un {{ link }}\n");
    let difference = template("diff", &["--from=1"]);
    assert!(
        difference.contains("-Un {{ link }}\n+Deux {{ link }}\n"),
        "{difference}"
    );
    let difference = template("diff", &[]);
    assert!(
        difference.contains("-Bonjour {{ name }},\n") && difference.contains("+Deux {{ link }}\n"),
        "{difference}"
    );

    let said = site.ok(&[&["template", "rollback"], &at[..2], &["1"], &at[2..]].concat());
    assert_eq!(
        said,
        format!("{place}: version 3 is in force, the same as version 1\n")
    );
    assert_eq!(template("show", &[]), "Un {{ link }}\n");
    let history: Value = serde_json::from_str(&template("history", &["--json"])).expect("JSON");
    let told: Vec<_> = history
        .as_array()
        .expect("versions")
        .iter()
        .map(|version| {
            json!([
                version["version"],
                version["actor"],
                version["note"],
                version["bytes"],
                version["current"]
            ])
        })
        .collect();
    assert_eq!(
        told,
        [
            json!([3, "admin:tester", "back to version 1", 14, true]),
            json!([2, "admin:tester", "friendlier", 16, false]),
            json!([1, "admin:tester", "a first try", 14, false]),
        ]
    );
    let table = template("history", &[]);
    assert!(table.contains("3 (in force)") && table.contains("friendlier"));

    site.ok(&[&["template", "rollback"], &at[..2], &["0"], &at[2..]].concat());
    assert!(template("show", &[]).starts_with("Bonjour {{ name }},\n"));
    let list: Value =
        serde_json::from_str(&site.ok(&["template", "list", "--json"])).expect("JSON");
    assert_eq!(list[0]["taken_back"], true);
    assert_eq!(
        (&list[0]["kind"], &list[0]["locale"]),
        (&json!("reset"), &json!("fr"))
    );

    let events: String = site
        .sql()
        .query_row(
            "SELECT group_concat(event || ': ' || detail, '; ') FROM audit \
             WHERE event LIKE 'template.%' AND business_id = 7 AND actor = 'admin:tester'",
            [],
            |row| row.get(0),
        )
        .expect("the audit");
    let entry = |event: &str, version: i64| format!("template.{event}: {place}, version {version}");
    assert_eq!(
        events,
        [
            entry("set", 1),
            entry("set", 2),
            entry("rollback", 3),
            entry("rollback", 4)
        ]
        .join("; ")
    );
}

/// What cannot be done is said with what to do.
#[test]
fn what_cannot_be_done_to_a_template_is_refused_in_words() {
    let site = site("smtp://127.0.0.1:1");
    let nothing = site.ok(&["template", "list"]);
    assert!(nothing.starts_with("every mail is made from the built-in templates"));
    for (arguments, input, expected) in [
        (
            &TEXT[..],
            "no link",
            "the link is missing: put {{ link }} where",
        ),
        (
            &["template", "set", "reset", "text", "-", "--business=9"],
            "{{ link }}",
            "there is no business 9",
        ),
        (
            &["template", "set", "reset", "text", "absent.txt"],
            "",
            "cannot read absent.txt",
        ),
        (
            &["template", "set", "invoice", "text", "-"],
            "",
            "a mail is one of reset, otp, changed, welcome and signin_notice",
        ),
        (
            &["template", "set", "reset", "body", "-"],
            "",
            "a part is one of subject, text and html",
        ),
        (
            &["template", "rollback", "reset", "text", "2"],
            "",
            "there is no version 2 of reset text of every business in every language",
        ),
        (
            &["template", "rollback", "reset", "text", "0"],
            "",
            "there is nothing to take back",
        ),
        (
            &["template", "show", "reset", "text", "--version=4"],
            "",
            "there is no version 4",
        ),
        (
            &["template", "preview", "reset", "--business=9"],
            "",
            "there is no business 9",
        ),
        (
            &["template", "lint", "reset", "html", "-"],
            "<p>x</p>",
            "the link is missing",
        ),
    ] {
        let (done, said) = run(&site, arguments, input);
        assert!(!done && said.contains(expected), "{arguments:?}: {said}");
    }
    let (done, said) = run(
        &site,
        &["template", "lint", "otp", "subject", "-"],
        "{{ code }}",
    );
    assert_eq!((done, said.as_str()), (true, "nothing is wrong with it\n"));
}

/// A preview shows what a member would get, on the terminal, as a page and as a whole mail.
#[test]
fn a_preview_is_printed_or_written_as_a_page_or_a_mail() {
    let site = site("smtp://127.0.0.1:1");
    let shown = site.ok(&[
        "template",
        "preview",
        "reset",
        "--business=7",
        "--locale=es",
    ]);
    for line in [
        "From: Canal House <no-reply@readmit.test>",
        "To: Jane Doe <jane@example.com>",
        "Subject: Restablece tu contraseña de Canal House",
        "Hola, Jane Doe:",
        "https://canal.test/reset-password?token=sample.token.opens-nothing",
    ] {
        assert!(shown.lines().any(|shown| shown == line), "{line}: {shown}");
    }
    site.ok(&[
        "template",
        "preview",
        "changed",
        "--business=7",
        "--html=page.html",
        "--eml=mail.eml",
    ]);
    let read = |name: &str| std::fs::read_to_string(site.folder().join(name)).expect("a file");
    assert!(read("page.html").starts_with("<!DOCTYPE html>"));
    let mail = read("mail.eml");
    let parsed = mail_parser::MessageParser::default()
        .parse(mail.as_bytes())
        .expect("a message");
    assert_eq!(
        parsed.subject(),
        Some("Your Canal House password was changed")
    );
    assert!(
        parsed
            .body_html(0)
            .is_some_and(|html| html.replace("\r\n", "\n") == read("page.html"))
    );
}

/// The test goes the way that such mail goes, is marked as one, and is noted.
#[test]
fn a_test_is_sent_by_the_relay_of_the_location() {
    let (common, own) = (SmtpServer::start(), SmtpServer::start());
    let site = site(&common.url());
    site.ok(&["business", "set", "7", &format!("--smtp-url={}", own.url())]);
    let to = "--to=desk@example.com";
    let said = site.ok(&["template", "send-test", "otp", "--business=7", to]);
    assert!(said.starts_with("sent to desk@example.com: 250"), "{said}");
    let mail = own.next_mail();
    assert_eq!(
        mail.header("Subject").as_deref(),
        Some("[Test] 042817 is your Canal House code")
    );
    assert_eq!(mail.recipients, ["desk@example.com"]);
    site.ok(&["template", "send-test", "otp", to]);
    assert!(
        common
            .next_mail()
            .header("Subject")
            .is_some_and(|subject| subject.starts_with("[Test] "))
    );
    let noted: i64 = site
        .sql()
        .query_row(
            "SELECT count(*) FROM audit WHERE event = 'template.send_test'",
            [],
            |row| row.get(0),
        )
        .expect("a count");
    assert_eq!(noted, 2);
    drop(own);
    let (done, said) = run(
        &site,
        &["template", "send-test", "otp", "--business=7", to],
        "",
    );
    assert!(!done && said.contains("the test was not sent: "), "{said}");
}

/// What an earlier program took can be found before a mail fails.
#[test]
fn saved_templates_can_be_linted_again() {
    let site = site("smtp://127.0.0.1:1");
    let (done, _) = run(&site, &TEXT, "{{ link }}");
    assert!(done);
    assert_eq!(
        site.ok(&["template", "lint"]),
        "nothing is wrong with 1 saved templates\n"
    );
    site.sql()
        .execute("UPDATE template_versions SET source = 'gone'", [])
        .expect("the template is damaged");
    let (done, said) = run(&site, &["template", "lint"], "");
    assert!(
        !done
            && said.contains("reset text of every business in every language: the link is missing"),
        "{said}"
    );
    let shown = run(&site, &["template", "preview", "reset"], "").1;
    assert!(shown.contains("note: 1 saved templates failed"), "{shown}");
}
