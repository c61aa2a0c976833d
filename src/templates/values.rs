//! What templates are filled with.

use std::time::Duration;

use minijinja::{Value, context};

use super::Kind;
use crate::business::Brand;
use crate::clock::Timestamp;
use crate::email::EmailAddress;
use crate::locale::{self, Language};
use crate::text::inert;

/// The names that every template knows.
const COMMON: [&str; 7] = [
    "business",
    "name",
    "email",
    "colour",
    "text_on_colour",
    "logo_url",
    "lang",
];

/// Everything that one mail says. It holds links and codes and has no `Debug`.
#[derive(Clone)]
pub struct Filling<'a> {
    /// Whose mail it is.
    pub brand: &'a Brand,
    /// How the member is called.
    pub name: &'a str,
    /// Where the mail goes.
    pub email: &'a EmailAddress,
    /// The language of dates and durations.
    pub language: Language,
    /// What there is to say.
    pub said: Said,
}

/// What there is to say.
#[derive(Clone)]
pub enum Said {
    /// Here is a link.
    Link {
        /// The whole address.
        link: String,
        /// How long it works.
        lifetime: Duration,
    },
    /// Here is a code.
    Code {
        /// The digits.
        code: String,
        /// An address that does the same.
        link: String,
        /// How long both work.
        lifetime: Duration,
    },
    /// The password was changed.
    Changed {
        /// When.
        at: Timestamp,
    },
    /// An application signed in.
    SignedIn {
        /// When.
        at: Timestamp,
        /// From which address.
        client: String,
    },
}

impl Said {
    /// What a mail of that kind could say, for previews: nothing in it opens anything.
    pub fn sample(kind: Kind, brand: &Brand, at: Timestamp) -> Self {
        const TOKEN: &str = "sample.token.opens-nothing";
        match kind {
            Kind::Reset => Self::Link {
                link: brand.reset_link(TOKEN),
                lifetime: Duration::from_hours(1),
            },
            Kind::Welcome => Self::Link {
                link: brand.reset_link(TOKEN),
                lifetime: Duration::from_hours(72),
            },
            Kind::Otp => Self::Code {
                code: "042817".to_owned(),
                link: brand.magic_link(TOKEN),
                lifetime: Duration::from_mins(10),
            },
            Kind::Changed => Self::Changed { at },
            Kind::SignIn => Self::SignedIn {
                at,
                client: "203.0.113.7".to_owned(),
            },
        }
    }
}

impl Filling<'_> {
    pub(super) fn values(&self) -> Value {
        let brand = self.brand;
        let common = context! {
            business => inert(&brand.name),
            name => inert(self.name),
            email => self.email.as_str(),
            colour => brand.colour.as_str(),
            text_on_colour => brand.colour.text_on_it(),
            logo_url => brand.logo_url.clone(),
            lang => self.language.code(),
        };
        let lasts = |span: &Duration| locale::duration(self.language, *span);
        let at = |time: &Timestamp| locale::date_and_time(self.language, &brand.zone, *time);
        match &self.said {
            Said::Link { link, lifetime } => context! {
                link => link,
                lifetime => lasts(lifetime),
                ..common
            },
            Said::Code {
                code,
                link,
                lifetime,
            } => context! {
                code => code,
                link => link,
                lifetime => lasts(lifetime),
                ..common
            },
            Said::Changed { at: time } => context! { at => at(time), ..common },
            Said::SignedIn { at: time, client } => context! {
                at => at(time),
                client => inert(client),
                ..common
            },
        }
    }
}

/// The names that a template of that kind may use.
pub(super) fn names(kind: Kind) -> Vec<&'static str> {
    let own: &[&str] = match kind {
        Kind::Reset | Kind::Welcome => &["link", "lifetime"],
        Kind::Otp => &["code", "link", "lifetime"],
        Kind::Changed => &["at"],
        Kind::SignIn => &["at", "client"],
    };
    [&COMMON, own].concat()
}
