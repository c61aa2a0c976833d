//! Whom a mail goes to, whatever spelling was submitted.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use readmit::outbox::State;
use serde_json::{Value, json};

use super::{mailboxes, unhurried};
use crate::support::app::{NEW_PASSWORD, TestApp};

fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).expect("a payload");
    let payload = URL_SAFE_NO_PAD.decode(payload).expect("base64url");
    serde_json::from_slice(&payload).expect("claims")
}

/// Assertion 55: the mail goes to the address that the account has, byte for byte, and to no other;
/// what was typed into the form appears nowhere in it. Otherwise somebody who finds a spelling that
/// we take for the account's, and a relay for another's, would get the link.
#[test]
fn the_recipient_is_the_stored_address_whatever_was_typed() {
    const STORED: &str = "Jane.Doe+Canal@Example.com";
    let app = unhurried().start();
    app.add_person(STORED, "Jane", None, None);
    let spellings = [
        "jane.doe+canal@example.com",
        "JANE.DOE+CANAL@EXAMPLE.COM",
        "jane.doe+canal@EXAMPLE.com",
        "  Jane.Doe+Canal@example.COM\t ",
        STORED,
    ];
    for spelling in spellings {
        app.ask_for_link(spelling);
        let mail = app.smtp.next_mail();
        assert_eq!(mail.recipients, [STORED]);
        let to = mailboxes(&mail, "To");
        assert_eq!(to, [(Some("Jane".to_owned()), STORED.to_owned())]);
        assert_eq!(claims(&mail.token())["email"], STORED);
        for body in [mail.text(), mail.html()] {
            assert_eq!(
                body.matches("xample.c").count(),
                body.matches(STORED).count()
            );
        }
    }
    let token = app.reset_token("JANE.doe+canal@example.com");
    app.complete(&token, NEW_PASSWORD).envelope(200);
    let notice = app.smtp.next_mail();
    assert_eq!(notice.recipients, [STORED]);
    assert_eq!(mailboxes(&notice, "To")[0].1, STORED);
    let envelopes = app.smtp.transcript().matches("RCPT TO:").count();
    assert_eq!(envelopes, spellings.len() + 2, "one for each mail");
}

/// Assertion 56: two addresses are the same when they differ in ASCII case only. What Unicode takes
/// for another form of a letter is another address; for an ASCII account it matches nothing, and an
/// address that is not ASCII is refused in words.
#[test]
fn no_look_alike_of_an_address_matches_an_ascii_account() {
    let app = unhurried().start();
    for address in [
        "mike@example.com",
        "kiss@example.com",
        "jane@example.com",
        "jane@xn--exmple-cua.com",
    ] {
        app.add_person(address, "Somebody", None, None);
    }
    for (what, look_alike) in [
        ("dotless i", "m\u{131}ke@example.com"),
        ("I with a dot", "M\u{130}KE@example.com"),
        ("Kelvin sign", "\u{212a}iss@example.com"),
        ("Kelvin sign in the middle", "mi\u{212a}e@example.com"),
        ("long s", "ki\u{17f}s@example.com"),
        ("sharp s", "ki\u{df}@example.com"),
        ("capital sharp s", "KI\u{1e9e}@example.com"),
        ("fullwidth letter", "\u{ff4a}ane@example.com"),
        ("fullwidth domain", "jane@\u{ff45}xample.com"),
        ("fullwidth at", "jane\u{ff20}example.com"),
        ("ideographic full stop", "jane@example\u{3002}com"),
        ("fullwidth stop", "jane@example\u{ff0e}com"),
        ("Cyrillic a", "j\u{430}ne@example.com"),
        ("combining mark", "jane\u{301}@example.com"),
        ("zero width space", "jane\u{200b}@example.com"),
        ("soft hyphen", "jane\u{ad}@example.com"),
        ("no-break space", "\u{a0}jane@example.com"),
        ("the domain in Unicode", "jane@ex\u{e4}mple.com"),
    ] {
        let refused = app
            .start_reset(&json!({ "email": look_alike }))
            .envelope(400);
        assert_eq!(refused["Errors"][0]["PropertyName"], "email", "{what}");
    }
    let ascii = [
        "jane@xn--exmple-9ta.com",
        "jane@xn--xample-hwe.com",
        "xn--jne-hoa@example.com",
        "jane@example.co",
        "jane@example.com.example",
        "jane@sub.example.com",
        "jane+x@example.com",
        "j.ane@example.com",
    ];
    for look_alike in ascii {
        app.ask_for_link(look_alike);
    }
    let outbox = app.settled_outbox();
    assert_eq!(outbox.len(), ascii.len(), "what was refused was not stored");
    for message in outbox {
        assert_eq!(message.state, State::Dropped);
        let reason = message.reason.as_deref();
        assert_eq!(reason, Some("no account has this address"));
    }
    // The same domain in the same form is the account's own.
    app.ask_for_link("JANE@XN--EXMPLE-CUA.COM");
    assert_eq!(app.smtp.next_mail().recipients, ["jane@xn--exmple-cua.com"]);
    assert_eq!(app.smtp.mails().len(), 1);
}

/// Assertion 57: what could turn one address into two, or an address into a command or a header, is
/// refused in words at the door; nothing of it is stored or sent.
#[test]
fn what_is_not_one_plain_mailbox_is_refused_and_not_stored() {
    let app = TestApp::with_jane();
    for hostile in [
        "jane@example.com\r\nBcc: eve@evil.test",
        "jane@example.com\r\nRCPT TO:<eve@evil.test>",
        "jane@example.com\n",
        "\njane@example.com",
        "jane@example.com\r",
        "jane@exam\nple.com",
        "jane\r\n@example.com",
        "jane@example.com\0",
        "jane\0@example.com",
        "\0",
        "jane@example.com\u{2028}",
        "jane\u{2029}@example.com",
        "jane\u{85}@example.com",
        "jane@example.com\u{b}",
        "jane@example.com\u{1b}[2J",
        "\"jane\"@example.com",
        "\"jane@example.com\"@evil.test",
        "\"jane> NOTIFY=NEVER\"@example.com",
        "jane\\@example.com",
        "=?utf-8?q?jane?=@example.com",
        "=?utf-8?b?amFuZQ==?=@example.com",
        "jane@=?utf-8?q?example?=.com",
        "jane@example.com,eve@evil.test",
        "jane@example.com, eve@evil.test",
        "jane@example.com;eve@evil.test",
        "jane@example.com eve@evil.test",
        "jane,eve@evil.test",
        "Jane <jane@example.com>",
        "<jane@example.com>",
        "jane@example.com>",
        "jane@example.com <eve@evil.test>",
        "jane@example.com (Jane)",
        "jane(comment)@example.com",
        "friends:jane@example.com;",
        "mailto:jane@example.com",
        "@relay.test:jane@example.com",
        "jane@example.com@evil.test",
        "jane@[127.0.0.1]",
        "jane@example.com%0d%0aBcc:eve@evil.test",
        "jane@example..com",
        "jane@example.com.",
        "jane@-example.com",
        ".jane@example.com",
        "jane.@example.com",
        "jane",
        "@example.com",
        "jane@",
        "@",
    ] {
        let refused = app.start_reset(&json!({ "email": hostile })).envelope(400);
        assert_eq!(refused["WasSuccessful"], false, "{hostile:?}");
        let error = &refused["Errors"][0];
        assert_eq!(error["PropertyName"], "email", "{hostile:?}");
        assert_eq!(error["AttemptedValue"], hostile);
        let message = error["Message"].as_str().unwrap_or_default();
        assert!(message.ends_with('.') && message.is_ascii(), "{message:?}");
    }
    assert_eq!(app.outbox().len(), 0);
    app.ask_for_link("jane@example.com");
    app.smtp.next_mail();
    assert_eq!(app.smtp.mails().len(), 1);
}

/// Assertion 55, for the other half of the promise: whatever address an account can have, gets its
/// mail. A mail library that is stricter than the door would make such an account unreachable.
#[test]
fn every_address_that_an_account_can_have_gets_its_mail() {
    let app = unhurried().start();
    let long = format!(
        "{}@{}.{}.{}.example",
        "l".repeat(64),
        "a".repeat(63),
        "b".repeat(63),
        "c".repeat(50)
    );
    for address in [
        "!#$%&'*+-/?^_`{|}~=@example.com",
        "a@b",
        "1@2",
        "jane@localhost",
        "jane@1.2.3",
        "jane@123.example",
        "jane@a-b.c--d.example",
        "jane@xn--p1ai",
        "-jane-@example.com",
        "jane=example.com@bounces.example",
        &long,
    ] {
        app.add_person(address, "Somebody", None, None);
        app.ask_for_link(address);
        let message = app.settled_outbox().pop().expect("a message");
        assert_eq!(message.state, State::Sent, "{address}: {message:?}");
        let mail = app.smtp.next_mail();
        assert_eq!(mail.recipients, [address]);
        assert_eq!(mailboxes(&mail, "To")[0].1, address);
    }
}
