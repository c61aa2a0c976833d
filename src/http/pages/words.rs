//! What the pages say, in each language, and which language a browser prefers.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use minijinja::Value;

use crate::locale::Language;

/// The words of one language, by key. Every language has the same keys.
pub(super) struct Words {
    pub(super) language: Language,
    texts: BTreeMap<String, String>,
    /// The same for templates, which share it.
    value: Value,
}

static ALL: LazyLock<Vec<Words>> = LazyLock::new(|| {
    let words = |language| {
        let texts: BTreeMap<String, String> =
            toml::from_str(source(language)).expect("the built-in words are a table of texts");
        Words {
            language,
            value: Value::from_pairs(texts.clone()),
            texts,
        }
    };
    Language::ALL.into_iter().map(words).collect()
});

const fn source(language: Language) -> &'static str {
    match language {
        Language::English => include_str!("../../../assets/pages/words/en.toml"),
        Language::Spanish => include_str!("../../../assets/pages/words/es.toml"),
        Language::French => include_str!("../../../assets/pages/words/fr.toml"),
        Language::German => include_str!("../../../assets/pages/words/de.toml"),
        Language::Portuguese => include_str!("../../../assets/pages/words/pt.toml"),
        Language::Italian => include_str!("../../../assets/pages/words/it.toml"),
        Language::Dutch => include_str!("../../../assets/pages/words/nl.toml"),
    }
}

impl Words {
    /// Those of `language`.
    pub(super) fn of(language: Language) -> &'static Self {
        ALL.iter()
            .find(|words| words.language == language)
            .expect("every language has words")
    }

    /// All of them, for templates.
    pub(super) fn value(&self) -> Value {
        self.value.clone()
    }

    /// One of them.
    pub(super) fn get(&self, key: &str) -> &str {
        self.texts
            .get(key)
            .expect("every language has every word that is used")
    }

    /// One of them with a value in its place.
    pub(super) fn filled(&self, key: &str, name: &str, value: &str) -> String {
        fill(self.get(key), name, value)
    }
}

/// The text with `value` where `{name}` stands. The value is not looked at again.
pub(super) fn fill(text: &str, name: &str, value: &str) -> String {
    text.replace(&format!("{{{name}}}"), value)
}

/// The language of ours that the browser likes best (RFC 9110, 12.5.4); none when it names none of them.
/// A region counts as its language: who reads `pt-BR` can read what we have in Portuguese.
pub(super) fn preferred(accept_language: &str) -> Option<Language> {
    /// As many as a browser ever sends; the rest is not looked at.
    const MOST: usize = 32;
    let mut best: Option<(u16, Language)> = None;
    for range in accept_language.split(',').take(MOST) {
        let mut parts = range.split(';');
        let tag = parts.next().unwrap_or_default().trim();
        let code = tag.split('-').next().unwrap_or_default();
        let known = |language: &Language| language.code().eq_ignore_ascii_case(code);
        let Some(language) = Language::ALL.into_iter().find(known) else {
            continue;
        };
        let weight = parts
            .find_map(|part| part.trim().strip_prefix("q="))
            .map_or(Some(1000), weight);
        if let Some(weight @ 1..) = weight
            && best.is_none_or(|(best, _)| weight > best)
        {
            best = Some((weight, language));
        }
    }
    best.map(|(_, language)| language)
}

/// A quality in thousandths.
fn weight(text: &str) -> Option<u16> {
    let (whole, part) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    if part.len() > 3 || !part.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part: u16 = format!("{part:0<3}").parse().ok()?;
    match whole {
        "0" => Some(part),
        "1" if part == 0 => Some(1000),
        _ => None,
    }
}
