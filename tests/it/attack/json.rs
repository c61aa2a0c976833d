//! JSON bodies, as the intake reads them.

use std::cell::RefCell;

use proptest::prelude::*;
use proptest::sample::select;
use readmit::email::EmailAddress;
use serde_json::Value;

use super::damage::{Bytes, damaged};
use super::{Effort, attack};
use crate::judge::json::judge;
use crate::support::app::{TestApp, USERS};
use crate::support::connection::Connection;
use crate::support::contract;
use crate::support::http::Answer;

const MALFORMED: [&str; 3] = [
    "The request body is not valid JSON.",
    "The request body must be a JSON object.",
    "The request body is empty.",
];

/// Names as they can be written in JSON, and what they say.
const NAMES: &[(&str, &str)] = &[
    ("email", "email"),
    ("Email", "Email"),
    ("EMAIL", "EMAIL"),
    (r"\u0065mail", "email"),
    (r"em\u0061\u0069l", "email"),
    (r"\u0045MAIL", "EMAIL"),
    ("businessId", "businessId"),
    ("BusinessId", "BusinessId"),
    (r"business\u0049d", "businessId"),
    ("businessid", "businessid"),
    ("email ", "email "),
    (r"email\u0000", "email\0"),
    ("\u{ff45}mail", "\u{ff45}mail"),
    (r"bus\u0131nessId", "bus\u{131}nessId"),
    ("", ""),
    ("to", "to"),
    ("accountId", "accountId"),
    ("__proto__", "__proto__"),
];

/// Values as they can be written, and what they say.
const VALUES: &[(&str, Says)] = &[
    ("null", Says::Nothing),
    ("true", Says::Other),
    ("7", Says::Whole(7)),
    ("1", Says::Whole(1)),
    ("0", Says::Whole(0)),
    ("-0", Says::Other),
    ("-1", Says::Whole(-1)),
    ("1.0", Says::Other),
    ("1e0", Says::Other),
    ("1.5", Says::Other),
    ("1e-400", Says::Other),
    ("9223372036854775807", Says::Whole(i64::MAX)),
    ("9223372036854775808", Says::Other),
    ("-9223372036854775808", Says::Whole(i64::MIN)),
    ("18446744073709551616", Says::Other),
    ("[]", Says::Other),
    (r#"["jane@example.com"]"#, Says::Other),
    (r#"{"email":"jane@example.com"}"#, Says::Other),
    (r#"["jane@example.com","eve@evil.test"]"#, Says::Other),
    (r#""""#, Says::Text("")),
    (r#""7""#, Says::Text("7")),
    (r#""jane@example.com""#, Says::Text("jane@example.com")),
    (r#"" Jane@Example.com ""#, Says::Text(" Jane@Example.com ")),
    (r#""jane\u0040example.com""#, Says::Text("jane@example.com")),
    (
        r#""jane@example.com\u0000""#,
        Says::Text("jane@example.com\0"),
    ),
    (
        r#""jane@example.com,eve@evil.test""#,
        Says::Text("jane@example.com,eve@evil.test"),
    ),
    (
        r#""jane@example.com\r\nBcc: eve@evil.test""#,
        Says::Text("jane@example.com\r\nBcc: eve@evil.test"),
    ),
    (
        r#""m\u0131ke@example.com""#,
        Says::Text("m\u{131}ke@example.com"),
    ),
    (
        r#""\ud83d\ude00@example.com""#,
        Says::Text("\u{1f600}@example.com"),
    ),
];

const PIECES: &[&[u8]] = &[
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b",",
    b"\"",
    b"\\",
    b"\\u0000",
    b"\\ud800",
    b"\\udc00\\ud800",
    b"null",
    b"1e400",
    b"-",
    b"\xff",
    b"\xc0\xaf",
    b"\xed\xa0\x80",
    b"\0",
    b"\r\n",
    b"\xef\xbb\xbf",
    b"//",
    b"/**/",
    b"NaN",
    b"'",
    b"\"email\":",
    b",\"Email\":\"eve@evil.test\"",
    b"\\u0065mail",
    b"[[[[[[[[[[[[[[[[",
];

#[derive(Clone, Copy, Debug)]
enum Says {
    Nothing,
    Text(&'static str),
    Whole(i64),
    Other,
}

/// A member of an object, with blanks where they may stand.
type Member = (
    (&'static str, &'static str),
    (&'static str, Says),
    &'static str,
);

fn members() -> impl Strategy<Value = Vec<Member>> {
    let blank = select(&["", " ", "\n", "\t\r\n "][..]);
    proptest::collection::vec((select(NAMES), select(VALUES), blank), 0..6)
}

fn written(members: &[Member]) -> Vec<u8> {
    let members: Vec<_> = members
        .iter()
        .map(|((name, _), (value, _), blank)| {
            format!("{blank}\"{name}\"{blank}:{blank}{value}{blank}")
        })
        .collect();
    format!("{{{}}}", members.join(",")).into_bytes()
}

/// The properties that are to be complained of.
fn complaints(members: &[Member]) -> Vec<&'static str> {
    let given = |wanted: &str| -> Vec<Says> {
        let named = members
            .iter()
            .filter(|((_, name), ..)| name.eq_ignore_ascii_case(wanted));
        named.map(|(_, (_, says), _)| *says).collect()
    };
    let email =
        matches!(given("email")[..], [Says::Text(text)] if EmailAddress::parse(text).is_ok());
    let business = matches!(
        given("businessId")[..],
        [] | [Says::Nothing | Says::Whole(1..)]
    );
    let wrong = [("email", email), ("businessId", business)];
    wrong
        .iter()
        .filter(|(_, good)| !good)
        .map(|(name, _)| *name)
        .collect()
}

/// A deployment that stores requests and sends nothing, and one connection to it.
struct Intake {
    app: TestApp,
    connection: RefCell<Connection>,
}

impl Intake {
    fn open() -> Self {
        let app = TestApp::builder().without_worker().start();
        let connection = RefCell::new(Connection::open(app.address));
        Self { app, connection }
    }

    /// The answer; fails unless it is the envelope, as documented, with 200 or 400.
    fn post(&self, body: &[u8]) -> (Answer, Value) {
        let mut request = format!(
            "POST {USERS}/startPasswordReset HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n",
            body.len()
        )
        .into_bytes();
        request.extend_from_slice(body);
        let mut connection = self.connection.borrow_mut();
        connection.write(&request);
        let answer = connection.read();
        contract::check("POST", &format!("{USERS}/startPasswordReset"), &answer);
        assert!(matches!(answer.status, 200 | 400), "{}", answer.text());
        let envelope = answer.envelope(answer.status);
        (answer, envelope)
    }

    fn last_recipient(&self) -> String {
        self.app
            .query("SELECT recipient FROM outbox ORDER BY id DESC LIMIT 1")
    }
}

fn complained(envelope: &Value) -> Vec<&str> {
    let errors = envelope["Errors"].as_array().into_iter().flatten();
    errors
        .filter_map(|error| error["PropertyName"].as_str())
        .collect()
}

/// Assertions 1 to 4: whatever its members, an object is taken or refused for what they say, whichever way
/// they are written, and every problem is named.
#[test]
fn an_object_is_taken_for_what_its_members_say_however_they_are_written() {
    let intake = Intake::open();
    attack("JSON objects", Effort::Cases(500), &members(), |members| {
        let wrong = complaints(&members);
        let (answer, envelope) = intake.post(&written(&members));
        assert_eq!(answer.status, if wrong.is_empty() { 200 } else { 400 });
        assert_eq!(complained(&envelope), wrong);
    });
}

/// Assertion 4: what another reading of the same parser refuses is refused here, in our own words, and what is taken is what
/// it read.
fn damaged_bodies_are_refused_in_our_words(effort: Effort) {
    let intake = Intake::open();
    let bodies = damaged(members().prop_map(|members| written(&members)), PIECES);
    attack("JSON bodies", effort, &bodies, |Bytes(body)| {
        judge(&body);
        let (answer, envelope) = intake.post(&body);
        let message = envelope["Message"].as_str().unwrap_or_default();
        match serde_json::from_slice::<Value>(&body) {
            Ok(Value::Object(members)) => {
                let emails: Vec<_> = members
                    .iter()
                    .filter(|(name, _)| name.eq_ignore_ascii_case("email"))
                    .collect();
                if answer.status == 200 {
                    assert_eq!(emails.len(), 1);
                    let text = emails[0].1.as_str().expect("a text");
                    assert_eq!(intake.last_recipient(), text.trim_matches([' ', '\t']));
                } else {
                    let complained = complained(&envelope);
                    assert!(!complained.is_empty(), "{envelope}");
                    assert!(
                        complained
                            .iter()
                            .all(|name| ["email", "businessId"].contains(name))
                    );
                }
            }
            Ok(_) => {
                assert_eq!((answer.status, message), (400, MALFORMED[1]));
            }
            Err(_) => {
                assert_eq!((answer.status, &envelope["Errors"]), (400, &Value::Null));
                assert!(MALFORMED.contains(&message), "{message}");
            }
        }
    });
}

#[test]
fn a_damaged_body_is_refused_in_our_words_or_read_as_it_stands() {
    damaged_bodies_are_refused_in_our_words(Effort::Cases(700));
}

#[test]
#[ignore = "takes a minute"]
fn json_bodies_for_a_minute() {
    damaged_bodies_are_refused_in_our_words(Effort::Minute);
}
