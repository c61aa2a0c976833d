//! Bodies that nobody would write by hand, from a fixed seed.

use readmit::entropy::Entropy;

use super::{COMPLETE_RESET, FORM, JSON, START_RESET, TOKEN, oauth_error};
use crate::support::app::TestApp;
use crate::support::connection::Connection;
use crate::support::contract;

const ROUNDS: usize = 1500;

/// What makes parsers stumble.
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
    b"true",
    b"1e400",
    b"-0",
    b"9223372036854775808",
    b"0.1e-999",
    b"\"email\":",
    b"\"Email\":",
    b"\"\\u0065mail\":",
    b"\"businessId\":",
    b"\"Token\":",
    b"\"Password\":",
    b"\"a@example.com\"",
    b"\xff",
    b"\xc0\xaf",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"\0",
    b"\r\n",
    b"&",
    b"=",
    b"%",
    b"%00",
    b"%zz",
    b"%c3%28",
    b"+",
    b"grant_type=password",
    b"&username=",
    b"&password=",
    b"client_id",
    b";",
    b"\xef\xbb\xbf",
    b"[[[[[[[[",
    b"{\"a\":{\"a\":",
    b"\xe2\x80\xa8",
    b"//",
];

const SEEDS: &[&[u8]] = &[
    br#"{"email":"nobody@example.com","businessId":7}"#,
    br#"{"Token":"eyJ0eXAiOiJyZXNldCtqd3QifQ.e30.c2ln","Password":"a fine new password","BusinessId":7}"#,
    b"grant_type=password&username=nobody%40example.com&password=a+fine+password&client_id=portal",
];

const NAMES: &[&[u8]] = &[
    br#""email""#,
    br#""EMAIL""#,
    br#""businessId""#,
    br#""Token""#,
    br#""Password""#,
    br#""\u0050assword""#,
    br#""""#,
    br#""other""#,
];

const VALUES: &[&[u8]] = &[
    b"null",
    b"false",
    b"0",
    b"7",
    b"-7",
    b"0.5",
    b"-1e-300",
    b"18446744073709551615",
    b"[]",
    b"[{}]",
    br#"{"a":[1.5,null]}"#,
    br#""""#,
    br#""nobody@example.com""#,
    br#""a.b.c""#,
    br#""\u0000\ud83d\ude00""#,
    b"\"\xf0\x9f\x98\x80\"",
];

const FORM_NAMES: &[&[u8]] = &[
    b"grant_type",
    b"username",
    b"password",
    b"client_id",
    b"%75sername",
    b"",
    b"totp",
];

const FORM_VALUES: &[&[u8]] = &[
    b"password",
    b"refresh_token",
    b"nobody%40example.com",
    b"",
    b"+",
    b"%F0%9F%98%80",
    b"%EF%BF%BF",
    b"%0D%0A",
    b"=",
];

struct Dice(Entropy);

impl Dice {
    fn below(&self, bound: usize) -> usize {
        usize::from(u16::from_be_bytes(self.0.bytes())) % bound.max(1)
    }

    fn of<'a>(&self, choices: &[&'a [u8]]) -> &'a [u8] {
        choices[self.below(choices.len())]
    }

    /// An object, or a form, of names and values that each are well-formed.
    fn members(&self) -> Vec<u8> {
        let json = self.below(3) > 0;
        let (names, values) = if json {
            (NAMES, VALUES)
        } else {
            (FORM_NAMES, FORM_VALUES)
        };
        let (colon, comma) = if json { (":", ",") } else { ("=", "&") };
        let members: Vec<_> = (0..self.below(5))
            .map(|_| [self.of(names), colon.as_bytes(), self.of(values)].concat())
            .collect();
        let members = members.join(comma.as_bytes());
        if json {
            [b"{", members.as_slice(), b"}"].concat()
        } else {
            members
        }
    }

    /// A body of whole members, of mere pieces, or a good one with a few bytes changed, dropped,
    /// doubled or put in.
    fn body(&self) -> Vec<u8> {
        match self.below(4) {
            0 => self.pieces(),
            1 => self.members(),
            _ => self.damaged(),
        }
    }

    fn pieces(&self) -> Vec<u8> {
        let pieces: Vec<_> = (0..self.below(40)).map(|_| self.of(PIECES)).collect();
        pieces.concat()
    }

    fn damaged(&self) -> Vec<u8> {
        let mut body = self.of(SEEDS).to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(body.len());
            match self.below(5) {
                0 if !body.is_empty() => body[at] = self.0.bytes::<1>()[0],
                1 => body.truncate(at),
                2 => {
                    let end = at + self.below(body.len() - at + 1);
                    let again = body[at..end].to_vec();
                    body.splice(at..at, again);
                }
                3 => {
                    let end = (at + self.below(6)).min(body.len());
                    body.drain(at..end);
                }
                _ => {
                    body.splice(at..at, self.of(PIECES).iter().copied());
                }
            }
        }
        body
    }
}

/// Assertion 10, for the bodies: whatever comes, the answer is one of the documented ones, and never
/// a defect of ours. The connection stays in step meanwhile: a body is read to its end.
#[test]
fn no_body_brings_the_server_out_of_step() {
    let app = TestApp::builder().without_worker().start().and_jane();
    let dice = Dice(Entropy::seeded(20_261_124));
    for (path, content_type) in [(START_RESET, JSON), (COMPLETE_RESET, JSON), (TOKEN, FORM)] {
        let mut connection = Connection::open(app.address);
        let mut taken = 0;
        for round in 0..ROUNDS {
            let body = dice.body();
            let mut request = format!(
                "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\r\n",
                body.len()
            )
            .into_bytes();
            request.extend_from_slice(&body);
            connection.write(&request);
            let answer = connection.read();
            let case = format!("round {round}, {}", body.escape_ascii());
            assert!(
                matches!(answer.status, 200 | 400),
                "{case}: {}",
                answer.text()
            );
            contract::check("POST", path, &answer);
            if path == TOKEN {
                oauth_error(&answer, 400);
            } else {
                answer.envelope(answer.status);
            }
            taken += usize::from(answer.status == 200);
        }
        let some = path != START_RESET || (taken > 20 && taken < ROUNDS / 2);
        assert!(some, "{taken} of {ROUNDS} were taken");
    }
}
