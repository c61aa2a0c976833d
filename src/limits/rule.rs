//! Which limits there are: an action, and what its requests are counted by.

use std::fmt;

use crate::config;

/// What is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Asking for a reset link.
    Reset,
    /// Completing a reset.
    Complete,
    /// Asking for a one-time code.
    Otp,
    /// Trying a one-time code.
    Verify,
    /// Signing in with a password.
    SignIn,
    /// Exchanging a login token.
    Exchange,
    /// Refreshing a session, carrying it on, or giving it up.
    Refresh,
    /// Asking how strong a password is.
    Strength,
    /// Anything at all: every request counts for this one, whatever else it counts for.
    Any,
}

impl Action {
    const ALL: [Self; 9] = [
        Self::Reset,
        Self::Complete,
        Self::Otp,
        Self::Verify,
        Self::SignIn,
        Self::Exchange,
        Self::Refresh,
        Self::Strength,
        Self::Any,
    ];

    /// How it is called in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reset => "reset",
            Self::Complete => "complete",
            Self::Otp => "otp",
            Self::Verify => "verify",
            Self::SignIn => "sign_in",
            Self::Exchange => "exchange",
            Self::Refresh => "refresh",
            Self::Strength => "strength",
            Self::Any => "any",
        }
    }

    /// Whether it sends mail to the submitted address. Its limit by that address is silent
    /// ([`super::Limits::may_mail`]): who is told of it learns that somebody else has asked.
    pub(super) const fn sends_mail(self) -> bool {
        matches!(self, Self::Reset | Self::Otp)
    }

    pub(super) const fn caps(self, config: &config::Limits) -> config::Caps {
        match self {
            Self::Reset => config.reset,
            Self::Complete => config.complete,
            Self::Otp => config.otp,
            Self::Verify => config.verify,
            Self::SignIn => config.sign_in,
            Self::Exchange => config.exchange,
            Self::Refresh => config.refresh,
            Self::Strength => config.strength,
            Self::Any => config.any,
        }
    }
}

/// What requests are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// The client's network: [`super::network`].
    Client,
    /// The submitted address, whatever its case.
    Email,
    /// The submitted location.
    Business,
}

impl KeyKind {
    const ALL: [Self; 3] = [Self::Client, Self::Email, Self::Business];

    /// A word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Email => "email",
            Self::Business => "business",
        }
    }
}

/// Which limit: an action, and what its requests are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rule {
    /// The action.
    pub action: Action,
    /// The kind of key.
    pub by: KeyKind,
}

/// The name of the rule's key in the configuration: `reset`, `reset_email`.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.action.name())?;
        match self.by {
            KeyKind::Client => Ok(()),
            by => write!(f, "_{}", by.name()),
        }
    }
}

/// Every limit that there could be; the configuration says which there are.
pub(super) fn every_rule() -> impl Iterator<Item = Rule> {
    let of = |action| KeyKind::ALL.map(|by| Rule { action, by });
    Action::ALL.into_iter().flat_map(of)
}
