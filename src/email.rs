//! Email addresses, checked once at the edge.

use std::fmt;

use serde::Serialize;

/// One mailbox, in the form `local@domain`: ASCII, no display name, no quoted local part, at most
/// 254 octets (RFC 5321, 4.5.3.1.3 less the angle brackets).
///
/// Two addresses are equal when they differ in ASCII case only. No Unicode folding takes place, so a
/// dotless i or a Kelvin sign can never stand in for an ASCII letter: such an address does not parse.
#[derive(Clone, Debug)]
pub struct EmailAddress {
    text: String,
    key: String,
}

/// Why a text is no [`EmailAddress`]. The messages are for the person who typed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// Nothing but blanks.
    #[error("An email address is required.")]
    Empty,
    /// Over 254 octets, or a local part over 64.
    #[error("The email address is too long.")]
    TooLong,
    /// A character outside of ASCII.
    #[error(
        "The email address must be written in ASCII; an international domain in its xn-- form."
    )]
    NotAscii,
    /// Anything else that is not one plain mailbox.
    #[error("This is not a valid email address.")]
    Invalid,
}

impl EmailAddress {
    /// The most octets that an address may have.
    pub const MAX_OCTETS: usize = 254;

    /// Reads one mailbox; blanks around it are dropped.
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        let text = text.trim_matches([' ', '\t']);
        if text.is_empty() {
            return Err(EmailError::Empty);
        }
        if text.len() > Self::MAX_OCTETS {
            return Err(EmailError::TooLong);
        }
        if !text.is_ascii() {
            return Err(EmailError::NotAscii);
        }
        let (local, domain) = text.rsplit_once('@').ok_or(EmailError::Invalid)?;
        if local.len() > 64 {
            return Err(EmailError::TooLong);
        }
        if !is_dot_atom(local) || !is_domain(domain) || looks_like_encoded_word(local) {
            return Err(EmailError::Invalid);
        }
        Ok(Self {
            text: text.to_owned(),
            key: text.to_ascii_lowercase(),
        })
    }

    /// The address as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The form under which the address is compared, stored uniquely and limited: ASCII lower case.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The part before the `@`.
    pub fn local(&self) -> &str {
        self.text.rsplit_once('@').map_or("", |(local, _)| local)
    }

    /// The part behind the `@`.
    pub fn domain(&self) -> &str {
        self.text.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

/// RFC 5322, 3.2.3: atoms joined by single dots.
fn is_dot_atom(local: &str) -> bool {
    local.split('.').all(|atom| {
        !atom.is_empty()
            && atom
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b))
    })
}

/// RFC 5321, 4.1.2: letters, digits and inner hyphens; address literals are refused.
fn is_domain(domain: &str) -> bool {
    domain.split('.').all(|label| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
    })
}

/// RFC 2047 encoded words are legal atoms, yet some mail programs decode them into another address.
fn looks_like_encoded_word(local: &str) -> bool {
    local.contains("=?") || local.contains("?=")
}

impl PartialEq for EmailAddress {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for EmailAddress {}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for EmailAddress {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}
