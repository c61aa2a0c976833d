//! Templates of mail: built in for each language, or in a location's own words.
//!
//! A mail has three parts, and each is looked for on its own: the location's template in the member's
//! language, the location's for any language, the common one in that language, the common one for any
//! language, and at last the built-in one. A template is linted before it is saved, so that it can be
//! relied upon; one that fails all the same gives way to the built-in one, and says so.
//!
//! Which templates are in force is read in the transaction that claims the mail, so that a change made
//! by any process counts from then on. What they compile to is kept by number and version.

mod builtin;
mod cache;
mod engine;
mod lint;
mod place;
mod sample;
pub(crate) mod sql;
mod values;

pub use self::builtin::source as builtin;
pub use self::cache::{Chosen, Failed, Rendered, Templates, report};
pub use self::lint::{Fault, MAX_BYTES, lint};
pub use self::place::{Kind, NameError, Part, Place};
pub use self::sample::{Common, Mail, SAMPLE_NAME, Sample, SampleError, sample};
pub use self::sql::{Listed, Version};
pub use self::values::{Filling, Said};
use crate::business::{self, BusinessError, BusinessId};
use crate::locale::Locale;
use crate::store::StoreError;
use imara_diff::{Algorithm, BasicLineDiffPrinter, Diff, InternedInput, UnifiedDiffConfig};

/// The template in force for a part of a mail.
#[derive(Clone, Debug)]
pub struct Effective {
    /// Where it was found; none for the built-in one.
    pub place: Option<Place>,
    /// Its source.
    pub source: String,
}

/// The template that a mail of that location, in that language, is made from.
pub fn effective(
    db: &rusqlite::Connection,
    kind: Kind,
    part: Part,
    business: Option<BusinessId>,
    locale: &Locale,
) -> Result<Effective, StoreError> {
    let found = sql::candidates(db, kind, business, locale)?;
    let Some(best) = found.into_iter().find(|found| found.part == part) else {
        return Ok(Effective {
            place: None,
            source: builtin(kind, part, locale.language()).to_owned(),
        });
    };
    let source = sql::source(db, best.id, best.version)?;
    Ok(Effective {
        place: Some(Place {
            kind,
            part,
            business: best.business,
            locale: best.locale,
        }),
        source: source.unwrap_or_default(),
    })
}

/// The template that belongs at a place, or the one that stands in for it.
pub fn in_force(db: &rusqlite::Connection, place: &Place) -> Result<Effective, BusinessError> {
    let saved = list(db)?
        .into_iter()
        .find(|listed| listed.place == *place && !listed.taken_back);
    if let Some(saved) = saved
        && let Some(Stored::Source(source)) = version(db, place, saved.version)?
    {
        return Ok(Effective {
            place: Some(place.clone()),
            source,
        });
    }
    let business = match place.business {
        Some(id) => Some(business::find(db, id)?.ok_or(BusinessError::Unknown(id))?),
        None => None,
    };
    let own = place.locale.clone();
    let locale = own.or_else(|| business?.locale).unwrap_or_default();
    Ok(effective(
        db,
        place.kind,
        place.part,
        place.business,
        &locale,
    )?)
}

/// The lines that differ, as `diff -u` shows them; none if all are the same.
pub fn diff(old: &str, new: &str) -> String {
    let ended = |text: &str| format!("{}\n", text.trim_end());
    let (old, new) = (ended(old), ended(new));
    let lines = InternedInput::new(old.as_str(), new.as_str());
    let mut differences = Diff::compute(Algorithm::Histogram, &lines);
    differences.postprocess_lines(&lines);
    let printer = BasicLineDiffPrinter(&lines.interner);
    differences
        .unified_diff(&printer, UnifiedDiffConfig::default(), &lines)
        .to_string()
}

/// Every place with a saved template, or one that was taken back.
pub fn list(db: &rusqlite::Connection) -> Result<Vec<Listed>, StoreError> {
    sql::list(db)
}

/// The versions of a place, newest first.
pub fn history(db: &rusqlite::Connection, place: &Place) -> Result<Vec<Version>, StoreError> {
    sql::history(db, place)
}

/// A version of a place as it was saved.
#[derive(Clone, Debug)]
pub enum Stored {
    /// A template.
    Source(String),
    /// The template was taken back then.
    TakenBack,
}

/// A version of a place; none if there is no such version.
pub fn version(
    db: &rusqlite::Connection,
    place: &Place,
    version: i64,
) -> Result<Option<Stored>, StoreError> {
    sql::version(db, place, version)
}
