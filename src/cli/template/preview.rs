//! A mail with sample values: on the terminal, in a file, or sent.

use std::path::{Path, PathBuf};

use crate::admin::Admin;
use crate::cli::setup::CLOCK;
use crate::cli::{Error, Output};
use crate::config::Config;
use crate::email::EmailAddress;
use crate::outbox::{self, Addressing};
use crate::templates::{Mail, SAMPLE_NAME};
use crate::text::escape_active;

pub(super) async fn preview(
    admin: &Admin,
    config: &Config,
    mail: Mail,
    (html, eml): (Option<PathBuf>, Option<PathBuf>),
    out: &Output,
) -> Result<(), Error> {
    let to = EmailAddress::parse("jane@example.com")?;
    let now = CLOCK.now();
    let sample = admin.sample(config, mail, None, &to, now).await?;
    if let Some(file) = &html {
        write(file, sample.rendered.html.as_bytes(), out)?;
    }
    if let Some(file) = &eml {
        let id = outbox::message_id(config.smtp.from.address.domain(), &admin.entropy);
        let addressing = Addressing {
            brand: &sample.brand,
            name: SAMPLE_NAME,
            recipient: &to,
            message_id: &id,
        };
        let letter = outbox::build(&sample.rendered, &addressing, now)?;
        write(file, &letter.bytes, out)?;
    }
    if html.is_none() && eml.is_none() {
        let sender = &sample.brand.sender;
        out.line(format!("From: {sender}"))?;
        out.line(format!("To: {SAMPLE_NAME} <{to}>"))?;
        out.line(format!("Subject: {}", sample.rendered.subject.trim_end()))?;
        out.line("")?;
        for line in sample.rendered.text.lines() {
            out.line(escape_active(line))?;
        }
    }
    out.advise((sample.failed > 0).then(|| {
        format!(
            "{} saved templates failed, and the built-in ones stand in; `readmit template lint` says why",
            sample.failed
        )
    }))
}

fn write(file: &Path, bytes: &[u8], out: &Output) -> Result<(), Error> {
    std::fs::write(file, bytes)
        .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
    out.line(format!("{} written", file.display()))
}

pub(super) async fn send_test(
    admin: &Admin,
    config: &Config,
    mail: Mail,
    to: &str,
    out: &Output,
) -> Result<(), Error> {
    let to = EmailAddress::parse(to).map_err(|error| format!("--to: {error}"))?;
    let reply = admin.send_test(config, CLOCK, mail, None, &to).await?;
    out.line(format!("sent to {to}: {reply}"))
}
