//! The sections on what can be seen from outside: the log, the audit log, and metrics.

use std::net::SocketAddr;
use std::time::Duration;

use tracing_subscriber::EnvFilter;

use super::error::ConfigError;
use super::kinds::LogFormat;
use super::load::Settings;
use super::sections::{LONG, address};

/// Section `[audit]`.
#[derive(Clone, Debug)]
pub struct Audit {
    /// How long entries are kept; zero for good.
    pub keep: Duration,
}

/// Section `[metrics]`.
#[derive(Clone, Debug)]
pub struct Metrics {
    /// Where to answer Prometheus; none for nowhere.
    pub listen: Option<SocketAddr>,
}

/// Section `[log]`.
#[derive(Clone, Debug)]
pub struct Log {
    /// Directives of a `tracing_subscriber::EnvFilter`, known to parse.
    pub level: String,
    /// The form of a line.
    pub format: LogFormat,
}

impl Audit {
    pub(super) fn read(settings: &Settings) -> Result<Self, ConfigError> {
        Ok(Self {
            keep: settings.span("audit.keep", Duration::ZERO..=LONG)?,
        })
    }
}

impl Metrics {
    pub(super) fn read(settings: &Settings) -> Result<Self, ConfigError> {
        let listen = settings.parsed_by("metrics.listen", |text| match text {
            "" => Ok(None),
            text => address(text).map(Some),
        })?;
        Ok(Self { listen })
    }
}

impl Log {
    pub(super) fn read(settings: &Settings) -> Result<Self, ConfigError> {
        Ok(Self {
            level: settings.parsed_by("log.level", directives)?,
            format: settings.parsed_by("log.format", |text| match text {
                "pretty" => Ok(LogFormat::Pretty),
                "json" => Ok(LogFormat::Json),
                _ => Err("is not a form of log lines; write \"pretty\" or \"json\""),
            })?,
        })
    }
}

/// A filter takes a word that is no level for the name of a target, and then logs that target alone:
/// `inof` would silence the server. So a word alone must be a level here.
fn directives(text: &str) -> Result<String, &'static str> {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    let known = text.contains(['[', '{'])
        || text
            .split(',')
            .map(str::trim)
            .all(|word| word.contains('=') || LEVELS.contains(&word.to_ascii_lowercase().as_str()));
    if !text.is_empty() && known && EnvFilter::builder().parse(text).is_ok() {
        Ok(text.to_owned())
    } else {
        Err(
            "is not a log level; write off, error, warn, info, debug or trace, or like \"info,readmit=debug\"",
        )
    }
}
