//! Along the chain, an entry after the other: what fits and what does not.

use super::chain::{ADOPTED, ANCHOR, Anchor, ENTRY, GENESIS, Hash, Head, Mac, Row};
use crate::store::StoreError;

/// What does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// This entry is not what was written there: it was altered, inserted or moved.
    Altered(i64),
    /// These entries are gone.
    Missing(i64, i64),
    /// Where the chain begins was not written by this deployment.
    Anchor,
    /// The noted head is not in the chain.
    Head(i64),
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Altered(id) => write!(
                f,
                "entry {id} is not what was written there: it was altered, inserted or moved"
            ),
            Self::Missing(from, to) if from == to => write!(f, "entry {from} is missing"),
            Self::Missing(from, to) => write!(f, "entries {from} to {to} are missing"),
            Self::Anchor => f.write_str(
                "the note of what retention has removed is not what was written there: entries before \
                 the first one may be missing",
            ),
            Self::Head(id) => write!(f, "the noted head, entry {id}, is not in the log"),
        }
    }
}

/// Goes along the chain, an entry after the other.
pub(super) struct Walk {
    /// The number and the hash that come before the next entry.
    last: i64,
    link: Hash,
    adopted_through: i64,
}

impl Walk {
    /// From where the chain begins. A problem if that is not what was written.
    pub(super) fn from(
        anchor: Option<&(Anchor, Hash)>,
        mac: Mac<'_>,
    ) -> Result<(Self, Option<Problem>), StoreError> {
        let mut walk = Self {
            last: 0,
            link: GENESIS,
            adopted_through: 0,
        };
        let problem = walk.resume(anchor, mac)?;
        Ok((walk, problem))
    }

    /// Goes on behind the anchor, if that has moved past here.
    pub(super) fn resume(
        &mut self,
        anchor: Option<&(Anchor, Hash)>,
        mac: Mac<'_>,
    ) -> Result<Option<Problem>, StoreError> {
        let Some((anchor, written)) = anchor else {
            return Ok(None);
        };
        self.adopted_through = anchor.adopted_through;
        if anchor.through > self.last {
            self.last = anchor.through;
            self.link = anchor.hash;
        }
        let fits = mac(ANCHOR, &anchor.encode())? == *written;
        Ok((!fits).then_some(Problem::Anchor))
    }

    /// Whether the next entry is the one that was written there.
    pub(super) fn step(&mut self, row: &Row, mac: Mac<'_>) -> Result<Option<Problem>, StoreError> {
        if row.id <= self.last {
            return Ok(Some(Problem::Altered(row.id)));
        }
        let adopted = row.id <= self.adopted_through;
        let gap = row.id - self.last > 1 && !adopted;
        let purpose = if adopted { ADOPTED } else { ENTRY };
        let problem = if gap {
            // Whether this one is genuine, only the one before it could tell.
            Some(Problem::Missing(self.last + 1, row.id - 1))
        } else {
            let fits = row.hash == Some(mac(purpose, &row.fields().encode(&self.link))?);
            (!fits).then_some(Problem::Altered(row.id))
        };
        self.last = row.id;
        self.link = row.link();
        Ok(problem)
    }

    /// The number of the last entry that was passed.
    pub(super) fn last(&self) -> i64 {
        self.last
    }

    pub(super) fn head(&self) -> Head {
        Head {
            id: self.last,
            hash: self.link,
        }
    }
}
