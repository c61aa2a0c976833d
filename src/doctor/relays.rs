//! Every relay, as far as one gets without a letter.

use std::sync::Arc;

use crate::business::{self, Brand};
use crate::clock::Clock;
use crate::config::Config;
use crate::entropy::Entropy;
use crate::outbox::{OwnRelays, Relays};
use crate::store::{self, Options};
use crate::vault::Vault;

/// Connects to each, up to its greeting, TLS and the account; the name of each, and what was found.
///
/// Those of businesses stand in the database, which is left alone unless it is usable.
pub(crate) async fn probe_all(
    config: &Config,
    database_is_usable: bool,
) -> Vec<(String, Result<String, String>)> {
    let mut found: Vec<_> = common(config)
        .await
        .into_iter()
        .map(|found| ("relay".to_owned(), found))
        .collect();
    if database_is_usable {
        found.extend(of_businesses(config).await);
    }
    found
}

async fn common(config: &Config) -> Vec<Result<String, String>> {
    let relays = match Relays::open(&config.smtp, &config.outbox, Clock::System, Entropy::System) {
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
async fn of_businesses(config: &Config) -> Vec<(String, Result<String, String>)> {
    let mut results = Vec::new();
    if !config.storage.path.exists() {
        return results;
    }
    let Ok(db) = store::inspect(&Options::from(&config.storage)) else {
        return results;
    };
    let mut businesses = business::list(&db).unwrap_or_default();
    drop(db);
    businesses.retain(|business| business.smtp.is_some());
    if businesses.is_empty() {
        return results;
    }
    let entropy = Entropy::System;
    let vault = match Vault::missing(&config.keys.dir) {
        Some(name) => Err(format!("its password needs {name}, which is missing")),
        None => Vault::open(&config.keys.dir, &entropy)
            .map(Arc::new)
            .map_err(|error| error.to_string()),
    };
    for business in &businesses {
        let found = match &vault {
            Err(error) => Err(error.clone()),
            Ok(vault) => {
                let brand = Brand::of(business, &config.smtp.from, &config.http.public_url);
                let own_relays = OwnRelays::new(
                    &config.smtp,
                    &config.outbox,
                    Arc::clone(vault),
                    Clock::System,
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
