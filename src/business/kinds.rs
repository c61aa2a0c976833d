//! Kinds of settings: lifetimes and origins as an administrator writes them.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::config;

/// How long a token lives: `30m`, `12h`, `15d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime(Duration);

/// Why a text is no [`Lifetime`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a lifetime is written like 30m, 12h or 15d, and lasts from a second to ten years")]
pub struct LifetimeError;

impl Lifetime {
    /// Accepts whole seconds (the claims of a token count them) up to ten years.
    pub fn new(span: Duration) -> Result<Self, LifetimeError> {
        const LONGEST: Duration = Duration::from_hours(24 * 3650);
        let fits = (Duration::from_secs(1)..=LONGEST).contains(&span);
        (fits && span.subsec_nanos() == 0)
            .then_some(Self(span))
            .ok_or(LifetimeError)
    }

    /// As a span of time.
    pub const fn get(self) -> Duration {
        self.0
    }
}

impl FromStr for Lifetime {
    type Err = LifetimeError;

    fn from_str(text: &str) -> Result<Self, LifetimeError> {
        let span = humantime::parse_duration(text.trim()).map_err(|_| LifetimeError)?;
        Self::new(span)
    }
}

impl fmt::Display for Lifetime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        humantime::format_duration(self.0).fmt(f)
    }
}

impl Serialize for Lifetime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Origins that may call the API besides the portal's, in the form of an `Origin` header.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Origins(Vec<String>);

/// Why a text holds no [`Origins`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} {1}")]
pub struct OriginError(String, &'static str);

impl Origins {
    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

/// Accepts origins with blanks or commas between them.
impl FromStr for Origins {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        let mut origins = Vec::new();
        for part in text.split(|c: char| c == ',' || c.is_whitespace()) {
            if !part.is_empty() {
                let origin =
                    config::origin(part).map_err(|why| OriginError(part.to_owned(), why))?;
                if !origins.contains(&origin) {
                    origins.push(origin);
                }
            }
        }
        Ok(Self(origins))
    }
}

/// With a blank between each two.
impl fmt::Display for Origins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}
