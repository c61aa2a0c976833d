//! How much one caller may ask for: a quota for each limited action, by client address, by submitted
//! email address and by location.
//!
//! A key is what was submitted, never what exists, so that a limit tells nothing about accounts. No key
//! is kept as it is: what stands in memory is a hash under a random secret of this process.

mod record;
mod rule;
mod sql;
mod table;

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use governor::RateLimiter;
use governor::clock::{Clock as GovernorClock, Reference as _};
use governor::middleware::StateInformationMiddleware;
use governor::nanos::Nanos;

pub use self::record::{Record, held_back, purge};
use self::rule::every_rule;
pub use self::rule::{Action, KeyKind, Rule};
use self::table::Table;
use crate::business::BusinessId;
use crate::clock::Clock;
use crate::config;
use crate::email::EmailAddress;

/// Who asks, and about what. What an action is not limited by may as well be absent.
#[derive(Clone, Copy, Debug)]
pub struct Caller<'a> {
    /// The client's address.
    pub client: IpAddr,
    /// The submitted address.
    pub email: Option<&'a EmailAddress>,
    /// The submitted location.
    pub business: Option<BusinessId>,
}

impl Caller<'_> {
    /// A caller of whom only the address matters.
    pub const fn at(client: IpAddr) -> Self {
        Self {
            client,
            email: None,
            business: None,
        }
    }
}

/// Where an admitted client stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The limit.
    pub rule: Rule,
    /// Its quota.
    pub quota: config::Quota,
    /// How many further requests would be admitted at once.
    pub remaining: u32,
}

/// The caller is over its quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("over the limit {rule}")]
pub struct OverLimit {
    /// The limit.
    pub rule: Rule,
    /// Its quota.
    pub quota: config::Quota,
    /// How long until the next request is admitted.
    pub retry_after: Duration,
}

/// What the limits have done since the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// How many callers are remembered.
    pub keys: usize,
    /// How many could be.
    pub max_keys: usize,
    /// How many bytes they take.
    pub bytes: usize,
    /// How many were forgotten for want of room.
    pub evicted: u64,
    /// What each limit has done.
    pub rules: Vec<Count>,
}

/// What one limit has done since the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// The limit.
    pub rule: Rule,
    /// How many requests it let pass.
    pub admitted: u64,
    /// How many it held back.
    pub limited: u64,
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

struct Limit {
    limiter: RateLimiter<u64, Table, LimitClock, StateInformationMiddleware>,
    quota: config::Quota,
    admitted: AtomicU64,
    limited: AtomicU64,
}

/// The limits of one server.
pub struct Limits {
    rules: HashMap<Rule, Limit>,
    table: Table,
    max_keys: usize,
    secret: RandomState,
    clock: LimitClock,
    start: Nanos,
}

impl Limits {
    /// The configured limits; none when they are off.
    pub fn new(config: &config::Limits, clock: Clock) -> Self {
        let clock = LimitClock(clock);
        let table = Table::new(config.max_keys);
        let limit = |rule: Rule| {
            let caps = rule.action.caps(config);
            let quota = match rule.by {
                KeyKind::Client => caps.client,
                KeyKind::Email => caps.email,
                KeyKind::Business => caps.business,
            }?;
            let replenish = quota.per / quota.count.get();
            let every = governor::Quota::with_period(replenish.max(Duration::from_nanos(1)))?;
            let limiter =
                RateLimiter::new(every.allow_burst(quota.count), table.clone(), clock.clone());
            let limit = Limit {
                limiter,
                quota,
                admitted: AtomicU64::new(0),
                limited: AtomicU64::new(0),
            };
            Some((rule, limit))
        };
        let rules = if config.enabled {
            every_rule().filter_map(limit).collect()
        } else {
            HashMap::new()
        };
        Self {
            rules,
            table,
            max_keys: config.max_keys,
            secret: RandomState::new(),
            start: clock.now(),
            clock,
        }
    }

    /// Admits one request, or says when to come again. Where the client stands then is told, if the
    /// action is limited by client.
    pub fn admit(
        &self,
        action: Action,
        caller: &Caller<'_>,
    ) -> Result<Option<Standing>, OverLimit> {
        let standing = self.count(action, KeyKind::Client, network(caller.client))?;
        if let Some(business) = caller.business {
            self.count(action, KeyKind::Business, business)?;
        }
        if let Some(email) = caller.email.filter(|_| !action.sends_mail()) {
            self.count(action, KeyKind::Email, email.key())?;
        }
        Ok(standing)
    }

    /// Whether one more mail of this kind may go to an address. Whoever asked is not told.
    pub fn may_mail(&self, action: Action, email: &EmailAddress) -> bool {
        self.count(action, KeyKind::Email, email.key()).is_ok()
    }

    fn count(
        &self,
        action: Action,
        by: KeyKind,
        key: impl std::hash::Hash,
    ) -> Result<Option<Standing>, OverLimit> {
        let rule = Rule { action, by };
        let Some(limit) = self.rules.get(&rule) else {
            return Ok(None);
        };
        let quota = limit.quota;
        let key = self.secret.hash_one((rule, key));
        match limit.limiter.check_key(&key) {
            Ok(state) => {
                limit.admitted.fetch_add(1, Ordering::Relaxed);
                Ok(Some(Standing {
                    rule,
                    quota,
                    remaining: state.remaining_burst_capacity(),
                }))
            }
            Err(not_until) => {
                limit.limited.fetch_add(1, Ordering::Relaxed);
                let wait = not_until
                    .earliest_possible()
                    .duration_since(self.clock.now());
                Err(OverLimit {
                    rule,
                    quota,
                    retry_after: wait.into(),
                })
            }
        }
    }

    /// Forgets callers whose quota is full again.
    pub fn forget_idle(&self) {
        self.table
            .forget_full(self.clock.now().duration_since(self.start));
    }

    /// What the limits have done since the start; rules that are off are left out.
    pub fn snapshot(&self) -> Snapshot {
        let count = |rule| {
            let limit = self.rules.get(&rule)?;
            Some(Count {
                rule,
                admitted: limit.admitted.load(Ordering::Relaxed),
                limited: limit.limited.load(Ordering::Relaxed),
            })
        };
        Snapshot {
            keys: self.table.keys(),
            max_keys: self.max_keys,
            bytes: self.table.bytes(),
            evicted: self.table.evicted(),
            rules: every_rule().filter_map(count).collect(),
        }
    }
}

/// Where IPv6-only networks see the IPv4 world (RFC 6052, 2.1).
const NAT64: u128 = 0x0064_ff9b << 96;

/// The network that counts as one caller: an IPv4 address, however it is written, or the /64 that one
/// IPv6 subscriber has.
pub fn network(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let bits = u128::from(address);
            if bits & (u128::MAX << 32) == NAT64 {
                let [.., a, b, c, d] = address.octets();
                return IpAddr::V4(Ipv4Addr::new(a, b, c, d));
            }
            IpAddr::V6(Ipv6Addr::from(bits & (u128::MAX << 64)))
        }
    }
}
