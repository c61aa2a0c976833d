//! What each class of failure makes of a message, and whose fault it is: the rule as a table.

use std::time::Duration;

use readmit::outbox::Kind;
use readmit::outbox::schedule::{Attempt, Blame, Cause, Verdict, blame, decide};
use readmit::outbox::transport::FailureKind::{self, Credentials, Deferred, Rejected, Relay, Tls};
use readmit::outbox::transport::Stage::{
    self, Auth, Connect, Content, Data, Handshake, Hello, Mail, Rcpt, StartTls,
};
use readmit::outbox::transport::{EnhancedCode, Failure};

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

const THEIRS: Blame = Blame::Relay;
const LOGIN: Blame = Blame::Credentials;
const LETTER: Blame = Blame::Letter;
const MAILBOX: Blame = Blame::Mailbox;

/// A failure, and what becomes of its message: kind, stage, reply; verdict, and whose fault it is.
type Case = (FailureKind, Stage, &'static str, Verdict, Blame);

const REPLIES: &[Case] = &[
    // Before any letter.
    (Relay, Hello, "421 4.3.2 closing", USUAL, THEIRS),
    (Relay, Hello, "554 5.3.2 no", USUAL, THEIRS),
    (Tls, StartTls, "454 4.7.0 no", USUAL, THEIRS),
    (Relay, Auth, "454 4.7.0 later", USUAL, THEIRS),
    (Credentials, Auth, "535 5.7.8 no", USUAL, LOGIN),
    (Credentials, Mail, "530 5.7.0 first", USUAL, LOGIN),
    // Greylisting, by its code or by its name.
    (Deferred, Rcpt, "450 4.7.1 later", GREY, LETTER),
    (Deferred, Rcpt, "451 4.7.1 later", GREY, LETTER),
    (Deferred, Rcpt, "450 4.2.0 Greylisted", GREY, LETTER),
    (Deferred, Content, "451 graylisting", GREY, LETTER),
    (Deferred, Rcpt, "452 4.7.1 later", USUAL, LETTER),
    // Other refusals that may pass.
    (Deferred, Rcpt, "450 4.2.1 busy", USUAL, LETTER),
    (Deferred, Rcpt, "451 4.3.0 error", USUAL, LETTER),
    (Deferred, Content, "452 4.3.1 disk full", USUAL, LETTER),
    (Relay, Rcpt, "421 4.7.0 too much", USUAL, THEIRS),
    (Relay, Content, "421 4.3.2 closing", USUAL, THEIRS),
    // Quota: a mailbox is not emptied within a minute.
    (Deferred, Rcpt, "452 4.2.2 full", FULL, LETTER),
    (Rejected, Rcpt, "552 5.2.2 full", MAILBOX_FULL, LETTER),
    (Rejected, Content, "552 5.3.4 too big", REFUSED, LETTER),
    (Rejected, Content, "552 too big", REFUSED, LETTER),
    // Hard bounces: the address leads nowhere, or the mailbox is closed.
    (Rejected, Rcpt, "550 5.1.1 who?", NO_MAILBOX, MAILBOX),
    (Rejected, Rcpt, "550 5.1.2 where?", NO_MAILBOX, MAILBOX),
    (Rejected, Rcpt, "556 5.1.10 null MX", NO_MAILBOX, MAILBOX),
    (Rejected, Rcpt, "550 5.2.1 closed", NO_MAILBOX, MAILBOX),
    (Rejected, Content, "550 5.1.1 who?", NO_MAILBOX, MAILBOX),
    // What looks like one and is none: no enhanced code, the sender's address, the code's class, policy.
    (Rejected, Rcpt, "550 no such user", REFUSED, LETTER),
    (Rejected, Mail, "553 5.1.8 your domain", REFUSED, LETTER),
    (Rejected, Rcpt, "553 5.1.7 your address", REFUSED, LETTER),
    (Rejected, Rcpt, "553 5.1.8 your domain", REFUSED, LETTER),
    (Rejected, Mail, "550 5.1.1 who?", REFUSED, LETTER),
    (Rejected, Rcpt, "550 4.1.1 who?", REFUSED, LETTER),
    (Rejected, Rcpt, "550 5.7.1 relaying denied", REFUSED, LETTER),
    (Rejected, Content, "554 5.7.1 spam", REFUSED, LETTER),
    // The enhanced code never overrules the reply code.
    (Deferred, Rcpt, "450 5.1.1 who?", USUAL, LETTER),
];

/// Assertion 65: 5xx about a letter is final; everything else is tried again. What is the relay's fault,
/// with any code, never ends a message.
#[test]
fn a_reply_is_judged_by_its_stage_its_code_and_its_enhanced_code() {
    for (kind, stage, reply, expected, fault) in REPLIES {
        let (code, said) = reply.split_once(' ').expect("a code and a text");
        let code = code.parse().expect("a code");
        let failure = failure(*kind, *stage, Some(code), said);
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
        (Relay, Connect, "failed to look up address", THEIRS),
        (Relay, Connect, "Connection refused", THEIRS),
        (Relay, Hello, "the relay closed the connection", THEIRS),
        (Relay, Auth, "the relay closed the connection", THEIRS),
        (Tls, StartTls, "TLS is required", THEIRS),
        (Tls, Handshake, "invalid peer certificate", THEIRS),
        (Timeout, Connect, "no answer within 30s", THEIRS),
        (Timeout, Hello, "no answer within 30s", THEIRS),
        (Timeout, StartTls, "no answer within 30s", THEIRS),
        (Timeout, Handshake, "no answer within 30s", THEIRS),
        (Timeout, Auth, "no answer within 30s", THEIRS),
        (Timeout, Mail, "no answer within 30s", LETTER),
        (Timeout, Rcpt, "no answer within 30s", LETTER),
        (Timeout, Data, "no answer within 30s", LETTER),
        (Timeout, Content, "no answer within 30s", LETTER),
        (Broken, Mail, "the relay closed the connection", LETTER),
        (Broken, Rcpt, "the relay closed the connection", LETTER),
        (Broken, Data, "the relay closed the connection", LETTER),
        (Broken, Content, "the relay closed the connection", LETTER),
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
    let grey = failure(FailureKind::Deferred, Rcpt, Some(450), "4.7.1 later");
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
