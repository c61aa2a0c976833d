//! `readmit template`.

mod edit;
mod preview;
mod show;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::setup::{CLOCK, Database, Setup};
use super::{Error, Output};
use crate::admin::Admin;
use crate::business::BusinessId;
use crate::config::Config;
use crate::editor;
use crate::locale::Locale;
use crate::templates::{self, Effective, Kind, Part, Place, Stored};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List the templates that stand in for built-in ones, and whether they work
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Print the template that a part of a mail is made from, built in or not
    Show {
        #[command(flatten)]
        at: At,
        /// An earlier version of it
        #[arg(long, value_name = "NUMBER")]
        version: Option<i64>,
    },
    /// Change a template in $VISUAL or $EDITOR
    ///
    /// It begins with the template that is in force. What is wrong is said, and nothing that was
    /// written is lost.
    Edit {
        #[command(flatten)]
        at: At,
        /// Why, for the history
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
    /// Save a template from a file, or from standard input
    Set {
        #[command(flatten)]
        at: At,
        /// The file; - is standard input
        file: PathBuf,
        /// Why, for the history
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
    /// Show what a template changes: against the built-in one, or between two versions
    Diff {
        #[command(flatten)]
        at: At,
        /// The older version; 0 is the built-in one
        #[arg(long, value_name = "NUMBER", default_value_t = 0)]
        from: i64,
        /// The newer version [default: the one in force]
        #[arg(long, value_name = "NUMBER")]
        to: Option<i64>,
    },
    /// List the versions of a template: when, by whom, and why
    History {
        #[command(flatten)]
        at: At,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Put an earlier version into force again; 0 takes the template back
    Rollback {
        #[command(flatten)]
        at: At,
        /// The version's number, as `history` shows it
        version: i64,
        /// Why, for the history
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
    /// Fill a mail in with sample values and print it
    Preview {
        #[command(flatten)]
        mail: Mail,
        /// Write the HTML into this file
        #[arg(long, value_name = "FILE")]
        html: Option<PathBuf>,
        /// Write the whole mail into this file, for a mail program to open
        #[arg(long, value_name = "FILE")]
        eml: Option<PathBuf>,
    },
    /// Send a mail with sample values, marked as a test, by the relay that takes such mail
    SendTest {
        #[command(flatten)]
        mail: Mail,
        /// To whom
        #[arg(long, value_name = "ADDRESS")]
        to: String,
    },
    /// Say what is wrong with a file, or with any of the saved templates
    Lint {
        /// Which mail: reset, otp, changed, welcome, `signin_notice`
        #[arg(requires = "file")]
        kind: Option<Kind>,
        /// Which part: subject, text, html
        part: Option<Part>,
        /// The file; - is standard input
        file: Option<PathBuf>,
    },
}

/// Where a template belongs.
#[derive(Clone, Debug, Args)]
pub(super) struct At {
    /// Which mail: reset, otp, changed, welcome, signin_notice
    #[expect(clippy::doc_markdown, reason = "the text is for a terminal")]
    kind: Kind,
    /// Which part: subject, text, html
    part: Part,
    /// Of which location's mail [default: of every location's without one of its own]
    #[arg(long, value_name = "ID")]
    business: Option<BusinessId>,
    /// In which language [default: in every one without one of its own]
    #[arg(long, value_name = "TAG")]
    locale: Option<Locale>,
}

/// A whole mail.
#[derive(Clone, Debug, Args)]
pub(super) struct Mail {
    /// Which mail: reset, otp, changed, welcome, signin_notice
    #[expect(clippy::doc_markdown, reason = "the text is for a terminal")]
    kind: Kind,
    /// Of which location
    #[arg(long, value_name = "ID")]
    business: Option<BusinessId>,
    /// In which language [default: the location's]
    #[arg(long, value_name = "TAG")]
    locale: Option<Locale>,
}

impl From<Mail> for templates::Mail {
    fn from(mail: Mail) -> Self {
        Self {
            kind: mail.kind,
            business: mail.business,
            locale: mail.locale,
        }
    }
}

impl At {
    fn place(&self) -> Place {
        Place {
            kind: self.kind,
            part: self.part,
            business: self.business,
            locale: self.locale.clone(),
        }
    }
}

pub(super) async fn run(command: Command, setup: &Setup, out: &Output) -> Result<(), Error> {
    if let Command::Lint {
        kind: Some(kind),
        part: Some(part),
        file: Some(file),
    } = &command
    {
        return show::lint_file(out, *kind, *part, &read(file)?);
    }
    setup
        .administer(Database::MustExist, async |admin, config| {
            act(command, admin, config, out).await
        })
        .await
}

async fn act(command: Command, admin: &Admin, config: &Config, out: &Output) -> Result<(), Error> {
    let now = CLOCK.now();
    match command {
        Command::List { json } => show::list(out, &admin.store.read(templates::list).await?, json),
        Command::Show { at, version } => show_one(admin, &at, version, out).await,
        Command::Edit { at, note } => edit::run(admin, &at, note, out).await,
        Command::Set { at, file, note } => {
            let place = at.place();
            let saved = admin.set_template(place.clone(), read(&file)?, note, now);
            let version = saved.await?;
            out.line(format!("{place}: version {version} is in force"))
        }
        Command::Diff { at, from, to } => {
            let new = match to {
                Some(version) => source(admin, &at, version).await?,
                None => in_force(admin, &at).await?.source,
            };
            show::diff(out, &source(admin, &at, from).await?, &new)
        }
        Command::History { at, json } => {
            let place = at.place();
            let versions = admin
                .store
                .read(move |db| templates::history(db, &place))
                .await?;
            show::history(out, &versions, json)
        }
        Command::Rollback { at, version, note } => {
            let place = at.place();
            let done = admin.roll_template_back(place.clone(), version, note, now);
            let new = done.await?;
            if version == 0 {
                return out.line(format!(
                    "{place}: taken back; the next one in the order stands in for it"
                ));
            }
            out.line(format!(
                "{place}: version {new} is in force, the same as version {version}"
            ))
        }
        Command::Preview { mail, html, eml } => {
            preview::preview(admin, config, mail.into(), (html, eml), out).await
        }
        Command::SendTest { mail, to } => {
            preview::send_test(admin, config, mail.into(), &to, out).await
        }
        Command::Lint { .. } => show::lint_saved(out, admin).await,
    }
}

async fn show_one(admin: &Admin, at: &At, version: Option<i64>, out: &Output) -> Result<(), Error> {
    if let Some(version) = version {
        return out.line(source(admin, at, version).await?.trim_end());
    }
    let found = in_force(admin, at).await?;
    out.line(found.source.trim_end())?;
    out.advise(Some(match found.place {
        Some(place) => format!("this is the template for {place}"),
        None => "this is the built-in template".to_owned(),
    }))
}

/// A template's source from a file.
fn read(file: &Path) -> Result<String, Error> {
    let name = file.display();
    let read = if file == Path::new("-") {
        editor::read(std::io::stdin().lock())
    } else {
        let opened = std::fs::File::open(file);
        editor::read(opened.map_err(|error| format!("cannot read {name}: {error}"))?)
    };
    Ok(read.map_err(|error| format!("{name}: {error}"))?)
}

/// The template that belongs there, or the one that stands in for it.
async fn in_force(admin: &Admin, at: &At) -> Result<Effective, Error> {
    let place = at.place();
    let found = admin
        .store
        .read(move |db| templates::in_force(db, &place))
        .await?;
    Ok(found)
}

/// A version of the template that belongs there; 0 is the built-in one.
async fn source(admin: &Admin, at: &At, version: i64) -> Result<String, Error> {
    let language = at.locale.clone().unwrap_or_default().language();
    if version == 0 {
        return Ok(templates::builtin(at.kind, at.part, language).to_owned());
    }
    let place = at.place();
    let name = place.to_string();
    let found = admin
        .store
        .read(move |db| templates::version(db, &place, version))
        .await?;
    match found {
        Some(Stored::Source(source)) => Ok(source),
        Some(Stored::TakenBack) => {
            Err(format!("{name}: the template was taken back in version {version}").into())
        }
        None => Err(format!(
            "there is no version {version} of {name}; `readmit template history` shows them"
        )
        .into()),
    }
}
