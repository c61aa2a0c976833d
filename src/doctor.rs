//! Whether a deployment is in order, looked at from outside: nothing is changed, made or sent.

mod database;
mod dns;
mod domains;
mod files;
pub(crate) mod relays;
mod settings;

use std::net::SocketAddr;
use std::path::Path;

use serde::Serialize;

use crate::clock::Timestamp;
use crate::config::Config;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// In order.
    Ok,
    /// It works, and should be better.
    Warning,
    /// Something does not work, or will not for long.
    Error,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it was: `database integrity`, `DKIM of example.com`.
    pub subject: String,
    /// How much it matters.
    pub severity: Severity,
    /// What was found.
    pub found: String,
    /// What to do about it; none when it is in order.
    pub advice: Option<String>,
}

impl Finding {
    fn ok(subject: impl Into<String>, found: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            severity: Severity::Ok,
            found: found.into(),
            advice: None,
        }
    }

    fn warning(
        subject: impl Into<String>,
        found: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self {
            severity: Severity::Warning,
            advice: Some(advice.into()),
            ..Self::ok(subject, found)
        }
    }

    fn error(
        subject: impl Into<String>,
        found: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self {
            severity: Severity::Error,
            ..Self::warning(subject, found, advice)
        }
    }
}

/// How far the examination goes.
pub struct Examination<'a> {
    /// The deployment.
    pub config: &'a Config,
    /// Its configuration file, if there is one.
    pub config_file: Option<&'a Path>,
    /// Whether indexes are compared with their tables, too, which takes its time.
    pub full: bool,
    /// Whether relays and zones are left out.
    pub offline: bool,
    /// Who answers questions about zones, in place of the system's resolvers.
    pub resolver: Option<SocketAddr>,
}

/// Looks at everything.
pub async fn examine(what: &Examination<'_>, now: Timestamp) -> Vec<Finding> {
    let config = what.config;
    let mut findings = settings::examine(config);
    let (about_database, seen) = database::examine(config, what.full, now);
    findings.extend(about_database);
    findings.extend(files::modes(config, what.config_file));
    findings.extend(files::space(config));
    findings.push(settings::keys(config, now));
    findings.push(settings::backups(config, now));
    if what.offline {
        return findings;
    }
    for (subject, found) in relays::probe_all(config, true).await {
        findings.push(match found {
            Ok(found) => Finding::ok(subject, found),
            Err(problem) => Finding::error(
                subject,
                problem,
                "mail waits until it works: look at smtp.url, the account and the network",
            ),
        });
    }
    findings.extend(domains::examine(config, &seen.sender_domains, what.resolver).await);
    findings
}
