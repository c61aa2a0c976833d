//! What commands print: lines, tables and JSON, none of which a stranger's text can break.

use std::io::Write as _;

use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

use super::Error;
use crate::text::{escape_active, inert};

/// Where commands print.
pub(super) struct Output {
    stream: std::io::Stdout,
}

impl Output {
    pub(super) fn stdout() -> Self {
        Self {
            stream: std::io::stdout(),
        }
    }

    /// Prints one line. A reader that has gone away (`| head`) ends the command without a fuss.
    pub(super) fn line(&self, text: impl AsRef<str>) -> Result<(), Error> {
        let mut out = self.stream.lock();
        match writeln!(out, "{}", text.as_ref()).and_then(|()| out.flush()) {
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => std::process::exit(0),
            result => Ok(result?),
        }
    }

    /// Says what is worth a second look on standard error, where it spoils no output.
    #[expect(clippy::unused_self, reason = "what commands print goes through here")]
    pub(super) fn advise(&self, advice: Option<String>) -> Result<(), Error> {
        if let Some(advice) = advice {
            writeln!(std::io::stderr().lock(), "note: {}", inert(&advice))?;
        }
        Ok(())
    }

    /// Prints a value as JSON.
    pub(super) fn json(&self, value: &impl Serialize) -> Result<(), Error> {
        self.line(escape_active(&serde_json::to_string_pretty(value)?))
    }

    /// Prints rows under a header, or `nothing` when there are none.
    pub(super) fn table<const N: usize>(
        &self,
        header: [&str; N],
        rows: Vec<[String; N]>,
        nothing: &str,
    ) -> Result<(), Error> {
        if rows.is_empty() {
            return self.line(nothing);
        }
        let mut table = Table::new();
        table
            .load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Disabled)
            .set_header(header);
        for row in rows {
            table.add_row(row.iter().map(|cell| inert(cell)));
        }
        for line in table.lines() {
            self.line(line.trim_end())?;
        }
        Ok(())
    }

    /// Prints pairs one under the other, leaving out those without a value.
    pub(super) fn pairs(&self, pairs: &[(&str, Option<String>)]) -> Result<(), Error> {
        let width = pairs.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        for (name, value) in pairs {
            if let Some(value) = value {
                self.line(format!("{name:width$}  {}", inert(value)))?;
            }
        }
        Ok(())
    }
}

/// A cell for a value that may be absent.
pub(super) fn or_dash(value: Option<&impl ToString>) -> String {
    value.map_or_else(|| "-".to_owned(), ToString::to_string)
}
