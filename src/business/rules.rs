//! What settings of a business may be, as an administrator writes them.

use std::time::Duration;

use super::{Lifetime, LifetimeError, longest_access_ttl};
use crate::config::Config;

/// The most characters that a business may require of a password.
const LONGEST_MINIMUM: usize = 128;

/// The most characters of a name.
const LONGEST_NAME: usize = 100;

/// What the configuration leaves to a business.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    least_password: usize,
    longest_access: Duration,
}

/// Why a setting is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// A name that a mail header cannot hold.
    #[error("a name has one line and at most {LONGEST_NAME} characters")]
    Name,
    /// A password's length.
    #[error("it must be a number from {0} (password.min_length) to {LONGEST_MINIMUM}")]
    PasswordLength(usize),
    /// No lifetime.
    #[error(transparent)]
    Lifetime(#[from] LifetimeError),
    /// Longer than keys that were rotated out verify.
    #[error(
        "access tokens may live for {} at most (the longer of tokens.access_ttl and tokens.max_exchange)",
        humantime::format_duration(*.0)
    )]
    AccessTtl(Duration),
}

impl Rules {
    /// What this configuration leaves.
    pub fn new(config: &Config) -> Self {
        Self {
            least_password: config.password.min_length,
            longest_access: longest_access_ttl(&config.tokens),
        }
    }

    /// The fewest characters of a new password: not fewer than are configured.
    pub fn password_length(&self, text: &str) -> Result<u32, RuleError> {
        let length = text.parse::<u32>().ok();
        let allowed = self.least_password..=LONGEST_MINIMUM;
        length
            .filter(|&length| usize::try_from(length).is_ok_and(|it| allowed.contains(&it)))
            .ok_or(RuleError::PasswordLength(self.least_password))
    }

    /// How long an access token works.
    pub fn access_ttl(&self, text: &str) -> Result<Lifetime, RuleError> {
        let life = text.parse::<Lifetime>()?;
        if life.get() > self.longest_access {
            return Err(RuleError::AccessTtl(self.longest_access));
        }
        Ok(life)
    }
}

/// A name: one line that a mail header can hold.
pub fn name(text: &str) -> Result<String, RuleError> {
    if text.chars().any(char::is_control) || text.chars().count() > LONGEST_NAME {
        return Err(RuleError::Name);
    }
    Ok(text.to_owned())
}
