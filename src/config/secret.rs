//! A secret that stands in the configuration, or in a file that the configuration names.

use std::fs;
use std::path::Path;

use secrecy::SecretString;

use super::error::ConfigError;
use super::load::Settings;

impl Settings {
    /// The secret of `key`, or else the one in the file that `file_key` names; not both.
    pub(super) fn secret_or_file(
        &self,
        key: &str,
        file_key: &str,
    ) -> Result<Option<SecretString>, ConfigError> {
        let secret = self.secret(key)?;
        let Some(file) = self.optional_path(file_key)? else {
            return Ok(secret);
        };
        if secret.is_some() {
            let other = self.origin(file_key)?;
            let problem = format!(
                "is given, and {file_key} too ({other}); keep one and set the other to \"\""
            );
            return Err(self.invalid(key, problem));
        }
        let (_, what) = key.split_once('.').unwrap_or_default();
        secret_from(&file, what)
            .map(Some)
            .map_err(|problem| self.invalid(file_key, problem))
    }
}

/// The one secret in a file, without the line break at its end.
pub(crate) fn secret_from(file: &Path, what: &str) -> Result<SecretString, String> {
    let text = fs::read_to_string(file)
        .map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() {
        return Err(format!(
            "{} is empty; write the {what} into it",
            file.display()
        ));
    }
    Ok(SecretString::from(line))
}
