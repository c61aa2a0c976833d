//! The mail that the demo catches.

use std::collections::HashSet;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use mail_parser::MessageParser;

use crate::cli::Error;
use crate::cli::setup::CLOCK;

/// How often the folder is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A mail in the folder.
pub(super) struct Caught {
    pub(super) file: PathBuf,
    pub(super) to: String,
    pub(super) subject: String,
    /// The first link in its text.
    pub(super) link: Option<String>,
}

impl Caught {
    /// The token in the link.
    pub(super) fn token(&self) -> Option<&str> {
        let (_, token) = self.link.as_ref()?.split_once("token=")?;
        Some(token.split(['&', '#']).next().unwrap_or(token))
    }

    /// Whether the token signs in by itself, as its header says.
    pub(super) fn is_magic_link(&self) -> bool {
        let header = self.token().and_then(|token| token.split('.').next());
        header
            .and_then(|header| URL_SAFE_NO_PAD.decode(header).ok())
            .and_then(|json| serde_json::from_slice::<serde_json::Value>(&json).ok())
            .is_some_and(|header| header["typ"] == "login+jwt")
    }
}

/// The folder that the file transport writes to.
pub(super) struct Mailbox {
    folder: PathBuf,
    seen: HashSet<OsString>,
}

impl Mailbox {
    /// Mail that lies there already is no news.
    pub(super) fn open(folder: PathBuf) -> Result<Self, Error> {
        let mut mailbox = Self {
            folder,
            seen: HashSet::new(),
        };
        mailbox.seen = mailbox.files()?.into_iter().collect();
        Ok(mailbox)
    }

    fn files(&self) -> Result<Vec<OsString>, Error> {
        let mut files = Vec::new();
        for entry in std::fs::read_dir(&self.folder)? {
            let name = entry?.file_name();
            if name.as_encoded_bytes().ends_with(b".eml") {
                files.push(name);
            }
        }
        Ok(files)
    }

    /// Waits for the next mail.
    pub(super) async fn next(&mut self) -> Result<Caught, Error> {
        loop {
            let new = self
                .files()?
                .into_iter()
                .find(|name| !self.seen.contains(name));
            if let Some(name) = new {
                let file = self.folder.join(&name);
                self.seen.insert(name);
                return read(file);
            }
            CLOCK.sleep(LOOK_EVERY).await;
        }
    }
}

fn read(file: PathBuf) -> Result<Caught, Error> {
    let bytes = std::fs::read(&file)?;
    let mail = MessageParser::default()
        .parse(&bytes)
        .ok_or("a caught mail cannot be read")?;
    let text = mail.body_text(0).unwrap_or_default();
    let link = text
        .split_whitespace()
        .find(|word| word.starts_with("http://") || word.starts_with("https://"));
    Ok(Caught {
        to: mail
            .to()
            .and_then(|to| to.first())
            .and_then(|to| to.address())
            .unwrap_or_default()
            .to_owned(),
        subject: mail.subject().unwrap_or_default().to_owned(),
        link: link.map(str::to_owned),
        file,
    })
}
