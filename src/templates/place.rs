//! What there are templates for.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::business::BusinessId;
use crate::locale::Locale;

/// What a mail is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Kind {
    /// A reset link that somebody asked for. Whether there is an account is found out when sending.
    #[serde(rename = "reset")]
    Reset,
    /// A one-time code and a magic link that somebody asked for.
    #[serde(rename = "otp")]
    Otp,
    /// The notice that a password was changed.
    #[serde(rename = "changed")]
    Changed,
    /// The greeting of somebody who was added, with a link to choose a password.
    #[serde(rename = "welcome")]
    Welcome,
    /// The notice that an application that is new to the account has signed in.
    #[serde(rename = "signin_notice")]
    SignIn,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Reset,
        Self::Otp,
        Self::Changed,
        Self::Welcome,
        Self::SignIn,
    ];

    /// The name in the database, in templates and in listings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reset => "reset",
            Self::Otp => "otp",
            Self::Changed => "changed",
            Self::Welcome => "welcome",
            Self::SignIn => "signin_notice",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Why a text names no [`Kind`] or [`Part`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// No kind of mail.
    #[error("a mail is one of reset, otp, changed, welcome and signin_notice")]
    Kind,
    /// No part of a mail.
    #[error("a part is one of subject, text and html")]
    Part,
}

impl FromStr for Kind {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or(NameError::Kind)
    }
}

/// A part of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// The line that lists show.
    Subject,
    /// What programs without HTML show.
    Text,
    /// What the others show. Values are escaped in it.
    Html,
}

impl Part {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Subject, Self::Text, Self::Html];

    /// The name in the database and in listings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Text => "text",
            Self::Html => "html",
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Part {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::ALL
            .into_iter()
            .find(|part| part.as_str() == text)
            .ok_or(NameError::Part)
    }
}

/// What a template is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Place {
    /// Which mail.
    pub kind: Kind,
    /// Which part of it.
    pub part: Part,
    /// Whose mail; that of every location without one of its own when absent.
    pub business: Option<BusinessId>,
    /// In which language; in every one without one of its own when absent.
    pub locale: Option<Locale>,
}

/// `reset html of business 7 in fr`.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.part)?;
        match self.business {
            Some(id) => write!(f, " of business {id}")?,
            None => f.write_str(" of every business")?,
        }
        match &self.locale {
            Some(locale) => write!(f, " in {locale}"),
            None => f.write_str(" in every language"),
        }
    }
}
