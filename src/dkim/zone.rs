//! What stands in a domain's zone: names, and the record of a key.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::Algorithm;
use crate::clock::Timestamp;

/// The domain of a sender: a host name of two labels at least, in lower case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct SenderDomain(String);

/// The name under which a domain publishes a key: one label.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct SelectorName(String);

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

impl FromStr for SenderDomain {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let domain = text.trim().to_ascii_lowercase();
        let labels = domain.split('.').count();
        if labels >= 2 && domain.len() <= 200 && domain.split('.').all(is_label) {
            Ok(Self(domain))
        } else {
            Err("a domain is written like example.com, an international one in its xn-- form")
        }
    }
}

impl FromStr for SelectorName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let selector = text.trim().to_ascii_lowercase();
        if selector.len() <= 30 && is_label(&selector) {
            Ok(Self(selector))
        } else {
            Err("a selector has at most 30 letters, digits and hyphens, like mail2026")
        }
    }
}

impl SenderDomain {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl SelectorName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A selector that says when its key was made: `rsa20261124`.
    pub fn of_day(algorithm: Algorithm, now: Timestamp) -> Self {
        let day = now.calendar().strftime("%Y%m%d");
        Self(format!("{}{day}", algorithm.as_str()))
    }
}

impl fmt::Display for SenderDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for SelectorName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a domain's zone has to say of a key (RFC 6376, 3.6.1), as a TXT record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Record {
    /// The record's full name.
    pub name: String,
    /// Its text.
    pub value: String,
}

impl fmt::Display for Record {
    /// As a line of a zone file. A string in it has at most 255 octets (RFC 1035, 3.3).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}. IN TXT (", self.name)?;
        let mut rest = self.value.as_str();
        while !rest.is_empty() {
            let (string, behind) = rest.split_at(rest.len().min(255));
            write!(f, " \"{string}\"")?;
            rest = behind;
        }
        f.write_str(" )")
    }
}

/// Where a key is published.
pub fn record_name(domain: &SenderDomain, selector: &SelectorName) -> String {
    format!("{selector}._domainkey.{domain}")
}
