//! What a new configuration says: by options, or asked for on the terminal.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use secrecy::ExposeSecret as _;
use toml::Value;
use url::Url;

use super::Args;
use crate::cli::{Error, input};
use crate::config::{Config, ConfigError, ConfigFile, own_file};

/// The options that set a key.
const OPTIONS: [(&str, &str); 6] = [
    ("http.public_url", "--public-url"),
    ("http.listen", "--listen"),
    ("smtp.url", "--smtp-url"),
    ("smtp.from", "--from"),
    ("smtp.username", "--smtp-username"),
    ("smtp.password", "--smtp-password-stdin"),
];

impl Args {
    /// Whether any option is about the configuration.
    pub(super) fn configures(&self) -> bool {
        let texts = [
            &self.public_url,
            &self.listen,
            &self.smtp_url,
            &self.from,
            &self.smtp_username,
        ];
        texts.into_iter().any(Option::is_some)
    }
}

/// Writes the configuration file of a deployment in `folder`, whole or not at all, and never over another.
pub(super) fn write(args: &Args, folder: &Path, file: &Path, asks: bool) -> Result<(), Error> {
    let set = settings(args, folder, asks)?;
    let beside = beside(folder);
    let written = write_beside(&beside, &own_file(&set)).and_then(|()| {
        Config::load(ConfigFile::Required(&beside), []).map_err(in_terms_of_options)?;
        // Unlike a rename, a link never takes another file's place.
        fs::hard_link(&beside, file)?;
        File::open(folder)?.sync_all()?;
        Ok(())
    });
    remove_if_there(&beside)?;
    written
}

/// Removes what a run has left that was interrupted.
pub(super) fn tidy(folder: &Path) -> Result<(), Error> {
    Ok(remove_if_there(&beside(folder))?)
}

/// Where the file is written before it gets its name.
fn beside(folder: &Path) -> PathBuf {
    folder.join(".readmit.toml.new")
}

fn settings(args: &Args, folder: &Path, asks: bool) -> Result<Vec<(&'static str, Value)>, Error> {
    let within = |name: &str| -> Result<Value, Error> {
        let path = folder.join(name).into_os_string().into_string();
        Ok(Value::String(path.map_err(|path| {
            format!(
                "{} is not UTF-8, which a configuration must be",
                path.display()
            )
        })?))
    };
    // Paths are absolute, so that the file does from everywhere what it does here.
    let mut set = vec![
        ("storage.path", within("readmit.db")?),
        ("keys.dir", within("keys")?),
    ];
    let public_url = given_or_asked(
        args.public_url.as_deref(),
        asks,
        "The address at which the world reaches this server",
        "http://127.0.0.1:8080/",
        |text| Ok(Url::parse(text).map(|_| text.to_owned())?),
    )?;
    let relay = given_or_asked(
        args.smtp_url.as_deref(),
        asks,
        "The relay that takes the mail",
        "smtp://127.0.0.1:25?tls=opportunistic",
        |text| {
            Ok(text
                .parse::<crate::config::RelayUrl>()
                .map(|_| text.to_owned())?)
        },
    )?;
    let from = given_or_asked(
        args.from.as_deref(),
        asks,
        "Who mail comes from",
        &sender(public_url.as_deref()),
        |text| {
            let parsed = text.parse::<crate::config::Mailbox>();
            Ok(parsed.map(|_| text.to_owned())?)
        },
    )?;
    let texts = [
        ("http.public_url", public_url),
        ("smtp.url", relay),
        ("smtp.from", from),
        ("http.listen", args.listen.clone()),
        ("smtp.username", args.smtp_username.clone()),
    ];
    for (key, text) in texts {
        set.extend(text.map(|text| (key, Value::String(text))));
    }
    if args.smtp_password_stdin {
        let password = input::secret("the relay's password")?;
        let password = password.expose_secret().to_owned();
        set.push(("smtp.password", Value::String(password)));
    }
    Ok(set)
}

/// None where the default stays.
fn given_or_asked(
    given: Option<&str>,
    asks: bool,
    question: &str,
    default: &str,
    parse: impl Fn(&str) -> Result<String, Error>,
) -> Result<Option<String>, Error> {
    match given {
        Some(given) => Ok(Some(given.to_owned())),
        None if asks => input::ask(question, default, parse).map(Some),
        None => Ok(None),
    }
}

/// The sender that a site's name suggests.
fn sender(public_url: Option<&str>) -> String {
    let url = public_url.and_then(|url| Url::parse(url).ok());
    match url.as_ref().and_then(Url::domain) {
        Some(domain) => format!("no-reply@{domain}"),
        None => "readmit <no-reply@localhost>".to_owned(),
    }
}

fn write_beside(path: &Path, text: &str) -> Result<(), Error> {
    let mut file = OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(path)
        .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    file.write_all(text.as_bytes())?;
    Ok(file.sync_all()?)
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The file is not there yet, so a message that names it would help nobody.
fn in_terms_of_options(error: ConfigError) -> Error {
    if let ConfigError::Invalid { key, problem, .. } = &error
        && let Some((_, option)) = OPTIONS.iter().find(|(known, _)| known == key)
    {
        return format!("{option}: {problem}").into();
    }
    error.into()
}
