//! Names that would like to be more than text. What they could do to headers and lines is tested with
//! the mail's form; here it is HTML, template syntax and the direction of writing.

use readmit::business::Changes;

use super::JANE;
use crate::support::app::{NEW_PASSWORD, TestApp};
use crate::support::smtp::Mail;

/// A name, how it reads in subject and text, and how it stands in the HTML.
const HOSTILE: [(&str, &str, &str); 6] = [
    (
        "<script>alert(1)</script><img src=x>",
        "<script>alert(1)</script><img src=x>",
        "&lt;script&gt;alert(1)&lt;&#x2f;script&gt;&lt;img src=x&gt;",
    ),
    (
        "\"><a href='https://evil.test'>Click</a>",
        "\"><a href='https://evil.test'>Click</a>",
        "&quot;&gt;&lt;a href=&#x27;https:&#x2f;&#x2f;evil.test&#x27;&gt;Click&lt;&#x2f;a&gt;",
    ),
    (
        "&lt;b&gt; &amp; co",
        "&lt;b&gt; &amp; co",
        "&amp;lt;b&amp;gt; &amp;amp; co",
    ),
    (
        "{{ 7 * 7 }} {% for x in range(9) %}o{% endfor %} {{ link }} {# gone #}",
        "{{ 7 * 7 }} {% for x in range(9) %}o{% endfor %} {{ link }} {# gone #}",
        "{{ 7 * 7 }} {% for x in range(9) %}o{% endfor %} {{ link }} {# gone #}",
    ),
    (
        "{% include 'reset.txt' %}${7*7}{token}{portal_url}",
        "{% include 'reset.txt' %}${7*7}{token}{portal_url}",
        "{% include &#x27;reset.txt&#x27; %}${7*7}{token}{portal_url}",
    ),
    (
        "\u{202e}enaJ\u{202c}\r\n\u{2066}Doe\u{2069}\u{200f}\u{200e}\u{61c}\u{2028}\u{1b}[31m",
        "enaJ Doe [31m",
        "enaJ Doe [31m",
    ),
];

/// Fails unless the mail greets `person`, as it stands in text and HTML, in the name of `business`,
/// with the links that every such mail has and no other mark-up.
fn check(mail: &Mail, person: (&str, &str), business: (&str, &str), plain: &Mail) {
    let (text, html) = (mail.text(), mail.html());
    assert!(
        text.starts_with(&format!("Hello {},\r\n", person.0)),
        "{text}"
    );
    assert!(
        text.contains(&format!("of your {} account", business.0)),
        "{text}"
    );
    assert!(
        html.contains(&format!(">Hello {},</p>", person.1)),
        "{html}"
    );
    assert!(
        html.contains(&format!("of your {} account", business.1)),
        "{html}"
    );
    assert!(
        html.contains(&format!("<title>{}</title>", business.1)),
        "{html}"
    );
    let subject = mail.header("Subject").expect("a subject");
    assert!(
        subject.contains(&format!("our {} password", business.0)),
        "{subject}"
    );
    let tags = |html: &str| -> Vec<String> {
        html.split('<')
            .skip(1)
            .filter_map(|tag| tag.split([' ', '>']).next())
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(tags(&html), tags(&plain.html()));
}

/// A link's mail and a notice, for these two names.
fn mails(app: &TestApp, number: i64, person: &str, business: &str) -> [Mail; 2] {
    let address = format!("member{number}@example.com");
    app.add_business(number, business, "https://canal.test");
    app.add_person(&address, person, Some(number), None);
    app.ask_for_link(&address);
    let link = app.next_mail();
    app.complete(&link.token(), NEW_PASSWORD).envelope(200);
    [link, app.next_mail()]
}

/// Assertion 60: in the text, the HTML and the subject of either mail, the name is shown letter by
/// letter, less what turns the direction of writing.
#[test]
fn a_name_is_text_and_no_more() {
    let app = TestApp::start();
    let plain = mails(&app, 1, "Jane Doe", "Canal House");
    for (number, (name, text, html)) in (1..).zip(HOSTILE) {
        let mails_for_person = mails(&app, 2 * number, name, "Canal House");
        for (mail, plain) in mails_for_person.iter().zip(&plain) {
            let house = ("Canal House", "Canal House");
            check(mail, (text, html), house, plain);
        }
        let mails_of_business = mails(&app, 2 * number + 1, "Jane Doe", name);
        for (mail, plain) in mails_of_business.iter().zip(&plain) {
            check(mail, ("Jane Doe", "Jane Doe"), (text, html), plain);
        }
    }
}

/// Assertion 60: the sender's name is not shown in the mail, and it has its own way into the header.
#[test]
fn a_senders_name_is_text_and_no_more() {
    let app = TestApp::with_jane();
    for (name, text, _) in HOSTILE {
        let changes = Changes {
            sender_name: Some(Some(name.to_owned())),
            ..Changes::default()
        };
        app.change_business(7, changes);
        app.ask_for_link(JANE);
        let mail = app.next_mail();
        assert_eq!(mail.from, "no-reply@readmit.test");
        let message = mail_parser::MessageParser::default().parse(&mail.raw);
        let message = message.expect("a mail");
        let from = message.from().expect("a sender");
        assert_eq!(from.as_list().map(<[_]>::len), Some(1));
        let sender = from.first().expect("a sender");
        assert_eq!(sender.name(), Some(text));
        assert_eq!(sender.address(), Some("no-reply@readmit.test"));
        app.complete(&mail.token(), NEW_PASSWORD).envelope(200);
        app.next_mail();
    }
}
