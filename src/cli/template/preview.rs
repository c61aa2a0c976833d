//! A mail with sample values: on the terminal, in a file, or sent.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Mail;
use crate::admin::Admin;
use crate::business::{self, Brand, BusinessError};
use crate::cli::setup::CLOCK;
use crate::cli::{Error, Output};
use crate::config::Config;
use crate::dkim::Dkim;
use crate::email::EmailAddress;
use crate::outbox::{self, Addressing, OwnRelays, Relays};
use crate::templates::{Chosen, Filling, Rendered, Said, Templates};
use crate::text::escape_active;
use crate::vault::Vault;

const NAME: &str = "Jane Doe";

/// A mail with sample values, and whose it is.
struct Sample {
    brand: Brand,
    rendered: Rendered,
    /// Saved templates that failed.
    failed: usize,
}

async fn sample(
    admin: &Admin,
    config: &Config,
    mail: &Mail,
    to: &EmailAddress,
) -> Result<Sample, Error> {
    let templates = Arc::new(Templates::default());
    let (from, public_url) = (config.smtp.from.clone(), config.http.public_url.clone());
    let (mail, choosing) = (mail.clone(), Arc::clone(&templates));
    let kind = mail.kind;
    let found: Result<(Brand, Chosen), BusinessError> = admin
        .store
        .read(move |db| {
            let brand = match mail.business {
                None => Brand::plain(&from, &public_url),
                Some(id) => {
                    let business = business::find(db, id)?.ok_or(BusinessError::Unknown(id))?;
                    Brand::of(&business, &from, &public_url)
                }
            };
            let locale = mail.locale.as_ref().unwrap_or(&brand.locale);
            let chosen = choosing.choose(db, mail.kind, mail.business, locale)?;
            Ok((brand, chosen))
        })
        .await;
    let (brand, chosen) = found?;
    let filling = Filling {
        brand: &brand,
        name: NAME,
        email: to,
        language: chosen.language(),
        said: Said::sample(kind, &brand, CLOCK.now()),
    };
    let rendered = templates.render(&chosen, &filling)?;
    Ok(Sample {
        rendered,
        brand,
        failed: templates.take_failures().len(),
    })
}

pub(super) async fn preview(
    admin: &Admin,
    config: &Config,
    mail: &Mail,
    (html, eml): (Option<PathBuf>, Option<PathBuf>),
    out: &Output,
) -> Result<(), Error> {
    let to = EmailAddress::parse("jane@example.com")?;
    let sample = sample(admin, config, mail, &to).await?;
    if let Some(file) = &html {
        write(file, sample.rendered.html.as_bytes(), out)?;
    }
    if let Some(file) = &eml {
        let id = outbox::message_id(config.smtp.from.address.domain(), &admin.entropy);
        let addressing = Addressing {
            brand: &sample.brand,
            name: NAME,
            recipient: &to,
            message_id: &id,
        };
        let letter = outbox::build(&sample.rendered, &addressing, CLOCK.now())?;
        write(file, &letter.bytes, out)?;
    }
    if html.is_none() && eml.is_none() {
        let sender = &sample.brand.sender;
        out.line(format!("From: {sender}"))?;
        out.line(format!("To: {NAME} <{to}>"))?;
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
    mail: &Mail,
    to: &str,
    out: &Output,
) -> Result<(), Error> {
    let to = EmailAddress::parse(to).map_err(|error| format!("--to: {error}"))?;
    let mut sample = sample(admin, config, mail, &to).await?;
    sample.rendered.subject = format!("[Test] {}", sample.rendered.subject);
    let id = outbox::message_id(config.smtp.from.address.domain(), &admin.entropy);
    let addressing = Addressing {
        brand: &sample.brand,
        name: NAME,
        recipient: &to,
        message_id: &id,
    };
    let now = CLOCK.now();
    let mut letter = outbox::build(&sample.rendered, &addressing, now)?;
    let dkim = Dkim::open(&config.keys.dir, CLOCK)?;
    letter.bytes = dkim.sign(letter.bytes, letter.sender.domain(), now);
    let vault = Arc::new(Vault::open(&config.keys.dir, &admin.entropy)?);
    let entropy = admin.entropy.clone();
    let common = Relays::open(&config.smtp, &config.outbox, CLOCK, entropy.clone())?;
    let own_relays = OwnRelays::new(&config.smtp, &config.outbox, vault, CLOCK, entropy);
    let sent = match own_relays.of(&sample.brand) {
        Some(own) => own.send_once(&letter).await,
        None => common.send_once(&letter).await,
    };
    own_relays.close().await;
    common.close().await;
    let reply = sent.map_err(|failure| format!("the test was not sent: {failure}"))?;
    admin
        .note_test_mail(mail.kind, mail.business, &to, now)
        .await?;
    out.line(format!("sent to {to}: {reply}"))
}
