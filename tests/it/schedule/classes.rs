//! What each class of failure makes of a message, and whose fault it is: the rule as a table.

use std::time::Duration;

use readmit::outbox::Kind;
use readmit::outbox::schedule::{Attempt, Blame, Cause, Verdict, blame, decide};
use readmit::outbox::transport::FailureKind::{self, Credentials, Deferred, Rejected, Relay, Tls};
use readmit::outbox::transport::{EnhancedCode, Failure, Stage};

use super::POLICY;

/// A failure as the transport reports it: `said` is the relay's text, which may begin with an enhanced code.
fn failure(kind: FailureKind, stage: Stage, code: Option<u16>, said: &str) -> Failure {
    Failure {
        kind,
        stage: Some(stage),
        code,
        enhanced: EnhancedCode::at_start_of(said),
        text: match code {
            Some(code) => format!("{stage}: {code} {said}"),
            None => format!("{stage}: {said}"),
        },
    }
}

/// The verdict on a second attempt, an hour after the request, with half of the jitter.
fn verdict(failure: &Failure) -> Verdict {
    let attempt = Attempt {
        kind: Kind::Reset,
        number: 2,
        age: Duration::from_hours(1),
        failure,
    };
    decide(&attempt, &POLICY, 0.5)
}

/// Half of the doubled first wait.
const USUAL: Verdict = Verdict::Retry(Duration::from_secs(30));
/// Half of five minutes, which is what is left of the jitter, too.
const GREY: Verdict = Verdict::Retry(Duration::from_secs(150));
/// Half of the longest wait.
const FULL: Verdict = Verdict::Retry(Duration::from_mins(30));
const REFUSED: Verdict = Verdict::Dead(Cause::Refused);
const NO_MAILBOX: Verdict = Verdict::Dead(Cause::NoMailbox);
const MAILBOX_FULL: Verdict = Verdict::Dead(Cause::MailboxFull);

/// A failure, and what becomes of its message: kind, stage, reply code, the rest of the reply; verdict, and
/// whose fault it is.
type Case = (FailureKind, Stage, u16, &'static str, Verdict, Blame);

const REPLIES: &[Case] = &[
    // Before any letter.
    (
        Relay,
        Stage::Hello,
        421,
        "4.3.2 closing",
        USUAL,
        Blame::Relay,
    ),
    (Relay, Stage::Hello, 554, "5.3.2 no", USUAL, Blame::Relay),
    (Tls, Stage::StartTls, 454, "4.7.0 no", USUAL, Blame::Relay),
    (Relay, Stage::Auth, 454, "4.7.0 later", USUAL, Blame::Relay),
    (
        Credentials,
        Stage::Auth,
        535,
        "5.7.8 no",
        USUAL,
        Blame::Credentials,
    ),
    (
        Credentials,
        Stage::Mail,
        530,
        "5.7.0 first",
        USUAL,
        Blame::Credentials,
    ),
    // Greylisting, by its code or by its name.
    (
        Deferred,
        Stage::Rcpt,
        450,
        "4.7.1 later",
        GREY,
        Blame::Letter,
    ),
    (
        Deferred,
        Stage::Rcpt,
        451,
        "4.7.1 later",
        GREY,
        Blame::Letter,
    ),
    (
        Deferred,
        Stage::Rcpt,
        450,
        "4.2.0 Greylisted",
        GREY,
        Blame::Letter,
    ),
    (
        Deferred,
        Stage::Content,
        451,
        "graylisting",
        GREY,
        Blame::Letter,
    ),
    (
        Deferred,
        Stage::Rcpt,
        452,
        "4.7.1 later",
        USUAL,
        Blame::Letter,
    ),
    // Other refusals that may pass.
    (
        Deferred,
        Stage::Rcpt,
        450,
        "4.2.1 busy",
        USUAL,
        Blame::Letter,
    ),
    (
        Deferred,
        Stage::Rcpt,
        451,
        "4.3.0 error",
        USUAL,
        Blame::Letter,
    ),
    (
        Deferred,
        Stage::Content,
        452,
        "4.3.1 disk full",
        USUAL,
        Blame::Letter,
    ),
    (
        Relay,
        Stage::Rcpt,
        421,
        "4.7.0 too much",
        USUAL,
        Blame::Relay,
    ),
    (
        Relay,
        Stage::Content,
        421,
        "4.3.2 closing",
        USUAL,
        Blame::Relay,
    ),
    // Quota: a mailbox is not emptied within a minute.
    (
        Deferred,
        Stage::Rcpt,
        452,
        "4.2.2 full",
        FULL,
        Blame::Letter,
    ),
    (
        Rejected,
        Stage::Rcpt,
        552,
        "5.2.2 full",
        MAILBOX_FULL,
        Blame::Letter,
    ),
    (
        Rejected,
        Stage::Content,
        552,
        "5.3.4 too big",
        REFUSED,
        Blame::Letter,
    ),
    (
        Rejected,
        Stage::Content,
        552,
        "too big",
        REFUSED,
        Blame::Letter,
    ),
    // Hard bounces: the address leads nowhere, or the mailbox is closed.
    (
        Rejected,
        Stage::Rcpt,
        550,
        "5.1.1 who?",
        NO_MAILBOX,
        Blame::Mailbox,
    ),
    (
        Rejected,
        Stage::Rcpt,
        550,
        "5.1.2 where?",
        NO_MAILBOX,
        Blame::Mailbox,
    ),
    (
        Rejected,
        Stage::Rcpt,
        556,
        "5.1.10 null MX",
        NO_MAILBOX,
        Blame::Mailbox,
    ),
    (
        Rejected,
        Stage::Rcpt,
        550,
        "5.2.1 closed",
        NO_MAILBOX,
        Blame::Mailbox,
    ),
    (
        Rejected,
        Stage::Content,
        550,
        "5.1.1 who?",
        NO_MAILBOX,
        Blame::Mailbox,
    ),
    // What looks like one and is none: no enhanced code, the sender's address, the code's class, policy.
    (
        Rejected,
        Stage::Rcpt,
        550,
        "no such user",
        REFUSED,
        Blame::Letter,
    ),
    (
        Rejected,
        Stage::Mail,
        553,
        "5.1.8 your domain",
        REFUSED,
        Blame::Letter,
    ),
    (
        Rejected,
        Stage::Rcpt,
        553,
        "5.1.7 your address",
        REFUSED,
        Blame::Letter,
    ),
    (
        Rejected,
        Stage::Rcpt,
        553,
        "5.1.8 your domain",
        REFUSED,
        Blame::Letter,
    ),
    (
        Rejected,
        Stage::Mail,
        550,
        "5.1.1 who?",
        REFUSED,
        Blame::Letter,
    ),
    (
        Rejected,
        Stage::Rcpt,
        550,
        "4.1.1 who?",
        REFUSED,
        Blame::Letter,
    ),
    (
        Rejected,
        Stage::Rcpt,
        550,
        "5.7.1 relaying denied",
        REFUSED,
        Blame::Letter,
    ),
    (
        Rejected,
        Stage::Content,
        554,
        "5.7.1 spam",
        REFUSED,
        Blame::Letter,
    ),
    // The enhanced code never overrules the reply code.
    (
        Deferred,
        Stage::Rcpt,
        450,
        "5.1.1 who?",
        USUAL,
        Blame::Letter,
    ),
];

/// Assertion 65: 5xx about a letter is final; everything else is tried again. What is the relay's fault,
/// with any code, never ends a message.
#[test]
fn a_reply_is_judged_by_its_stage_its_code_and_its_enhanced_code() {
    for (kind, stage, code, said, expected, fault) in REPLIES {
        let failure = failure(*kind, *stage, Some(*code), said);
        assert_eq!(verdict(&failure), *expected, "{failure}");
        assert_eq!(blame(&failure), *fault, "{failure}");
    }
}

/// Assertions 65 and 69: without a reply, it is the stage that tells whether another letter would fare
/// better. Silence and a broken line behind the dot are tried again, though the letter may have arrived.
#[test]
fn silence_and_broken_lines_are_the_relays_fault_until_a_letter_has_begun() {
    use FailureKind::{Broken, Timeout};
    for (kind, stage, said, fault) in [
        (
            Relay,
            Stage::Connect,
            "failed to look up address",
            Blame::Relay,
        ),
        (Relay, Stage::Connect, "Connection refused", Blame::Relay),
        (
            Relay,
            Stage::Hello,
            "the relay closed the connection",
            Blame::Relay,
        ),
        (
            Relay,
            Stage::Auth,
            "the relay closed the connection",
            Blame::Relay,
        ),
        (Tls, Stage::StartTls, "TLS is required", Blame::Relay),
        (
            Tls,
            Stage::Handshake,
            "invalid peer certificate",
            Blame::Relay,
        ),
        (
            Timeout,
            Stage::Connect,
            "no answer within 30s",
            Blame::Relay,
        ),
        (Timeout, Stage::Hello, "no answer within 30s", Blame::Relay),
        (
            Timeout,
            Stage::StartTls,
            "no answer within 30s",
            Blame::Relay,
        ),
        (
            Timeout,
            Stage::Handshake,
            "no answer within 30s",
            Blame::Relay,
        ),
        (Timeout, Stage::Auth, "no answer within 30s", Blame::Relay),
        (Timeout, Stage::Mail, "no answer within 30s", Blame::Letter),
        (Timeout, Stage::Rcpt, "no answer within 30s", Blame::Letter),
        (Timeout, Stage::Data, "no answer within 30s", Blame::Letter),
        (
            Timeout,
            Stage::Content,
            "no answer within 30s",
            Blame::Letter,
        ),
        (
            Broken,
            Stage::Mail,
            "the relay closed the connection",
            Blame::Letter,
        ),
        (
            Broken,
            Stage::Rcpt,
            "the relay closed the connection",
            Blame::Letter,
        ),
        (
            Broken,
            Stage::Data,
            "the relay closed the connection",
            Blame::Letter,
        ),
        (
            Broken,
            Stage::Content,
            "the relay closed the connection",
            Blame::Letter,
        ),
    ] {
        let failure = failure(kind, stage, None, said);
        assert_eq!(verdict(&failure), USUAL, "{failure}");
        assert_eq!(blame(&failure), fault, "{failure}");
    }
}

/// Who comes back too soon is greylisted once more, so no draw of the jitter makes it less than half of
/// the usual five minutes; and a configuration with shorter waits is kept to.
#[test]
fn a_greylisted_letter_waits_as_long_as_greylisting_lasts() {
    let grey = failure(FailureKind::Deferred, Stage::Rcpt, Some(450), "4.7.1 later");
    let wait = |number, jitter, policy: &_| {
        let attempt = Attempt {
            kind: Kind::Reset,
            number,
            age: Duration::ZERO,
            failure: &grey,
        };
        decide(&attempt, policy, jitter)
    };
    let secs = |secs| Verdict::Retry(Duration::from_secs(secs));
    assert_eq!(wait(1, 0.0, &POLICY), secs(150));
    assert_eq!(wait(1, 0.9, &POLICY), secs(270));
    // 30 s * 2^4 is longer than five minutes.
    assert_eq!(wait(5, 0.0, &POLICY), secs(240));
    let hasty = readmit::outbox::schedule::Policy {
        first_retry: Duration::from_millis(50),
        max_retry: Duration::from_secs(10),
    };
    assert_eq!(wait(1, 0.0, &hasty), secs(5));
}

/// Enhanced codes are read as RFC 3463 writes them, and nothing else passes for one.
#[test]
fn an_enhanced_code_is_read_at_the_start_of_a_reply_only() {
    for (text, expected) in [
        ("5.1.1 no such user", Some("5.1.1")),
        ("4.7.1", Some("4.7.1")),
        ("2.0.0 ok: queued as 5.1.1", Some("2.0.0")),
        ("5.1.10 null MX", Some("5.1.10")),
        ("5.001.01 zeros", Some("5.1.1")),
        ("3.1.1 no such class", None),
        ("5.1 too short", None),
        ("5.1.1.1 too long", None),
        ("5.1.1000 too big", None),
        ("5.+1.1 a sign", None),
        ("5..1 a gap", None),
        ("no such user 5.1.1", None),
        ("", None),
    ] {
        let code = EnhancedCode::at_start_of(text).map(|code| code.to_string());
        assert_eq!(code.as_deref(), expected, "{text:?}");
    }
}
