//! From a draft to the bytes of a mail: the token in the link, the templates, and the MIME around them.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};

use super::transport::Letter;
use super::{Claimed, Content, Draft, library_address};
use crate::business::Brand;
use crate::clock::Timestamp;
use crate::email::EmailAddress;
use crate::store::{Store, StoreError};
use crate::templates::{self, Filling, Rendered, Said, Templates};
use crate::text::inert;
use crate::token::{self, Signer};

/// Why a mail could not be made. It is the program's fault, never the recipient's.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// A built-in template failed.
    #[error("the template cannot be rendered: {0}")]
    Template(#[from] minijinja::Error),
    /// The message could not be put together.
    #[error("the message cannot be built: {0}")]
    Message(#[from] lettre::error::Error),
}

/// Renders mails and signs the tokens in their links.
pub struct Renderer {
    templates: Arc<Templates>,
    signer: Arc<Signer>,
}

impl Renderer {
    /// A renderer for what was chosen from `templates`.
    pub fn new(templates: Arc<Templates>, signer: Arc<Signer>) -> Self {
        Self { templates, signer }
    }

    /// The mail for `draft`, ready for the wire.
    pub(super) fn letter(
        &self,
        message: &Claimed,
        draft: &Draft,
        now: Timestamp,
    ) -> Result<Letter, RenderError> {
        let filling = Filling {
            brand: &draft.brand,
            name: &draft.name,
            email: &draft.recipient,
            language: draft.templates.language(),
            said: self.said(draft),
        };
        let addressing = Addressing {
            brand: &draft.brand,
            name: &draft.name,
            recipient: &draft.recipient,
            message_id: &message.message_id,
        };
        let rendered = self.templates.render(&draft.templates, &filling)?;
        build(&rendered, &addressing, now)
    }

    /// Writes down which saved templates have failed, for administrators to see.
    pub(super) async fn report_failures(&self, store: &Store, now: Timestamp) {
        let failed = self.templates.take_failures();
        if failed.is_empty() {
            return;
        }
        let noted: Result<(), StoreError> = store
            .write_patiently(move |tx| templates::report(tx, &failed, now))
            .await;
        if let Err(error) = noted {
            tracing::warn!(%error, "that a template failed could not be written down");
        }
    }

    fn said(&self, draft: &Draft) -> Said {
        let brand = &draft.brand;
        match &draft.content {
            Content::ResetLink(subject) => {
                let token = self.signer.sign(token::Kind::Reset, subject);
                Said::Link {
                    link: brand.reset_link(&token),
                    lifetime: subject.expires_at.since(subject.issued_at),
                }
            }
            Content::Code { code, link } => {
                let token = self.signer.sign(token::Kind::Login, link);
                Said::Code {
                    code: code.clone(),
                    link: brand.magic_link(&token),
                    lifetime: link.expires_at.since(link.issued_at),
                }
            }
            Content::PasswordChanged(at) => Said::Changed { at: *at },
            Content::SignedIn { at, client } => Said::SignedIn {
                at: *at,
                client: client.clone(),
            },
        }
    }
}

/// What stands around the parts of a mail.
#[derive(Clone, Copy)]
pub struct Addressing<'a> {
    /// Whose mail it is.
    pub brand: &'a Brand,
    /// How the recipient is called.
    pub name: &'a str,
    /// The recipient.
    pub recipient: &'a EmailAddress,
    /// Without angle brackets.
    pub message_id: &'a str,
}

/// The mail made of these parts, ready for the wire.
pub fn build(
    rendered: &Rendered,
    addressing: &Addressing<'_>,
    now: Timestamp,
) -> Result<Letter, RenderError> {
    let body = MultiPart::alternative()
        .singlepart(quoted_printable(
            ContentType::TEXT_PLAIN,
            rendered.text.clone(),
        ))
        .singlepart(quoted_printable(
            ContentType::TEXT_HTML,
            rendered.html.clone(),
        ));
    let sender = &addressing.brand.sender;
    let mut builder = lettre::Message::builder()
        .message_id(Some(format!("<{}>", addressing.message_id)))
        .date(UNIX_EPOCH + Duration::from_millis(now.millis().unsigned_abs()))
        .from(mailbox(sender.name.as_deref(), &sender.address))
        .to(mailbox(Some(addressing.name), addressing.recipient))
        .subject(header_text(&rendered.subject))
        // Keeps holiday notices from answering (RFC 3834, section 5).
        .raw_header(HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        ));
    if let Some(address) = &addressing.brand.reply_to {
        builder = builder.reply_to(mailbox(None, address));
    }
    Ok(Letter {
        message_id: addressing.message_id.to_owned(),
        sender: sender.address.clone(),
        recipient: addressing.recipient.clone(),
        bytes: builder.multipart(body)?.formatted(),
    })
}

/// Quoted-printable keeps every line short and in ASCII, whatever a relay supports.
fn quoted_printable(kind: ContentType, text: String) -> SinglePart {
    SinglePart::builder()
        .header(kind)
        .header(ContentTransferEncoding::QuotedPrintable)
        .body(text)
}

fn mailbox(name: Option<&str>, address: &EmailAddress) -> Mailbox {
    let name = name.map(header_text).filter(|name| !name.is_empty());
    Mailbox::new(name, library_address(address))
}

/// The most characters of a text in a header. One long word cannot be folded, and even with every
/// character escaped it must stay within the 998 octets of a line (RFC 5322, 2.1.1).
const MAX_HEADER_CHARS: usize = 200;

/// Text for a header, where a name could pass for an encoded word (RFC 2047), which mail programs
/// decode into whatever its author liked.
fn header_text(text: &str) -> String {
    let text: String = inert(text).chars().take(MAX_HEADER_CHARS).collect();
    text.replace("=?", "= ?")
}
