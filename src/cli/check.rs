//! `readmit check`.

use super::setup::{CLOCK, Setup, open_store};
use super::{Error, Output, log};
use crate::config::Config;
use crate::doctor::relays;
use crate::password::Policy;
use crate::store::{self, Store};
use crate::token::{self, KeyState};
use crate::vault::Vault;

/// Prints the configuration, then tests each part that a server would use.
pub(super) async fn run(setup: &Setup, out: &Output) -> Result<(), Error> {
    let config = setup.config()?;
    log::problems_only(config.log.format);
    out.line(config.to_toml().trim_end())?;
    out.line("")?;
    let mut results = vec![
        ("database", database(&config).await),
        ("keys", keys(&config)),
    ];
    let relays = relays::probe_all(&config, results[0].1.is_ok()).await;
    results.extend(
        relays
            .iter()
            .map(|(name, result)| (name.as_str(), result.clone())),
    );
    if config.password.breach_file.is_some() {
        results.push(("breached passwords", breaches(&config)));
    }
    for (part, result) in &results {
        match result {
            Ok(found) => out.line(format!("ok      {part}: {found}"))?,
            Err(problem) => out.line(format!("FAILED  {part}: {problem}"))?,
        }
    }
    if results.iter().any(|(_, result)| result.is_err()) {
        return Err("not everything is in order".into());
    }
    Ok(())
}

async fn database(config: &Config) -> Result<String, String> {
    let path = &config.storage.path;
    if !store::exists(path) {
        return Ok(format!(
            "{} will be made at the first start",
            path.display()
        ));
    }
    let store = open_store(config).map_err(|error| error.to_string())?;
    let found = store.quick_check().await.map_err(|error| error.to_string());
    store.close().await;
    match found?.as_str() {
        "ok" => Ok(format!(
            "{}, schema version {}",
            path.display(),
            Store::latest_schema()
        )),
        problem => Err(format!("{} is damaged: {problem}", path.display())),
    }
}

fn keys(config: &Config) -> Result<String, String> {
    let folder = &config.keys.dir;
    if !folder.exists() {
        return Ok(format!(
            "{} will be made at the first start",
            folder.display()
        ));
    }
    let keys = token::list_keys(folder, token::honoured_for(config), CLOCK.now())
        .map_err(|error| error.to_string())?;
    Vault::check(folder).map_err(|error| error.to_string())?;
    let signing = keys.iter().find(|key| key.state == KeyState::Signing);
    Ok(match signing {
        Some(key) => format!("{}, signing with {}", folder.display(), key.id),
        None => format!(
            "{}, where a key will be made at the next start",
            folder.display()
        ),
    })
}

fn breaches(config: &Config) -> Result<String, String> {
    let policy = Policy::open(&config.password).map_err(|error| error.to_string())?;
    let (path, bytes) = policy.breach_file().ok_or("there is no file")?;
    Ok(format!("{}, {bytes} bytes", path.display()))
}
