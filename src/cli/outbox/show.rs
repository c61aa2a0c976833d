//! Messages as commands show them.

use crate::cli::output::or_dash;
use crate::cli::{Error, Output};
use crate::outbox::{Listed, Shown, Stats};

pub(super) fn list(out: &Output, messages: &[Listed], json: bool) -> Result<(), Error> {
    if json {
        return out.json(&messages);
    }
    let rows = messages
        .iter()
        .map(|message| {
            [
                message.id.to_string(),
                message.kind.to_string(),
                message.state.to_string(),
                message.recipient.clone(),
                message.attempts.to_string(),
                or_dash(message.next_attempt_at.as_ref()),
                or_dash(message.reason.as_ref().or(message.last_reply.as_ref())),
            ]
        })
        .collect();
    out.table(
        [
            "ID",
            "KIND",
            "STATE",
            "TO",
            "ATTEMPTS",
            "NEXT ATTEMPT",
            "WHY",
        ],
        rows,
        "no messages",
    )
}

pub(super) fn one(out: &Output, shown: &Shown, json: bool) -> Result<(), Error> {
    if json {
        return out.json(shown);
    }
    let message = &shown.message;
    out.pairs(&[
        ("id", Some(message.id.to_string())),
        ("kind", Some(message.kind.to_string())),
        ("state", Some(message.state.to_string())),
        ("to", Some(message.recipient.clone())),
        ("account", message.account_id.map(|id| id.to_string())),
        ("business", message.business_id.map(|id| id.to_string())),
        ("asked from", message.client.clone()),
        ("message id", Some(message.message_id.clone())),
        ("attempts", Some(message.attempts.to_string())),
        (
            "crashes",
            (message.crashes > 0).then(|| message.crashes.to_string()),
        ),
        (
            "next attempt",
            message.next_attempt_at.map(|at| at.to_string()),
        ),
        ("last reply", message.last_reply.clone()),
        ("reason", message.reason.clone()),
        ("queued", Some(message.created_at.to_string())),
        ("sent anew", message.renewed_at.map(|at| at.to_string())),
        ("finished", message.finished_at.map(|at| at.to_string())),
    ])?;
    if shown.history.is_empty() {
        return Ok(());
    }
    let rows = shown
        .history
        .iter()
        .map(|tried| {
            [
                tried.attempt.to_string(),
                tried.at.to_string(),
                or_dash(tried.relay.as_ref()),
                or_dash(tried.stage.as_ref()),
                or_dash(tried.code.as_ref()),
                or_dash(tried.enhanced.as_ref()),
                tried.text.clone(),
            ]
        })
        .collect();
    out.line("")?;
    out.table(
        [
            "ATTEMPT", "AT", "RELAY", "STAGE", "CODE", "ENHANCED", "TEXT",
        ],
        rows,
        "",
    )
}

pub(super) fn stats(out: &Output, stats: &Stats, json: bool) -> Result<(), Error> {
    if json {
        return out.json(stats);
    }
    let rows = stats
        .messages
        .iter()
        .map(|count| {
            [
                count.state.to_string(),
                count.kind.to_string(),
                count.messages.to_string(),
                count.oldest.to_string(),
            ]
        })
        .collect();
    out.table(["STATE", "KIND", "MESSAGES", "OLDEST"], rows, "no messages")?;
    if let Some(due) = stats.oldest_due {
        out.line(format!("\nthe earliest attempt is due at {due}"))?;
    }
    let rows = stats
        .relays
        .iter()
        .map(|relay| {
            [
                relay.relay.clone(),
                if relay.down_since.is_some() {
                    "down".to_owned()
                } else {
                    "works".to_owned()
                },
                or_dash(relay.down_since.as_ref()),
                or_dash(relay.next_probe_at.as_ref()),
                or_dash(relay.failure.as_ref()),
            ]
        })
        .collect();
    out.line("")?;
    out.table(["RELAY", "STATE", "SINCE", "NEXT TRY", "WHY"], rows, "")
}
