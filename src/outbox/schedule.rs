//! When to try again, when to give up, and whose fault it was: pure functions of what is known about
//! an attempt.
//!
//! The reply code decides (RFC 5321, 4.2.1): 5xx is final, everything else may pass. The enhanced code
//! (RFC 3463) refines what the reply code leaves open, and never contradicts it.

use std::fmt;
use std::time::Duration;

use super::Kind;
use super::transport::{EnhancedCode, Failure, FailureKind, Stage};
use crate::config;

/// The configured waits.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// The longest wait before the second attempt.
    pub first_retry: Duration,
    /// The longest wait before any attempt.
    pub max_retry: Duration,
}

impl From<&config::Outbox> for Policy {
    fn from(config: &config::Outbox) -> Self {
        Self {
            first_retry: config.first_retry,
            max_retry: config.max_retry,
        }
    }
}

/// What is known about a failed attempt.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// What the message is.
    pub kind: Kind,
    /// How many attempts there have been, this one included.
    pub number: u32,
    /// For how long it has been worth sending: since it was put into the outbox, or since somebody had
    /// it sent anew.
    pub age: Duration,
    /// What went wrong.
    pub failure: &'a Failure,
}

/// What becomes of the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Try again after this long.
    Retry(Duration),
    /// Give up, because of this.
    Dead(Cause),
}

/// Why a message is dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// There is no such mailbox, or it is closed: a hard bounce.
    NoMailbox,
    /// The mailbox is full, and the relay says that this is final.
    MailboxFull,
    /// The relay refused it for good, for some other reason.
    Refused,
    /// Nobody waits for it any more.
    TooLate(Kind),
    /// So many attempts at it ended with the end of the process.
    Crashed(u32),
    /// The row cannot be read.
    Unreadable,
}

impl Cause {
    /// Every class, in the order of [`Self::class`]'s counters.
    pub const CLASSES: [&'static str; 4] = ["refused", "too_late", "crashed", "unreadable"];

    /// The class under which such deaths are counted.
    pub const fn class(self) -> &'static str {
        match self {
            Self::NoMailbox | Self::MailboxFull | Self::Refused => Self::CLASSES[0],
            Self::TooLate(_) => Self::CLASSES[1],
            Self::Crashed(_) => Self::CLASSES[2],
            Self::Unreadable => Self::CLASSES[3],
        }
    }
}

/// The reason as administrators read it.
impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoMailbox => "there is no such mailbox; the relay refused it for good",
            Self::MailboxFull => "the mailbox is full; the relay refused it for good",
            Self::Refused => "the relay refused it for good",
            Self::TooLate(Kind::Reset) => {
                "not delivered within a day, after which nobody waits for a link"
            }
            Self::TooLate(Kind::Otp) => {
                "not delivered within a day, after which nobody waits for a code"
            }
            Self::TooLate(Kind::Changed | Kind::Welcome | Kind::SignIn) => {
                "not delivered within four days"
            }
            Self::Crashed(times) => {
                return write!(f, "{times} attempts at it ended with a crash of the server");
            }
            Self::Unreadable => "the message cannot be read",
        })
    }
}

/// Whose fault a failure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// The letter's, its sender's or its recipient's: another letter may well pass.
    Letter,
    /// The recipient's mailbox does not exist or is closed, and no letter will ever reach it.
    Mailbox,
    /// The relay's: every letter would fail now.
    Relay,
    /// The relay's or ours, and time will not mend it: somebody has to change the configuration.
    Credentials,
}

impl Blame {
    /// Whether every letter would fail now, so that the queue had better wait.
    pub const fn is_general(self) -> bool {
        matches!(self, Self::Relay | Self::Credentials)
    }
}

/// The shortest wait, so that jitter cannot turn a retry into a busy loop; a shorter ceiling goes before.
const SHORTEST: Duration = Duration::from_secs(1);

/// How long greylisting usually lasts. Whoever comes back sooner is sent away once more.
const GREYLISTING: Duration = Duration::from_mins(5);

/// Decides. `jitter` is a random number in `0.0..1.0`.
///
/// What may pass is tried again after exponential backoff with full jitter, for as long as the message
/// is useful. A greylisted letter comes back no sooner than half of the time that greylisting lasts,
/// and one for a full mailbox waits up to the longest wait from the start.
pub fn decide(attempt: &Attempt<'_>, policy: &Policy, jitter: f64) -> Verdict {
    let failure = attempt.failure;
    if failure.kind == FailureKind::Rejected {
        return Verdict::Dead(match failure.enhanced {
            _ if blame(failure) == Blame::Mailbox => Cause::NoMailbox,
            Some(code) if code.says(2, 2) => Cause::MailboxFull,
            _ => Cause::Refused,
        });
    }
    let doublings = attempt.number.saturating_sub(1).min(31);
    let backoff = policy
        .first_retry
        .saturating_mul(1 << doublings)
        .min(policy.max_retry);
    let (shortest, ceiling) = if is_greylisting(failure) {
        let ceiling = backoff.max(GREYLISTING.min(policy.max_retry));
        (ceiling / 2, ceiling)
    } else if failure.enhanced.is_some_and(|code| code.says(2, 2)) {
        (SHORTEST, policy.max_retry)
    } else {
        (SHORTEST, backoff)
    };
    let wait = ceiling.mul_f64(jitter).max(shortest.min(ceiling));
    match too_late(attempt.kind, attempt.age.saturating_add(wait)) {
        Some(cause) => Verdict::Dead(cause),
        None => Verdict::Retry(wait),
    }
}

/// Whether a message of that age is not worth sending any more.
pub fn too_late(kind: Kind, age: Duration) -> Option<Cause> {
    (age > kind.useful_for()).then_some(Cause::TooLate(kind))
}

/// Whose fault it was, by kind, stage and codes.
pub fn blame(failure: &Failure) -> Blame {
    match failure.kind {
        FailureKind::Credentials => Blame::Credentials,
        FailureKind::Relay | FailureKind::Tls => Blame::Relay,
        // Silence before any letter is the relay's; silence about one may be about that one only.
        FailureKind::Timeout if failure.stage.is_some_and(Stage::is_about_the_relay) => {
            Blame::Relay
        }
        FailureKind::Rejected if is_hard_bounce(failure) => Blame::Mailbox,
        FailureKind::Rejected
        | FailureKind::Deferred
        | FailureKind::Timeout
        | FailureKind::Broken => Blame::Letter,
    }
}

/// A final refusal of the recipient whose enhanced code says that the address leads nowhere (5.1.x) or
/// that the mailbox is closed (5.2.1). Without such a code a 550 may mean anything.
fn is_hard_bounce(failure: &Failure) -> bool {
    let about_the_recipient = matches!(failure.stage, Some(Stage::Rcpt | Stage::Content));
    about_the_recipient
        && failure.enhanced.is_some_and(|code| match code {
            // 5.1.7 and 5.1.8 speak of the sender's address, 5.1.9 of a system behind the relay.
            EnhancedCode {
                class: 5,
                subject: 1,
                detail,
            } => !matches!(detail, 7..=9),
            EnhancedCode { class: 5, .. } => code.says(2, 1),
            EnhancedCode { .. } => false,
        })
}

/// "Come back later" to those whom the relay does not know yet: 4.7.1, or in words.
fn is_greylisting(failure: &Failure) -> bool {
    let named = || {
        let text = failure.text.to_ascii_lowercase();
        text.contains("greylist") || text.contains("graylist")
    };
    failure.kind == FailureKind::Deferred
        && matches!(failure.code, Some(450 | 451))
        && (failure.enhanced.is_some_and(|code| code.says(7, 1)) || named())
}
