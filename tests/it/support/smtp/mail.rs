//! What the server received.

use mail_parser::{Message, MessageParser};

/// One mail with its envelope.
#[derive(Clone, Debug)]
pub(crate) struct Mail {
    /// The address of MAIL FROM.
    pub(crate) from: String,
    /// The addresses of RCPT TO.
    pub(crate) recipients: Vec<String>,
    /// The message, with dot-stuffing undone.
    pub(crate) raw: Vec<u8>,
    /// The message as it came over the wire, without the line of the final dot.
    pub(crate) wire: Vec<u8>,
    /// Whether the connection was encrypted.
    pub(crate) encrypted: bool,
    /// The account that the client signed in with.
    pub(crate) credentials: Option<(String, String)>,
}

impl Mail {
    /// A header as it was written, unfolded; a subject is decoded.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let message = self.message();
        if name.eq_ignore_ascii_case("Subject") {
            return message.subject().map(str::to_owned);
        }
        let raw = message.header_raw(name)?;
        Some(raw.replace("\r\n", "").trim().to_owned())
    }

    /// The text part, decoded.
    pub(crate) fn text(&self) -> String {
        let message = self.message();
        let text = message.body_text(0).expect("a text part");
        text.into_owned()
    }

    /// The HTML part, decoded.
    pub(crate) fn html(&self) -> String {
        let message = self.message();
        let html = message.body_html(0).expect("an HTML part");
        html.into_owned()
    }

    /// The first web address with a `token=` in the text part.
    pub(crate) fn link(&self) -> String {
        let text = self.text();
        text.split(|c: char| c.is_whitespace() || "<>\"".contains(c))
            .find(|word| word.starts_with("http") && word.contains("token="))
            .unwrap_or_else(|| panic!("no link with a token in this text:\n{text}"))
            .to_owned()
    }

    /// The value of `token=` in [`Self::link`].
    pub(crate) fn token(&self) -> String {
        let link = self.link();
        let (_, token) = link.split_once("token=").expect("a link with a token");
        token
            .split(['&', '#'])
            .next()
            .unwrap_or_default()
            .to_owned()
    }

    fn message(&self) -> Message<'_> {
        MessageParser::default()
            .parse(&self.raw)
            .expect("a message that can be parsed")
    }
}
