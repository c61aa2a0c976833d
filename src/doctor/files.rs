//! Who may read the files, and whether there is room for more.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::statvfs;

use super::Finding;
use crate::backup::schedule;
use crate::config::Config;
use crate::files::{beside, folder_of};

/// With less room than this a server stops taking requests soon.
const LEAST: u64 = 64 << 20;

/// Files of the deployment that others than their owner may read or write.
pub(super) fn modes(config: &Config, config_file: Option<&Path>) -> Vec<Finding> {
    const SUBJECT: &str = "file modes";
    let database = &config.storage.path;
    let mut private: Vec<PathBuf> = ["", "-wal", "-shm"].map(|it| beside(database, it)).into();
    private.extend(entries(&config.keys.dir));
    let backups = config.backup.dir.as_deref().map(schedule::list);
    let backups = backups.and_then(Result::ok).unwrap_or_default();
    private.extend(backups.into_iter().map(|dated| dated.file));
    let mut findings: Vec<Finding> = private
        .iter()
        .filter_map(|path| open_to(path, 0o077).map(|mode| too_open(path, mode, "600")))
        .collect();
    let folder = &config.keys.dir;
    findings.extend(open_to(folder, 0o022).map(|mode| too_open(folder, mode, "700")));
    let holds_secrets = config.smtp.password.is_some() || config.backup.passphrase.is_some();
    if let Some(file) = config_file.filter(|_| holds_secrets)
        && open_to(file, 0o004).is_some()
    {
        findings.push(Finding::warning(
            SUBJECT,
            format!("everybody on this machine can read {}", file.display()),
            "if it holds a password, keep that in a file of its own (smtp.password_file), or chmod 640",
        ));
    }
    if findings.is_empty() {
        findings.push(Finding::ok(
            SUBJECT,
            "database, keys and backups are their owner's alone",
        ));
    }
    findings
}

fn too_open(path: &Path, mode: u32, wanted: &str) -> Finding {
    let path = path.display();
    Finding::error(
        "file modes",
        format!("{path} is open to other users (mode {mode:04o})"),
        format!("chmod {wanted} {path}; whoever may have copied it has what is in it"),
    )
}

/// The mode of a file, if it has one of these bits.
fn open_to(path: &Path, bits: u32) -> Option<u32> {
    let mode = fs::metadata(path).ok()?.permissions().mode() & 0o7777;
    (mode & bits != 0).then_some(mode)
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.path())
        .filter(|path| path.is_file())
        .collect()
}

/// Room on the disks of the database and of the backups: as much again as the database is large, for its
/// log, a migration or a copy.
pub(super) fn space(config: &Config) -> Vec<Finding> {
    const ADVICE: &str = "make room: a full disk is answered with 503, and stops backups";
    let database = &config.storage.path;
    let size = fs::metadata(database).map_or(0, |file| file.len());
    let backups = config.backup.dir.as_deref();
    let folders: BTreeSet<&Path> = std::iter::once(folder_of(database))
        .chain(backups)
        .collect();
    folders
        .into_iter()
        .filter_map(|folder| {
            let disk = statvfs(folder).ok()?;
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            let subject = format!("disk space of {}", folder.display());
            let found = format!(
                "{} MiB free; the database has {} MiB",
                free >> 20,
                size >> 20
            );
            Some(if free < LEAST {
                Finding::error(subject, found, ADVICE)
            } else if free < size.saturating_mul(2) {
                Finding::warning(subject, found, ADVICE)
            } else {
                Finding::ok(subject, found)
            })
        })
        .collect()
}
