//! Form bodies, as the token endpoints read them.

use std::cell::RefCell;

use proptest::prelude::*;
use proptest::sample::select;

use super::damage::{Bytes, damaged};
use super::{Effort, attack};
use crate::judge::forms::{judge, read_by_another};
use crate::support::app::TestApp;
use crate::support::connection::Connection;
use crate::support::contract;
use crate::support::http::Answer;

const NAMES: &[&[u8]] = &[
    b"token",
    b"tok%65n",
    b"%74oken",
    b"Token",
    b"token+",
    b"token%00",
    b"token_type_hint",
    b"grant_type",
    b"grant%5Ftype",
    b"refresh_token",
    b"refresh%5ftoken",
    b"scope",
    b"",
    b"%C0%AF",
    b"%ff",
    b"\xff",
    b"token[]",
    b"token%5B%5D",
];

const VALUES: &[&[u8]] = &[
    b"",
    b"x",
    b"a.b.c",
    b"refresh_token",
    b"password",
    b"refresh%5Ftoken",
    b"+",
    b"%20",
    b"%2B",
    b"%C3%A9",
    b"\xc3\xa9",
    b"%c3%28",
    b"%00",
    b"%",
    b"%zz",
    b"%2",
    b"%e2%82",
    b"=",
    b"a=b",
    b"%26",
    b"\xff",
    b"\0",
    b"%F0%9F%98%80",
    b"%ED%A0%80",
    b"%0D%0A",
];

/// What stands between a name and its value. Without it they are one name.
const SIGNS: &[&[u8]] = &[b"=", b"=", b"=", b""];

const ENDS: &[&[u8]] = &[b"&", b"&&"];

const PIECES: &[&[u8]] = &[
    b"&",
    b"=",
    b";",
    b"%",
    b"%00",
    b"%zz",
    b"+",
    b"token=",
    b"&token=y",
    b"&grant_type=password",
    b"\xff",
    b"\xc0\xaf",
    b"\r\n",
    b"%25",
    b"\0",
    b"&&",
    b"%E2%80%A8",
    b"#",
    b"?",
];

fn form() -> impl Strategy<Value = Vec<u8>> {
    let pair = (select(NAMES), select(SIGNS), select(VALUES), select(ENDS));
    proptest::collection::vec(pair, 0..6).prop_map(|pairs| {
        let pairs = pairs.into_iter();
        pairs
            .flat_map(|(name, sign, value, end)| [name, sign, value, end])
            .collect::<Vec<_>>()
            .concat()
    })
}

/// Posts the form on a connection that stays open. Fails unless the answer is as documented.
fn post(connection: &RefCell<Connection>, path: &str, body: &[u8]) -> Answer {
    let mut request = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    request.extend_from_slice(body);
    let mut connection = connection.borrow_mut();
    connection.write(&request);
    let answer = connection.read();
    contract::check("POST", path, &answer);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    answer
}

fn error_of(answer: &Answer) -> String {
    let error = answer.json()["error"].as_str().map(str::to_owned);
    error.unwrap_or_default()
}

fn forms_are_read_as_others_read_them(effort: Effort) {
    let app = TestApp::builder().without_worker().start();
    let connection = RefCell::new(Connection::open(app.address));
    attack(
        "form bodies",
        effort,
        &damaged(form(), PIECES),
        |Bytes(body)| {
            judge(&body);
            let given = read_by_another(&body);
            let value = |name: &str| {
                let given = given.as_ref()?.get(name)?;
                Some(given.as_str()).filter(|value| !value.is_empty())
            };

            let revoked = post(&connection, "/api/token/revoke", &body);
            let status = if value("token").is_some() { 200 } else { 400 };
            assert_eq!(revoked.status, status, "{}", revoked.text());

            let signed_in = post(&connection, "/api/token", &body);
            assert_eq!(signed_in.status, 400, "{}", signed_in.text());
            let expected = match (value("grant_type"), value("refresh_token")) {
                (None | Some("password"), _) | (Some("refresh_token"), None) => "invalid_request",
                (Some("refresh_token"), Some(_)) => "invalid_grant",
                (Some(_), _) => "unsupported_grant_type",
            };
            assert_eq!(error_of(&signed_in), expected);
        },
    );
}

/// Assertion 2, for forms: a form is read as another library reads it, and where that would have to guess,
/// or take the last of two, it is refused.
#[test]
fn a_form_is_read_as_others_read_it_or_refused() {
    forms_are_read_as_others_read_them(Effort::Cases(800));
}

#[test]
#[ignore = "takes a minute"]
fn form_bodies_for_a_minute() {
    forms_are_read_as_others_read_them(Effort::Minute);
}
