//! How much one caller may ask for: a quota for each limited action and client address.
//!
//! The key is what was submitted, never what exists, so that a limit tells nothing about accounts.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use governor::clock::{Clock as GovernorClock, Reference as _};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::clock::Clock;
use crate::config;

/// What is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Asking for a reset link.
    Reset,
    /// Completing a reset.
    Complete,
    /// Asking for a one-time code.
    Otp,
    /// Trying a one-time code.
    Verify,
    /// Signing in with a password, or refreshing.
    SignIn,
    /// Exchanging a login token.
    Exchange,
    /// Asking how strong a password is.
    Strength,
}

impl Action {
    const ALL: [Self; 7] = [
        Self::Reset,
        Self::Complete,
        Self::Otp,
        Self::Verify,
        Self::SignIn,
        Self::Exchange,
        Self::Strength,
    ];

    const fn quota(self, config: &config::Limits) -> config::Quota {
        match self {
            Self::Reset => config.reset,
            Self::Complete => config.complete,
            Self::Otp => config.otp,
            Self::Verify => config.verify,
            Self::SignIn => config.sign_in,
            Self::Exchange => config.exchange,
            Self::Strength => config.strength,
        }
    }
}

/// The caller is over its quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many requests from this address")]
pub struct OverLimit {
    /// How long until the next request is admitted.
    pub retry_after: Duration,
}

/// A clock for governor that follows ours.
#[derive(Clone, Debug)]
struct LimitClock(Clock);

impl GovernorClock for LimitClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Nanos::from(self.0.uptime())
    }
}

type Limiter = RateLimiter<IpAddr, DashMapStateStore<IpAddr>, LimitClock, NoOpMiddleware<Nanos>>;

/// The limits of one server.
pub struct Limits {
    limiters: HashMap<Action, Limiter>,
    clock: LimitClock,
}

impl Limits {
    /// The configured limits; none when they are off.
    pub fn new(config: &config::Limits, clock: Clock) -> Self {
        let clock = LimitClock(clock);
        let limiter = |action: Action| {
            let quota = action.quota(config);
            let replenish = quota.per / quota.count.get();
            let quota = Quota::with_period(replenish.max(Duration::from_nanos(1)))?
                .allow_burst(quota.count);
            let limiter = RateLimiter::new(quota, DashMapStateStore::default(), clock.clone());
            Some((action, limiter))
        };
        let limiters = if config.enabled {
            Action::ALL.into_iter().filter_map(limiter).collect()
        } else {
            HashMap::new()
        };
        Self { limiters, clock }
    }

    /// Admits one request, or says when to come again.
    pub fn admit(&self, action: Action, client: IpAddr) -> Result<(), OverLimit> {
        let Some(limiter) = self.limiters.get(&action) else {
            return Ok(());
        };
        limiter.check_key(&network(client)).map_err(|not_until| {
            let wait = not_until
                .earliest_possible()
                .duration_since(self.clock.now());
            OverLimit {
                retry_after: wait.into(),
            }
        })
    }

    /// Forgets callers whose quota is full again.
    pub fn forget_idle(&self) {
        for limiter in self.limiters.values() {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }
}

/// The network that counts as one caller: an IPv4 address, or the /64 that one IPv6 subscriber has.
pub fn network(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let prefix = u128::from(address) & (u128::MAX << 64);
            IpAddr::V6(Ipv6Addr::from(prefix))
        }
    }
}
