//! The mail outbox: every message is a row until a relay has taken it, or a person can see why not.
//!
//! A row is written in the transaction of the act that it belongs to. The [`worker`] claims due rows
//! under a lease, has each composed in the same transaction, renders and sends outside of it, and
//! marks each right after the relay's answer. Delivery is at least once: a crash between the relay's
//! 250 and our commit can send one duplicate, with the same Message-ID and the same token.

pub mod breaker;
mod lanes;
mod listing;
pub mod meter;
mod needless;
mod own_relays;
pub mod pace;
mod relays;
mod render;
pub mod retention;
pub mod schedule;
pub(crate) mod sql;
pub mod suppression;
pub mod transport;
pub mod worker;

use std::fmt;
use std::time::Duration;

use serde::Serialize;

pub use self::listing::{
    Attempted, Backlog, Count, Filter, Listed, Shown, Stats, Waiting, activity, backlog, list,
    of_account, page, relays, show, stats, waiting,
};
pub use self::needless::Needless;
pub use self::own_relays::{Own, OwnRelays};
pub use self::relays::{RelayStatus, Relays};
pub use self::render::{Addressing, RenderError, Renderer, build};
use crate::accounts::AccountId;
use crate::business::{Brand, BusinessId};
use crate::clock::Timestamp;
use crate::email::EmailAddress;
use crate::entropy::Entropy;
use crate::store::{StoreError, Tx};
use crate::templates::Chosen;
pub use crate::templates::Kind;
use crate::token;

impl Kind {
    /// For how long the message is worth sending: a link for a day, a notice for four
    /// (RFC 5321, 4.5.4.1).
    pub const fn useful_for(self) -> Duration {
        const DAY: u64 = 24 * 60 * 60;
        match self {
            Self::Reset | Self::Otp => Duration::from_secs(DAY),
            Self::Changed | Self::Welcome | Self::SignIn => Duration::from_secs(4 * DAY),
        }
    }

    /// What goes first when there is more to send than can be: 0 for codes, which somebody waits for at
    /// this moment, 1 for links, 2 for notices.
    pub const fn priority(self) -> u8 {
        match self {
            Self::Otp => 0,
            Self::Reset | Self::Welcome => 1,
            Self::Changed | Self::SignIn => 2,
        }
    }

    /// Whether a retry by hand makes a new letter, because what an earlier one held is dead by then.
    pub const fn opens_a_door(self) -> bool {
        matches!(self, Self::Reset | Self::Otp | Self::Welcome)
    }
}

/// Where a message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Waits for its next attempt.
    Queued,
    /// A worker has it; when its lease runs out, another may take it.
    Sending,
    /// The relay took it.
    Sent,
    /// Given up: the reason says why.
    Dead,
    /// There was nothing to send: the reason says why.
    Dropped,
}

impl State {
    /// The name in the database and in listings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Dead => "dead",
            Self::Dropped => "dropped",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A message to put into the outbox.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// What it is.
    pub kind: Kind,
    /// The address that was submitted, for a request; the stored one, for a notice.
    pub recipient: EmailAddress,
    /// The account, where it is known already.
    pub account: Option<AccountId>,
    /// The location, as submitted.
    pub business: Option<BusinessId>,
    /// Who asked: the client's address.
    pub client: Option<String>,
    /// The Message-ID, without angle brackets. It stays the same for every attempt.
    pub message_id: String,
}

/// Makes dead letters of all that wait or are being sent, for a person to decide about. How many.
pub fn set_aside(tx: &Tx<'_>, reason: &str, now: Timestamp) -> Result<usize, StoreError> {
    sql::set_aside(tx, reason, now)
}

/// A new Message-ID under `domain`, without angle brackets.
pub fn message_id(domain: &str, entropy: &Entropy) -> String {
    format!("{}@{domain}", entropy.token::<16>())
}

/// Puts a message into the outbox and wakes the worker when the transaction is on disk.
pub fn enqueue(tx: &Tx<'_>, message: &NewMessage, now: Timestamp) -> Result<(), StoreError> {
    sql::insert(tx, message, None, now)?;
    tx.announce_mail();
    Ok(())
}

/// Why nothing is sent to an address that is over its limit.
pub const TOO_OFTEN: &str = "too much mail was asked for to this address";

/// Notes a request that nothing is to be sent for, and why. It costs what [`enqueue`] costs, so that the
/// time of an answer does not tell one from the other.
pub fn enqueue_dropped(
    tx: &Tx<'_>,
    message: &NewMessage,
    why: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    sql::insert(tx, message, Some(why), now)
}

/// A message that a worker has claimed.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// Its number.
    pub id: i64,
    /// What it is.
    pub kind: Kind,
    /// See [`NewMessage::recipient`].
    pub recipient: EmailAddress,
    /// See [`NewMessage::account`].
    pub account: Option<AccountId>,
    /// See [`NewMessage::business`].
    pub business: Option<BusinessId>,
    /// See [`NewMessage::client`].
    pub client: Option<String>,
    /// See [`NewMessage::message_id`].
    pub message_id: String,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// Since when this attempt was due.
    pub due_at: Timestamp,
    /// Until when it is this worker's alone.
    pub lease_until: Timestamp,
    /// When it was put into the outbox.
    pub created_at: Timestamp,
    /// From when on it is worth sending: [`Self::created_at`], or when somebody had it sent anew.
    pub fresh_since: Timestamp,
}

/// What there is to do for a claimed message, found out in the transaction that claims it. It holds
/// codes and has no `Debug`, so that none can end up in a log.
#[derive(Clone)]
pub enum Composed {
    /// Nothing, because of this.
    Drop(Needless),
    /// Send this.
    Send(Box<Draft>),
}

/// Everything that a mail is rendered from.
#[derive(Clone)]
pub struct Draft {
    /// The account's stored address.
    pub recipient: EmailAddress,
    /// How the person is called.
    pub name: String,
    /// Whose mail it is.
    pub brand: Brand,
    /// What it is made from, and its language.
    pub templates: Chosen,
    /// What it says.
    pub content: Content,
}

/// What a mail says.
#[derive(Clone)]
pub enum Content {
    /// A link to choose a password, with a token, which is signed when the mail is rendered and stored nowhere.
    ResetLink(token::Subject),
    /// A code, and a link with the login token of the same id.
    Code {
        /// The digits.
        code: String,
        /// The login token in the link.
        link: token::Subject,
    },
    /// The password was changed, then.
    PasswordChanged(Timestamp),
    /// An application signed in, then, from there.
    SignedIn {
        /// When.
        at: Timestamp,
        /// From which address.
        client: String,
    },
}

/// The address as the mail library has it. Its own check is of another opinion in corner cases;
/// whoever got past ours must get mail.
fn library_address(email: &EmailAddress) -> lettre::Address {
    let text = email.as_str();
    let local = &text[..text.len() - email.domain().len() - 1];
    lettre::Address::new_dangerous(local, email.domain())
}
