//! The mail that brings a code.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use readmit::outbox::State;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{JANE, WRONG, ask, ask_for, code, login_token, mailed, verify};
use crate::support::app::{PASSWORD, TestApp, USERS};
use crate::support::http::Request;
use crate::support::jwt::Parts;
use crate::support::smtp::{Action, Stage};

/// Assertions 55, 60 and 61: one mailbox, one brand, both forms with the same link, and the marks of a
/// machine's letter.
#[test]
fn text_and_html_bring_the_same_code_and_link_under_the_brand() {
    let app = TestApp::with_jane();
    app.add_business(8, "Harbour Loft", "https://loft.test");
    ask_for(&app, "JANE@example.COM").envelope(200);
    let mail = app.next_mail();
    assert_eq!(mail.recipients, [JANE]);
    let subject = format!("{} is your Canal House code", code(&mail));
    assert_eq!(mail.header("Subject"), Some(subject));
    assert_eq!(
        mail.header("Auto-Submitted").as_deref(),
        Some("auto-generated")
    );
    assert!(
        mail.header("From")
            .is_some_and(|from| from.contains("Canal House"))
    );
    let (text, html) = (mail.text(), mail.html());
    for part in [&text, &html] {
        assert!(part.contains("Hello Jane Doe,"), "{part}");
        assert!(part.contains("for 10 minutes"), "{part}");
        assert!(!part.contains("Harbour Loft") && !part.contains("loft.test"));
        assert_eq!(part.matches(&code(&mail)).count(), 1);
    }
    assert_eq!(text.matches(&mail.link()).count(), 1);
    let shown = html.replace("&#x2f;", "/");
    assert!(
        shown.contains(&format!("href=\"{}\"", mail.link())),
        "{html}"
    );
    assert!(!html.contains("<img") && !html.contains("http://"));
}

/// Contract, section 5: the link carries a login token, for as long as the code lives, made for the
/// location that was asked for.
#[test]
fn the_link_carries_a_login_token_of_ten_minutes() {
    let app = TestApp::with_jane();
    let token = Parts::of(&mailed(&app).token());
    assert_eq!(token.header["typ"], "login+jwt");
    let (issued, expires) = (&token.claims["iat"], &token.claims["exp"]);
    assert_eq!(issued.as_i64(), Some(app.now().seconds()));
    assert_eq!(expires.as_i64(), Some(app.now().seconds() + 600));
    // One that was taken in place of a code lives for five.
    app.advance(Duration::from_mins(1));
    let answer = verify(&app, JANE, &code(&mailed(&app)));
    let token = Parts::of(&login_token(&answer));
    assert_eq!(token.header["typ"], "login+jwt");
    assert_eq!(
        token.claims["exp"].as_i64(),
        Some(app.now().seconds() + 300)
    );
}

/// Assertions 34, 67 and 70: a relay may have taken the first copy after all. The second is the same
/// message with the same code and token id, and both live from the sending of the second.
#[test]
fn a_second_copy_is_the_same_and_lives_from_its_own_sending() {
    let app = TestApp::with_jane();
    app.smtp.script(Stage::Dot, Action::Close);
    ask_for(&app, JANE).envelope(200);
    let first = app.smtp.next_mail();
    app.wait_for_state(1, State::Queued);
    app.advance(Duration::from_mins(3));
    let second = app.next_mail();
    assert_eq!(first.header("Subject"), second.header("Subject"));
    assert_eq!(first.header("Message-ID"), second.header("Message-ID"));
    let ids = [&first, &second].map(|mail| Parts::of(&mail.token()).claims["jti"].clone());
    assert!(ids[0].is_string());
    assert_eq!(ids[0], ids[1]);
    app.advance(Duration::from_mins(9));
    login_token(&verify(&app, JANE, &code(&first)));
    assert_eq!(verify(&app, JANE, &code(&second)).refusal(400), WRONG);
    for mail in [first, second] {
        app.exchange(&mail.token(), "60").refusal(401);
    }
}

/// The bytes of every file below a folder but those of the keys.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            if !path.ends_with("keys") {
                files.extend(self::files(&path));
            }
        } else {
            files.push((path.display().to_string(), fs::read(&path).expect("a file")));
        }
    }
    files
}

/// Assertions 20 and 37: who reads disk or backup finds neither the code nor the link, before the mail is
/// sent, after it and after the code was used; nor a bare hash of the code, which a million guesses undo.
#[test]
fn what_is_at_rest_gives_no_code_away() {
    let app = TestApp::with_jane();
    app.smtp.script(Stage::Dot, Action::Close);
    ask_for(&app, JANE).envelope(200);
    let mail = app.smtp.next_mail();
    app.wait_for_state(1, State::Queued);
    let code = code(&mail);
    let hash = Sha256::digest(code.as_bytes());
    let signature = mail.token().rsplit('.').next().map(str::to_owned);
    let signature = signature.expect("a signature");
    let hex = data_encoding::HEXLOWER.encode(&hash);
    let told = [
        code.as_bytes(),
        hash.as_slice(),
        hex.as_bytes(),
        signature.as_bytes(),
    ];
    let look = |when: &str| {
        let files = files(app.folder());
        let database: usize = files.iter().map(|(_, bytes)| bytes.len()).sum();
        assert!(files.len() > 1 && database > 50_000, "{when}");
        for (name, bytes) in files {
            for (n, secret) in told.iter().enumerate() {
                let found = bytes.windows(secret.len()).any(|window| window == *secret);
                assert!(!found, "number {n} in {name}, {when}");
            }
        }
    };
    look("queued");
    app.advance(Duration::from_mins(1));
    app.next_mail();
    look("sent");
    login_token(&verify(&app, JANE, &code));
    look("used");
}

/// Assertion 34: every digit is as likely as any other at every place, the first included; and a code that
/// begins with a nought is typed with it.
#[test]
fn codes_are_uniform_and_keep_their_noughts() {
    let app = TestApp::start();
    app.add_business(7, "Canal House", "https://canal.test");
    let mut seen = vec![BTreeSet::new(); 6];
    let mut with_nought = None;
    for n in 0..300 {
        if n >= 60 && with_nought.is_some() {
            break;
        }
        let address = format!("p{n}@example.com");
        app.add_person(&address, "Pat", Some(7), Some(PASSWORD));
        ask_for(&app, &address).envelope(200);
        let code = code(&app.smtp.next_mail());
        for (digits, digit) in seen.iter_mut().zip(code.chars()) {
            digits.insert(digit);
        }
        if code.starts_with('0') {
            with_nought = Some((address, code));
        }
    }
    for (place, digits) in seen.iter().enumerate() {
        assert!(digits.len() > 6, "place {place}: {digits:?}");
    }
    // One in ten has it: that none of 300 has would happen once in 50 million million runs.
    let (address, code) = with_nought.expect("a code that begins with a nought");
    let short = code.trim_start_matches('0');
    assert_eq!(verify(&app, &address, short).refusal(400), WRONG);
    let number = json!({ "Email": address, "Otp": code.parse::<u32>().ok(), "BusinessId": 7 });
    app.send(&Request::post(&format!("{USERS}/verifyOtp")).json(&number))
        .refusal(400);
    login_token(&verify(&app, &address, &format!(" {code}\n")));
}

/// The length and the lifetime are the operator's to choose, and the mail says what holds.
#[test]
fn digits_and_lifetime_follow_the_configuration() {
    let app = TestApp::builder()
        .set("otp.digits", "8")
        .set("otp.ttl", "3m")
        .start()
        .and_jane();
    ask_for(&app, JANE).envelope(200);
    let mail = app.next_mail();
    let subject = mail.header("Subject").expect("a subject");
    let (code, _) = subject.split_once(' ').expect("a code");
    assert!(code.len() == 8 && code.bytes().all(|byte| byte.is_ascii_digit()));
    assert!(mail.text().contains("for 3 minutes"), "{}", mail.text());
    assert_eq!(verify(&app, JANE, &code[..6]).refusal(400), WRONG);
    login_token(&verify(&app, JANE, code));
    app.advance(Duration::from_mins(1));
    ask_for(&app, JANE).envelope(200);
    let late = app.next_mail();
    let subject = late.header("Subject").expect("a subject");
    app.advance(Duration::from_mins(3));
    assert_eq!(verify(&app, JANE, &subject[..8]).refusal(400), WRONG);
    app.exchange(&late.token(), "60").refusal(401);
}

/// Assertion 60: who asks for a location that is not there gets no mail, and nobody else's brand stands in.
#[test]
fn a_location_that_is_not_there_sends_nothing() {
    let app = TestApp::with_jane();
    app.add_person("sue@example.com", "Sue", Some(7), Some(PASSWORD));
    app.suspend("sue@example.com");
    ask(&app, &format!("email={JANE}&businessId=8")).envelope(200);
    ask_for(&app, "sue@example.com").envelope(200);
    ask_for(&app, "nobody@example.com").envelope(200);
    let reasons: Vec<_> = app
        .settled_outbox()
        .into_iter()
        .map(|message| (message.state, message.reason.unwrap_or_default()))
        .collect();
    let dropped = |why: &str| (State::Dropped, why.to_owned());
    assert_eq!(
        reasons,
        [
            dropped("there is no such business"),
            dropped("the account is suspended"),
            dropped("no account has this address"),
        ]
    );
    assert!(app.smtp.mails().is_empty());
}
