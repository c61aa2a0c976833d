//! What a template must be before it is saved.

use minijinja::ErrorKind;

use super::engine::{Compiled, NotCompiled, in_words};
use super::values::names;
use super::{Filling, Kind, Part, Said};
use crate::business::Brand;
use crate::clock::Timestamp;
use crate::config::Mailbox;
use crate::email::EmailAddress;
use crate::locale::Language;

/// The most that a template may hold, and that may come of it: mail programs cut what is longer.
pub const MAX_BYTES: usize = 100 * 1024;

/// What is wrong with a template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Longer than anybody reads.
    #[error("it has {0} bytes; {MAX_BYTES} are the most")]
    TooLong(usize),
    /// Nothing, or blanks.
    #[error("it is empty; to take a template back, use `readmit template rollback … 0`")]
    Empty,
    /// The template language does not take it.
    #[error("line {line}: {reason}")]
    Syntax {
        /// Where, from 1.
        line: usize,
        /// Why.
        reason: String,
    },
    /// A name that this kind of mail does not fill in.
    #[error("there is no {{{{ {name} }}}} in a mail of this kind; there are {known}")]
    Unknown {
        /// The name.
        name: String,
        /// Those that there are.
        known: String,
    },
    /// A value could end up in the HTML as it is, and what a member is called could be markup.
    #[error("line {line}: {what} would leave values unescaped; leave it out")]
    Unescaped {
        /// Where, from 1.
        line: usize,
        /// What does it.
        what: &'static str,
    },
    /// A name there could begin a tag, or be an attribute or an address, without any character to escape.
    #[error(
        "a value stands within a tag: put values into the text or into an attribute in quotes, and into an address only behind its beginning"
    )]
    InTag,
    /// What the mail is for is not in it.
    #[error("the {0} is missing: put {{{{ {0} }}}} where the reader needs it{1}")]
    Missing(&'static str, &'static str),
    /// A subject is one line.
    #[error("a subject is one line; there are more")]
    Lines,
    /// A character that a header cannot hold.
    #[error("it contains a control character (U+{0:04X}); leave it out")]
    Control(u32),
    /// It takes more work than a mail is worth.
    #[error("it takes too long to fill in, or becomes too long: are there loops in it?")]
    TooDear,
    /// What comes of it is longer than anybody reads.
    #[error("filled in it has {0} bytes; {MAX_BYTES} are the most")]
    GrowsTooLong(usize),
    /// It fails with values that a mail may have.
    #[error("it cannot be filled in: {0}")]
    Fails(String),
}

/// Everything that is wrong with `source` as that part of that kind of mail; nothing, if it can be
/// saved.
pub fn lint(kind: Kind, part: Part, source: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    if source.len() > MAX_BYTES {
        return vec![Fault::TooLong(source.len())];
    }
    if source.trim().is_empty() {
        return vec![Fault::Empty];
    }
    if part == Part::Subject && source.trim_end().contains(['\n', '\r']) {
        faults.push(Fault::Lines);
    }
    // The lines of a subject have their own rule.
    let may_stand = |c: char| matches!(c, '\n' | '\r') || (c == '\t' && part != Part::Subject);
    let controls = source.trim_end().chars();
    if let Some(control) = controls.filter(|c| c.is_control()).find(|&c| !may_stand(c)) {
        faults.push(Fault::Control(control.into()));
    }
    if part == Part::Html {
        faults.extend(unescaped(source));
    }
    let compiled = match Compiled::new(part, Language::English, source.to_owned()) {
        Ok(compiled) => compiled,
        Err(NotCompiled { line, reason }) => {
            faults.push(Fault::Syntax { line, reason });
            return faults;
        }
    };
    let known = names(kind);
    let unknown = compiled.names();
    let unknown: Vec<_> = unknown
        .into_iter()
        .filter(|name| !known.contains(&name.as_str()))
        .collect();
    if !unknown.is_empty() {
        faults.extend(unknown.into_iter().map(|name| Fault::Unknown {
            name,
            known: known.join(", "),
        }));
        return faults;
    }
    // What was taken from the template language cannot be tried.
    let is_escaped = |fault: &Fault| !matches!(fault, Fault::Unescaped { .. });
    if faults.iter().all(is_escaped) {
        faults.extend(trial(kind, part, &compiled));
    }
    faults
}

/// Fills the template in with values of every sort.
fn trial(kind: Kind, part: Part, compiled: &Compiled) -> Vec<Fault> {
    let mut faults: Vec<Fault> = Vec::new();
    for with_logo in [true, false] {
        let brand = sample_brand(with_logo);
        let email = brand.sender.address.clone();
        let filling = Filling {
            brand: &brand,
            name: HOSTILE,
            email: &email,
            language: Language::English,
            said: Said::sample(kind, &brand, Timestamp::from_seconds(1_800_000_000)),
        };
        let found = match compiled.render(&filling.values()) {
            Err(error) if error.kind() == ErrorKind::OutOfFuel => vec![Fault::TooDear],
            Err(error) => vec![Fault::Fails(in_words(&error))],
            Ok(text) => after(part, &text, &filling),
        };
        for fault in found {
            if !faults.contains(&fault) {
                faults.push(fault);
            }
        }
    }
    faults
}

/// What shows in what came of it only.
fn after(part: Part, text: &str, filling: &Filling<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    if text.len() > MAX_BYTES {
        faults.push(Fault::GrowsTooLong(text.len()));
    }
    if part == Part::Html {
        if text.contains(HOSTILE_TAG) {
            faults.push(Fault::Unescaped {
                line: 1,
                what: "something in it",
            });
        } else if is_in_tag(text, HOSTILE_START) {
            faults.push(Fault::InTag);
        }
    }
    if part == Part::Subject && text.trim_end().contains(['\n', '\r']) {
        faults.push(Fault::Lines);
    }
    if let Some(what) = missing(part, text, filling) {
        let note = if part == Part::Html && what == "link" {
            ", in the href of a link"
        } else {
            ""
        };
        faults.push(Fault::Missing(what, note));
    }
    faults
}

/// Which of the things that the mail is for is not in this part of it.
pub(super) fn missing(part: Part, text: &str, filling: &Filling<'_>) -> Option<&'static str> {
    let (what, wanted) = match &filling.said {
        _ if part == Part::Subject => return None,
        Said::Link { link, .. } => ("link", link),
        Said::Code { code, .. } => ("code", code),
        Said::Changed { .. } | Said::SignedIn { .. } => return None,
    };
    let there = if part == Part::Html && what == "link" {
        let escaped = minijinja::HtmlEscape(wanted).to_string();
        ["\"", "'"]
            .iter()
            .any(|quote| text.contains(&format!("href={quote}{escaped}{quote}")))
    } else {
        text.contains(wanted.as_str())
    };
    (!there).then_some(what)
}

/// A name that would be markup if it were not escaped, and within a tag even though it is: it begins with letters.
const HOSTILE: &str = "readmit-lint<readmit-lint>&\"'";
const HOSTILE_START: &str = "readmit-lint";
const HOSTILE_TAG: &str = "<readmit-lint>";

fn sample_brand(with_logo: bool) -> Brand {
    let sender = Mailbox {
        name: Some(HOSTILE.to_owned()),
        address: EmailAddress::parse("jane@example.com").expect("an address"),
    };
    let url = "https://portal.example/".parse().expect("an address");
    let mut brand = Brand::plain(&sender, &url);
    brand.logo_url = with_logo.then(|| "https://portal.example/logo.png".to_owned());
    brand
}

/// Whether the name stands where it is no text of the page: within a tag but for attributes in quotes, or at
/// the beginning of one that holds an address.
fn is_in_tag(html: &str, name: &str) -> bool {
    // Within a tag: where it began. Within quotes: which they are.
    let (mut tag, mut quoted) = (None, None);
    let mut last = ' ';
    for (at, c) in html.char_indices() {
        let rest = &html[at..];
        match (tag, quoted) {
            (None, _) => {
                let begins = |c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?');
                let is_tag = c == '<' && !rest.starts_with("<!--");
                tag = (is_tag && rest[1..].starts_with(begins)).then_some(at);
            }
            (Some(_), None) if rest.starts_with(name) => return true,
            (Some(_), None) if c == '>' => tag = None,
            (Some(start), None) if matches!(c, '\'' | '"') && last == '=' => {
                let value = rest[1..].trim_start();
                if value.starts_with(name) && is_address(&html[start..at]) {
                    return true;
                }
                quoted = Some(c);
            }
            (Some(_), Some(quote)) if c == quote => quoted = None,
            (Some(_), _) => {}
        }
        last = if c.is_whitespace() { last } else { c };
    }
    false
}

/// Whether the attribute that a tag ends with, as far as it goes, holds an address.
fn is_address(tag: &str) -> bool {
    let attribute = tag.trim_end_matches(|c: char| c == '=' || c.is_whitespace());
    let attribute = attribute.to_ascii_lowercase();
    attribute.ends_with("href") || attribute.ends_with("src")
}

/// Filters and blocks that switch escaping off, found by their names: a branch that the samples do not
/// lead to is none the safer.
fn unescaped(source: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (line, text) in (1..).zip(source.lines()) {
        for tag in tags(text) {
            let squeezed: String = tag.chars().filter(|c| !c.is_whitespace()).collect();
            let words: Vec<_> = tag
                .split(|c: char| !c.is_alphanumeric() && c != '_')
                .collect();
            if squeezed.contains("|safe") {
                let what = "the filter `safe`";
                faults.push(Fault::Unescaped { line, what });
            }
            if words.contains(&"autoescape") {
                let what = "`autoescape`";
                faults.push(Fault::Unescaped { line, what });
            }
        }
    }
    // A tag is looked at from each of its openings.
    faults.dedup();
    faults
}

/// What stands behind an opening brace pair, up to the closing one or the end of the line.
fn tags(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices(['{', '|'])
        .map(move |(at, _)| &line[at..])
        .map(|rest| rest.split_once("}}").map_or(rest, |(tag, _)| tag))
        .map(|rest| rest.split_once("%}").map_or(rest, |(tag, _)| tag))
}
