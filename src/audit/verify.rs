//! Whether the log is what was written.

use serde::Serialize;

use super::chain::{Head, Mac};
use super::sql;
use super::walk::{Problem, Walk};
use crate::clock::Timestamp;
use crate::store::{Store, StoreError};
use crate::vault::Vault;

/// How many entries are read at a time. Between two stretches the log may grow and retention may go on.
const STRETCH: usize = 1000;

/// What a verification has found.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// Whether everything fits.
    pub intact: bool,
    /// How many entries there are.
    pub entries: u64,
    /// The number of the oldest one.
    pub first: Option<i64>,
    /// The newest one, to be noted elsewhere; none while nothing was ever written.
    #[serde(serialize_with = "as_text")]
    pub head: Option<Head>,
    /// The first problem.
    #[serde(serialize_with = "as_text")]
    pub problem: Option<Problem>,
    /// How many there are.
    pub problems: u64,
    /// What became of the noted head: whether it is still in the log; none when none was given, or when
    /// retention has removed its entry.
    pub head_found: Option<bool>,
    /// Entries up to this one are older than the chain, and were sealed as they were found.
    pub older_than_chain: Option<i64>,
    /// What retention has removed.
    pub removed: Option<Removed>,
}

/// What retention has removed.
#[derive(Clone, Debug, Serialize)]
pub struct Removed {
    /// Up to this entry.
    pub through: i64,
    /// When that one had been written.
    pub at: Timestamp,
    /// The first of them that was not what had been written there.
    pub broken: Option<i64>,
}

#[expect(clippy::ref_option, reason = "the form that serde calls")]
fn as_text<S: serde::Serializer>(
    value: &Option<impl std::fmt::Display>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => serializer.collect_str(value),
        None => serializer.serialize_none(),
    }
}

impl Report {
    fn note(&mut self, problem: Option<Problem>) {
        if let Some(problem) = problem {
            self.problems += 1;
            self.problem.get_or_insert(problem);
        }
    }
}

/// Goes through the whole log. With a head that was noted earlier, also whether that is still in it.
pub(super) async fn verify(
    store: &Store,
    vault: &Vault,
    noted: Option<&Head>,
) -> Result<Report, StoreError> {
    let mac: Mac<'_> = &|purpose, message| Ok(vault.mac(purpose, message));
    let mut report = Report::default();
    let mut walk: Option<Walk> = None;
    let mut after = i64::MIN;
    loop {
        let look = store.read(move |db| sql::look(db, after, STRETCH)).await?;
        let anchor = look.anchor.as_ref();
        let mut here = if let Some(mut walk) = walk.take() {
            walk.resume(anchor, mac)?;
            walk
        } else {
            let (walk, problem) = Walk::from(anchor, mac)?;
            report.note(problem);
            walk
        };
        if let (Some((anchor, _)), Some(noted)) = (anchor, noted)
            && noted.id == anchor.through
        {
            report.head_found = Some(noted.hash == anchor.hash);
        }
        for row in &look.rows {
            report.note(here.step(row, mac)?);
            report.entries += 1;
            report.first.get_or_insert(row.id);
            if noted.is_some_and(|noted| noted.id == row.id) {
                report.head_found = Some(noted.map(|noted| noted.hash) == row.hash);
            }
            after = row.id;
        }
        if look.rows.len() == STRETCH {
            walk = Some(here);
            continue;
        }
        if look.last_number > here.last() {
            report.note(Some(Problem::Missing(here.last() + 1, look.last_number)));
        }
        let through = anchor.map_or(0, |(anchor, _)| anchor.through);
        if let Some(noted) = noted {
            if noted.id > here.last() || (noted.id > through && report.head_found.is_none()) {
                report.head_found = Some(false);
            }
            if report.head_found == Some(false) {
                report.note(Some(Problem::Head(noted.id)));
            }
        }
        if let Some((anchor, _)) = anchor {
            let adopted = anchor.adopted_through;
            report.older_than_chain = (adopted > anchor.through).then_some(adopted);
            report.removed = (anchor.through > 0).then_some(Removed {
                through: anchor.through,
                at: anchor.at,
                broken: anchor.broken,
            });
        }
        report.head = (here.last() > 0).then(|| here.head());
        report.intact = report.problems == 0;
        return Ok(report);
    }
}
