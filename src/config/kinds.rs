//! Kinds of values: mailboxes, quotas, durations and sizes as an administrator writes them.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use crate::email::EmailAddress;

/// A sender: an address, and the name that mail programs show for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// The name, free of control characters, quotation marks and angle brackets.
    pub name: Option<String>,
    /// The address.
    pub address: EmailAddress,
}

/// Why a text is no [`Mailbox`]. The messages follow the text, as in `"x@" is not a mailbox`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailboxError {
    /// Not of the form `Name <address>` or `address`, or the address is none.
    #[error(
        "is not a mailbox; write it like \"Canal House <hello@example.com>\" or \"hello@example.com\""
    )]
    Form,
    /// The name could end the header or become an address itself.
    #[error(
        "is not a mailbox; its name must have no control characters, quotation marks, < and > inside"
    )]
    Name,
}

impl FromStr for Mailbox {
    type Err = MailboxError;

    fn from_str(text: &str) -> Result<Self, MailboxError> {
        let text = text.trim();
        let (name, address) = match text.strip_suffix('>') {
            Some(rest) => rest.rsplit_once('<').ok_or(MailboxError::Form)?,
            None => ("", text),
        };
        let address = EmailAddress::parse(address).map_err(|_| MailboxError::Form)?;
        let name = name.trim();
        let name = name
            .strip_prefix('"')
            .and_then(|inner| inner.strip_suffix('"'))
            .unwrap_or(name);
        if name.contains(|c: char| c.is_control() || "\"<>\u{2028}\u{2029}".contains(c)) {
            return Err(MailboxError::Name);
        }
        Ok(Self {
            name: (!name.is_empty()).then(|| name.to_owned()),
            address,
        })
    }
}

/// The form of the configuration, which parses again. It is not the form of a mail header.
impl fmt::Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} <{}>", self.address),
            None => self.address.fmt(f),
        }
    }
}

/// So many requests within a time, all of which may come at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// How many requests, up to a million.
    pub count: NonZeroU32,
    /// Within which time, from 1 millisecond to 30 days.
    pub per: Duration,
}

/// Why a text is no [`Quota`]. The message follows the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "is not a limit; write it like \"30/1m\", which is 30 a minute (at most 1000000, within 1ms to 30d)"
)]
pub struct QuotaError;

impl FromStr for Quota {
    type Err = QuotaError;

    fn from_str(text: &str) -> Result<Self, QuotaError> {
        let (count, per) = text.split_once('/').ok_or(QuotaError)?;
        let count: NonZeroU32 = count.trim().parse().map_err(|_| QuotaError)?;
        let per = parse_span(per).ok_or(QuotaError)?;
        // With a million in a millisecond, one request still has a nanosecond, the finest time there is.
        let fits = count.get() <= 1_000_000
            && (Duration::from_millis(1)..=Duration::from_hours(30 * 24)).contains(&per);
        fits.then_some(Self { count, per }).ok_or(QuotaError)
    }
}

impl fmt::Display for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.count, show_span(self.per))
    }
}

/// The header in which trusted proxies say whom they speak for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForwardingHeader {
    /// `X-Forwarded-For`, of which there is no standard.
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

impl ForwardingHeader {
    /// The word that stands for it in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::XForwardedFor => "X-Forwarded-For",
            Self::Forwarded => "Forwarded",
        }
    }
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Pretty,
    /// One JSON object a line.
    Json,
}

impl LogFormat {
    /// The word that stands for it in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pretty => "pretty",
            Self::Json => "json",
        }
    }
}

/// Reads `30s`, `1h 30m` or `15d`.
///
/// humantime takes a bare `0` and reads `5M` as five months; the first has no unit, and the second is
/// what somebody writes who means minutes.
pub(super) fn parse_span(text: &str) -> Option<Duration> {
    let text = text.trim();
    let no_unit = text.bytes().all(|b| b.is_ascii_digit());
    if no_unit || text.contains(char::is_uppercase) {
        return None;
    }
    humantime::parse_duration(text).ok()
}

/// Writes what [`parse_span`] reads: whole days, hours and so on, without the months and years of
/// humantime's own formatter, which turns 31 days into `1month 13h 26m 24s`.
pub(super) fn show_span(span: Duration) -> String {
    let seconds = span.as_secs();
    let nanos = u64::from(span.subsec_nanos());
    let parts = [
        (seconds / 86_400, "d"),
        (seconds / 3600 % 24, "h"),
        (seconds / 60 % 60, "m"),
        (seconds % 60, "s"),
        (nanos / 1_000_000, "ms"),
        (nanos / 1000 % 1000, "us"),
        (nanos % 1000, "ns"),
    ];
    let text: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count}{unit}"))
        .collect();
    if text.is_empty() {
        "0s".to_owned()
    } else {
        text.join(" ")
    }
}

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// Reads `16384`, `16KiB` or `1MiB` as bytes.
pub(super) fn parse_size(text: &str) -> Option<usize> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (count, unit) = text.split_at(digits);
    let factor = match unit.trim_start().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kib" => KIB,
        "mib" => MIB,
        _ => return None,
    };
    count.parse::<usize>().ok()?.checked_mul(factor)
}

/// Writes what [`parse_size`] reads, in the largest unit that leaves no fraction.
pub(super) fn show_size(bytes: usize) -> String {
    match bytes {
        0 => "0".to_owned(),
        _ if bytes.is_multiple_of(MIB) => format!("{}MiB", bytes / MIB),
        _ if bytes.is_multiple_of(KIB) => format!("{}KiB", bytes / KIB),
        _ => bytes.to_string(),
    }
}
