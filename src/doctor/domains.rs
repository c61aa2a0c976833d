//! The zones of senders: SPF (RFC 7208), our DKIM keys (RFC 6376), and DMARC (RFC 7489).

use std::collections::BTreeSet;
use std::net::SocketAddr;

use super::Finding;
use super::dns::Resolver;
use crate::config::Config;
use crate::dkim::{self, Listed};

pub(super) async fn examine(
    config: &Config,
    of_businesses: &BTreeSet<String>,
    resolver: Option<SocketAddr>,
) -> Vec<Finding> {
    let mut domains = of_businesses.clone();
    domains.insert(config.smtp.from.address.domain().to_ascii_lowercase());
    let Some(resolver) = Resolver::new(resolver) else {
        return vec![Finding::warning(
            "sender domains",
            "this machine has no resolver to ask about them",
            "name one with --resolver, or look at SPF, DKIM and DMARC elsewhere",
        )];
    };
    let (keys, mut findings) = match dkim::list(&config.keys.dir) {
        Ok(keys) => (keys, Vec::new()),
        Err(_) if !config.keys.dir.exists() => (Vec::new(), Vec::new()),
        Err(error) => {
            let finding = Finding::error("DKIM", error.to_string(), "see `readmit dkim show`");
            (Vec::new(), vec![finding])
        }
    };
    for domain in &domains {
        if !domain.contains('.') {
            findings.push(Finding::warning(
                format!("sender domain {domain}"),
                "it is no domain of the Internet; most relays and mailboxes refuse its mail",
                "set smtp.from, and the senders of locations, to an address of your own domain",
            ));
            continue;
        }
        findings.push(spf(&resolver, domain).await);
        findings.push(dmarc(&resolver, domain).await);
        if !keys.iter().any(|key| key.in_use && covers(key, domain)) {
            findings.push(Finding::warning(
                format!("DKIM of {domain}"),
                "no key here signs its mail",
                format!("unless the relay signs: readmit dkim new {domain}"),
            ));
        }
    }
    for key in &keys {
        findings.push(published(&resolver, key).await);
    }
    findings
}

fn covers(key: &Listed, domain: &str) -> bool {
    let own = key.domain.as_str();
    domain == own || domain.ends_with(&format!(".{own}"))
}

fn unknown(subject: String, problem: &str) -> Finding {
    Finding::warning(
        subject,
        format!("it could not be looked up: {problem}"),
        "try again, or ask another resolver with --resolver",
    )
}

async fn spf(resolver: &Resolver, domain: &str) -> Finding {
    let subject = format!("SPF of {domain}");
    let texts = match resolver.texts(domain).await {
        Ok(texts) => texts,
        Err(problem) => return unknown(subject, &problem),
    };
    let is_spf = |text: &&String| {
        let version = text.split(' ').next().unwrap_or_default();
        version.eq_ignore_ascii_case("v=spf1")
    };
    let records: Vec<&String> = texts.iter().filter(is_spf).collect();
    match records.as_slice() {
        [] => Finding::warning(
            subject,
            "there is no record",
            format!("publish which relays send for it: {domain}. IN TXT \"v=spf1 … -all\""),
        ),
        [record] => {
            let terms: Vec<&str> = record.split_whitespace().collect();
            if terms.iter().any(|term| matches!(*term, "+all" | "all")) {
                Finding::error(
                    subject,
                    format!("it lets everybody send: {record}"),
                    "end it with -all or ~all",
                )
            } else {
                Finding::ok(subject, record.as_str())
            }
        }
        several => Finding::error(
            subject,
            format!("there are {} records, so that none counts", several.len()),
            "make one of them",
        ),
    }
}

/// The record of the domain itself, or else of those above it.
async fn dmarc(resolver: &Resolver, domain: &str) -> Finding {
    let subject = format!("DMARC of {domain}");
    let mut at = domain;
    loop {
        let texts = match resolver.texts(&format!("_dmarc.{at}")).await {
            Ok(texts) => texts,
            Err(problem) => return unknown(subject, &problem),
        };
        let is_dmarc = |text: &&String| tag(text, "v").is_some_and(|version| version == "DMARC1");
        let records: Vec<&String> = texts.iter().filter(is_dmarc).collect();
        match records.as_slice() {
            [] => {}
            [record] => {
                return match tag(record, "p").as_deref() {
                    Some("none" | "quarantine" | "reject") => {
                        Finding::ok(subject, format!("{at} says {record}"))
                    }
                    _ => Finding::error(
                        subject,
                        format!("{at} says {record}, which has no policy"),
                        "write p=none, p=quarantine or p=reject into it",
                    ),
                };
            }
            several => {
                return Finding::error(
                    subject,
                    format!("{at} has {} records, so that none counts", several.len()),
                    "make one of them",
                );
            }
        }
        match at.split_once('.') {
            Some((_, above)) if above.contains('.') => at = above,
            _ => break,
        }
    }
    Finding::warning(
        subject,
        "there is no record",
        format!("large mailboxes ask for one: _dmarc.{domain}. IN TXT \"v=DMARC1; p=none\""),
    )
}

/// Whether the zone has the key that we sign with.
async fn published(resolver: &Resolver, key: &Listed) -> Finding {
    let name = &key.record.name;
    let subject = format!("DKIM key {name}");
    let texts = match resolver.texts(name).await {
        Ok(texts) => texts,
        Err(problem) => return unknown(subject, &problem),
    };
    let ours = tag(&key.record.value, "p");
    let found = texts.iter().find_map(|text| tag(text, "p"));
    let is_right = found == ours;
    let state = match &found {
        None => "it is not published",
        Some(_) if is_right => "the zone has this key",
        Some(key) if key.is_empty() => "the zone says that it is revoked",
        Some(_) => "the zone has another key under this name",
    };
    match (is_right, key.in_use) {
        (true, true) => Finding::ok(subject, format!("{state}, and it signs")),
        (true, false) => Finding::warning(
            subject,
            format!("{state}, and it does not sign yet"),
            format!("readmit dkim use {} {}", key.domain, key.selector),
        ),
        (false, true) => Finding::error(
            subject,
            format!("{state}, and it signs: mail is refused or taken for spam"),
            "put the record that `readmit dkim show` prints into the zone",
        ),
        (false, false) => Finding::warning(
            subject,
            format!("{state}; it does not sign yet"),
            "put the record that `readmit dkim show` prints into the zone, and then use it",
        ),
    }
}

/// The value of a tag in a list of them (RFC 6376, 3.2), without the blanks in it.
fn tag(list: &str, name: &str) -> Option<String> {
    list.split(';').find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        let value = || value.split_whitespace().collect();
        (key.trim() == name).then(value)
    })
}
