//! The templates of one mail, and what they compile to.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use minijinja::Value;

use super::engine::{Compiled, in_words};
use super::{Filling, Kind, Part, builtin, lint, sql};
use crate::business::BusinessId;
use crate::clock::Timestamp;
use crate::locale::{Language, Locale};
use crate::store::{StoreError, Tx};

/// The templates of one mail: for each part the saved one, where there is one, and the built-in one
/// behind it.
#[derive(Clone)]
pub struct Chosen {
    kind: Kind,
    language: Language,
    saved: Vec<Saved>,
}

#[derive(Clone)]
struct Saved {
    id: i64,
    version: i64,
    part: Part,
    template: Template,
}

#[derive(Clone)]
enum Template {
    Ready(Arc<Compiled>),
    Source(String),
}

impl Chosen {
    /// Only the built-in ones.
    pub fn builtin(kind: Kind, language: Language) -> Self {
        Self {
            kind,
            language,
            saved: Vec::new(),
        }
    }

    /// The language of the mail.
    pub const fn language(&self) -> Language {
        self.language
    }
}

/// The parts of a mail, filled in.
#[derive(Clone)]
pub struct Rendered {
    /// The subject, as the template has it.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The HTML.
    pub html: String,
}

/// A saved template that could not be rendered.
#[derive(Clone, Debug)]
pub struct Failed {
    id: i64,
    version: i64,
    why: String,
}

/// By number and language of the mail: the version, and what it compiles to.
type Cache = HashMap<(i64, Language), (i64, Arc<Compiled>)>;

/// What saved templates compile to, and which of them have failed.
#[derive(Default)]
pub struct Templates {
    compiled: Mutex<Cache>,
    failed: Mutex<Failures>,
}

#[derive(Default)]
struct Failures {
    /// Those that are known, so that a mail in a thousand costs a transaction and not every one.
    known: HashSet<(i64, i64)>,
    new: Vec<Failed>,
}

impl Templates {
    /// Finds out which templates are in force for a mail, in the transaction that claims it.
    pub fn choose(
        &self,
        db: &rusqlite::Connection,
        kind: Kind,
        business: Option<BusinessId>,
        locale: &Locale,
    ) -> Result<Chosen, StoreError> {
        let mut chosen = Chosen::builtin(kind, locale.language());
        for found in sql::candidates(db, kind, business, locale)? {
            if chosen.saved.iter().any(|saved| saved.part == found.part) {
                continue;
            }
            let (id, version) = (found.id, found.version);
            let template = match self.cached(id, version, chosen.language) {
                Some(ready) => Template::Ready(ready),
                None => Template::Source(sql::source(db, id, version)?.unwrap_or_default()),
            };
            chosen.saved.push(Saved {
                id,
                version,
                part: found.part,
                template,
            });
        }
        Ok(chosen)
    }

    /// Fills the templates in. A saved one that fails gives way to the built-in one, and is noted for
    /// [`report`].
    pub fn render(
        &self,
        chosen: &Chosen,
        filling: &Filling<'_>,
    ) -> Result<Rendered, minijinja::Error> {
        let values = filling.values();
        let part = |part| -> Result<String, minijinja::Error> {
            if let Some(saved) = chosen.saved.iter().find(|saved| saved.part == part) {
                match self.attempt(chosen, saved, &values, filling) {
                    Ok(text) => return Ok(text),
                    Err(why) => self.note(chosen.kind, saved, why),
                }
            }
            builtin::render(chosen.kind, part, chosen.language, &values)
        };
        Ok(Rendered {
            subject: part(Part::Subject)?,
            text: part(Part::Text)?,
            html: part(Part::Html)?,
        })
    }

    fn attempt(
        &self,
        chosen: &Chosen,
        saved: &Saved,
        values: &Value,
        filling: &Filling<'_>,
    ) -> Result<String, String> {
        let compiled = match &saved.template {
            Template::Ready(compiled) => Arc::clone(compiled),
            Template::Source(source) => {
                let compiled = Compiled::new(saved.part, chosen.language, source.clone())
                    .map_err(|error| error.to_string())?;
                let compiled = Arc::new(compiled);
                let key = (saved.id, chosen.language);
                self.compiled()
                    .insert(key, (saved.version, Arc::clone(&compiled)));
                compiled
            }
        };
        let text = compiled.render(values).map_err(|error| in_words(&error))?;
        match lint::missing(saved.part, &text, filling) {
            // It may stand in a branch that the lint's samples lead to and this mail does not.
            Some(what) => Err(format!("the {what} is missing in this mail")),
            None => Ok(text),
        }
    }

    fn cached(&self, id: i64, version: i64, language: Language) -> Option<Arc<Compiled>> {
        self.compiled()
            .get(&(id, language))
            .filter(|(cached, _)| *cached == version)
            .map(|(_, compiled)| Arc::clone(compiled))
    }

    fn compiled(&self) -> MutexGuard<'_, Cache> {
        self.compiled.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failures(&self) -> MutexGuard<'_, Failures> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, kind: Kind, saved: &Saved, why: String) {
        let (id, version, part) = (saved.id, saved.version, saved.part);
        let mut failures = self.failures();
        if failures.known.insert((id, version)) {
            tracing::error!(
                template = id, version, %kind, %part, why,
                "a saved template cannot be rendered; the built-in one stands in"
            );
            failures.new.push(Failed { id, version, why });
        }
    }

    /// What has failed since this was asked last, to be written by [`report`].
    pub fn take_failures(&self) -> Vec<Failed> {
        std::mem::take(&mut self.failures().new)
    }
}

/// Writes down that templates have failed, unless other versions are in force by now.
pub fn report(tx: &Tx<'_>, failed: &[Failed], now: Timestamp) -> Result<(), StoreError> {
    for failure in failed {
        sql::set_failure(tx, failure.id, failure.version, &failure.why, now)?;
    }
    Ok(())
}
