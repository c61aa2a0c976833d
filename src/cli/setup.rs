//! What most commands begin with: the configuration, the database, and who is at the terminal.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::admin::Admin;
use crate::audit::{self, Actor};
use crate::cli::{Error, log};
use crate::clock::Clock;
use crate::config::{Config, ConfigFile};
use crate::entropy::Entropy;
use crate::password::Hasher;
use crate::store::{self, OpenError, Options, Store};
use crate::vault::Vault;

/// The file that is read without being named, if it is there.
const DEFAULT_FILE: &str = "readmit.toml";

/// Where a command's settings come from.
pub(super) struct Setup {
    file: Option<PathBuf>,
}

impl Setup {
    pub(super) fn new(file: Option<PathBuf>) -> Self {
        Self { file }
    }

    /// The configuration file that was named.
    pub(super) fn named_file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// The effective configuration.
    pub(super) fn config(&self) -> Result<Config, Error> {
        let file = match &self.file {
            Some(file) => ConfigFile::Required(file),
            None => ConfigFile::Optional(Path::new(DEFAULT_FILE)),
        };
        Ok(Config::load(file, environment())?)
    }

    /// The configuration file, if there is one.
    pub(super) fn file(&self) -> Option<&Path> {
        let default = Path::new(DEFAULT_FILE);
        self.file
            .as_deref()
            .or_else(|| default.exists().then_some(default))
    }

    /// Carries a command out on the configured database, which is closed in order however the command
    /// ends. Only problems are logged.
    pub(super) async fn administer<F>(&self, database: Database, work: F) -> Result<(), Error>
    where
        F: AsyncFnOnce(&Admin, &Config) -> Result<(), Error>,
    {
        let config = self.config()?;
        log::problems_only(config.log.format);
        let admin = Self::open(&config, database)?;
        let result = work(&admin, &config).await;
        admin.store.close().await;
        result
    }

    /// Opens the configured database for whoever is at the terminal.
    pub(super) fn open(config: &Config, database: Database) -> Result<Admin, Error> {
        let path = &config.storage.path;
        if database == Database::MustExist && !store::exists(path) {
            return Err(format!(
                "there is no database {} (storage.path) yet; `readmit serve` and `readmit business add` make \
                 it. If there should be one, name its configuration with --config",
                path.display()
            )
            .into());
        }
        let entropy = Entropy::System;
        Ok(Admin {
            store: open_store(config)?,
            hasher: Hasher::new(&config.password, entropy.clone()),
            entropy,
            actor: actor(),
        })
    }
}

/// Opens the configured database. The keys are only looked at by what writes to the audit log.
pub(super) fn open_store(config: &Config) -> Result<Store, OpenError> {
    let folder = config.keys.dir.clone();
    let vault = move || Vault::open(&folder, &Entropy::System).map(Arc::new);
    Store::open(&Options::from(&config.storage), audit::hooks(vault))
}

/// Whether a command may make the database that it works on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Database {
    MayBeMade,
    MustExist,
}

/// The clock of every command.
pub(super) const CLOCK: Clock = Clock::System;

/// Variables that are not Unicode cannot be ours.
pub(super) fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

/// Who is at the terminal.
pub(super) fn actor() -> Actor {
    Actor::Admin(system_user())
}

/// The name under which acts stand in the audit log: who called sudo, else who is logged in.
fn system_user() -> String {
    ["SUDO_USER", "USER", "LOGNAME"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|user| !user.is_empty()))
        .map_or_else(|| "unknown".to_owned(), |user| crate::text::inert(&user))
}

/// A server uses every core; a command needs one thread.
pub(super) fn runtime(server: bool) -> std::io::Result<tokio::runtime::Runtime> {
    let mut builder = if server {
        tokio::runtime::Builder::new_multi_thread()
    } else {
        tokio::runtime::Builder::new_current_thread()
    };
    builder.enable_all().build()
}
