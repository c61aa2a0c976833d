//! Configuration files.

use std::path::Path;

use readmit::config::{Config, ConfigFile};

fn load(path: &Path, text: &[u8]) -> Result<Config, String> {
    std::fs::write(path, text).expect("a file");
    Config::load(ConfigFile::Required(path), []).map_err(|error| error.to_string())
}

/// Fails unless the message is one for a person: it begins with where, and nothing in it is more than text.
pub(crate) fn assert_helpful(message: &str, place: &str) {
    assert!(message.starts_with(place), "{message}");
    assert!(message.len() > place.len() + 10, "{message}");
    assert!(!message.contains(['\u{1b}', '\0']), "{message:?}");
}

/// Fails if what the effective configuration prints is another one when it is read again.
pub(crate) fn assert_comes_back(path: &Path, config: &Config) {
    let printed = config.to_toml();
    let again = load(path, printed.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{printed}"));
    assert_eq!(again.to_toml(), printed);
}

/// The configuration of a file that is written to `path`, or why there is none.
pub(crate) fn judge(path: &Path, text: &[u8]) -> Result<Config, String> {
    let outcome = load(path, text);
    match &outcome {
        Ok(config) => assert_comes_back(path, config),
        Err(message) => assert_helpful(message, &path.display().to_string()),
    }
    outcome
}
