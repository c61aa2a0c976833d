//! From a draft to the bytes of a mail: templates, and the token in the link.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context};

use super::transport::Letter;
use super::{Claimed, Content, Draft, library_address};
use crate::clock::Timestamp;
use crate::email::EmailAddress;
use crate::text::inert;
use crate::token::{self, Signer};

/// Why a mail could not be made. It is the program's or a template's fault, never the recipient's.
#[derive(Debug, thiserror::Error)]
pub(super) enum RenderError {
    /// A template failed.
    #[error("the template cannot be rendered: {0}")]
    Template(#[from] minijinja::Error),
    /// The message could not be put together.
    #[error("the message cannot be built: {0}")]
    Message(#[from] lettre::error::Error),
}

/// Templates by name; those ending in `.html` are escaped.
const TEMPLATES: [(&str, &str); 13] = [
    ("layout.html", include_str!("../../assets/mail/layout.html")),
    (
        "reset.subject",
        include_str!("../../assets/mail/reset.subject"),
    ),
    ("reset.txt", include_str!("../../assets/mail/reset.txt")),
    ("reset.html", include_str!("../../assets/mail/reset.html")),
    ("otp.subject", include_str!("../../assets/mail/otp.subject")),
    ("otp.txt", include_str!("../../assets/mail/otp.txt")),
    ("otp.html", include_str!("../../assets/mail/otp.html")),
    (
        "changed.subject",
        include_str!("../../assets/mail/changed.subject"),
    ),
    ("changed.txt", include_str!("../../assets/mail/changed.txt")),
    (
        "changed.html",
        include_str!("../../assets/mail/changed.html"),
    ),
    (
        "signin_notice.subject",
        include_str!("../../assets/mail/signin_notice.subject"),
    ),
    (
        "signin_notice.txt",
        include_str!("../../assets/mail/signin_notice.txt"),
    ),
    (
        "signin_notice.html",
        include_str!("../../assets/mail/signin_notice.html"),
    ),
];

/// Renders mails and signs the tokens in their links.
pub struct Renderer {
    templates: Environment<'static>,
    signer: Arc<Signer>,
}

impl Renderer {
    /// A renderer with the built-in templates.
    pub fn new(signer: Arc<Signer>) -> Self {
        let mut templates = Environment::new();
        templates.set_undefined_behavior(UndefinedBehavior::Strict);
        templates.set_fuel(Some(100_000));
        templates.set_auto_escape_callback(|name| {
            if name.strip_suffix(".html").is_some() {
                AutoEscape::Html
            } else {
                AutoEscape::None
            }
        });
        for (name, source) in TEMPLATES {
            templates
                .add_template(name, source)
                .expect("the built-in templates parse");
        }
        Self { templates, signer }
    }

    /// The mail for `draft`, ready for the wire.
    pub(super) fn letter(
        &self,
        message: &Claimed,
        draft: &Draft,
        now: Timestamp,
    ) -> Result<Letter, RenderError> {
        let values = self.values(draft);
        let render = |part: &str| -> Result<String, minijinja::Error> {
            let name = format!("{}.{part}", message.kind);
            self.templates.get_template(&name)?.render(&values)
        };
        let subject = header_text(&render("subject")?);
        let body = MultiPart::alternative()
            .singlepart(quoted_printable(ContentType::TEXT_PLAIN, render("txt")?))
            .singlepart(quoted_printable(ContentType::TEXT_HTML, render("html")?));

        let sender = &draft.brand.sender;
        let mut builder = lettre::Message::builder()
            .message_id(Some(format!("<{}>", message.message_id)))
            .date(UNIX_EPOCH + Duration::from_millis(now.millis().unsigned_abs()))
            .from(mailbox(sender.name.as_deref(), &sender.address))
            .to(mailbox(Some(&draft.name), &draft.recipient))
            .subject(subject)
            // Keeps holiday notices from answering (RFC 3834, section 5).
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ));
        if let Some(address) = &draft.brand.reply_to {
            builder = builder.reply_to(mailbox(None, address));
        }
        Ok(Letter {
            message_id: message.message_id.clone(),
            sender: sender.address.clone(),
            recipient: draft.recipient.clone(),
            bytes: builder.multipart(body)?.formatted(),
        })
    }

    fn values(&self, draft: &Draft) -> Value {
        let brand = &draft.brand;
        let common = context! {
            business => inert(&brand.name),
            name => inert(&draft.name),
            email => draft.recipient.as_str(),
            colour => brand.colour.as_str(),
            text_on_colour => brand.colour.text_on_it(),
            logo_url => brand.logo_url.clone(),
        };
        match &draft.content {
            Content::ResetLink(subject) => {
                let token = self.signer.sign(token::Kind::Reset, subject);
                let lifetime = subject.expires_at.since(subject.issued_at);
                context! {
                    link => brand.reset_link(&token),
                    lifetime => in_words(lifetime),
                    ..common
                }
            }
            Content::Code { code, link } => {
                let token = self.signer.sign(token::Kind::Login, link);
                context! {
                    code => code,
                    link => brand.magic_link(&token),
                    lifetime => in_words(link.expires_at.since(link.issued_at)),
                    ..common
                }
            }
            Content::PasswordChanged(at) => context! { at => in_full(*at), ..common },
            Content::SignedIn { at, client } => context! {
                at => in_full(*at),
                client => inert(client),
                ..common
            },
        }
    }
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

/// A time as people read it.
fn in_full(at: Timestamp) -> String {
    at.calendar().strftime("%-d %B %Y, %H:%M UTC").to_string()
}

/// A lifetime as people say it: `1 hour`, `90 minutes`, `2 days`.
fn in_words(span: Duration) -> String {
    let seconds = span.as_secs();
    let (count, unit) = match seconds {
        s if s >= 172_800 && s % 86_400 == 0 => (s / 86_400, "day"),
        s if s >= 3600 && s % 3600 == 0 => (s / 3600, "hour"),
        s if s >= 60 => (s / 60, "minute"),
        s => (s, "second"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural}")
}
