//! The steps of a conversation with a relay.

use std::fmt;

/// A step of the conversation, in its order, as people know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Every connection is busy.
    Queue,
    /// The name is looked up, and a connection made.
    Connect,
    /// Greeting and EHLO.
    Hello,
    /// The relay is asked for encryption.
    StartTls,
    /// Encryption is agreed upon, and the relay's certificate verified.
    Handshake,
    /// We sign in.
    Auth,
    /// The letter's sender.
    Mail,
    /// The letter's recipient.
    Rcpt,
    /// The relay is asked to take the letter.
    Data,
    /// The letter itself. From here on it may have arrived, whatever is heard afterwards.
    Content,
}

impl Stage {
    /// Whether the stage comes before any letter, so that its failures are the relay's.
    pub const fn is_about_the_relay(self) -> bool {
        matches!(
            self,
            Self::Queue
                | Self::Connect
                | Self::Hello
                | Self::StartTls
                | Self::Handshake
                | Self::Auth
        )
    }

    /// The name in replies, in the database and in listings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queue => "wait for a connection",
            Self::Connect => "connect",
            Self::Hello => "EHLO",
            Self::StartTls => "STARTTLS",
            Self::Handshake => "TLS handshake",
            Self::Auth => "AUTH",
            Self::Mail => "MAIL FROM",
            Self::Rcpt => "RCPT TO",
            Self::Data => "DATA",
            Self::Content => "end of the letter",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
