//! What can be wrong with a configuration, in one message each, in which what was written there is no more than text.

use std::fmt;
use std::path::PathBuf;

use crate::text::inert_line;

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The defaults built into the program.
    Sample,
    /// A file.
    File(PathBuf),
    /// An environment variable, by its name.
    Env(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sample => f.write_str("built-in defaults"),
            Self::File(path) => path.display().fmt(f),
            Self::Env(name) => f.write_str(&inert_line(name)),
        }
    }
}

/// Why there is no configuration. The message names origin, key and what is expected.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{}: cannot read this configuration file: {source}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is no TOML. The line itself is not shown, because it may hold a password.
    #[error(
        "{origin}: line {line}, column {column}: this is not valid TOML: {}",
        inert_line(problem)
    )]
    Syntax {
        /// The file.
        origin: Origin,
        /// The line, from 1.
        line: usize,
        /// The character in the line, from 1.
        column: usize,
        /// What the parser says.
        problem: String,
    },
    /// There is no such section or key.
    #[error("{origin}: {}: {}", inert_line(name), inert_line(hint))]
    Unknown {
        /// Where it stands.
        origin: Origin,
        /// The section in brackets, or the key.
        name: String,
        /// What is known instead.
        hint: String,
    },
    /// Two environment variables, different in case only, set one key; which wins would be chance.
    #[error("{first} and {second}: both set {key}; remove one")]
    Ambiguous {
        /// One variable.
        first: String,
        /// The other.
        second: String,
        /// The key.
        key: String,
    },
    /// A value cannot be used.
    #[error("{origin}: {key}: {}", inert_line(problem))]
    Invalid {
        /// Where the value came from.
        origin: Origin,
        /// The key.
        key: String,
        /// What is wrong, and what is expected.
        problem: String,
    },
}
