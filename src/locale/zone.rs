//! Time zones by their IANA names. Their rules are compiled in, so that every machine knows the same.

use std::fmt;
use std::str::FromStr;

use jiff::tz::TimeZone;
use serde::{Serialize, Serializer};

use crate::clock::Timestamp;

/// Why a text names no time zone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a time zone is given by its IANA name, like Europe/Madrid or America/Sao_Paulo")]
pub struct ZoneError;

/// A time zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl Zone {
    /// Accepts a name of the IANA database, in any case.
    pub fn parse(name: &str) -> Result<Self, ZoneError> {
        let zone = TimeZone::get(name.trim()).map_err(|_| ZoneError)?;
        zone.iana_name().ok_or(ZoneError)?;
        Ok(Self(zone))
    }

    /// Its IANA name.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// What clocks there show at that time.
    pub(super) fn at(&self, time: Timestamp) -> jiff::ZonedDateTime {
        time.calendar().to_zoned_datetime(self.0.clone())
    }
}

/// UTC.
impl Default for Zone {
    fn default() -> Self {
        Self(TimeZone::UTC)
    }
}

impl FromStr for Zone {
    type Err = ZoneError;

    fn from_str(text: &str) -> Result<Self, ZoneError> {
        Self::parse(text)
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
