//! The chain of entries, by which a removed, altered, inserted or moved one shows.
//!
//! Each entry carries an HMAC-SHA-256 over what it says, its number, and the HMAC of the entry before it.
//! The key stands in `keys.dir`, so that whoever can write the database, but not read the keys, cannot
//! make the chain fit again. Whoever has both can rewrite all of it: against them only a head helps that
//! was noted elsewhere. What nothing within the database can show is the loss of its newest entries
//! together with the counter of their numbers, or a whole older copy put in its place: a noted head does.
//!
//! # What is authenticated
//!
//! In this order, integers as 8 bytes in big-endian order, a text as its length in 4 such bytes and its
//! UTF-8, and what may be absent with a byte before it, 1 if it is there and else 0:
//!
//! the hash before (as a text) · `id` · `at` in milliseconds since the epoch · `actor` · `event` ·
//! `outcome` · `account_id`? · `business_id`? · `client`? · `detail`?
//!
//! The hash before the first entry is 32 zero bytes, or the anchor's. Lengths stand before texts, so that
//! no two entries are the same bytes.
//!
//! # The anchor
//!
//! Retention removes the oldest entries. The anchor says up to which one, with its hash, and is
//! authenticated likewise: nobody else can have the chain begin later. It also says which entries are
//! older than the chain; those were sealed as they were found, under a purpose of their own.

use data_encoding::HEXLOWER;

use super::sql;
use crate::clock::Timestamp;
use crate::store::{StoreError, Tx};

pub(super) const ENTRY: &str = "audit entry";
pub(super) const ADOPTED: &str = "audit entry from before the chain";
pub(super) const ANCHOR: &str = "audit anchor";

/// How many entries of an older program one transaction seals.
const BATCH: usize = 500;

pub(super) type Hash = [u8; 32];

/// What stands before the first entry.
pub(super) const GENESIS: Hash = [0; 32];

/// What an entry says, as the table has it.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    pub(super) id: i64,
    pub(super) at: Timestamp,
    pub(super) actor: &'a str,
    pub(super) event: &'a str,
    pub(super) outcome: &'a str,
    pub(super) account: Option<&'a str>,
    pub(super) business: Option<i64>,
    pub(super) client: Option<&'a str>,
    pub(super) detail: Option<&'a str>,
}

impl Fields<'_> {
    pub(super) fn encode(&self, before: &[u8]) -> Vec<u8> {
        let mut out = Encoder(Vec::with_capacity(256));
        out.bytes(before);
        out.number(self.id);
        out.number(self.at.millis());
        for text in [self.actor, self.event, self.outcome] {
            out.bytes(text.as_bytes());
        }
        out.optional(self.account, |out, text| out.bytes(text.as_bytes()));
        out.optional(self.business, Encoder::number);
        out.optional(self.client, |out, text| out.bytes(text.as_bytes()));
        out.optional(self.detail, |out, text| out.bytes(text.as_bytes()));
        out.0
    }
}

struct Encoder(Vec<u8>);

impl Encoder {
    fn bytes(&mut self, bytes: &[u8]) {
        // SQLite's longest text is far below 4 GiB.
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(bytes);
    }

    fn number(&mut self, number: i64) {
        self.0.extend_from_slice(&number.to_be_bytes());
    }

    fn optional<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.0.push(value.is_some().into());
        if let Some(value) = value {
            write(self, value);
        }
    }
}

/// A whole row, as it was read.
pub(super) struct Row {
    pub(super) id: i64,
    pub(super) at: Timestamp,
    pub(super) actor: String,
    pub(super) event: String,
    pub(super) outcome: String,
    pub(super) account: Option<String>,
    pub(super) business: Option<i64>,
    pub(super) client: Option<String>,
    pub(super) detail: Option<String>,
    /// None for an entry that is older than the chain and not sealed yet, or was put in by a stranger.
    pub(super) hash: Option<Hash>,
}

impl Row {
    pub(super) fn fields(&self) -> Fields<'_> {
        Fields {
            id: self.id,
            at: self.at,
            actor: &self.actor,
            event: &self.event,
            outcome: &self.outcome,
            account: self.account.as_deref(),
            business: self.business,
            client: self.client.as_deref(),
            detail: self.detail.as_deref(),
        }
    }

    /// What stands in its place where the next entry looks back.
    pub(super) fn link(&self) -> Hash {
        self.hash.unwrap_or(GENESIS)
    }
}

/// Where the chain begins.
#[derive(Clone, Debug)]
pub(super) struct Anchor {
    /// The last entry that was removed; 0 when none was.
    pub(super) through: i64,
    pub(super) hash: Hash,
    /// When that one had been written.
    pub(super) at: Timestamp,
    /// Entries up to this one are older than the chain.
    pub(super) adopted_through: i64,
    /// The first entry that was not as it had been written when it was removed.
    pub(super) broken: Option<i64>,
}

impl Anchor {
    /// Where it begins before anything was removed.
    pub(super) const START: Self = Self {
        through: 0,
        hash: GENESIS,
        at: Timestamp::from_millis(0),
        adopted_through: 0,
        broken: None,
    };

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Encoder(Vec::with_capacity(96));
        out.number(self.through);
        out.bytes(&self.hash);
        out.number(self.at.millis());
        out.number(self.adopted_through);
        out.optional(self.broken, Encoder::number);
        out.0
    }
}

/// A place in the chain. Whoever noted it elsewhere can tell later whether the log still holds all that
/// it held then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The number of the entry.
    pub id: i64,
    pub(super) hash: Hash,
}

/// Number and hash: `1234:9f86d0…`.
impl std::fmt::Display for Head {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.id, HEXLOWER.encode(&self.hash))
    }
}

/// Why a text is no [`Head`].
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error(
    "a head is a number, a colon and 64 hexadecimal digits, as `readmit audit verify` prints it"
)]
pub struct HeadError;

impl std::str::FromStr for Head {
    type Err = HeadError;

    fn from_str(text: &str) -> Result<Self, HeadError> {
        let (id, hash) = text.trim().split_once(':').ok_or(HeadError)?;
        let hash = HEXLOWER
            .decode(hash.to_ascii_lowercase().as_bytes())
            .map_err(|_| HeadError)?;
        Ok(Self {
            id: id.parse().map_err(|_| HeadError)?,
            hash: hash.try_into().map_err(|_| HeadError)?,
        })
    }
}

/// Computes an HMAC for a purpose.
pub(super) type Mac<'a> = &'a dyn Fn(&str, &[u8]) -> Result<Hash, StoreError>;

/// The hash of an entry that follows this one.
pub(super) fn seal(tx: &Tx<'_>, before: &Hash, fields: &Fields<'_>) -> Result<Hash, StoreError> {
    tx.mac(ENTRY, &fields.encode(before))
}

pub(super) fn set_anchor(tx: &Tx<'_>, anchor: &Anchor) -> Result<(), StoreError> {
    let mac = tx.mac(ANCHOR, &anchor.encode())?;
    sql::set_anchor(tx, anchor, &mac)
}

/// Seals some of the entries that are older than the chain; false when there is something amiss with the
/// rest, which is left as it is for a verification to tell.
///
/// It goes on only behind such entries as it has sealed itself, and ends for good with the anchor, so that
/// nobody gets a forged entry sealed by putting it in without a hash.
pub(super) fn adopt(tx: &Tx<'_>) -> Result<bool, StoreError> {
    let rows = sql::unsealed(tx, BATCH)?;
    let Some(first) = rows.first() else {
        return Ok(false);
    };
    let mut link = GENESIS;
    if let Some(before) = sql::before(tx, first.id)? {
        let earlier = sql::before(tx, before.id)?.map_or(GENESIS, |row| row.link());
        let ours = tx.mac(ADOPTED, &before.fields().encode(&earlier))?;
        if before.hash != Some(ours) {
            tracing::error!(id = first.id, "an entry of the audit log has no hash");
            return Ok(false);
        }
        link = ours;
    }
    if sql::anchor(tx)?.is_some() {
        tracing::error!(id = first.id, "an entry of the audit log has no hash");
        return Ok(false);
    }
    let mut last = first.id;
    for row in &rows {
        link = tx.mac(ADOPTED, &row.fields().encode(&link))?;
        sql::set_hash(tx, row.id, &link)?;
        last = row.id;
    }
    if !sql::is_behind(tx)? {
        let anchor = Anchor {
            adopted_through: last,
            ..Anchor::START
        };
        set_anchor(tx, &anchor)?;
    }
    Ok(true)
}
