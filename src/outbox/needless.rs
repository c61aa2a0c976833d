//! Why there is nothing to send for a message.

use crate::clock::Timestamp;

/// Why a message is dropped when its time has come. Its text stands in the outbox, its class in the metrics.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Needless {
    /// Nobody has the address.
    #[error("no account has this address")]
    UnknownAddress,
    /// The account may not get in.
    #[error("the account is suspended")]
    Suspended,
    /// The address bounced.
    #[error("suppressed since {since}: {reason}")]
    Suppressed {
        /// When it did.
        since: Timestamp,
        /// What the relay said.
        reason: String,
    },
    /// The submitted location is not there.
    #[error("there is no such business")]
    UnknownBusiness,
    /// The account is gone.
    #[error("the account was removed")]
    Removed,
    /// A code would not let the person in.
    #[error("the account must choose a new password first")]
    MustReset,
    /// There is nothing to welcome to.
    #[error("the account has a password already")]
    HasPassword,
    /// The mail of a moment ago does.
    #[error("a link that is still unused was sent just before")]
    CoolingDown,
    /// Old links have to be used or to expire first.
    #[error("the account has as many unused links as it may")]
    TooManyLinks,
    /// Old codes have to be used or to expire first.
    #[error("the account has as many unused codes as it may")]
    TooManyCodes,
    /// What a retry would send again is no good any more.
    #[error("the link was used or revoked before it could be sent")]
    LinkOver,
    /// The same of a code.
    #[error("the code was used or revoked before it could be sent")]
    CodeOver,
}

impl Needless {
    /// Every class, in the order of the metrics.
    pub const CLASSES: [&str; 12] = [
        "unknown_address",
        "suspended",
        "suppressed",
        "unknown_business",
        "removed",
        "must_reset",
        "has_password",
        "cooling_down",
        "too_many_links",
        "too_many_codes",
        "link_over",
        "code_over",
    ];

    /// The place of its class in [`Self::CLASSES`].
    pub(super) const fn class(&self) -> usize {
        match self {
            Self::UnknownAddress => 0,
            Self::Suspended => 1,
            Self::Suppressed { .. } => 2,
            Self::UnknownBusiness => 3,
            Self::Removed => 4,
            Self::MustReset => 5,
            Self::HasPassword => 6,
            Self::CoolingDown => 7,
            Self::TooManyLinks => 8,
            Self::TooManyCodes => 9,
            Self::LinkOver => 10,
            Self::CodeOver => 11,
        }
    }
}
