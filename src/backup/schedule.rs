//! Backups that the server makes by itself, and which of them are kept.
//!
//! When the last one was made stands in its name and nowhere else, so that it survives restarts, and that
//! several servers on one database share the work.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::civil::DateTime;

use super::restore::name_of;
use super::{BackupError, Cost, Made, Order, make};
use crate::clock::{Clock, Timestamp};
use crate::config::{self, Config};
use crate::entropy::Entropy;
use crate::files::make_folder;
use crate::store::Options;

/// What the names begin with.
const PREFIX: &str = "readmit-auto-";
/// How they end: without the keys, and with them.
const SUFFIXES: [&str; 2] = [".db", ".backup"];
/// How soon one is tried again that failed, unless the next one is due before.
const TRY_AGAIN: Duration = Duration::from_mins(5);

/// A backup in the folder that a server has made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dated {
    /// When.
    pub at: Timestamp,
    /// The file.
    pub file: PathBuf,
}

/// How the backups of this server go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// How many have failed since the last one that was made.
    pub failures: u32,
    /// Why the last one of these failed, and when.
    pub last_failure: Option<(Timestamp, String)>,
}

/// Makes backups when they are due.
pub struct Schedule {
    settings: config::Backup,
    database: Options,
    keys: PathBuf,
    entropy: Entropy,
    status: Mutex<Status>,
    stopped: AtomicBool,
}

impl Schedule {
    /// The schedule of this configuration, by which nothing is made without `backup.dir`.
    pub fn new(config: &Config, entropy: Entropy) -> Self {
        Self {
            settings: config.backup.clone(),
            database: Options::from(&config.storage),
            keys: config.keys.dir.clone(),
            entropy,
            status: Mutex::default(),
            stopped: AtomicBool::new(false),
        }
    }

    /// How it goes; none when it is off.
    pub fn status(&self) -> Option<Status> {
        self.settings.dir.as_ref().map(|_| self.lock().clone())
    }

    /// Calls off the one that is being made, if there is one: it would hold up the stop of the server.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Makes backups for as long as it is polled, or ends at once when the schedule is off.
    pub async fn run(self: Arc<Self>, clock: Clock) {
        let Some(dir) = self.settings.dir.clone() else {
            return;
        };
        let mut not_before = clock.now();
        loop {
            let due = self.due(&dir, clock.now()).max(not_before);
            if due > clock.now() {
                clock.sleep_until(due).await;
                // The clock may have been stepped, and another server may have made one meanwhile.
                continue;
            }
            let (work, folder, now) = (Arc::clone(&self), dir.clone(), clock.now());
            let done = tokio::task::spawn_blocking(move || work.make_due(&folder, now)).await;
            let failure = match done {
                Ok(Ok(made)) => {
                    tracing::info!(file = %made.file.display(), bytes = made.bytes, "a backup was made");
                    None
                }
                // Another server is at it.
                Ok(Err(BackupError::UnderWay(_))) => {
                    not_before = now.after(TRY_AGAIN.min(self.settings.every));
                    continue;
                }
                Ok(Err(error)) => Some(error.to_string()),
                Err(error) => Some(error.to_string()),
            };
            not_before = if failure.is_some() {
                now.after(TRY_AGAIN.min(self.settings.every))
            } else {
                now
            };
            self.note(failure, now);
        }
    }

    fn note(&self, failure: Option<String>, now: Timestamp) {
        let mut status = self.lock();
        let Some(failure) = failure else {
            *status = Status::default();
            return;
        };
        tracing::error!(
            error = failure,
            "a backup could not be made; it is tried again"
        );
        status.failures = status.failures.saturating_add(1);
        status.last_failure = Some((now, failure));
    }

    /// When the next one is due. One from the future, from before the clock was put right, says nothing.
    fn due(&self, dir: &Path, now: Timestamp) -> Timestamp {
        let made = list(dir).unwrap_or_default();
        let last = made.iter().rev().find(|dated| dated.at <= now);
        last.map_or(now, |last| last.at.after(self.settings.every))
    }

    /// Makes one, and removes those that are too many.
    fn make_due(&self, dir: &Path, now: Timestamp) -> Result<Made, BackupError> {
        let failed = |source| BackupError::Io {
            path: dir.to_owned(),
            source,
        };
        make_folder(dir).map_err(failed)?;
        let keys = self.settings.passphrase.as_ref();
        let keys = keys.filter(|_| self.settings.with_keys);
        let suffix = SUFFIXES[usize::from(keys.is_some())];
        let order = Order {
            database: &self.database,
            keys: keys.map(|passphrase| (self.keys.as_path(), passphrase)),
            to: &dir.join(format!("{PREFIX}{}{suffix}", name_of(now))),
            replace: false,
            cost: Cost::default(),
        };
        let goes_on = |_, _| !self.stopped.load(Ordering::Relaxed);
        let made = make(&order, &self.entropy, goes_on)?;
        rotate(dir, self.settings.keep, order.to).map_err(failed)?;
        Ok(made)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Status> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The backups that servers have made in the folder, the oldest first. What else is in it, and links and
/// folders whatever their name, are not ours.
pub fn list(dir: &Path) -> io::Result<Vec<Dated>> {
    let mut made = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let at = entry.file_name().to_str().and_then(time_in);
        if let Some(at) = at.filter(|_| entry.file_type().is_ok_and(|kind| kind.is_file())) {
            made.push(Dated {
                at,
                file: entry.path(),
            });
        }
    }
    made.sort_unstable();
    Ok(made)
}

fn time_in(name: &str) -> Option<Timestamp> {
    let rest = name.strip_prefix(PREFIX)?;
    let time = SUFFIXES
        .iter()
        .find_map(|suffix| rest.strip_suffix(suffix))?;
    let at = DateTime::strptime("%Y%m%dT%H%M%SZ", time).ok()?;
    let at = jiff::tz::TimeZone::UTC.to_timestamp(at).ok()?;
    let at = Timestamp::from_millis(at.as_millisecond());
    // Not another spelling of the same time.
    (name_of(at) == time).then_some(at)
}

/// Removes the oldest but for `keep`, and never the one just made.
fn rotate(dir: &Path, keep: usize, just_made: &Path) -> io::Result<()> {
    let mut made = list(dir)?;
    let too_many = made.len().saturating_sub(keep);
    made.truncate(too_many);
    for old in made.iter().filter(|dated| dated.file != just_made) {
        fs::remove_file(&old.file)?;
    }
    Ok(())
}
