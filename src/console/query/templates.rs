//! What is read for the templates' view.

use rusqlite::Connection;

use crate::business::{self, BusinessError};
use crate::clock::Timestamp;
use crate::config::Config;
use crate::email::EmailAddress;
use crate::locale::Language;
use crate::store::StoreError;
use crate::templates::{self, Common, Listed, Mail, Place, SampleError, Stored, Version, builtin};

/// What a mail looks like with sample values.
#[derive(Clone, Debug, Default)]
pub struct Preview {
    /// Its subject.
    pub subject: String,
    /// Its text, line by line.
    pub text: Vec<String>,
    /// Its HTML as a program without pictures and colours draws it, line by line.
    pub html: Vec<String>,
}

/// What there is to say about a source.
#[derive(Clone, Debug, Default)]
pub struct Judged {
    /// What is wrong with it, a sentence each.
    pub faults: Vec<String>,
    /// What comes of it; none if it cannot be filled in.
    pub preview: Option<Preview>,
}

/// A place for a template, and what stands there.
#[derive(Clone, Debug)]
pub struct Template {
    /// The place.
    pub place: Place,
    /// What is in force there, with one line end behind it.
    pub source: String,
    /// Where that comes from; none if it is built in.
    pub from: Option<Place>,
    /// In which language the built-in one would be.
    pub language: Language,
    /// What was saved at this very place, if anything was.
    pub own: Option<Listed>,
    /// What is to be said about it.
    pub judged: Judged,
}

/// What a version is compared with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Against {
    /// The one before it.
    #[default]
    Before,
    /// The one in force.
    InForce,
    /// The built-in one.
    BuiltIn,
}

/// The versions of a template, and what one of them changes.
#[derive(Clone, Debug)]
pub struct History {
    /// The newest first.
    pub versions: Vec<Version>,
    /// The lines that differ.
    pub difference: Vec<String>,
}

/// What everything is judged by.
#[derive(Clone, Copy)]
pub(super) struct Looks<'a> {
    pub(super) config: &'a Config,
    /// How wide HTML is drawn.
    pub(super) columns: u16,
    pub(super) now: Timestamp,
}

/// What stands at a place; none if its business is gone.
pub(super) fn template(
    db: &Connection,
    place: Place,
    looks: Looks<'_>,
) -> Result<Option<Template>, StoreError> {
    let found = match templates::in_force(db, &place) {
        Ok(found) => found,
        Err(BusinessError::Store(error)) => return Err(error),
        Err(_) => return Ok(None),
    };
    let source = ended(&found.source);
    let own = templates::list(db)?
        .into_iter()
        .find(|it| it.place == place);
    Ok(Some(Template {
        judged: judge(db, &place, &source, looks)?,
        language: language(db, &place)?,
        source,
        from: found.place,
        own,
        place,
    }))
}

/// The source that is in force at a place, with one line end behind it.
pub(in crate::console) fn in_force(
    db: &Connection,
    place: &Place,
) -> Result<String, BusinessError> {
    Ok(ended(&templates::in_force(db, place)?.source))
}

/// What is to be said about a source, were it saved at that place.
pub(super) fn judge(
    db: &Connection,
    place: &Place,
    source: &str,
    looks: Looks<'_>,
) -> Result<Judged, StoreError> {
    let faults = templates::lint(place.kind, place.part, source);
    let mail = Mail {
        kind: place.kind,
        business: place.business,
        locale: place.locale.clone(),
    };
    let to = EmailAddress::parse("jane@example.com").expect("an address");
    let common = Common {
        from: &looks.config.smtp.from,
        public_url: &looks.config.http.public_url,
        to: &to,
        now: looks.now,
    };
    let preview = match templates::sample(db, &mail, Some((place.part, source)), common) {
        Ok(sample) => Some(Preview {
            subject: sample.rendered.subject,
            text: lines(&sample.rendered.text),
            html: drawn(&sample.rendered.html, looks.columns),
        }),
        Err(SampleError::Business(BusinessError::Store(error))) => return Err(error),
        // The faults say why.
        Err(_) => None,
    };
    Ok(Judged {
        faults: faults.iter().map(ToString::to_string).collect(),
        preview,
    })
}

/// The versions of a place, and what one of them changes; 0 is the built-in one.
pub(super) fn history(
    db: &Connection,
    place: &Place,
    version: Option<i64>,
    against: Against,
) -> Result<History, StoreError> {
    let versions = templates::history(db, place)?;
    let language = language(db, place)?;
    let newest = versions.first().map_or(0, |newest| newest.version);
    let version = version.unwrap_or(newest);
    let source = |version: i64| -> Result<String, StoreError> {
        Ok(match templates::version(db, place, version)? {
            Some(Stored::Source(source)) => source,
            // Where it was taken back, the built-in one is at least near to what stood in.
            Some(Stored::TakenBack) | None => builtin(place.kind, place.part, language).to_owned(),
        })
    };
    let old = source(match against {
        Against::Before => version - 1,
        Against::InForce => newest,
        Against::BuiltIn => 0,
    })?;
    Ok(History {
        difference: lines(&templates::diff(&old, &source(version)?)),
        versions,
    })
}

/// The language that a built-in template would be in there.
fn language(db: &Connection, place: &Place) -> Result<Language, StoreError> {
    if let Some(locale) = &place.locale {
        return Ok(locale.language());
    }
    let business = match place.business {
        Some(id) => business::find(db, id)?,
        None => None,
    };
    let locale = business.and_then(|business| business.locale);
    Ok(locale.unwrap_or_default().language())
}

fn ended(source: &str) -> String {
    format!("{}\n", source.replace("\r\n", "\n").trim_end())
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

/// HTML as text. Tables are for layout in mail; the lines around them would say nothing.
fn drawn(html: &str, columns: u16) -> Vec<String> {
    let width = usize::from(columns.max(24));
    let drawn = html2text::config::plain()
        .no_table_borders()
        .string_from_read(html.as_bytes(), width);
    match drawn {
        Ok(text) => lines(text.trim_matches('\n')),
        Err(error) => vec![format!("it cannot be drawn here: {error}")],
    }
}
