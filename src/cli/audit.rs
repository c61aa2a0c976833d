//! `readmit audit`.

mod filter;

use std::io::{self, BufWriter};
use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

use self::filter::FilterArgs;
use super::output::or_dash;
use super::setup::{CLOCK, Database, Setup};
use super::{Error, Output};
use crate::admin::Admin;
use crate::audit::{self, ExportError, Format, Head, Listed, Report};
use crate::config::Config;
use crate::entropy::Entropy;
use crate::store::Place;
use crate::vault::Vault;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List entries, newest first
    List {
        /// How many at most
        #[arg(long, default_value_t = 100)]
        limit: usize,
        /// As JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        filter: FilterArgs,
    },
    /// Write entries to a file or to standard output, oldest first
    ///
    /// Controls that a stranger could have put into a text are escaped in JSON and left out of CSV, where
    /// what a spreadsheet would take for a formula stands behind an apostrophe.
    Export {
        /// A file, which must be new [default: standard output]
        file: Option<PathBuf>,
        /// Its form [default: by the file's name, else jsonl]
        #[arg(long)]
        format: Option<FormatArg>,
        #[command(flatten)]
        filter: FilterArgs,
    },
    /// Find out whether an entry was removed, altered, inserted or moved
    ///
    /// The exit status is 0 if none was. Every entry carries an HMAC over itself and the entry before it,
    /// under a key in `keys.dir`; the first one that does not fit is named. What the log alone cannot show is
    /// the loss of its newest entries: keep the head that this prints somewhere else, and give it to a later
    /// call.
    Verify {
        /// A head that was printed earlier: whether the log still holds what it held then
        #[arg(long, value_name = "HEAD")]
        head: Option<Head>,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum FormatArg {
    /// A JSON object a line
    Jsonl,
    /// Comma-separated values with a header
    Csv,
}

pub(super) async fn run(command: Command, setup: &Setup, out: &Output) -> Result<(), Error> {
    setup
        .administer(Database::MustExist, async |admin, config| match command {
            Command::List {
                limit,
                json,
                filter,
            } => list(out, admin, limit, json, filter).await,
            Command::Export {
                file,
                format,
                filter,
            } => export(admin, file, format, filter).await,
            Command::Verify { head, json } => verify(out, admin, config, head, json).await,
        })
        .await
}

async fn list(
    out: &Output,
    admin: &Admin,
    limit: usize,
    json: bool,
    filter: FilterArgs,
) -> Result<(), Error> {
    let filter = filter.into_filter(CLOCK.now());
    let read = move |db: &rusqlite::Connection| audit::page(db, &filter, &Place::Start, limit);
    let entries = admin.store.read(read).await?.rows;
    if json {
        return out.json(&entries);
    }
    let header = [
        "ID", "AT", "ACTOR", "KIND", "OUTCOME", "ACCOUNT", "BUSINESS", "FROM", "DETAIL",
    ];
    let rows = entries.iter().map(row).collect();
    out.table(header, rows, "no entry")
}

fn row(entry: &Listed) -> [String; 9] {
    // The address, or the id of an account that was removed.
    let account = match &entry.email {
        Some(email) => email.to_string(),
        None => or_dash(entry.account_id.as_ref()),
    };
    [
        entry.id.to_string(),
        entry.at.to_string(),
        entry.actor.clone(),
        entry.event.clone(),
        entry.outcome.clone(),
        account,
        or_dash(entry.business_id.as_ref()),
        or_dash(entry.client.as_ref()),
        or_dash(entry.detail.as_ref()),
    ]
}

async fn export(
    admin: &Admin,
    file: Option<PathBuf>,
    format: Option<FormatArg>,
    filter: FilterArgs,
) -> Result<(), Error> {
    let filter = filter.into_filter(CLOCK.now());
    let format = match format {
        Some(FormatArg::Csv) => Format::Csv,
        Some(FormatArg::Jsonl) => Format::JsonLines,
        None => file.as_deref().map_or(Format::JsonLines, Format::of),
    };
    let Some(file) = file else {
        let mut out = BufWriter::new(io::stdout());
        return match audit::export(&admin.store, &filter, format, &mut out).await {
            // A reader that has gone away (`| head`) ends the command without a fuss.
            Err(ExportError::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            done => Ok(done.map(|_| ())?),
        };
    };
    let count = audit::export_to_file(&admin.store, &filter, format, &file)
        .await
        .map_err(|error| format!("{}: {error}", file.display()))?;
    Output::stdout().line(format!("{count} entries written to {}", file.display()))
}

async fn verify(
    out: &Output,
    admin: &Admin,
    config: &Config,
    head: Option<Head>,
    json: bool,
) -> Result<(), Error> {
    let folder = &config.keys.dir;
    if Vault::missing(folder).is_some() {
        return Err(format!(
            "{} (keys.dir) does not hold the key of the audit log, mac.key; restore it from your copy, or \
             name the configuration that leads to it with --config",
            folder.display()
        )
        .into());
    }
    let vault = Vault::open(folder, &Entropy::System)?;
    let report = audit::verify(&admin.store, &vault, head.as_ref()).await?;
    if json {
        out.json(&report)?;
    } else {
        tell(out, &report, head.as_ref())?;
    }
    match report.problem {
        None => Ok(()),
        Some(problem) => Err(format!("the audit log is not what was written: {problem}").into()),
    }
}

fn tell(out: &Output, report: &Report, noted: Option<&Head>) -> Result<(), Error> {
    let entries = match (report.entries, report.first) {
        (0, _) | (_, None) => "none".to_owned(),
        (count, Some(first)) => format!("{count}, from {first} on"),
    };
    let problems = match report.problems {
        0 => "intact".to_owned(),
        1 => "1 place does not fit".to_owned(),
        count => format!("{count} places do not fit"),
    };
    let removed = report.removed.as_ref().map(|removed| {
        let broken = removed.broken.map_or_else(String::new, |id| {
            format!("; entry {id} among them was not what had been written there")
        });
        format!(
            "entries up to {}, the last of them of {}, by retention{broken}",
            removed.through, removed.at
        )
    });
    let noted = noted.map(|noted| match report.head_found {
        Some(true) => format!("entry {} is in the log as it was", noted.id),
        Some(false) => format!("entry {} is not in the log as it was", noted.id),
        None => format!("entry {} was removed by retention", noted.id),
    });
    let older = report
        .older_than_chain
        .map(|id| format!("entries up to {id} are older, and were sealed as they were found"));
    out.pairs(&[
        ("chain", Some(problems)),
        ("entries", Some(entries)),
        ("removed", removed),
        ("older", older),
        ("noted head", noted),
        ("head", report.head.as_ref().map(ToString::to_string)),
    ])?;
    if report.entries > 0 && report.problems >= report.entries {
        out.advise(Some(
            "nothing fits at all; is keys.dir the folder of the deployment that wrote this log?"
                .to_owned(),
        ))?;
    }
    Ok(())
}
