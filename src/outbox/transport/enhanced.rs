//! Enhanced status codes (RFC 3463), with which relays say more than with the three digits.

use std::fmt;
use std::str::FromStr;

/// A code like `5.1.1`: class, subject and detail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnhancedCode {
    /// 2 for success, 4 for a failure that may pass, 5 for one that stays. It may contradict the reply
    /// code, which counts then (RFC 5321, 4.2).
    pub class: u8,
    /// What it is about: 1 addresses, 2 mailboxes, 3 the mail system, 4 the network, 5 the protocol,
    /// 6 the content, 7 policy.
    pub subject: u16,
    /// The rest.
    pub detail: u16,
}

impl EnhancedCode {
    /// Whether the code says this, in whichever class.
    pub const fn says(self, subject: u16, detail: u16) -> bool {
        self.subject == subject && self.detail == detail
    }

    /// The code with which a reply's text begins (RFC 2034, 4), if it does.
    pub fn at_start_of(text: &str) -> Option<Self> {
        text.split_whitespace().next()?.parse().ok()
    }
}

/// The text is no enhanced status code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoCode;

impl FromStr for EnhancedCode {
    type Err = NoCode;

    fn from_str(text: &str) -> Result<Self, NoCode> {
        let number = |part: Option<&str>| {
            part.filter(|p| matches!(p.len(), 1..=3) && p.bytes().all(|b| b.is_ascii_digit()))
                .and_then(|p| p.parse::<u16>().ok())
                .ok_or(NoCode)
        };
        let mut parts = text.split('.');
        let class = match parts.next() {
            Some("2") => 2,
            Some("4") => 4,
            Some("5") => 5,
            _ => return Err(NoCode),
        };
        let (subject, detail) = (number(parts.next())?, number(parts.next())?);
        match parts.next() {
            None => Ok(Self {
                class,
                subject,
                detail,
            }),
            Some(_) => Err(NoCode),
        }
    }
}

impl fmt::Display for EnhancedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}
