//! The database: whether it is whole, of this program's schema, and of this time.

use std::collections::BTreeSet;
use std::time::Duration;

use rusqlite::Connection;

use super::Finding;
use crate::business;
use crate::clock::Timestamp;
use crate::config::Config;
use crate::entropy::Entropy;
use crate::files::beside;
use crate::store::{self, Options, Store};
use crate::totp;
use crate::vault::Vault;

/// Two clocks of one machine do not differ by more.
const FUTURE: Duration = Duration::from_mins(1);

/// What others want to know of the database.
#[derive(Default)]
pub(super) struct Seen {
    /// The domains of locations' own senders.
    pub(super) sender_domains: BTreeSet<String>,
}

pub(super) fn examine(config: &Config, full: bool, now: Timestamp) -> (Vec<Finding>, Seen) {
    let path = &config.storage.path;
    let shown = path.display();
    if !path.exists() {
        let finding = Finding::warning(
            "database",
            format!("there is no {shown} yet"),
            "the first start makes it; if there should be one, look at storage.path",
        );
        return (vec![finding], Seen::default());
    }
    let mut findings = Vec::new();
    if beside(path, "-restore").exists() {
        findings.push(Finding::warning(
            "restore",
            "a restore was ended half-way",
            "the next start of anything brings it to its end; nothing else is needed",
        ));
    }
    let db = match store::inspect(&Options::from(&config.storage)) {
        Ok(db) => db,
        Err(error) => {
            findings.push(broken(error.to_string()));
            return (findings, Seen::default());
        }
    };
    findings.push(integrity(&db, full));
    findings.push(schema(&db));
    findings.push(references(&db));
    findings.extend(clock(&db, now));
    findings.extend(sealed(&db, config));
    let seen = Seen {
        sender_domains: sender_domains(&db),
    };
    (findings, seen)
}

fn broken(problem: String) -> Finding {
    Finding::error(
        "database integrity",
        problem,
        "stop the server, keep a copy of the files as they are, and `readmit restore` the newest backup",
    )
}

fn integrity(db: &Connection, full: bool) -> Finding {
    match store::integrity(db, full) {
        Ok(problems) if problems.is_empty() && full => Finding::ok(
            "database integrity",
            "every page, index and row is in order",
        ),
        Ok(problems) if problems.is_empty() => Finding::ok(
            "database integrity",
            "every page is in order; --full compares indexes, too",
        ),
        Ok(problems) => broken(problems.join("; ")),
        Err(error) => broken(error.to_string()),
    }
}

fn schema(db: &Connection) -> Finding {
    const SUBJECT: &str = "database schema";
    let known = Store::latest_schema();
    match store::schema_version(db) {
        None => Finding::error(
            SUBJECT,
            "this is no database of readmit",
            "look at storage.path",
        ),
        Some(found) if found > known => Finding::error(
            SUBJECT,
            format!("version {found}, and this readmit knows versions up to {known} only"),
            "run the newer readmit that wrote it",
        ),
        Some(found) if found < known => Finding::warning(
            SUBJECT,
            format!("version {found}; this readmit brings it to {known} at its next start"),
            "make a backup before",
        ),
        Some(found) => Finding::ok(SUBJECT, format!("version {found}")),
    }
}

fn references(db: &Connection) -> Finding {
    const SUBJECT: &str = "database references";
    match store::orphans(db) {
        Ok(orphans) if orphans.is_empty() => {
            Finding::ok(SUBJECT, "every row has what it refers to")
        }
        Ok(orphans) => Finding::error(
            SUBJECT,
            orphans.join("; "),
            "something other than readmit has written to the database; restore a backup, or remove these rows",
        ),
        Err(error) => Finding::error(SUBJECT, error.to_string(), "see above"),
    }
}

fn clock(db: &Connection, now: Timestamp) -> Option<Finding> {
    const SUBJECT: &str = "clock";
    let newest = store::newest(db).ok()??;
    Some(if newest > now.after(FUTURE) {
        Finding::error(
            SUBJECT,
            format!("it is {now} here, and the newest entry of the database is of {newest}"),
            "put the clock right (NTP); while it is behind, links and sessions live longer than they should",
        )
    } else {
        Finding::ok(SUBJECT, format!("it is {now}, and no entry is newer"))
    })
}

/// Whether the keys are those that the database was written with.
fn sealed(db: &Connection, config: &Config) -> Option<Finding> {
    const SUBJECT: &str = "sealing key";
    let account = totp::any_on(db).ok()??;
    // A vault that is not there would be made, and fit nothing.
    let lost = |why: String| {
        Finding::error(
            SUBJECT,
            why,
            "put the seal.key and mac.key of this database back into keys.dir; without it, `readmit user totp-off` lets \
             members in one by one",
        )
    };
    if let Some(name) = Vault::missing(&config.keys.dir) {
        return Some(lost(format!(
            "{name} is missing, and second factors depend on it"
        )));
    }
    Some(match Vault::open(&config.keys.dir, &Entropy::System) {
        Err(error) => lost(error.to_string()),
        Ok(vault) => match totp::export_secret(db, &vault, account) {
            Ok(Some(_)) => Finding::ok(SUBJECT, "second factors open with it"),
            Ok(None) => lost("second factors were sealed under another seal.key".to_owned()),
            Err(error) => lost(error.to_string()),
        },
    })
}

fn sender_domains(db: &Connection) -> BTreeSet<String> {
    // A database that cannot be read is told of above.
    let businesses = business::list(db).unwrap_or_default();
    let addresses = businesses
        .iter()
        .filter_map(|it| it.sender_address.as_ref());
    addresses
        .map(|address| address.domain().to_ascii_lowercase())
        .collect()
}
