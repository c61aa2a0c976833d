//! The section of the relays, with its password.

use super::error::ConfigError;
use super::load::Settings;
use super::sections::{DAY, INSTANT};
use super::{RelayUrl, Smtp};

impl Smtp {
    pub(super) fn read(settings: &Settings) -> Result<Self, ConfigError> {
        let smtp = Self {
            urls: relays(settings)?,
            from: settings.parsed("smtp.from")?,
            username: settings.optional("smtp.username")?,
            password: settings.secret_or_file("smtp.password", "smtp.password_file")?,
            token_file: settings.optional_path("smtp.token_file")?,
            ca_file: settings.optional_path("smtp.ca_file")?,
            timeout: settings.span("smtp.timeout", INSTANT..=DAY)?,
            hello_name: settings.optional("smtp.hello_name")?,
        };
        let has_proof = smtp.password.is_some() || smtp.token_file.is_some();
        match (&smtp.username, has_proof) {
            _ if smtp.password.is_some() && smtp.token_file.is_some() => Err(settings.invalid(
                "smtp.token_file",
                "is given, and a password too; keep one of them",
            )),
            (Some(_), false) => Err(settings.invalid(
                "smtp.username",
                "has no password; set smtp.password, smtp.password_file or smtp.token_file too",
            )),
            (None, true) => {
                let key = if smtp.token_file.is_some() {
                    "smtp.token_file"
                } else if settings.text("smtp.password")?.is_empty() {
                    "smtp.password_file"
                } else {
                    "smtp.password"
                };
                Err(settings.invalid(key, "has no user; set smtp.username too"))
            }
            (Some(_), true) if !smtp.urls.iter().all(RelayUrl::is_private) => Err(settings.invalid(
                "smtp.url",
                "could send the password of smtp.username in the clear; write ?tls=required or smtps://",
            )),
            _ if !smtp.hello_name.as_deref().is_none_or(is_hello_name) => Err(settings.invalid(
                "smtp.hello_name",
                "must be a host name or an address in brackets, like \"mail.example.com\" or \"[192.0.2.1]\"",
            )),
            _ => Ok(smtp),
        }
    }
}

/// The relays, none of them twice: one that is down would stand in for itself.
fn relays(settings: &Settings) -> Result<Vec<RelayUrl>, ConfigError> {
    let urls: Vec<RelayUrl> = settings.one_or_more("smtp.url", str::parse)?;
    let doubled = |(at, url): (usize, &RelayUrl)| urls[..at].contains(url);
    if urls.iter().enumerate().any(doubled) {
        return Err(settings.invalid(
            "smtp.url",
            "names the same relay twice; name each one once, in the order in which they are tried",
        ));
    }
    Ok(urls)
}

/// Nothing that could end the EHLO line or add a word to it.
fn is_hello_name(name: &str) -> bool {
    let inner = name
        .strip_prefix('[')
        .and_then(|inner| inner.strip_suffix(']'));
    let (inner, marks): (&str, &[u8]) = inner.map_or((name, b"-."), |literal| (literal, b"-.:"));
    !inner.is_empty()
        && inner.len() <= 253
        && inner
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || marks.contains(&b))
}
