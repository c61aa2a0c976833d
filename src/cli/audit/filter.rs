//! Which entries are meant.

use clap::{Args, ValueEnum};

use crate::accounts::AccountId;
use crate::audit::{Filter, Outcome};
use crate::clock::Timestamp;

#[derive(Debug, Args)]
#[command(next_help_heading = "Filter")]
pub(in crate::cli) struct FilterArgs {
    /// Only those by actors whose name contains this: anonymous, member, or admin: and a system user
    #[arg(long, value_name = "TEXT")]
    actor: Option<String>,
    /// Only those on this account: a part of its address, or its id, which the log keeps when it is removed
    #[arg(long, value_name = "TEXT")]
    account: Option<String>,
    /// Only those of kinds that contain this: session, otp.verify, account.suspend
    #[arg(long, value_name = "TEXT")]
    kind: Option<String>,
    /// Only those that ended so
    #[arg(long)]
    outcome: Option<OutcomeArg>,
    /// Only those from this time on: 2026-11-24, 2026-11-24T08:00:00Z, or how long ago: 90m, 12h, 7d
    #[arg(long, value_name = "TIME", value_parser = moment)]
    since: Option<Moment>,
    /// Only those before this time
    #[arg(long, value_name = "TIME", value_parser = moment)]
    until: Option<Moment>,
}

impl FilterArgs {
    pub(super) fn into_filter(self, now: Timestamp) -> Filter {
        let account = self.account.as_deref().and_then(AccountId::parse);
        Filter {
            actor: self.actor,
            email: self.account.filter(|_| account.is_none()),
            account,
            event: self.kind,
            outcome: self.outcome.map(Outcome::from),
            since: self.since.map(|moment| moment.at(now)),
            until: self.until.map(|moment| moment.at(now)),
            anywhere: None,
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum OutcomeArg {
    /// It was done
    Ok,
    /// It was refused
    Refused,
}

impl From<OutcomeArg> for Outcome {
    fn from(outcome: OutcomeArg) -> Self {
        match outcome {
            OutcomeArg::Ok => Self::Ok,
            OutcomeArg::Refused => Self::Refused,
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Moment {
    At(Timestamp),
    Ago(std::time::Duration),
}

impl Moment {
    fn at(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::Ago(span) => now.before(span),
        }
    }
}

/// A day begins at midnight in UTC, in which the log tells its times.
fn moment(text: &str) -> Result<Moment, &'static str> {
    if let Ok(span) = humantime::parse_duration(text) {
        return Ok(Moment::Ago(span));
    }
    let day = || format!("{text}T00:00:00Z").parse::<jiff::Timestamp>();
    text.parse::<jiff::Timestamp>()
        .or_else(|_| day())
        .map(|at| Moment::At(Timestamp::from_millis(at.as_millisecond())))
        .map_err(|_| {
            "not a time; write a day (2026-11-24), a time (2026-11-24T08:00:00Z), or how long ago (12h, 7d)"
        })
}
