//! Typed access to a key; what does not fit becomes a message that names origin and key.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use secrecy::SecretString;
use toml::Value;

use super::error::{ConfigError, Origin};
use super::kinds::{parse_size, parse_span, show_size, show_span};
use super::load::{Entry, Settings};

/// Keys whose values never appear in a message.
const NEVER_SHOWN: [&str; 3] = ["backup.passphrase", "smtp.password", "smtp.url"];

/// The one key whose value may be shown although there is an `@` in it, unless it is the address of a relay.
const MAILBOX: &str = "smtp.from";

impl Settings {
    fn entry(&self, key: &str) -> Result<&Entry, ConfigError> {
        self.get(key).ok_or_else(|| ConfigError::Invalid {
            origin: Origin::Sample,
            key: key.to_owned(),
            problem: "is missing".to_owned(),
        })
    }

    /// An error about the value of `key`, from wherever it came.
    pub(super) fn invalid(&self, key: &str, problem: impl Into<String>) -> ConfigError {
        ConfigError::Invalid {
            origin: self
                .get(key)
                .map_or(Origin::Sample, |entry| entry.origin.clone()),
            key: key.to_owned(),
            problem: problem.into(),
        }
    }

    /// Where the value of `key` came from.
    pub(super) fn origin(&self, key: &str) -> Result<&Origin, ConfigError> {
        Ok(&self.entry(key)?.origin)
    }

    /// A text, which may be empty.
    pub(super) fn text(&self, key: &str) -> Result<&str, ConfigError> {
        match &self.entry(key)?.value {
            Value::String(text) => Ok(text),
            other => Err(self.invalid(
                key,
                format!("{} is not a text; write it in quotes", shown(key, other)),
            )),
        }
    }

    /// A text; an empty one means none.
    pub(super) fn optional(&self, key: &str) -> Result<Option<String>, ConfigError> {
        let text = self.text(key)?;
        Ok((!text.is_empty()).then(|| text.to_owned()))
    }

    /// A text that must not be read by anybody; an empty one means none.
    pub(super) fn secret(&self, key: &str) -> Result<Option<SecretString>, ConfigError> {
        Ok(self.optional(key)?.map(SecretString::from))
    }

    /// A text that names a file or folder, and is never empty.
    pub(super) fn path(&self, key: &str) -> Result<PathBuf, ConfigError> {
        self.optional_path(key)?
            .ok_or_else(|| self.invalid(key, "is empty; write the path of a file or folder"))
    }

    /// A text that names a file or folder; an empty one means none.
    pub(super) fn optional_path(&self, key: &str) -> Result<Option<PathBuf>, ConfigError> {
        let text = self.optional(key)?;
        if text.as_deref().is_some_and(|text| text.contains('\0')) {
            return Err(self.invalid(
                key,
                "holds a NUL character; write the path of a file or folder",
            ));
        }
        Ok(text.map(Into::into))
    }

    /// A text whose own type says what is wrong with it, in words that follow it: `is not a limit`.
    pub(super) fn parsed<T>(&self, key: &str) -> Result<T, ConfigError>
    where
        T: FromStr<Err: Display>,
    {
        self.parsed_by(key, |text| {
            text.parse().map_err(|error: T::Err| error.to_string())
        })
    }

    /// A text read by `parse`, whose error follows the text: `is not an address`.
    pub(super) fn parsed_by<T, E: Display>(
        &self,
        key: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, ConfigError> {
        let text = self.text(key)?;
        parse(text).map_err(|error| self.invalid(key, format!("{} {error}", shown_text(key, text))))
    }

    /// A list of texts, each read by `parse`, whose error follows the text: `is not an address`.
    pub(super) fn list<T, E: Display>(
        &self,
        key: &str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Result<Vec<T>, ConfigError> {
        let value = &self.entry(key)?.value;
        let Value::Array(items) = value else {
            let problem = format!(
                "{} is not a list; write it like [\"…\", \"…\"]",
                shown(key, value)
            );
            return Err(self.invalid(key, problem));
        };
        let read = |item: &Value| {
            let Value::String(text) = item else {
                let problem = format!("{} is not a text; write it in quotes", shown(key, item));
                return Err(self.invalid(key, problem));
            };
            parse(text)
                .map_err(|error| self.invalid(key, format!("{} {error}", shown_text(key, text))))
        };
        items.iter().map(read).collect()
    }

    /// A text, or a list of them, each read by `parse`; one at least. In a variable, which is always a
    /// text, commas stand between the items, unless it names a folder, whose name may have commas in it.
    pub(super) fn one_or_more<T, E: Display>(
        &self,
        key: &str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Result<Vec<T>, ConfigError> {
        let items = match &self.entry(key)?.value {
            Value::String(text) if !text.starts_with("file:") => text
                .split(',')
                .map(str::trim)
                .map(|item| {
                    parse(item).map_err(|error| {
                        self.invalid(key, format!("{} {error}", shown_text(key, item)))
                    })
                })
                .collect::<Result<Vec<_>, _>>()?,
            Value::String(_) => vec![self.parsed_by(key, parse)?],
            _ => self.list(key, parse)?,
        };
        if items.is_empty() {
            return Err(self.invalid(key, "is an empty list; name one at least"));
        }
        Ok(items)
    }

    /// A whole number.
    pub(super) fn count<T>(&self, key: &str, range: RangeInclusive<T>) -> Result<T, ConfigError>
    where
        T: TryFrom<i64> + PartialOrd + Display,
    {
        let value = &self.entry(key)?.value;
        value
            .as_integer()
            .and_then(|number| T::try_from(number).ok())
            .filter(|number| range.contains(number))
            .ok_or_else(|| {
                let (least, most) = range.into_inner();
                let value = shown(key, value);
                self.invalid(
                    key,
                    format!("{value} is not a whole number from {least} to {most}"),
                )
            })
    }

    /// A number of bytes: a whole number, or a text with a unit.
    pub(super) fn size(
        &self,
        key: &str,
        range: RangeInclusive<usize>,
    ) -> Result<usize, ConfigError> {
        let value = &self.entry(key)?.value;
        let bytes = match value {
            Value::Integer(bytes) => usize::try_from(*bytes).ok(),
            Value::String(text) => parse_size(text),
            _ => None,
        };
        bytes.filter(|bytes| range.contains(bytes)).ok_or_else(|| {
            let (least, most) = (show_size(*range.start()), show_size(*range.end()));
            let value = shown(key, value);
            self.invalid(
                key,
                format!(
                    "{value} is not a size from {least} to {most}; write it like 16384, \"16KiB\" or \"1MiB\""
                ),
            )
        })
    }

    /// A duration.
    pub(super) fn span(
        &self,
        key: &str,
        range: RangeInclusive<Duration>,
    ) -> Result<Duration, ConfigError> {
        let value = &self.entry(key)?.value;
        let Some(span) = value.as_str().and_then(parse_span) else {
            let problem = format!(
                "{} is not a duration; write it like \"30s\", \"5m\" or \"15d\"",
                shown(key, value)
            );
            return Err(self.invalid(key, problem));
        };
        let value = shown(key, value);
        if span < *range.start() {
            let least = show_span(*range.start());
            return Err(self.invalid(
                key,
                format!("{value} is too short; the least is \"{least}\""),
            ));
        }
        if span > *range.end() {
            let most = show_span(*range.end());
            return Err(self.invalid(key, format!("{value} is too long; the most is \"{most}\"")));
        }
        Ok(span)
    }

    /// True or false.
    pub(super) fn switch(&self, key: &str) -> Result<bool, ConfigError> {
        let value = &self.entry(key)?.value;
        value.as_bool().ok_or_else(|| {
            let value = shown(key, value);
            self.invalid(key, format!("{value} is not a switch; write true or false"))
        })
    }
}

/// A value as a message shows it.
fn shown(key: &str, value: &Value) -> String {
    match value {
        _ if NEVER_SHOWN.contains(&key) => "the value".to_owned(),
        Value::String(text) => shown_text(key, text),
        Value::Integer(_) | Value::Float(_) | Value::Boolean(_) => value.to_string(),
        Value::Datetime(_) => "a date or time".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Table(_) => "a table".to_owned(),
    }
}

/// A text in quotes, with control characters made harmless and its end cut off when it is long. An
/// `@` in a URL follows a user or a password, so such a text is not shown.
fn shown_text(key: &str, text: &str) -> String {
    const MOST: usize = 80;
    let is_mailbox = key == MAILBOX && !text.contains("://");
    if NEVER_SHOWN.contains(&key) || (text.contains('@') && !is_mailbox) {
        return "the value".to_owned();
    }
    let cut = text.char_indices().nth(MOST).map(|(end, _)| &text[..end]);
    cut.map_or_else(|| format!("{text:?}"), |start| format!("{start:?}…"))
}
