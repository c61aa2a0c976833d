//! The form of a mail: its headers, its two bodies, its lines.

use readmit::business::{Changes, Colour};
use serde_json::json;

use super::{header_names, mailboxes, parse, unhurried};
use crate::support::app::{NEW_PASSWORD, TestApp, email};
use crate::support::smtp::Mail;

/// Fails unless a relay of 1982 could pass the mail on: ASCII, CRLF, short lines (RFC 5321, 4.5.3.1.6).
pub(crate) fn assert_survives_any_relay(mail: &Mail) {
    assert!(mail.wire.is_ascii());
    assert!(mail.wire.ends_with(b"\r\n"));
    let lines: Vec<_> = mail.wire.split(|&byte| byte == b'\n').collect();
    let (_, lines) = lines.split_last().expect("a last line");
    for line in lines {
        let shown = String::from_utf8_lossy(line);
        assert_eq!(line.last(), Some(&b'\r'), "a lone LF behind {shown:?}");
        let rest = &line[..line.len() - 1];
        assert!(!rest.contains(&b'\r'), "a lone CR in {shown:?}");
        assert!(!rest.contains(&0), "a NUL in {shown:?}");
        assert!(rest.len() <= 998, "{} octets: {shown:?}", rest.len());
    }
}

/// HTML with its slashes as they are.
fn unescaped(html: &str) -> String {
    html.replace("&#x2f;", "/")
}

/// A reset mail and a notice of Jane's.
fn both_kinds(app: &TestApp) -> [Mail; 2] {
    app.start_reset(&json!({ "email": "jane@example.com", "businessId": 7 }))
        .envelope(200);
    let link = app.smtp.next_mail();
    app.complete(&link.token(), NEW_PASSWORD).envelope(200);
    [link, app.smtp.next_mail()]
}

/// Assertion 61: what a mail needs so that no robot answers it, no relay has to mend it, and every
/// program can show it: Auto-Submitted, a Message-ID of ours, the date by the clock, text and HTML.
#[test]
fn a_mail_has_the_headers_that_other_programs_rely_on() {
    let app = TestApp::with_jane();
    let mut ids = Vec::new();
    for mail in both_kinds(&app) {
        assert_survives_any_relay(&mail);
        let header = |name: &str| mail.header(name);
        assert_eq!(header("Auto-Submitted").as_deref(), Some("auto-generated"));
        let date = header("Date").unwrap_or_default();
        let zulu = date.replace("+0000", "GMT");
        assert_eq!(zulu, "Fri, 15 Jan 2027 08:00:00 GMT");
        assert_eq!(header("MIME-Version").as_deref(), Some("1.0"));
        let kind = header("Content-Type").unwrap_or_default();
        assert!(kind.starts_with("multipart/alternative;"), "{kind}");
        // A program shows the last alternative that it can: text comes first.
        let message = parse(&mail);
        let parts: Vec<_> = message
            .parts
            .iter()
            .skip(1)
            .map(mail_parser::MessagePart::is_text_html)
            .collect();
        assert_eq!(parts, [false, true]);
        let names = header_names(&mail);
        for name in &names {
            let times = names
                .iter()
                .filter(|n| n.eq_ignore_ascii_case(name))
                .count();
            assert_eq!(times, 1, "{name}");
        }
        // Nothing that tells programs to thread, to track or to unsubscribe.
        let expected = [
            "Message-ID",
            "Date",
            "From",
            "To",
            "Subject",
            "Auto-Submitted",
            "MIME-Version",
            "Content-Type",
        ];
        assert!(
            names.iter().all(|n| expected.contains(&n.as_str())),
            "{names:?}"
        );
        assert_eq!(names.len(), expected.len());
        let encoded = "Content-Transfer-Encoding: quoted-printable\r\n";
        let raw = String::from_utf8_lossy(&mail.raw);
        assert_eq!(raw.matches(encoded).count(), 2, "both parts");
        let id = header("Message-ID").unwrap_or_default();
        assert!(
            id.starts_with('<') && id.ends_with("@readmit.test>"),
            "{id}"
        );
        ids.push(id);
    }
    assert_ne!(ids[0], ids[1]);
    let known: Vec<String> = app
        .outbox()
        .iter()
        .map(|m| format!("<{}>", m.message_id))
        .collect();
    assert_eq!(
        ids, known,
        "the log of the relay and our list name the same message"
    );
}

/// Assertion 61: a mail loads nothing from anywhere, so that opening it tells nobody. A logo that the
/// business chose to have is the one exception.
#[test]
fn a_mail_loads_nothing_but_the_logo_that_the_business_set() {
    const LOGO: &str = "https://cdn.canal.test/logo.png";
    let app = unhurried().start().and_jane();
    let sources = |html: &str| -> Vec<String> {
        let lower = html.to_ascii_lowercase();
        for loads in [
            "url(",
            "<link",
            "<script",
            "<iframe",
            "<object",
            "<embed",
            "<video",
            "<audio",
            "<form",
            "@import",
            "background=",
            "srcset",
            "http-equiv",
            "poster=",
        ] {
            assert!(!lower.contains(loads), "{loads}: {html}");
        }
        html.split("src=\"")
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap_or_default().to_owned())
            .collect()
    };
    for mail in both_kinds(&app) {
        let html = unescaped(&mail.html());
        assert_eq!(sources(&html), [""; 0]);
        let links = html.matches("https://canal.test/reset-password?token=");
        let addresses = html.matches("http").count();
        assert_eq!(addresses, links.count(), "its own link, and no other");
    }
    let changes = Changes {
        logo_url: Some(Some(LOGO.to_owned())),
        ..Changes::default()
    };
    app.change_business(7, changes);
    for mail in both_kinds(&app) {
        assert_eq!(sources(&unescaped(&mail.html())), [LOGO]);
        assert!(!mail.text().contains(LOGO));
    }
}

/// Assertion 61: a mail comes from the business that it is about, name, address, answers and bounces.
/// What the business leaves open comes from the configuration.
#[test]
fn a_mail_comes_from_its_business() {
    let app = unhurried().start().and_jane();
    app.add_person("sam@example.com", "Sam", None, None);
    let from = |mail: &Mail| {
        let mut from = mailboxes(mail, "From");
        assert_eq!(from.len(), 1);
        let (name, address) = from.remove(0);
        assert_eq!(address, mail.from, "bounces go where the mail comes from");
        (name.unwrap_or_default(), address)
    };
    let configured = "no-reply@readmit.test".to_owned();
    for mail in both_kinds(&app) {
        assert_eq!(from(&mail), ("Canal House".to_owned(), configured.clone()));
        assert_eq!(mail.header("Reply-To"), None);
    }
    let changes = Changes {
        sender_name: Some(Some("The Front Desk".to_owned())),
        sender_address: Some(Some(email("desk@canal.test"))),
        reply_to: Some(Some(email("help@canal.test"))),
        colour: Some(Some(Colour::parse("#aa3300").expect("a colour"))),
        ..Changes::default()
    };
    app.change_business(7, changes);
    for mail in both_kinds(&app) {
        let desk = ("The Front Desk".to_owned(), "desk@canal.test".to_owned());
        assert_eq!(from(&mail), desk);
        assert_eq!(mailboxes(&mail, "Reply-To")[0].1, "help@canal.test");
        assert!(mail.html().contains("background: #aa3300"));
    }
    // Somebody of no business gets the configured sender, and nothing of Canal House.
    app.ask_for_link("sam@example.com");
    let plain = app.smtp.next_mail();
    assert_eq!(from(&plain), ("readmit".to_owned(), configured));
    assert_eq!(plain.header("Reply-To"), None);
    assert!(
        plain
            .link()
            .starts_with("https://id.readmit.test/reset-password?token=")
    );
}
