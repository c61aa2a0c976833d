//! Templates, versions, differences and faults as commands show them.

use crate::admin::Admin;
use crate::cli::output::or_dash;
use crate::cli::{Error, Output};
use crate::templates::{self, Fault, Kind, Listed, Part, Stored, Version};
use crate::text::escape_active;

fn status(listed: &Listed) -> String {
    match (&listed.failure, listed.failed_at) {
        _ if listed.taken_back => "taken back".to_owned(),
        (Some(why), Some(at)) => format!("FAILED {at}: {why}"),
        _ => "in force".to_owned(),
    }
}

pub(super) fn list(out: &Output, all: &[Listed], json: bool) -> Result<(), Error> {
    if json {
        return out.json(&all);
    }
    let rows = all
        .iter()
        .map(|listed| {
            let place = &listed.place;
            [
                place.kind.to_string(),
                place.part.to_string(),
                place
                    .business
                    .map_or_else(|| "all".to_owned(), |id| id.to_string()),
                place
                    .locale
                    .as_ref()
                    .map_or_else(|| "all".to_owned(), ToString::to_string),
                listed.version.to_string(),
                listed.at.to_string(),
                listed.actor.clone(),
                status(listed),
            ]
        })
        .collect();
    out.table(
        [
            "MAIL", "PART", "BUSINESS", "LOCALE", "VERSION", "SAVED", "BY", "STATUS",
        ],
        rows,
        "every mail is made from the built-in templates; change one with `readmit template edit`",
    )
}

pub(super) fn history(out: &Output, versions: &[Version], json: bool) -> Result<(), Error> {
    if json {
        return out.json(&versions);
    }
    let rows = versions
        .iter()
        .map(|version| {
            let marker = if version.current { " (in force)" } else { "" };
            [
                format!("{}{marker}", version.version),
                version.at.to_string(),
                version.actor.clone(),
                version
                    .bytes
                    .map_or_else(|| "taken back".to_owned(), |bytes| bytes.to_string()),
                or_dash(version.note.as_ref()),
            ]
        })
        .collect();
    out.table(
        ["VERSION", "SAVED", "BY", "BYTES", "NOTE"],
        rows,
        "there is no template of its own there, and never was one",
    )
}

/// The lines that differ, as `diff -u` shows them.
pub(super) fn diff(out: &Output, old: &str, new: &str) -> Result<(), Error> {
    let text = templates::diff(old, new);
    if text.is_empty() {
        return out.line("no difference");
    }
    for line in text.lines() {
        out.line(escape_active(line))?;
    }
    Ok(())
}

/// The faults as an error, one a line.
pub(super) fn refusal(faults: &[Fault]) -> Error {
    let lines: Vec<_> = faults.iter().map(ToString::to_string).collect();
    lines.join("\n").into()
}

pub(super) fn lint_file(out: &Output, kind: Kind, part: Part, source: &str) -> Result<(), Error> {
    let faults = templates::lint(kind, part, source);
    if faults.is_empty() {
        return out.line("nothing is wrong with it");
    }
    Err(refusal(&faults))
}

/// Lints what is saved: an earlier program may have saved what this one takes exception to.
pub(super) async fn lint_saved(out: &Output, admin: &Admin) -> Result<(), Error> {
    let saved = admin.store.read(|db| {
        let mut saved = Vec::new();
        for listed in templates::list(db)? {
            let source = templates::version(db, &listed.place, listed.version)?;
            if let Some(Stored::Source(source)) = source {
                saved.push((listed.place, source));
            }
        }
        Ok::<_, crate::store::StoreError>(saved)
    });
    let saved = saved.await?;
    let mut unusable = 0;
    for (place, source) in &saved {
        let faults = templates::lint(place.kind, place.part, source);
        unusable += usize::from(!faults.is_empty());
        for fault in faults {
            out.line(format!("{place}: {fault}"))?;
        }
    }
    if unusable > 0 {
        return Err(format!(
            "{unusable} of {} saved templates cannot be used",
            saved.len()
        )
        .into());
    }
    out.line(format!(
        "nothing is wrong with {} saved templates",
        saved.len()
    ))
}
