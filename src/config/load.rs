//! The layers: each key's value with the place it came from, and what to say about an unknown key.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use toml::{Table, Value};

use super::edit_distance::nearest;
use super::error::{ConfigError, Origin};
use super::{ConfigFile, SAMPLE};

/// What the name of a variable starts with.
const PREFIX: &str = "READMIT_";

/// The value of each key, by its full name, such as `smtp.url`.
pub(super) struct Settings {
    entries: BTreeMap<String, Entry>,
}

pub(super) struct Entry {
    pub(super) value: Value,
    pub(super) origin: Origin,
}

/// Lays the file and the environment over the defaults. Only keys of the defaults can be set.
pub(super) fn layered(
    file: ConfigFile<'_>,
    env: impl IntoIterator<Item = (String, String)>,
) -> Result<Settings, ConfigError> {
    let mut settings = Settings {
        entries: BTreeMap::new(),
    };
    for (section, value) in parse(SAMPLE, &Origin::Sample)? {
        for (key, value) in into_section(&section, value, &Origin::Sample)? {
            let origin = Origin::Sample;
            settings
                .entries
                .insert(format!("{section}.{key}"), Entry { value, origin });
        }
    }
    if let Some((path, text)) = read(file)? {
        let origin = Origin::File(path.to_owned());
        settings.overlay(parse(&text, &origin)?, &origin)?;
    }
    settings.overlay_env(env)?;
    Ok(settings)
}

fn read(file: ConfigFile<'_>) -> Result<Option<(&Path, String)>, ConfigError> {
    let (path, required) = match file {
        ConfigFile::None => return Ok(None),
        ConfigFile::Optional(path) => (path, false),
        ConfigFile::Required(path) => (path, true),
    };
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some((path, text))),
        Err(source) if !required && source.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ConfigError::Unreadable {
            file: path.to_owned(),
            source,
        }),
    }
}

fn parse(text: &str, origin: &Origin) -> Result<Table, ConfigError> {
    text.parse().map_err(|error: toml::de::Error| {
        // The parser's own display quotes the line, which may be that of a password.
        let start = error.span().map_or(0, |span| span.start);
        let before = text.get(..start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        ConfigError::Syntax {
            origin: origin.clone(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            problem: error.message().to_owned(),
        }
    })
}

fn into_section(section: &str, value: Value, origin: &Origin) -> Result<Table, ConfigError> {
    match value {
        Value::Table(keys) => Ok(keys),
        _ => Err(ConfigError::Invalid {
            origin: origin.clone(),
            key: section.to_owned(),
            problem: format!("is a section; write [{section}] on a line above its keys"),
        }),
    }
}

impl Settings {
    pub(super) fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.get(key)
    }

    fn overlay(&mut self, layer: Table, origin: &Origin) -> Result<(), ConfigError> {
        for (section, value) in layer {
            if !self.sections().contains(section.as_str()) {
                return Err(self.unknown_at_top(&section, &value, origin));
            }
            for (key, value) in into_section(&section, value, origin)? {
                let Some(entry) = self.entries.get_mut(&format!("{section}.{key}")) else {
                    return Err(self.unknown_key(&section, &key, origin));
                };
                *entry = Entry {
                    value,
                    origin: origin.clone(),
                };
            }
        }
        Ok(())
    }

    fn overlay_env(
        &mut self,
        env: impl IntoIterator<Item = (String, String)>,
    ) -> Result<(), ConfigError> {
        // An environment has no order; this one makes the first of several errors always the same.
        let variables: BTreeMap<String, String> = env.into_iter().collect();
        let mut set_by: BTreeMap<String, String> = BTreeMap::new();
        for (variable, text) in variables {
            let Some((section, key)) = variable
                .strip_prefix(PREFIX)
                .and_then(|name| name.split_once("__"))
            else {
                continue;
            };
            let (section, key) = (section.to_ascii_lowercase(), key.to_ascii_lowercase());
            let origin = Origin::Env(variable.clone());
            let name = format!("{section}.{key}");
            let Some(entry) = self.entries.get_mut(&name) else {
                return Err(self.unknown_variable(&section, &key, origin));
            };
            if let Some(first) = set_by.insert(name.clone(), variable.clone()) {
                return Err(ConfigError::Ambiguous {
                    first,
                    second: variable,
                    key: name,
                });
            }
            entry.value = from_variable(&text, &entry.value);
            entry.origin = origin;
        }
        Ok(())
    }

    fn sections(&self) -> BTreeSet<&str> {
        self.names().map(|(section, _)| section).collect()
    }

    fn names(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries.keys().filter_map(|name| name.split_once('.'))
    }

    fn keys_of(&self, section: &str) -> impl Iterator<Item = &str> {
        self.names()
            .filter(move |(s, _)| *s == section)
            .map(|(_, key)| key)
    }

    /// The full name of the key that was probably meant: alike in its own section, or the same in another.
    fn probably(&self, section: &str, key: &str) -> Option<String> {
        if let Some(near) = nearest(key, self.keys_of(section)) {
            return Some(format!("{section}.{near}"));
        }
        self.names()
            .find(|(_, known)| *known == key)
            .map(|(section, key)| format!("{section}.{key}"))
    }

    fn unknown_key(&self, section: &str, key: &str, origin: &Origin) -> ConfigError {
        let hint = if let Some(meant) = self.probably(section, key) {
            format!("there is no such key; did you mean {meant}?")
        } else {
            let keys: Vec<&str> = self.keys_of(section).collect();
            let keys = keys.join(", ");
            format!("there is no such key; those of [{section}] are {keys}")
        };
        ConfigError::Unknown {
            origin: origin.clone(),
            name: format!("{section}.{key}"),
            hint,
        }
    }

    fn unknown_at_top(&self, name: &str, value: &Value, origin: &Origin) -> ConfigError {
        let sections = self.sections();
        let as_key = self.names().find(|(_, key)| *key == name);
        let (name, hint) = if let (false, Some((section, key))) = (value.is_table(), as_key) {
            let hint = format!("stands outside of a section; did you mean {section}.{key}?");
            (name.to_owned(), hint)
        } else if let Some(meant) = nearest(name, sections.iter().copied()) {
            let hint = format!("there is no such section; did you mean [{meant}]?");
            (format!("[{name}]"), hint)
        } else {
            let sections: Vec<&str> = sections.into_iter().collect();
            let sections = sections.join(", ");
            let hint = format!("there is no such section; there are {sections}");
            (format!("[{name}]"), hint)
        };
        ConfigError::Unknown {
            origin: origin.clone(),
            name,
            hint,
        }
    }

    fn unknown_variable(&self, section: &str, key: &str, origin: Origin) -> ConfigError {
        let sections = self.sections();
        let section_meant = nearest(section, sections.iter().copied()).unwrap_or(section);
        let hint = if let Some(meant) = self.probably(section_meant, key) {
            let variable = meant.replace('.', "__").to_ascii_uppercase();
            format!("there is no such key; did you mean {PREFIX}{variable}?")
        } else if sections.contains(section_meant) {
            let keys: Vec<&str> = self.keys_of(section_meant).collect();
            let keys = keys.join(", ");
            format!("there is no such key; those of [{section_meant}] are {keys}")
        } else {
            let sections: Vec<&str> = sections.into_iter().collect();
            let sections = sections.join(", ");
            format!("there is no such section; there are {sections}")
        };
        ConfigError::Unknown {
            origin,
            name: format!("{section}.{key}"),
            hint,
        }
    }
}

/// A variable's text as the type that its key has in the defaults. What does not fit stays a text,
/// about which the key's reader then says what it expects.
fn from_variable(text: &str, default: &Value) -> Value {
    match default {
        Value::Integer(_) | Value::Boolean(_) => match text.trim().parse::<Value>() {
            Ok(scalar @ (Value::Integer(_) | Value::Boolean(_))) => scalar,
            _ => Value::String(text.to_owned()),
        },
        Value::Array(_) => {
            let items = text
                .split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty());
            Value::Array(items.map(Value::from).collect())
        }
        _ => Value::String(text.to_owned()),
    }
}
