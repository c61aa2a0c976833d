//! The log as a file, oldest entry first.

use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use serde::Serialize;

use super::{Filter, Listed, sql};
use crate::store::{Store, StoreError};
use crate::text::escape_active;

/// How many entries are read at a time; no more are held in memory.
const STRETCH: usize = 1000;

/// The form of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A JSON object a line.
    JsonLines,
    /// Comma-separated values with a header (RFC 4180).
    Csv,
}

impl Format {
    /// What the ending of a file's name asks for; JSON lines where it asks for nothing.
    pub fn of(path: &Path) -> Self {
        let ending = path.extension().and_then(std::ffi::OsStr::to_str);
        match ending {
            Some(ending) if ending.eq_ignore_ascii_case("csv") => Self::Csv,
            _ => Self::JsonLines,
        }
    }
}

/// Why an export is not whole.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file or pipe did not take it.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Writes the entries that meet the filter; how many.
pub async fn export(
    store: &Store,
    filter: &Filter,
    format: Format,
    out: &mut (impl Write + Send),
) -> Result<u64, ExportError> {
    let (mut after, mut count) = (i64::MIN, 0);
    if format == Format::Csv {
        out.write_all(csv_line(&HEADER)?.as_bytes())?;
    }
    loop {
        let filter = filter.clone();
        let entries = store
            .read(move |db| sql::following(db, &filter, after, STRETCH))
            .await?;
        for entry in &entries {
            let line = match format {
                Format::JsonLines => json_line(entry)?,
                Format::Csv => csv_line(&cells(entry))?,
            };
            out.write_all(line.as_bytes())?;
            count += 1;
            after = entry.id;
        }
        if entries.len() < STRETCH {
            out.flush()?;
            return Ok(count);
        }
    }
}

/// Writes them to a file that must be new, for its owner alone; how many. What is not whole is removed.
pub async fn export_to_file(
    store: &Store,
    filter: &Filter,
    format: Format,
    path: &Path,
) -> Result<u64, ExportError> {
    // Whoever had an older file open, or a link in its place, would get to read this one.
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    let written = async {
        let mut out = BufWriter::new(file);
        let count = export(store, filter, format, &mut out).await?;
        out.get_ref().sync_all()?;
        Ok(count)
    };
    let written = written.await;
    if written.is_err() {
        let _ = std::fs::remove_file(path);
    }
    written
}

fn json_line(entry: &Listed) -> io::Result<String> {
    Ok(format!(
        "{}\n",
        escape_active(&serde_json::to_string(entry)?)
    ))
}

const HEADER: [&str; 11] = [
    "id",
    "at",
    "actor",
    "event",
    "outcome",
    "account_id",
    "email",
    "business_id",
    "client",
    "detail",
    "hash",
];

fn cells(entry: &Listed) -> [String; 11] {
    let text = |text: Option<&str>| text.map(inert_cell).unwrap_or_default();
    [
        entry.id.to_string(),
        entry.at.to_string(),
        inert_cell(&entry.actor),
        inert_cell(&entry.event),
        entry.outcome.clone(),
        entry
            .account_id
            .map(|id| id.to_string())
            .unwrap_or_default(),
        text(entry.email.as_ref().map(crate::email::EmailAddress::as_str)),
        entry
            .business_id
            .map(|id| id.to_string())
            .unwrap_or_default(),
        text(entry.client.as_deref()),
        text(entry.detail.as_deref()),
        entry.hash.clone().unwrap_or_default(),
    ]
}

/// A cell without controls, and with an apostrophe before what a spreadsheet would take for a formula
/// (OWASP, "CSV Injection").
fn inert_cell(text: &str) -> String {
    let text = crate::text::inert(text);
    if text.starts_with(['=', '+', '-', '@']) {
        format!("'{text}")
    } else {
        text
    }
}

fn csv_line<T: AsRef<[u8]> + Serialize>(cells: &[T]) -> io::Result<String> {
    let mut line = csv::Writer::from_writer(Vec::new());
    line.write_record(cells).map_err(io::Error::other)?;
    let bytes = line.into_inner().map_err(csv::IntoInnerError::into_error)?;
    String::from_utf8(bytes).map_err(io::Error::other)
}
