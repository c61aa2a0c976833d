//! The built-in templates: a shape for each kind, and the words of each language.
//!
//! `assets/mail` holds the shapes, with places for words like `[[greeting]]`, and `assets/mail/words`
//! the words. Put together they are templates like any other, which can be shown, changed and saved
//! as a location's own. The style sheet of the layout is written into the elements once a shape, since
//! many mail programs know nothing else.

use std::collections::HashMap;
use std::sync::{LazyLock, OnceLock};

use css_inline::{CSSInliner, InlineError};
use minijinja::{Environment, Error, Value};

use super::{Kind, Part, engine};
use crate::locale::Language;

const LAYOUT: &str = include_str!("../../assets/mail/layout.html");

/// Text and HTML of a kind.
const fn shapes(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Reset | Kind::Welcome => (
            include_str!("../../assets/mail/link.txt"),
            include_str!("../../assets/mail/link.html"),
        ),
        Kind::Otp => (
            include_str!("../../assets/mail/otp.txt"),
            include_str!("../../assets/mail/otp.html"),
        ),
        Kind::Changed => (
            include_str!("../../assets/mail/changed.txt"),
            include_str!("../../assets/mail/changed.html"),
        ),
        Kind::SignIn => (
            include_str!("../../assets/mail/signin_notice.txt"),
            include_str!("../../assets/mail/signin_notice.html"),
        ),
    }
}

const fn words_of(language: Language) -> &'static str {
    match language {
        Language::English => include_str!("../../assets/mail/words/en.toml"),
        Language::Spanish => include_str!("../../assets/mail/words/es.toml"),
        Language::French => include_str!("../../assets/mail/words/fr.toml"),
        Language::German => include_str!("../../assets/mail/words/de.toml"),
        Language::Portuguese => include_str!("../../assets/mail/words/pt.toml"),
        Language::Italian => include_str!("../../assets/mail/words/it.toml"),
        Language::Dutch => include_str!("../../assets/mail/words/nl.toml"),
    }
}

/// Sections of words: `common`, and one a kind.
type Words = HashMap<String, HashMap<String, String>>;

/// Everything in one language.
struct Set {
    /// By kind and part, in the order of their `ALL`.
    sources: Vec<[String; 3]>,
    layout: String,
    environment: Environment<'static>,
}

fn set(language: Language) -> &'static Set {
    static SETS: [OnceLock<Set>; 7] = [const { OnceLock::new() }; 7];
    let at = Language::ALL.iter().position(|it| *it == language);
    SETS[at.unwrap_or_default()].get_or_init(|| Set::new(language))
}

impl Set {
    fn new(language: Language) -> Self {
        let words: Words =
            toml::from_str(words_of(language)).expect("the words of every language can be read");
        let sources: Vec<_> = Kind::ALL
            .into_iter()
            .zip(pages())
            .map(|(kind, page)| {
                let fill = |shape: &str| fill(shape, &words, Some(kind), language);
                let subject = fill("[[subject]]");
                [subject, fill(shapes(kind).0), fill(page)]
            })
            .collect();
        let mut environment = engine::environment();
        for (kind, parts) in Kind::ALL.into_iter().zip(&sources) {
            for (part, source) in Part::ALL.into_iter().zip(parts) {
                environment
                    .add_template_owned(name(kind, part), source.clone())
                    .expect("the built-in templates can be read");
            }
        }
        let layout = inlined(LAYOUT).replace("[[content]]", "{% block content %}{% endblock %}");
        Self {
            layout: fill(&layout, &words, None, language),
            sources,
            environment,
        }
    }
}

fn name(kind: Kind, part: Part) -> String {
    // The ending decides whether values are escaped.
    let ending = match part {
        Part::Subject | Part::Text => "txt",
        Part::Html => "html",
    };
    format!("{kind}.{part}.{ending}")
}

/// The HTML of every kind, still without words.
fn pages() -> &'static [String] {
    static PAGES: LazyLock<Vec<String>> = LazyLock::new(|| {
        Kind::ALL
            .into_iter()
            .map(|kind| inlined(&LAYOUT.replace("[[content]]", shapes(kind).1.trim_end())))
            .collect()
    });
    &PAGES
}

/// The page with its style sheet written into the elements. The colours of the brand are stood in for:
/// a value's place is no colour to a style sheet.
fn inlined(page: &str) -> String {
    let inliner = CSSInliner::options().load_remote_stylesheets(false).build();
    let done: Result<String, InlineError> = inliner.inline(page);
    done.expect("the built-in style sheet can be read")
        .replace("#0c0c0c", "{{ colour }}")
        .replace("#fdfdfd", "{{ text_on_colour }}")
}

/// Puts the words into their places.
fn fill(shape: &str, words: &Words, kind: Option<Kind>, language: Language) -> String {
    let find = |key: &str| {
        if key == "lang" {
            return language.code();
        }
        let own = kind.and_then(|kind| words.get(kind.as_str())?.get(key));
        own.or_else(|| words.get("common")?.get(key))
            .expect("every language has every word")
    };
    let mut filled = String::with_capacity(shape.len() * 2);
    let mut rest = shape;
    while let Some((before, (key, after))) = rest
        .split_once("[[")
        .and_then(|(before, after)| Some((before, after.split_once("]]")?)))
    {
        filled.push_str(before);
        filled.push_str(find(key));
        rest = after;
    }
    filled.push_str(rest);
    filled
}

/// The source of a built-in template.
pub fn source(kind: Kind, part: Part, language: Language) -> &'static str {
    let at = |of: Option<usize>| of.unwrap_or_default();
    let kind = at(Kind::ALL.iter().position(|it| *it == kind));
    let part = at(Part::ALL.iter().position(|it| *it == part));
    &set(language).sources[kind][part]
}

/// What the HTML of saved templates may extend: it has a block `content`.
pub(super) fn layout(language: Language) -> &'static str {
    &set(language).layout
}

pub(super) fn render(
    kind: Kind,
    part: Part,
    language: Language,
    values: &Value,
) -> Result<String, Error> {
    set(language)
        .environment
        .get_template(&name(kind, part))?
        .render(values)
}
