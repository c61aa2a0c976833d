//! A copy of the database while others use it, and whether a file is a sound copy.

use std::path::{Path, PathBuf};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use super::{OpenError, Options, lock, open};
use crate::clock::Timestamp;

/// How many pages are copied between two looks: 1 MiB of them.
const PAGES: i32 = 256;

/// Why a copy was not made.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The database cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It could not be read, or the copy not written.
    #[error("cannot copy the database to {to}: {source}")]
    Sqlite {
        /// The copy.
        to: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// Whoever asked for it does not want it any more.
    #[error("the copy was called off")]
    CalledOff,
}

/// Why a file is not taken for a copy of a database. Each message follows the file's name.
#[derive(Debug, thiserror::Error)]
pub enum Unsound {
    /// SQLite cannot read it.
    #[error("cannot be read as a database: {0}")]
    Unreadable(rusqlite::Error),
    /// SQLite has found something wrong.
    #[error("is damaged: {0}")]
    Damaged(String),
    /// A database, yet of another program.
    #[error("is not a database of readmit")]
    Foreign,
    /// It was written by a newer program.
    #[error(
        "has schema version {found}, but this readmit knows versions up to {known} only; use the newer \
         readmit that wrote it"
    )]
    Newer {
        /// The file's version.
        found: u32,
        /// The newest version known here.
        known: u32,
    },
}

impl From<rusqlite::Error> for Unsound {
    fn from(error: rusqlite::Error) -> Self {
        Self::Unreadable(error)
    }
}

/// What a database holds.
#[derive(Clone, Copy, Debug)]
pub struct Contents {
    /// The version of its schema.
    pub schema_version: u32,
    /// The time of its newest entry; none when nothing has happened in it yet.
    pub newest: Option<Timestamp>,
}

/// Copies the database as it is at this moment into `to`, an empty file; `progress` is told how many of
/// the database's bytes are done, of how many, and says whether to go on.
///
/// The copy reads under one snapshot (<https://www.sqlite.org/isolation.html>), so that no write makes it
/// begin anew, and it holds no writer up: all that waits for its end is the shortening of the log.
pub fn copy(
    options: &Options,
    to: &Path,
    mut progress: impl FnMut(u64, u64) -> bool,
) -> Result<(), CopyError> {
    let _in_use = lock::share(&options.path)?;
    let source = open::read_only(options)?;
    let failed = |source| CopyError::Sqlite {
        to: to.to_owned(),
        source,
    };
    let run = |progress: &mut dyn FnMut(u64, u64) -> bool| -> rusqlite::Result<bool> {
        source.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema")?;
        let page_size: u32 = source.pragma_query_value(None, "page_size", |row| row.get(0))?;
        let bytes = |pages: i32| u64::from(pages.unsigned_abs()) * u64::from(page_size);
        let mut target = Connection::open_with_flags(to, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        // Nobody takes half of a copy for a whole one, and the whole is synced in the end.
        target.pragma_update(None, "synchronous", "off")?;
        let backup = Backup::new(&source, &mut target)?;
        loop {
            let step = backup.step(PAGES)?;
            let state = backup.progress();
            let (done, all) = (state.pagecount - state.remaining, state.pagecount);
            let goes_on = progress(bytes(done), bytes(all));
            if step == StepResult::Done {
                break;
            }
            if !goes_on {
                return Ok(false);
            }
        }
        drop(backup);
        // A copy is one file, which can be read where nothing can be written.
        target.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()))?;
        target.close().map_err(|(_, error)| error)?;
        Ok(true)
    };
    if run(&mut progress).map_err(failed)? {
        Ok(())
    } else {
        Err(CopyError::CalledOff)
    }
}

/// Reads every page of a database that nobody else has open, and says what it holds; an error is the
/// reason not to use it.
pub fn verify(file: &Path) -> Result<Contents, Unsound> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(file, flags)?;
    db.pragma_update(None, "trusted_schema", "off")?;
    let said = integrity(&db, true)?;
    if let Some(problem) = said.first() {
        return Err(Unsound::Damaged(problem.clone()));
    }
    let found = open::schema_version(&db).ok_or(Unsound::Foreign)?;
    let known = open::latest_version();
    if found > known {
        return Err(Unsound::Newer { found, known });
    }
    if let Some(orphan) = orphans(&db)?.first() {
        return Err(Unsound::Damaged(orphan.clone()));
    }
    Ok(Contents {
        schema_version: found,
        newest: newest(&db)?,
    })
}

/// What SQLite finds wrong with the file; nothing when it is in order. The quick form leaves out whether
/// indexes and tables agree (<https://www.sqlite.org/pragma.html#pragma_integrity_check>).
pub fn integrity(db: &Connection, full: bool) -> rusqlite::Result<Vec<String>> {
    let sql = if full {
        "PRAGMA integrity_check(20)"
    } else {
        "PRAGMA quick_check(20)"
    };
    let mut statement = db.prepare(sql)?;
    let lines = statement.query_map([], |row| row.get::<_, String>(0))?;
    let mut problems = lines.collect::<rusqlite::Result<Vec<_>>>()?;
    problems.retain(|line| line != "ok");
    Ok(problems)
}

/// Rows that refer to others that are not there.
pub fn orphans(db: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = db.prepare("PRAGMA foreign_key_check")?;
    let rows = statement.query_map([], |row| {
        let (table, parent): (String, String) = (row.get(0)?, row.get(2)?);
        Ok(format!(
            "a row of {table} refers to one of {parent} that is not there"
        ))
    })?;
    rows.take(20).collect()
}

/// The time of the newest entry that the server or a command has made.
pub fn newest(db: &Connection) -> rusqlite::Result<Option<Timestamp>> {
    db.query_row(
        "SELECT max(at) FROM (SELECT max(at) AS at FROM audit \
         UNION ALL SELECT max(created_at) FROM outbox UNION ALL SELECT max(at) FROM probe)",
        [],
        |row| row.get(0),
    )
}
