//! Email addresses.

use proptest::prelude::*;
use proptest::sample::select;
use readmit::email::EmailAddress;

use super::damage::{Bytes, damaged};
use super::{Effort, attack};
use crate::judge::addresses::judge;

/// With these, others have been talked into sending mail to somebody else, or to more than one.
const ATTACKS: [&str; 22] = [
    "jane@example.com,eve@evil.test",
    "jane@example.com eve@evil.test",
    "jane@example.com\neve@evil.test",
    "jane@example.com\r\nRCPT TO:<eve@evil.test>",
    "jane@example.com\0@evil.test",
    "<jane@example.com>",
    "Jane <jane@example.com>",
    "\"jane@evil.test\"@example.com",
    "\"jane\"@example.com",
    "jane(comment)@example.com",
    "=?utf-8?q?jane=40evil.test=3e=00?=@example.com",
    "jane@evil.test@example.com",
    "@evil.test:jane@example.com",
    "jane%evil.test@example.com",
    "jane@[127.0.0.1]",
    "jane@example.com.",
    "jane@\u{ff45}xample.com",
    "m\u{131}ke@example.com",
    "mi\u{212a}e@example.com",
    "jane@exa\u{df}mple.com",
    "jane@example.com\u{2028}eve@evil.test",
    "\u{202e}jane@example.com",
];

const PIECES: &[&[u8]] = &[
    b"@",
    b".",
    b"..",
    b"\"",
    b"<",
    b">",
    b",",
    b";",
    b":",
    b"\r\n",
    b"\n",
    b"\0",
    b" ",
    b"\t",
    b"=?",
    b"?=",
    b"(",
    b")",
    b"\\",
    b"[",
    b"]",
    b"%",
    b"!",
    b"-",
    b"\xc4\xb1",
    b"\xe2\x84\xaa",
    b"\xe2\x80\xa8",
    b"\xff",
    b"xn--",
    b"\x1b",
];

/// One plain mailbox in its own spelling.
fn mailbox() -> impl Strategy<Value = String> {
    let atom = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,12}";
    let local = proptest::collection::vec(atom, 1..4).prop_map(|atoms| atoms.join("."));
    let label = "[A-Za-z0-9]([A-Za-z0-9-]{0,10}[A-Za-z0-9])?";
    let domain = proptest::collection::vec(label, 1..5).prop_map(|labels| labels.join("."));
    (local, domain).prop_map(|(local, domain)| format!("{local}@{domain}"))
}

fn candidate() -> impl Strategy<Value = String> {
    let seeds = prop_oneof![
        mailbox().prop_map(String::into_bytes),
        select(&ATTACKS[..]).prop_map(|text| text.as_bytes().to_vec()),
    ];
    damaged(seeds, PIECES).prop_map(|Bytes(bytes)| String::from_utf8_lossy(&bytes).into_owned())
}

fn candidates_are_one_mailbox_or_none(effort: Effort) {
    attack("email addresses", effort, &candidate(), |text| judge(&text));
}

/// Assertions 56 and 57.
#[test]
fn what_is_taken_for_an_address_is_one_mailbox_to_everybody() {
    candidates_are_one_mailbox_or_none(Effort::Cases(3000));
}

#[test]
#[ignore = "takes a minute"]
fn addresses_for_a_minute() {
    candidates_are_one_mailbox_or_none(Effort::Minute);
}

/// None of the seeds themselves is an address, but for those whose signs are plain ones that have lost
/// their old meaning.
#[test]
fn no_known_trick_is_an_address() {
    let taken: Vec<_> = ATTACKS
        .into_iter()
        .filter(|text| EmailAddress::parse(text).is_ok())
        .collect();
    assert_eq!(taken, ["jane%evil.test@example.com"]);
}

/// Every plain mailbox is taken, with blanks around it, and nobody else's is the same.
#[test]
fn every_plain_mailbox_is_taken_and_only_ascii_case_is_folded() {
    let inputs = (mailbox(), mailbox(), "[ \t]{0,3}");
    attack(
        "mailboxes",
        Effort::Cases(1000),
        &inputs,
        |(one, other, blank)| {
            prop_assume_short(&one, &other);
            let parse = |text: &str| EmailAddress::parse(text).expect("an address");
            if one.contains("=?")
                || one.contains("?=")
                || other.contains("=?")
                || other.contains("?=")
            {
                return;
            }
            let address = parse(&format!("{blank}{one}{blank}"));
            assert_eq!(address.as_str(), one);
            assert_eq!(address, parse(&one.to_ascii_uppercase()));
            assert_eq!(address == parse(&other), one.eq_ignore_ascii_case(&other));
        },
    );
}

/// The grammar makes no address that is too long, so that every one must be taken.
fn prop_assume_short(one: &str, other: &str) {
    for text in [one, other] {
        let (local, _) = text.rsplit_once('@').expect("an address");
        assert!(local.len() <= 64 && text.len() <= EmailAddress::MAX_OCTETS);
    }
}
