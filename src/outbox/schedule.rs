//! When to try again, and when to give up: a pure function of what is known about a message.

use std::time::Duration;

use super::Kind;
use super::transport::FailureKind;

/// The configured waits.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// The longest wait before the second attempt.
    pub first_retry: Duration,
    /// The longest wait before any attempt.
    pub max_retry: Duration,
}

/// What is known about a failed attempt.
#[derive(Clone, Copy, Debug)]
pub struct Attempt {
    /// What the message is.
    pub kind: Kind,
    /// How many attempts there have been, this one included.
    pub number: u32,
    /// How long ago it was put into the outbox.
    pub age: Duration,
    /// What went wrong.
    pub failure: FailureKind,
}

/// What becomes of the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Try again after this long.
    Retry(Duration),
    /// Give up, because of this.
    Dead(&'static str),
}

/// The shortest wait, so that jitter cannot turn a retry into a busy loop; a shorter ceiling goes before.
const SHORTEST: Duration = Duration::from_secs(1);

/// Decides. `jitter` is a random number in `0.0..1.0`.
///
/// A refusal with 5xx is final (RFC 5321, 4.2.1). Everything else is tried again after exponential
/// backoff with full jitter, for as long as the message is useful.
pub fn decide(attempt: &Attempt, policy: &Policy, jitter: f64) -> Verdict {
    if attempt.failure == FailureKind::Rejected {
        return Verdict::Dead("the relay refused it for good");
    }
    let doublings = attempt.number.saturating_sub(1).min(31);
    let ceiling = policy
        .first_retry
        .saturating_mul(1 << doublings)
        .min(policy.max_retry);
    let wait = ceiling.mul_f64(jitter).max(SHORTEST.min(ceiling));
    match too_late(attempt.kind, attempt.age.saturating_add(wait)) {
        Some(why) => Verdict::Dead(why),
        None => Verdict::Retry(wait),
    }
}

/// Why a message of that age is not worth sending any more; none while it is.
pub fn too_late(kind: Kind, age: Duration) -> Option<&'static str> {
    (age > kind.useful_for()).then_some(match kind {
        Kind::Reset => "not delivered within a day, after which nobody waits for a link",
        Kind::Otp => "not delivered within a day, after which nobody waits for a code",
        Kind::Changed | Kind::Welcome | Kind::SignIn => "not delivered within four days",
    })
}
