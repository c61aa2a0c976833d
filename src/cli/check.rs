//! `readmit check` and `readmit health`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use super::client::{Answer, Ask, ask};
use super::setup::{CLOCK, Setup, open_store};
use super::{Error, Output, log};
use crate::business::{self, Brand};
use crate::config::Config;
use crate::entropy::Entropy;
use crate::outbox::{OwnRelays, Relays};
use crate::password::Policy;
use crate::store::Store;
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
    results.extend(
        relays(&config)
            .await
            .into_iter()
            .map(|found| ("relay", found)),
    );
    let own = own_relays(&config).await;
    results.extend(
        own.iter()
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
    if !path.exists() {
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

async fn relays(config: &Config) -> Vec<Result<String, String>> {
    let relays = match Relays::open(&config.smtp, &config.outbox, CLOCK, Entropy::System) {
        Ok(relays) => relays,
        Err(error) => return vec![Err(error.to_string())],
    };
    let several = config.smtp.urls.len() > 1;
    let found = relays.probe().await.into_iter().map(|(relay, found)| {
        // With several of them, the failure alone may not say which one it is about.
        found.map_err(|error| {
            if several {
                format!("{relay}: {error}")
            } else {
                error.to_string()
            }
        })
    });
    found.collect()
}

/// The relays of businesses that have their own. A database that cannot be read is told of elsewhere.
async fn own_relays(config: &Config) -> Vec<(String, Result<String, String>)> {
    let mut results = Vec::new();
    if !config.storage.path.exists() {
        return results;
    }
    let Ok(store) = open_store(config) else {
        return results;
    };
    let businesses = store.read(business::list).await.unwrap_or_default();
    store.close().await;
    let entropy = Entropy::System;
    let vault = Vault::open(&config.keys.dir, &entropy).map(Arc::new);
    for business in businesses.iter().filter(|it| it.smtp.is_some()) {
        let found = match &vault {
            Err(error) => Err(error.to_string()),
            Ok(vault) => {
                let brand = Brand::of(business, &config.smtp.from, &config.http.public_url);
                let own_relays = OwnRelays::new(
                    &config.smtp,
                    &config.outbox,
                    Arc::clone(vault),
                    CLOCK,
                    entropy.clone(),
                );
                match own_relays.of(&brand) {
                    Some(own) => own.probe().await,
                    None => continue,
                }
            }
        };
        results.push((format!("relay of business {}", business.id), found));
    }
    results
}

/// Asks the server at `http.listen` whether it is ready.
pub(super) async fn health(setup: &Setup, out: &Output) -> Result<(), Error> {
    let address = reachable(setup.config()?.http.listen);
    let url = format!("http://{address}/readyz");
    match ask(Ask::Get(url.clone())).await {
        Ok(Answer { status: 200, body }) => out.line(body),
        Ok(Answer { status, body }) => {
            Err(format!("not ready: {url} answered {status}: {body}").into())
        }
        Err(error) => Err(format!("no answer from {url}: {error}").into()),
    }
}

/// A server that listens on every address is reached by loopback.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}
