//! People from a file, and into one.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, IsTerminal as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use clap::ValueEnum;

use crate::admin::import::{self, Format, Rules};
use crate::admin::{Admin, Exported};
use crate::business;
use crate::cli::setup::CLOCK;
use crate::cli::{Error, Output};
use crate::config::Config;
use crate::password::Policy;
use crate::text::escape_active;

/// What `--format` takes.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(in crate::cli) enum FormatName {
    /// Comma-separated values
    Csv,
    /// JSON Lines
    Jsonl,
}

fn format_of(path: &Path, named: Option<FormatName>) -> Format {
    let extension = path.extension().and_then(|extension| extension.to_str());
    let extension = extension.unwrap_or_default().to_ascii_lowercase();
    match (named, extension.as_str()) {
        (Some(FormatName::Jsonl), _) | (None, "jsonl" | "ndjson") => Format::JsonLines,
        (Some(FormatName::Csv) | None, _) => Format::Csv,
    }
}

pub(super) async fn import(
    out: &Output,
    admin: &Admin,
    config: &Config,
    path: &Path,
    format: Option<FormatName>,
) -> Result<(), Error> {
    let shown = path.display();
    let policy = Policy::open(&config.password)?;
    let businesses = admin.store.read(business::list).await?;
    let businesses = businesses.into_iter().map(|it| (it.id, it)).collect();
    let rules = Rules {
        policy: &policy,
        businesses: &businesses,
    };
    let file = File::open(path).map_err(|error| format!("{shown}: {error}"))?;
    let rows = import::read(file, format_of(path, format), &rules)
        .map_err(|error| format!("{shown}: {error}"))?;
    let in_clear = |row: &&import::Row| matches!(row.password, import::Given::Password(_));
    let total = rows.iter().filter(in_clear).count();
    let on_terminal = total > 0 && std::io::stderr().is_terminal();
    let progress = |done: usize| {
        if on_terminal && (done.is_multiple_of(20) || done == total) {
            let _ = write!(std::io::stderr(), "\r{done} of {total} passwords hashed");
        }
    };
    let imported = admin
        .import(rows, &config.keys.dir, CLOCK.now(), progress)
        .await;
    if on_terminal {
        let _ = writeln!(std::io::stderr());
    }
    let count = imported.map_err(|error| format!("{shown}: {error}"))?;
    out.line(format!("{count} people imported"))
}

pub(super) async fn export(
    out: &Output,
    admin: &Admin,
    config: &Config,
    path: Option<&Path>,
) -> Result<(), Error> {
    let keys = config.keys.dir.clone();
    let Some(path) = path else {
        let people = admin.export(keys, CLOCK.now()).await?;
        for person in &people {
            out.line(line(person)?)?;
        }
        return warn(&people, "this output");
    };
    let shown = path.display().to_string();
    let failed = |error: std::io::Error| format!("{shown}: {error}");
    // Whoever had an older file open, or a link in its place, would get to read this one.
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(failed)?;
    let written = async {
        let people = admin.export(keys, CLOCK.now()).await?;
        let mut to = BufWriter::new(file);
        for person in &people {
            writeln!(to, "{}", line(person)?).map_err(failed)?;
        }
        let file = to
            .into_inner()
            .map_err(|error| failed(error.into_error()))?;
        file.sync_all().map_err(failed)?;
        Ok::<_, Error>(people)
    };
    match written.await {
        Ok(people) => warn(&people, &shown),
        Err(error) => {
            // It is this command's own, and a part of it would pass for the whole.
            let _ = std::fs::remove_file(path);
            Err(error)
        }
    }
}

fn line(person: &Exported) -> Result<String, Error> {
    Ok(escape_active(&serde_json::to_string(person)?))
}

fn warn(people: &[Exported], place: &str) -> Result<(), Error> {
    writeln!(
        std::io::stderr(),
        "{} people exported. {place} holds their password hashes and TOTP secrets: keep it as you keep \
         the database and the keys",
        people.len(),
    )?;
    Ok(())
}
