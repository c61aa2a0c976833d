//! `readmit dkim`.

use std::path::Path;

use clap::{Subcommand, ValueEnum};

use super::setup::{CLOCK, Database, Setup};
use super::{Error, Output, input};
use crate::admin::Admin;
use crate::dkim::{self, Algorithm, Listed, SelectorName, SenderDomain};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a key for a sender's domain, and print what its zone has to say
    ///
    /// The key signs nothing yet. Publish the record first, and run `readmit dkim use` when it can be
    /// looked up.
    New {
        /// The domain of the sender's address, such as example.com; mail from its subdomains is signed
        /// as well
        domain: SenderDomain,
        /// Where the key is published [default: the algorithm and the day]
        #[arg(long)]
        selector: Option<SelectorName>,
        /// RSA is verified everywhere; Ed25519 may stand beside it
        #[arg(long, value_enum, default_value = "rsa")]
        algorithm: AlgorithmName,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Show the keys, and the records that their zones have to hold
    Show {
        /// Those of this domain only
        domain: Option<SenderDomain>,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Let a key sign, in the place of the one of its algorithm that does so now
    ///
    /// A running server notices within a second. Leave the record of the earlier key in the zone for a
    /// week: mail that it has signed is still under way.
    Use {
        /// The domain
        domain: SenderDomain,
        /// Where the key is published
        selector: SelectorName,
    },
    /// Remove a key
    Remove {
        /// The domain
        domain: SenderDomain,
        /// Where the key is published
        selector: SelectorName,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

/// What `--algorithm` takes.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum AlgorithmName {
    /// 2,048 bits (RFC 8301)
    Rsa,
    /// RFC 8463
    Ed25519,
}

impl From<AlgorithmName> for Algorithm {
    fn from(name: AlgorithmName) -> Self {
        match name {
            AlgorithmName::Rsa => Self::Rsa,
            AlgorithmName::Ed25519 => Self::Ed25519,
        }
    }
}

pub(super) async fn run(command: Command, setup: &Setup, out: &Output) -> Result<(), Error> {
    if let Command::Show { domain, json } = command {
        return show(out, &setup.config()?.keys.dir, domain.as_ref(), json);
    }
    setup
        .administer(Database::MayBeMade, async |admin, config| {
            act(command, admin, &config.keys.dir, out).await
        })
        .await
}

async fn act(command: Command, admin: &Admin, keys: &Path, out: &Output) -> Result<(), Error> {
    let (folder, now) = (keys.to_owned(), CLOCK.now());
    match command {
        Command::New {
            domain,
            selector,
            algorithm,
            json,
        } => {
            let algorithm = Algorithm::from(algorithm);
            let selector = selector.unwrap_or_else(|| SelectorName::of_day(algorithm, now));
            let name = (domain, selector);
            let key = admin.new_dkim_key(folder, name, algorithm, now).await?;
            if json {
                return out.json(&key);
            }
            let (domain, selector) = (&key.domain, &key.selector);
            out.line(format!(
                "Put this into the zone of {domain}:\n\n{}\n\nOnce it can be looked up, let the key \
                 sign: readmit dkim use {domain} {selector}",
                key.record
            ))
        }
        Command::Show { domain, json } => show(out, keys, domain.as_ref(), json),
        Command::Use { domain, selector } => {
            let signs = format!("{selector} signs the mail of {domain} from now on");
            let before = admin.use_dkim_key(folder, (domain, selector), now).await?;
            match before {
                None => out.line(signs),
                Some(before) => out.line(format!(
                    "{signs}; leave the record of {before} in the zone for a week"
                )),
            }
        }
        Command::Remove {
            domain,
            selector,
            yes,
        } => {
            input::confirm(yes, &format!("Removing {selector} of {domain}"))?;
            let removed = format!("{selector} of {domain} removed");
            admin
                .remove_dkim_key(folder, (domain, selector), now)
                .await?;
            out.line(removed)
        }
    }
}

fn show(out: &Output, keys: &Path, domain: Option<&SenderDomain>, json: bool) -> Result<(), Error> {
    let mut keys = dkim::list(keys)?;
    keys.retain(|key| domain.is_none_or(|domain| key.domain == *domain));
    if json {
        return out.json(&keys);
    }
    let row = |key: &Listed| {
        [
            key.domain.to_string(),
            key.selector.to_string(),
            key.algorithm.as_str().to_owned(),
            if key.in_use { "signs" } else { "waits" }.to_owned(),
        ]
    };
    out.table(
        ["DOMAIN", "SELECTOR", "ALGORITHM", "STATE"],
        keys.iter().map(row).collect(),
        "no DKIM keys yet; make one with `readmit dkim new example.com`",
    )?;
    for key in &keys {
        out.line(format!("\n{}", key.record))?;
    }
    Ok(())
}
