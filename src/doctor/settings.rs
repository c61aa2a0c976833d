//! What is set and works, and should not be so; the keys, and the backups.

use url::Host;

use super::Finding;
use crate::backup::schedule;
use crate::clock::Timestamp;
use crate::config::Config;
use crate::token::{self, KeyState};
use crate::vault::Vault;

/// The least that OWASP's Password Storage Cheat Sheet recommends for Argon2id: KiB times passes.
const LEAST_WORK: u64 = 19_456 * 2;

pub(super) fn examine(config: &Config) -> Vec<Finding> {
    const SUBJECT: &str = "configuration";
    let mut findings = Vec::new();
    let mut warn = |found: &str, advice: &str| {
        findings.push(Finding::warning(SUBJECT, found, advice));
    };
    let url = &config.http.public_url;
    let is_local = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    if is_local {
        warn(
            "http.public_url is an address of this machine; links to it lead nowhere elsewhere",
            "set it to the address under which the world reaches the server",
        );
    } else if url.scheme() == "http" {
        warn(
            "http.public_url is without TLS; passwords and tokens can be read on the way",
            "put a proxy with TLS in front, and write https://",
        );
    }
    if config
        .http
        .trusted_proxies
        .iter()
        .any(|net| net.prefix_len() == 0)
    {
        warn(
            "http.trusted_proxies believes everybody; anyone can pretend to be any client",
            "name your proxies only",
        );
    }
    if !config.limits.enabled {
        warn(
            "limits.enabled is off; nothing holds up somebody who tries passwords all day",
            "switch it on",
        );
    }
    let password = &config.password;
    let work = u64::from(password.argon2_memory_kib) * u64::from(password.argon2_iterations);
    if work < LEAST_WORK {
        warn(
            "password.argon2_* make a hash that is cheaper to guess than OWASP recommends",
            "take 19456 KiB and 2 passes or more",
        );
    }
    if findings.is_empty() {
        findings.push(Finding::ok(SUBJECT, "nothing stands out"));
    }
    findings
}

pub(super) fn keys(config: &Config, now: Timestamp) -> Finding {
    const SUBJECT: &str = "keys";
    let folder = &config.keys.dir;
    let shown = folder.display();
    if !folder.exists() {
        return Finding::warning(
            SUBJECT,
            format!("there is no {shown} yet"),
            "the first start makes it; if there should be one, look at keys.dir",
        );
    }
    let listed = token::list_keys(folder, token::honoured_for(config), now);
    match listed.and_then(|keys| Vault::check(folder).map(|()| keys)) {
        Err(error) => Finding::error(
            SUBJECT,
            error.to_string(),
            "no server starts until that is put right",
        ),
        Ok(keys) => match keys.iter().find(|key| key.state == KeyState::Signing) {
            Some(key) => Finding::ok(SUBJECT, format!("{shown}, signing with {}", key.id)),
            None => Finding::warning(
                SUBJECT,
                format!("no key in {shown} signs"),
                "the next start makes one; what others have signed is worth nothing",
            ),
        },
    }
}

pub(super) fn backups(config: &Config, now: Timestamp) -> Finding {
    const SUBJECT: &str = "backups";
    let Some(dir) = &config.backup.dir else {
        return Finding::warning(
            SUBJECT,
            "the server makes none",
            "set backup.dir, or run `readmit backup FILE` by a timer; keep a copy of keys.dir apart",
        );
    };
    let made = match schedule::list(dir) {
        Ok(made) => made,
        Err(error) => {
            return Finding::error(
                SUBJECT,
                format!("cannot read {} (backup.dir): {error}", dir.display()),
                "make the folder, for the server's user",
            );
        }
    };
    let Some(newest) = made.last() else {
        return Finding::error(
            SUBJECT,
            format!("there is none in {} yet", dir.display()),
            "start the server; if it runs, its log and /readyz say why",
        );
    };
    let age = now.since(newest.at);
    let found = format!(
        "{} in {}, the newest of {}",
        made.len(),
        dir.display(),
        newest.at
    );
    if age > config.backup.every.saturating_mul(2) {
        Finding::error(
            SUBJECT,
            format!("{found}, which is too long ago"),
            "see that the server runs; its log and /readyz say why one fails",
        )
    } else {
        Finding::ok(SUBJECT, found)
    }
}
