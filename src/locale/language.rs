//! The languages that mail and pages are written in, and tags that name them.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// A language that mail and pages are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Language {
    /// English, which stands in wherever nothing else is known.
    #[default]
    English,
    /// Spanish.
    Spanish,
    /// French.
    French,
    /// German.
    German,
    /// Portuguese.
    Portuguese,
    /// Italian.
    Italian,
    /// Dutch.
    Dutch,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::English,
        Self::Spanish,
        Self::French,
        Self::German,
        Self::Portuguese,
        Self::Italian,
        Self::Dutch,
    ];

    /// The code of ISO 639-1: `en`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Spanish => "es",
            Self::French => "fr",
            Self::German => "de",
            Self::Portuguese => "pt",
            Self::Italian => "it",
            Self::Dutch => "nl",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Why a text names no language of ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a language is one of en, es, fr, de, pt, it and nl, with a region if you like, as in pt-BR"
)]
pub struct LocaleError;

/// A language tag (BCP 47) of one of our languages, in its usual spelling: `fr`, `pt-BR`. Its region
/// matters to templates only; dates and durations are the language's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Locale {
    language: Language,
    /// With the hyphen before it; empty for the language alone.
    region: String,
}

impl Locale {
    /// Accepts `pt`, `pt-BR` and `pt_br`, and subtags of any number behind the language.
    pub fn parse(text: &str) -> Result<Self, LocaleError> {
        let mut parts = text.trim().split(['-', '_']);
        let code = parts.next().unwrap_or_default();
        let language = Language::ALL
            .into_iter()
            .find(|language| language.code().eq_ignore_ascii_case(code))
            .ok_or(LocaleError)?;
        let mut region = String::new();
        for part in parts {
            if !(2..=8).contains(&part.len()) || !part.bytes().all(|b| b.is_ascii_alphanumeric()) {
                return Err(LocaleError);
            }
            let lower = part.to_ascii_lowercase();
            region.push('-');
            match part.len() {
                2 => region.push_str(&part.to_ascii_uppercase()),
                4 => {
                    region.push_str(&lower[..1].to_ascii_uppercase());
                    region.push_str(&lower[1..]);
                }
                _ => region.push_str(&lower),
            }
        }
        if region.len() > 30 {
            return Err(LocaleError);
        }
        Ok(Self { language, region })
    }

    /// The language, without its region.
    pub const fn language(&self) -> Language {
        self.language
    }

    /// The tags that stand for this one, the most exact first: `pt-BR`, `pt`.
    pub fn tags(&self) -> Vec<String> {
        let mut tags = vec![self.language.code().to_owned()];
        if !self.region.is_empty() {
            tags.insert(0, self.to_string());
        }
        tags
    }
}

impl From<Language> for Locale {
    fn from(language: Language) -> Self {
        Self {
            language,
            region: String::new(),
        }
    }
}

impl FromStr for Locale {
    type Err = LocaleError;

    fn from_str(text: &str) -> Result<Self, LocaleError> {
        Self::parse(text)
    }
}

impl fmt::Display for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.language, self.region)
    }
}

impl Serialize for Locale {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
