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
pub(crate) mod sql;
mod values;

pub use self::builtin::source as builtin;
pub use self::cache::{Chosen, Failed, Rendered, Templates, report};
pub use self::lint::{Fault, MAX_BYTES, lint};
pub use self::place::{Kind, NameError, Part, Place};
pub use self::sql::{Listed, Version};
pub use self::values::{Filling, Said};
use crate::business::BusinessId;
use crate::locale::Locale;
use crate::store::StoreError;

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
