//! Names that people and businesses have, as hostile as they come.

use serde_json::json;

use super::form::assert_survives_any_relay;
use super::{header_names, mailboxes, unhurried};
use crate::support::app::TestApp;
use crate::support::smtp::Mail;

/// A name, and how it must read where one line of text is shown.
const NAMES: [(&str, &str); 21] = [
    ("Eve\r\nBcc: eve@evil.test", "Eve Bcc: eve@evil.test"),
    ("Eve\nX-Evil: 1", "Eve X-Evil: 1"),
    ("Eve\rX-Evil: 1", "Eve X-Evil: 1"),
    ("Eve\r\n\r\nIt is over.", "Eve It is over."),
    (
        "\r\n.\r\nMAIL FROM:<eve@evil.test>",
        ". MAIL FROM:<eve@evil.test>",
    ),
    ("Eve\u{2028}Bcc: x\u{2029}y", "Eve Bcc: x y"),
    ("Eve\u{85}x\u{b}y\u{c}z", "Eve x y z"),
    ("Eve\0null", "Eve null"),
    ("\u{1b}[31mred\u{7}", "[31mred"),
    ("Eve <eve@evil.test>,", "Eve <eve@evil.test>,"),
    ("Eve\" <eve@evil.test>, \"x", "Eve\" <eve@evil.test>, \"x"),
    ("Group: a, b; c", "Group: a, b; c"),
    ("Eve \\", "Eve \\"),
    ("(comment) Eve", "(comment) Eve"),
    ("Ebenezer O'Neill-Smith, Jr.", "Ebenezer O'Neill-Smith, Jr."),
    (
        "=?utf-8?q?=0D=0ABcc:_eve@evil.test?=",
        "= ?utf-8?q?=0D=0ABcc:_eve@evil.test?=",
    ),
    ("=?utf-8?b?RXZl?= x", "= ?utf-8?b?RXZl?= x"),
    ("Zo\u{eb} \u{202e}gnp.exe", "Zo\u{eb} gnp.exe"),
    (
        "\u{6f22}\u{5b57} \u{1f6a2} Gr\u{fc}\u{df}e",
        "\u{6f22}\u{5b57} \u{1f6a2} Gr\u{fc}\u{df}e",
    ),
    (".hidden", ".hidden"),
    ("..", ".."),
];

fn assert_harmless(mail: &Mail, harmless: &Mail, (person, business): (&str, &str)) {
    assert_survives_any_relay(mail);
    assert_eq!(header_names(mail), header_names(harmless));
    let mailbox = |name: &str, address: &str| [(Some(name.to_owned()), address.to_owned())];
    assert_eq!(mailboxes(mail, "To"), mailbox(person, "jane@example.com"));
    let from = mailbox(business, "no-reply@readmit.test");
    assert_eq!(mailboxes(mail, "From"), from);
    assert_eq!(mail.recipients, ["jane@example.com"]);
    let subject = mail.header("Subject").unwrap_or_default();
    assert_eq!(subject, format!("Reset your {business} password"));
    // The text shows a name on one line. An encoded word means nothing there, and stands as it is.
    let in_text = |name: &str| name.replace("= ?", "=?");
    let (person, business) = (in_text(person), in_text(business));
    let text = mail.text();
    assert!(text.starts_with(&format!("Hello {person},\r\n")), "{text}");
    assert!(
        text.contains(&format!(
            "\r\n-- \r\n{business} sent this message automatically"
        )),
        "{text}"
    );
    assert_eq!(text.lines().count(), harmless.text().lines().count());
}

/// Assertions 57 and 58: whatever somebody is called, each mail has the same headers as any other,
/// one sender and one recipient, its subject on one line; and the name arrives as it is, less what
/// could act. A name that starts with a dot stands at the start of a line, where SMTP would eat it.
#[test]
fn no_name_can_add_a_header_a_line_or_a_recipient() {
    let app = unhurried().start().and_jane();
    let sql = app.sql();
    let mail_for = |person: &str, business: &str| {
        for (statement, name) in [
            ("UPDATE accounts SET name = ?1", person),
            ("UPDATE businesses SET name = ?1", business),
        ] {
            sql.execute(statement, [name]).expect("a name");
        }
        app.ask_for_link("jane@example.com");
        app.smtp.next_mail()
    };
    let harmless = mail_for("Jane", "Canal House");
    for (name, shown) in NAMES {
        let mail = mail_for(name, "Canal House");
        assert_harmless(&mail, &harmless, (shown, "Canal House"));
        let mail = mail_for("Jane", name);
        assert_harmless(&mail, &harmless, ("Jane", shown));
    }
    assert_eq!(app.smtp.mails().len(), 1 + 2 * NAMES.len());
}

/// Assertion 58: no line on the wire is longer than SMTP allows (RFC 5321, 4.5.3.1.6), however long
/// the names in it are and whatever letters they have. A relay would cut it or refuse the mail.
#[test]
fn no_name_makes_a_line_too_long() {
    let app = unhurried().start().and_jane();
    let sql = app.sql();
    for unit in ["x", "\u{e9}", "\u{1f6a2}", "long words ", "\"\\", "."] {
        let name = unit.repeat(3000 / unit.len());
        for table in ["accounts", "businesses"] {
            let rename = format!("UPDATE {table} SET name = ?1");
            sql.execute(&rename, [&name]).expect("a name");
        }
        app.ask_for_link("jane@example.com");
        let mail = app.smtp.next_mail();
        assert_survives_any_relay(&mail);
        assert_eq!(mailboxes(&mail, "To")[0].1, "jane@example.com");
        assert_eq!(mailboxes(&mail, "From")[0].1, "no-reply@readmit.test");
        assert!(mail.text().contains(name.trim()), "{unit:?}");
        mail.token();
    }
}

/// A name of nothing but what is taken out leaves plain addresses behind.
#[test]
fn a_name_of_blanks_leaves_the_address_alone() {
    let app: TestApp = unhurried().start().and_jane();
    for blank in ["", " ", "\t\r\n", "\u{200e}\u{202e}\0"] {
        app.sql()
            .execute("UPDATE accounts SET name = ?1", [blank])
            .expect("a name");
        app.start_reset(&json!({ "email": "jane@example.com" }))
            .envelope(200);
        let mail = app.smtp.next_mail();
        assert_survives_any_relay(&mail);
        assert_eq!(
            mailboxes(&mail, "To"),
            [(None, "jane@example.com".to_owned())]
        );
    }
}
