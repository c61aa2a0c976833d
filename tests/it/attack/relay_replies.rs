//! Replies of a relay that is hostile, broken or merely odd.

use proptest::prelude::*;
use proptest::sample::select;
use readmit::outbox::transport::{EnhancedCode, FailureKind, Stage};

use super::damage::{Bytes, damaged};
use super::{Effort, attack};
use crate::judge::relay_replies::{Relay, TOKEN, judge};

const TEXTS: &[&str] = &[
    "",
    "PIPELINING",
    "ok",
    "2.0.0 Ok: queued as 4F1C2D3E",
    "2.1.5 ok",
    "4.7.1 greylisted",
    "5.1.1 no such user",
    "5.2.2 full",
    "5.7.1 spam",
    "9.9.9 what",
    "2.0.0.0 x",
    "5.1 x",
    "5.1.1",
    "5.1111.1 x",
    "\u{1b}[2J",
    "\tx\t",
    "caf\u{e9}",
    "https://canal.test/?token=TOKEN",
];

const PIECES: &[&[u8]] = &[
    b"250 ok\r\n",
    b"354 go\r\n",
    b"421 bye\r\n",
    b"250-",
    b"250",
    b"\r",
    b"\n",
    b"\r\n",
    b"\0",
    b"\xff",
    b"\xe9",
    b"999 x\r\n",
    b"2 5 0\r\n",
    b"600 x\r\n",
    b"000 x\r\n",
    b"-",
    b" ",
    b"\x1b]0;x\x07",
    b"550 5.1.1 no\r\n",
    b"\xe2\x80\xae",
];

/// The stages of a conversation without TLS, with the reply that each of them wants.
const STAGES: [(Stage, u16); 6] = [
    (Stage::Hello, 220),
    (Stage::Hello, 250),
    (Stage::Mail, 250),
    (Stage::Rcpt, 250),
    (Stage::Data, 354),
    (Stage::Content, 250),
];

/// Codes that are no answer, or another than the one that is hoped for.
const ODD: &[u16] = &[
    220, 235, 251, 252, 354, 421, 450, 451, 452, 500, 503, 530, 535, 550, 552, 554,
];

/// What the relay says at each stage: a code, and the text of its lines.
type Script = Vec<(u16, Vec<&'static str>)>;

fn script() -> impl Strategy<Value = Script> {
    let stages: Vec<_> = STAGES
        .iter()
        .map(|(_, wanted)| {
            let code = prop_oneof![6 => Just(*wanted), 1 => select(ODD)];
            (code, proptest::collection::vec(select(TEXTS), 1..4))
        })
        .collect();
    stages
}

/// Seldom with TLS where it is offered: such a case reads the system's certificates first.
fn tls() -> impl Strategy<Value = &'static str> {
    prop_oneof![15 => Just("none"), 1 => Just("opportunistic")]
}

fn written(script: &Script) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (stage, (code, lines)) in script.iter().enumerate() {
        for (n, line) in lines.iter().enumerate() {
            let sign = if n + 1 < lines.len() { '-' } else { ' ' };
            // A relay that does not say its name is none to the library.
            let name = if (stage, n) == (1, 0) {
                "relay.example "
            } else {
                ""
            };
            let line = format!("{name}{}", line.replace("TOKEN", TOKEN));
            bytes.extend_from_slice(format!("{code}{sign}{line}\r\n").as_bytes());
        }
    }
    bytes
}

/// The stage at which the conversation ends, and its code there.
fn ends_at(script: &Script) -> (Stage, u16, bool) {
    for ((stage, wanted), (code, _)) in STAGES.iter().zip(script) {
        // The library takes any positive reply to a greeting for one.
        let good = if *stage == Stage::Hello {
            (200..400).contains(code)
        } else {
            code / 100 == wanted / 100
        };
        if !good {
            return (*stage, *code, false);
        }
    }
    (Stage::Content, script[5].0, true)
}

/// Assertion 65: whatever else is said, the code at the stage that is the first to fail decides.
#[test]
fn the_first_reply_that_does_not_fit_decides() {
    let relay = Relay::new();
    let inputs = (script(), tls());
    attack("replies", Effort::Cases(300), &inputs, |(script, tls)| {
        let (outcome, told) = relay.answer(tls, &written(&script));
        judge(&outcome, &told);
        let (stage, code, good) = ends_at(&script);
        assert_eq!(outcome.is_ok(), good, "{outcome:?}");
        let Err(failure) = outcome else {
            return;
        };
        let expected = match (stage, code) {
            (_, 530 | 535) => FailureKind::Credentials,
            (_, 421) | (Stage::Hello, _) => FailureKind::Relay,
            (_, 400..500) => FailureKind::Deferred,
            (_, 500..) => FailureKind::Rejected,
            _ => FailureKind::Broken,
        };
        assert_eq!(
            (failure.stage, failure.code),
            (Some(stage), Some(code)),
            "{failure:?}"
        );
        assert_eq!(failure.kind, expected, "{failure:?}");
    });
}

/// Assertions 65 and 80: whatever bytes come, the letter has one outcome, whose text is one short line
/// without the letter's token.
fn no_reply_does_more_than_fail_a_letter(effort: Effort) {
    let relay = Relay::new();
    let inputs = tls().prop_flat_map(|tls| {
        let replies = script().prop_map(|script| written(&script));
        (Just(tls), damaged(replies, PIECES))
    });
    attack(
        "relays' replies",
        effort,
        &inputs,
        |(tls, Bytes(replies))| {
            let (outcome, told) = relay.answer(tls, &replies);
            judge(&outcome, &told);
        },
    );
}

#[test]
fn no_reply_does_more_than_to_fail_its_letter() {
    no_reply_does_more_than_fail_a_letter(Effort::Cases(500));
}

#[test]
#[ignore = "takes a minute"]
fn relay_replies_for_a_minute() {
    no_reply_does_more_than_fail_a_letter(Effort::Minute);
}

/// Features that are nothing, or blanks, are none, and keep no letter back.
#[test]
fn a_relay_may_offer_blanks() {
    let relay = Relay::new();
    for features in [
        "250-x\r\n250-\r\n250  \r\n",
        "250-x\r\n250-   \r\n250-\t\r\n250 \r\n",
        "250-x\r\n250 \u{b} \r\n",
    ] {
        let replies = format!("220 x\r\n{features}250 ok\r\n250 ok\r\n354 go\r\n250 taken\r\n");
        let (outcome, told) = relay.answer("none", replies.as_bytes());
        judge(&outcome, &told);
        assert!(outcome.is_ok(), "{features:?}: {outcome:?}");
    }
}

/// RFC 3463: a code is read back as it is written, and nothing else is one.
#[test]
fn an_enhanced_code_is_read_as_it_is_written() {
    let texts = prop_oneof![
        "[0-9]{1,2}\\.[0-9]{1,4}\\.[0-9]{1,4}",
        "[245]\\.[0-9]{1,3}\\.[0-9]{1,3}",
        "[2-5. a-]{0,9}"
    ];
    attack("enhanced codes", Effort::Cases(2000), &texts, |text| {
        let Ok(code) = text.parse::<EnhancedCode>() else {
            return;
        };
        assert!(matches!(code.class, 2 | 4 | 5) && code.subject < 1000 && code.detail < 1000);
        assert_eq!(code.to_string().parse(), Ok(code));
        assert_eq!(
            EnhancedCode::at_start_of(&format!("{text} and more")),
            Some(code)
        );
    });
}
