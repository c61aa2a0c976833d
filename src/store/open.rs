//! Opening the file: modes, pragmas, migrations.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension as _};

use super::{Options, StoreError};
use crate::files::{beside, folder_of, make_folder, open_private};

refinery::embed_migrations!("migrations");

/// Why a database could not be opened. The messages are for the administrator.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file or its folder could not be made.
    #[error("cannot create the database {path}: {source}")]
    Create {
        /// What could not be made.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// SQLite refused.
    #[error("cannot open the database {path}: {source}")]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// A pragma did not take, so commits would not be durable.
    #[error("cannot use the database {path}: {pragma} is {found}, must be {wanted}")]
    NotDurable {
        /// The file.
        path: PathBuf,
        /// The pragma.
        pragma: &'static str,
        /// Its value.
        found: String,
        /// The value that it must have.
        wanted: &'static str,
    },
    /// The file was written by a newer program.
    #[error(
        "the database has schema version {found}, but this readmit knows versions up to {known} only; \
         run the newer readmit that wrote it, or restore a backup"
    )]
    Newer {
        /// The file's version.
        found: u32,
        /// The newest version known here.
        known: u32,
    },
    /// A restore has the database for itself.
    #[error("a backup is being put in the place of the database {0}; wait until that is done")]
    BeingRestored(PathBuf),
    /// A migration failed; the file is as it was before it.
    #[error("cannot bring the database up to date: {0}")]
    Migration(refinery::Error),
    /// The rows could not be brought up to date; the next opening goes on from where this one stopped.
    #[error("cannot bring what is in the database up to date: {0}")]
    CatchUp(StoreError),
}

/// Creates the file with mode 0600 whatever the umask, so that SQLite gives its WAL the same mode,
/// and tightens a file that is open to others.
pub(super) fn prepare_file(path: &Path) -> Result<(), OpenError> {
    let failed = |source| OpenError::Create {
        path: path.to_owned(),
        source,
    };
    make_folder(folder_of(path)).map_err(failed)?;
    open_private(path).map_err(failed)?;
    tighten(path).map_err(failed)?;
    // Those that a crash has left keep their own mode.
    for suffix in ["-wal", "-shm"] {
        match tighten(&beside(path, suffix)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
    }
    Ok(())
}

fn tighten(path: &Path) -> io::Result<()> {
    if fs::metadata(path)?.permissions().mode() & 0o077 != 0 {
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
}

/// The connection of the writer thread.
pub(super) fn writable(options: &Options) -> Result<Connection, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = connect(options, flags)?;
    let failed = |source| sqlite(options, source);
    switch_to_wal(&connection).map_err(failed)?;
    connection
        .pragma_update(None, "synchronous", "full")
        .map_err(failed)?;
    expect_pragma(options, &connection, "journal_mode", "wal")?;
    expect_pragma(options, &connection, "synchronous", "2")?;
    Ok(connection)
}

/// SQLite waits for a lock before this switch but not within it, where it fails at once if another
/// process is at the same. A writer's wait ends when that process is done.
fn switch_to_wal(connection: &Connection) -> rusqlite::Result<()> {
    const ATTEMPTS: usize = 5;
    let switch = || connection.pragma_update(None, "journal_mode", "wal");
    for _ in 1..ATTEMPTS {
        match switch() {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
                connection.execute_batch("BEGIN IMMEDIATE; COMMIT")?;
            }
            done => return done,
        }
    }
    switch()
}

/// One connection of the reader pool.
pub(super) fn read_only(options: &Options) -> Result<Connection, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    connect(options, flags)
}

fn connect(options: &Options, flags: OpenFlags) -> Result<Connection, OpenError> {
    let failed = |source| sqlite(options, source);
    let connection = Connection::open_with_flags(&options.path, flags).map_err(failed)?;
    connection
        .busy_timeout(options.busy_timeout)
        .map_err(failed)?;
    connection.set_prepared_statement_cache_capacity(128);
    // Otherwise a statement is prepared anew whenever another value is bound that might change its plan
    // (https://www.sqlite.org/queryplanner-ng.html, section 4), which costs more than to run it.
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
        .map_err(failed)?;
    for (pragma, value) in [("foreign_keys", "on"), ("trusted_schema", "off")] {
        connection
            .pragma_update(None, pragma, value)
            .map_err(failed)?;
    }
    expect_pragma(options, &connection, "foreign_keys", "1")?;
    Ok(connection)
}

fn expect_pragma(
    options: &Options,
    connection: &Connection,
    pragma: &'static str,
    wanted: &'static str,
) -> Result<(), OpenError> {
    let found = connection
        .pragma_query_value(None, pragma, |row| {
            row.get_ref(0).map(|value| match value {
                rusqlite::types::ValueRef::Integer(number) => number.to_string(),
                other => other.as_str().unwrap_or_default().to_owned(),
            })
        })
        .map_err(|source| sqlite(options, source))?;
    if found == wanted {
        Ok(())
    } else {
        Err(OpenError::NotDurable {
            path: options.path.clone(),
            pragma,
            found,
            wanted,
        })
    }
}

fn sqlite(options: &Options, source: rusqlite::Error) -> OpenError {
    OpenError::Sqlite {
        path: options.path.clone(),
        source,
    }
}

pub(super) fn latest_version() -> u32 {
    migrations::runner()
        .get_migrations()
        .iter()
        .filter_map(|migration| u32::try_from(migration.version()).ok())
        .max()
        .unwrap_or(0)
}

/// Applies what is missing, and notes it in the history, in one transaction, so that a kill at any
/// moment leaves a file from which the next start goes on.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), OpenError> {
    // Left to themselves, migrations and their entries in the history would be committed apart.
    let run = |connection: &mut Connection| migrations::runner().set_grouped(true).run(connection);
    refuse_newer(connection)?;
    if run(connection).is_ok() {
        return Ok(());
    }
    // Another process may have applied the same migration between our look and our write.
    refuse_newer(connection)?;
    run(connection).map(|_| ()).map_err(OpenError::Migration)
}

fn refuse_newer(connection: &Connection) -> Result<(), OpenError> {
    let known = latest_version();
    match schema_version(connection) {
        Some(found) if found > known => Err(OpenError::Newer { found, known }),
        _ => Ok(()),
    }
}

/// The newest migration in the file's history; none for a file without one.
pub(super) fn schema_version(connection: &Connection) -> Option<u32> {
    connection
        .query_row(
            "SELECT max(version) FROM refinery_schema_history",
            [],
            |row| row.get::<_, Option<u32>>(0),
        )
        .optional()
        .ok()
        .flatten()
        .flatten()
}
