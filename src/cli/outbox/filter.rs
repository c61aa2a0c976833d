//! Which messages are meant.

use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::business::BusinessId;
use crate::clock::Timestamp;
use crate::outbox::{Filter, Kind, State};

#[derive(Debug, Args)]
#[command(next_help_heading = "Filter")]
pub(in crate::cli) struct FilterArgs {
    /// Only those in this state
    #[arg(long)]
    state: Option<StateArg>,
    /// Only those of this kind
    #[arg(long)]
    kind: Option<KindArg>,
    /// Only those of this location
    #[arg(long, value_name = "ID")]
    business: Option<BusinessId>,
    /// Only those to addresses that contain this
    #[arg(long, value_name = "TEXT")]
    recipient: Option<String>,
    /// Only those that were put into the outbox longer ago than this: 90m, 12h, 7d
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    older_than: Option<Duration>,
}

impl FilterArgs {
    /// Whether anything is asked for.
    pub(super) fn is_given(&self) -> bool {
        self.state.is_some()
            || self.kind.is_some()
            || self.business.is_some()
            || self.recipient.is_some()
            || self.older_than.is_some()
    }

    pub(super) fn into_filter(self, now: Timestamp) -> Filter {
        Filter {
            ids: Vec::new(),
            states: self.state.map(State::from).into_iter().collect(),
            kind: self.kind.map(Kind::from),
            business: self.business,
            recipient: self.recipient,
            before: self.older_than.map(|span| now.before(span)),
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum StateArg {
    /// Waits for its next attempt
    Queued,
    /// Is being sent
    Sending,
    /// The relay took it
    Sent,
    /// Given up
    Dead,
    /// There was nothing to send
    Dropped,
}

impl From<StateArg> for State {
    fn from(state: StateArg) -> Self {
        match state {
            StateArg::Queued => Self::Queued,
            StateArg::Sending => Self::Sending,
            StateArg::Sent => Self::Sent,
            StateArg::Dead => Self::Dead,
            StateArg::Dropped => Self::Dropped,
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum KindArg {
    /// A reset link
    Reset,
    /// A one-time code with its magic link
    Otp,
    /// The notice of a changed password
    Changed,
    /// The notice of a sign-in by a new application
    /// The welcome of somebody who was added
    Welcome,
    #[value(name = "signin_notice")]
    SignIn,
}

impl From<KindArg> for Kind {
    fn from(kind: KindArg) -> Self {
        match kind {
            KindArg::Reset => Self::Reset,
            KindArg::Otp => Self::Otp,
            KindArg::Changed => Self::Changed,
            KindArg::Welcome => Self::Welcome,
            KindArg::SignIn => Self::SignIn,
        }
    }
}
