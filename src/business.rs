//! Locations of a business: who a mail comes from, what it looks like, and where its links lead.

mod brand;
mod colour;
mod kinds;
mod relay;
mod rules;
pub(crate) mod sql;

use std::fmt;
use std::time::Duration;

use serde::Serialize;

pub use self::brand::{Brand, BrandError, LinkPattern, PortalUrl, hosted_pages, web_address};
pub use self::colour::Colour;
pub use self::kinds::{Lifetime, LifetimeError, OriginError, Origins};
pub use self::relay::{OwnRelay, OwnRelayError, RelayLogin};
pub use self::rules::{RuleError, Rules, name};
use crate::clock::Timestamp;
use crate::config;
use crate::email::EmailAddress;
use crate::locale::{Locale, Zone};
use crate::store::StoreError;

/// The number of a location, as the portal knows it: a positive integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct BusinessId(i64);

impl BusinessId {
    /// Accepts 1 to 2^63 - 1.
    pub fn new(number: i64) -> Option<Self> {
        (number > 0).then_some(Self(number))
    }

    /// The plain number.
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl fmt::Display for BusinessId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for BusinessId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse()
            .ok()
            .and_then(Self::new)
            .ok_or_else(|| "a business is given by its number, which is 1 or more".to_owned())
    }
}

/// A location and its settings. What is absent falls back to the configuration.
#[derive(Clone, Debug, Serialize)]
pub struct Business {
    /// Its number.
    pub id: BusinessId,
    /// What its members call it.
    pub name: String,
    /// Where its members' portal stands; links in mail start with it. One without a portal uses the
    /// pages that readmit serves.
    pub portal_url: Option<PortalUrl>,
    /// The name that mail comes from; the business's own when absent.
    pub sender_name: Option<String>,
    /// The address that mail comes from.
    pub sender_address: Option<EmailAddress>,
    /// Where answers go.
    pub reply_to: Option<EmailAddress>,
    /// The colour of its mail's button and heading.
    pub colour: Option<Colour>,
    /// A picture above its mail's heading.
    pub logo_url: Option<String>,
    /// The form of a reset link, when the portal's page has another address than the default.
    pub reset_link: Option<LinkPattern>,
    /// The form of a magic link, likewise.
    pub magic_link: Option<LinkPattern>,
    /// The language of its mail, for members who have none of their own.
    pub locale: Option<Locale>,
    /// Whose clocks dates in its mail are read off; UTC when absent.
    pub time_zone: Option<Zone>,
    /// The fewest characters of a new password, where they are more than configured.
    pub password_min_length: Option<u32>,
    /// How long an access token of its members works.
    pub access_ttl: Option<Lifetime>,
    /// How long a session of its members lasts.
    pub refresh_ttl: Option<Lifetime>,
    /// Origins that may call the API besides the portal's.
    pub allowed_origins: Origins,
    /// A relay of its own.
    pub smtp: Option<OwnRelay>,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Business {
    /// A location without settings of its own.
    pub fn new(
        id: BusinessId,
        name: String,
        portal_url: Option<PortalUrl>,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            name,
            portal_url,
            sender_name: None,
            sender_address: None,
            reply_to: None,
            colour: None,
            logo_url: None,
            reset_link: None,
            magic_link: None,
            locale: None,
            time_zone: None,
            password_min_length: None,
            access_ttl: None,
            refresh_ttl: None,
            allowed_origins: Origins::default(),
            smtp: None,
            created_at: now,
            updated_at: now,
        }
    }
}

/// The most that a business's access tokens may live: keys that were rotated out verify for as long.
pub fn longest_access_ttl(common: &config::Tokens) -> Duration {
    common.access_ttl.max(common.max_exchange)
}

/// Changes to a business: `None` leaves a setting as it is, `Some(None)` clears it.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// A new name.
    pub name: Option<String>,
    /// A new portal.
    pub portal_url: Option<Option<PortalUrl>>,
    /// The sender's name.
    pub sender_name: Option<Option<String>>,
    /// The sender's address.
    pub sender_address: Option<Option<EmailAddress>>,
    /// The reply address.
    pub reply_to: Option<Option<EmailAddress>>,
    /// The colour.
    pub colour: Option<Option<Colour>>,
    /// The logo.
    pub logo_url: Option<Option<String>>,
    /// The reset link's pattern.
    pub reset_link: Option<Option<LinkPattern>>,
    /// The magic link's pattern.
    pub magic_link: Option<Option<LinkPattern>>,
    /// The language.
    pub locale: Option<Option<Locale>>,
    /// The time zone.
    pub time_zone: Option<Option<Zone>>,
    /// The fewest characters of a new password.
    pub password_min_length: Option<Option<u32>>,
    /// The life of access tokens.
    pub access_ttl: Option<Option<Lifetime>>,
    /// The life of sessions.
    pub refresh_ttl: Option<Option<Lifetime>>,
    /// The origins; none clears them.
    pub allowed_origins: Option<Origins>,
    /// The relay.
    pub smtp: Option<Option<OwnRelay>>,
}

impl Changes {
    /// Writes the changes into `business`.
    pub fn apply(self, business: &mut Business, now: Timestamp) {
        fn set<T>(place: &mut T, change: Option<T>) {
            if let Some(value) = change {
                *place = value;
            }
        }
        set(&mut business.name, self.name);
        set(&mut business.portal_url, self.portal_url);
        set(&mut business.sender_name, self.sender_name);
        set(&mut business.sender_address, self.sender_address);
        set(&mut business.reply_to, self.reply_to);
        set(&mut business.colour, self.colour);
        set(&mut business.logo_url, self.logo_url);
        set(&mut business.reset_link, self.reset_link);
        set(&mut business.magic_link, self.magic_link);
        set(&mut business.locale, self.locale);
        set(&mut business.time_zone, self.time_zone);
        set(&mut business.password_min_length, self.password_min_length);
        set(&mut business.access_ttl, self.access_ttl);
        set(&mut business.refresh_ttl, self.refresh_ttl);
        set(&mut business.allowed_origins, self.allowed_origins);
        set(&mut business.smtp, self.smtp);
        business.updated_at = now;
    }
}

/// Every business, by number.
pub fn list(db: &rusqlite::Connection) -> Result<Vec<Business>, StoreError> {
    sql::all(db)
}

/// The business of that number.
pub fn find(db: &rusqlite::Connection, id: BusinessId) -> Result<Option<Business>, StoreError> {
    sql::find(db, id)
}

/// How long an access token and a session of that business's members live.
pub(crate) fn lifetimes(
    db: &rusqlite::Connection,
    id: Option<BusinessId>,
    common: &config::Tokens,
) -> Result<(Duration, Duration), StoreError> {
    let (access, session) = match id {
        Some(id) => sql::lifetimes(db, id)?,
        None => (None, None),
    };
    let access = access.map_or(common.access_ttl, Lifetime::get);
    Ok((
        access.min(longest_access_ttl(common)),
        session.map_or(common.refresh_ttl, Lifetime::get),
    ))
}

/// Why an act on a business was refused.
#[derive(Debug, thiserror::Error)]
pub enum BusinessError {
    /// The number is taken.
    #[error("business {0} exists already; change it with `readmit business set {0}`")]
    Exists(BusinessId),
    /// There is none of that number.
    #[error("there is no business {0}; `readmit business list` shows them")]
    Unknown(BusinessId),
    /// People belong to it.
    #[error("people still belong to business {id} ({accounts} of them); remove them first")]
    HasAccounts {
        /// The business.
        id: BusinessId,
        /// How many people belong to it.
        accounts: i64,
    },
    /// The database did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}
