//! What an administrator does to templates of mail.

use super::{Admin, note};
use crate::business::{self, BusinessError, BusinessId};
use crate::clock::Timestamp;
use crate::store::{StoreError, Tx};
use crate::templates::{self, Fault, Place, Stored};

/// Why a template was not saved.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// It would not do what it is for.
    #[error("{}", all(.0))]
    Faults(Vec<Fault>),
    /// The business is not there.
    #[error(transparent)]
    Business(#[from] BusinessError),
    /// There is nothing to go back to.
    #[error("there is no version {version} of {place}; `readmit template history` shows them")]
    NoVersion {
        /// Of what.
        place: Box<Place>,
        /// Which was asked for.
        version: i64,
    },
    /// It is not in force.
    #[error("{0} has no template of its own; there is nothing to take back")]
    NotSet(Box<Place>),
    /// The database did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn all(faults: &[Fault]) -> String {
    let lines: Vec<_> = faults.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

impl Admin {
    /// Saves a template and puts it into force, if the lint has nothing against it. Its version.
    pub async fn set_template(
        &self,
        place: Place,
        source: String,
        remark: Option<String>,
        now: Timestamp,
    ) -> Result<i64, TemplateError> {
        self.put_template("template.set", place, Some(source), remark, now)
            .await
    }

    /// Puts an earlier version into force as a new one; version 0 is to have no template there. The new
    /// version.
    pub async fn roll_template_back(
        &self,
        place: Place,
        version: i64,
        remark: Option<String>,
        now: Timestamp,
    ) -> Result<i64, TemplateError> {
        let wanted = place.clone();
        let source = self
            .store
            .read(move |db| {
                if version != 0 {
                    return match templates::version(db, &wanted, version)? {
                        Some(Stored::Source(source)) => Ok(Some(source)),
                        Some(Stored::TakenBack) => Ok(None),
                        None => Err(TemplateError::NoVersion {
                            place: Box::new(wanted),
                            version,
                        }),
                    };
                }
                let in_force = templates::list(db)?
                    .iter()
                    .any(|listed| listed.place == wanted && !listed.taken_back);
                if in_force {
                    Ok(None)
                } else {
                    Err(TemplateError::NotSet(Box::new(wanted)))
                }
            })
            .await?;
        let remark = remark.or_else(|| Some(format!("back to version {version}")));
        self.put_template("template.rollback", place, source, remark, now)
            .await
    }

    async fn put_template(
        &self,
        event: &'static str,
        place: Place,
        source: Option<String>,
        remark: Option<String>,
        now: Timestamp,
    ) -> Result<i64, TemplateError> {
        // Filling it in takes longer than others should wait for the writer.
        if let Some(source) = &source {
            let faults = templates::lint(place.kind, place.part, source);
            if !faults.is_empty() {
                return Err(TemplateError::Faults(faults));
            }
        }
        let actor = self.actor.clone();
        self.store
            .write(move |tx| {
                if let Some(id) = place.business {
                    require(tx, id)?;
                }
                let by = actor.to_string();
                let (source, remark) = (source.as_deref(), remark.as_deref());
                let version = templates::sql::put(tx, &place, source, (&by, remark), now)?;
                let detail = format!("{place}, version {version}");
                note(tx, actor, event, (None, place.business), Some(&detail), now)?;
                Ok(version)
            })
            .await
    }
}

fn require(tx: &Tx<'_>, id: BusinessId) -> Result<(), BusinessError> {
    match business::sql::find(tx, id)? {
        Some(_) => Ok(()),
        None => Err(BusinessError::Unknown(id)),
    }
}
