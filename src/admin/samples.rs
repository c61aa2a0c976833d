//! Mail with sample values, to be looked at and sent as a test.

use std::sync::Arc;

use super::{Admin, note};
use crate::clock::{Clock, Timestamp};
use crate::config::Config;
use crate::dkim::{Dkim, DkimError};
use crate::email::EmailAddress;
use crate::key_folder::KeyError;
use crate::outbox::transport::TransportError;
use crate::outbox::{self, Addressing, OwnRelays, Relays, RenderError};
use crate::store::StoreError;
use crate::templates::{self, Common, Mail, Part, SAMPLE_NAME, Sample, SampleError};
use crate::vault::Vault;

/// Why a test was not sent.
#[derive(Debug, thiserror::Error)]
pub enum TestMailError {
    /// There is nothing to send.
    #[error(transparent)]
    Sample(#[from] SampleError),
    /// No letter can be made of it.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// It cannot be signed.
    #[error(transparent)]
    Dkim(#[from] DkimError),
    /// The password of the business's relay does not open.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The relay's settings.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The relay did not take it.
    #[error("the test was not sent: {0}")]
    Refused(String),
    /// The database did not take the note of it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Admin {
    /// Fills in the templates that are in force for the mail, and in place of one of them a draft, if there
    /// is one.
    pub async fn sample(
        &self,
        config: &Config,
        mail: Mail,
        draft: Option<(Part, String)>,
        to: &EmailAddress,
        now: Timestamp,
    ) -> Result<Sample, SampleError> {
        let (from, public_url) = (config.smtp.from.clone(), config.http.public_url.clone());
        let to = to.clone();
        self.store
            .read(move |db| {
                let common = Common {
                    from: &from,
                    public_url: &public_url,
                    to: &to,
                    now,
                };
                let draft = draft.as_ref().map(|(part, text)| (*part, text.as_str()));
                templates::sample(db, &mail, draft, common)
            })
            .await
    }

    /// Sends a sample, marked as a test, by the relay that takes such mail, and notes it in the audit log.
    /// What the relay replied.
    pub async fn send_test(
        &self,
        config: &Config,
        clock: Clock,
        mail: Mail,
        draft: Option<(Part, String)>,
        to: &EmailAddress,
    ) -> Result<String, TestMailError> {
        let now = clock.now();
        let mut sample = self.sample(config, mail.clone(), draft, to, now).await?;
        sample.rendered.subject = format!("[Test] {}", sample.rendered.subject);
        let id = outbox::message_id(config.smtp.from.address.domain(), &self.entropy);
        let addressing = Addressing {
            brand: &sample.brand,
            name: SAMPLE_NAME,
            recipient: to,
            message_id: &id,
        };
        let mut letter = outbox::build(&sample.rendered, &addressing, now)?;
        let dkim = Dkim::open(&config.keys.dir, clock.clone())?;
        letter.bytes = dkim.sign(letter.bytes, letter.sender.domain(), now);
        let vault = Arc::new(Vault::open(&config.keys.dir, &self.entropy)?);
        let entropy = self.entropy.clone();
        let (smtp, outbox) = (&config.smtp, &config.outbox);
        let common = Relays::open(smtp, outbox, clock.clone(), entropy.clone())?;
        let own_relays = OwnRelays::new(smtp, outbox, vault, clock, entropy);
        let sent = match own_relays.of(&sample.brand) {
            Some(own) => own.send_once(&letter).await,
            None => common.send_once(&letter).await,
        };
        own_relays.close().await;
        common.close().await;
        let reply = sent.map_err(TestMailError::Refused)?;
        let actor = self.actor.clone();
        let detail = format!("{} to {to}", mail.kind);
        self.store
            .write(move |tx| {
                let about = (None, mail.business);
                note(tx, actor, "template.send_test", about, Some(&detail), now)
            })
            .await?;
        Ok(reply)
    }
}
