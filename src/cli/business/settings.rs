//! The settings of a location as options.

use std::str::FromStr as _;

use clap::Args;

use crate::admin::Admin;
use crate::business::{
    self, BusinessId, Changes, Colour, Lifetime, LinkPattern, Origins, OwnRelay, PortalUrl, Rules,
};
use crate::cli::{Error, input};
use crate::config::{Config, RelayUrl, RelayUrlError};
use crate::email::EmailAddress;
use crate::locale::{Locale, Zone};
use crate::vault::Vault;

#[derive(Debug, Default, Args)]
pub(in crate::cli) struct Settings {
    #[arg(
        long,
        value_name = "URL",
        help = "Where its members' portal stands, like https://portal.example.com; without one, links \
                in its mail lead to pages that readmit serves"
    )]
    portal_url: Option<String>,
    /// The name that mail comes from [default: the location's name]
    #[arg(long, value_name = "NAME")]
    sender_name: Option<String>,
    /// The address that mail comes from [default: smtp.from]
    #[arg(long, value_name = "ADDRESS")]
    sender_address: Option<String>,
    /// Where answers go
    #[arg(long, value_name = "ADDRESS")]
    reply_to: Option<String>,
    /// The colour of heading and button: #1f6feb
    #[arg(long, value_name = "#RRGGBB")]
    colour: Option<String>,
    /// A picture above the heading of its mail
    #[arg(long, value_name = "URL")]
    logo_url: Option<String>,
    #[arg(
        long,
        value_name = "PATTERN",
        help = "The form of a reset link, with {token} and, if you like, {portal_url} and {business_id} \
                [default: {portal_url}/reset-password?token={token}]"
    )]
    reset_link: Option<String>,
    #[arg(
        long,
        value_name = "PATTERN",
        help = "The form of a magic link, likewise [default: {portal_url}/login?token={token}]"
    )]
    magic_link: Option<String>,
    /// The language of its mail: en, fr, pt-BR
    #[arg(long, value_name = "TAG")]
    locale: Option<String>,
    /// Whose clocks dates in its mail are read off: Europe/Madrid [default: UTC]
    #[arg(long, value_name = "NAME")]
    time_zone: Option<String>,
    /// The fewest characters of a new password [default: as configured]
    #[arg(long, value_name = "NUMBER")]
    password_min_length: Option<String>,
    /// How long an access token works, like 30m [default: as configured]
    #[arg(long, value_name = "SPAN")]
    access_ttl: Option<String>,
    /// How long a session lasts, however often it is refreshed, like 15d [default: as configured]
    #[arg(long, value_name = "SPAN")]
    refresh_ttl: Option<String>,
    /// Origins that may call the API besides the portal's, with blanks between them
    #[arg(long, value_name = "ORIGINS")]
    allowed_origins: Option<String>,
    #[arg(
        long,
        value_name = "URL",
        help = "A relay of its own, written like smtp.url: smtp://mail.example.com. It replaces the earlier \
                one with its user and password [default: the common relay]"
    )]
    smtp_url: Option<String>,
    /// The account at its relay
    #[arg(long, value_name = "NAME", requires_all = ["smtp_url", "smtp_password_stdin"])]
    smtp_username: Option<String>,
    /// Read the password for its relay from standard input
    #[arg(long, requires = "smtp_username")]
    smtp_password_stdin: bool,
}

impl Settings {
    /// What the options say, checked against the configuration. A relay's password is read from standard
    /// input and sealed.
    pub(super) fn changes(
        &self,
        id: BusinessId,
        admin: &Admin,
        config: &Config,
    ) -> Result<Changes, Error> {
        let address = |text: &str| Ok(EmailAddress::parse(text)?);
        let rules = Rules::new(config);
        Ok(Changes {
            name: None,
            portal_url: setting("portal-url", self.portal_url.as_deref(), |text| {
                Ok(PortalUrl::parse(text)?)
            })?,
            sender_name: setting("sender-name", self.sender_name.as_deref(), |text| {
                Ok(business::name(text)?)
            })?,
            sender_address: setting("sender-address", self.sender_address.as_deref(), address)?,
            reply_to: setting("reply-to", self.reply_to.as_deref(), address)?,
            colour: setting("colour", self.colour.as_deref(), |text| {
                Ok(Colour::parse(text)?)
            })?,
            logo_url: setting("logo-url", self.logo_url.as_deref(), |text| {
                Ok(business::web_address(text)?)
            })?,
            reset_link: setting("reset-link", self.reset_link.as_deref(), |text| {
                Ok(LinkPattern::parse(text)?)
            })?,
            magic_link: setting("magic-link", self.magic_link.as_deref(), |text| {
                Ok(LinkPattern::parse(text)?)
            })?,
            locale: setting("locale", self.locale.as_deref(), |text| {
                Ok(Locale::parse(text)?)
            })?,
            time_zone: setting("time-zone", self.time_zone.as_deref(), |text| {
                Ok(Zone::parse(text)?)
            })?,
            password_min_length: setting(
                "password-min-length",
                self.password_min_length.as_deref(),
                |text| Ok(rules.password_length(text)?),
            )?,
            access_ttl: setting("access-ttl", self.access_ttl.as_deref(), |text| {
                Ok(rules.access_ttl(text)?)
            })?,
            refresh_ttl: setting("refresh-ttl", self.refresh_ttl.as_deref(), |text| {
                Ok(text.parse::<Lifetime>()?)
            })?,
            allowed_origins: setting("allowed-origins", self.allowed_origins.as_deref(), |text| {
                Ok(text.parse::<Origins>()?)
            })?
            .map(Option::unwrap_or_default),
            smtp: setting("smtp-url", self.smtp_url.as_deref(), |text| {
                self.relay(text, id, admin, config)
            })?,
        })
    }

    fn relay(
        &self,
        text: &str,
        id: BusinessId,
        admin: &Admin,
        config: &Config,
    ) -> Result<OwnRelay, Error> {
        // The message of the configuration names keys of the file.
        let url = RelayUrl::from_str(text).map_err(|error| match error {
            RelayUrlError::Credentials => {
                "it must not hold a user or password; give --smtp-username, and the \
                                           password with --smtp-password-stdin"
                    .to_owned()
            }
            other => format!("it {other}"),
        })?;
        let Some(username) = &self.smtp_username else {
            return Ok(OwnRelay { url, login: None });
        };
        let password = input::secret("the relay's password")?;
        let vault = Vault::open(&config.keys.dir, &admin.entropy)?;
        Ok(OwnRelay::with_login(
            id,
            url,
            business::name(username)?,
            &password,
            &vault,
        )?)
    }
}

/// What an option says: an empty text clears the setting; the option's name stands before what is wrong.
#[expect(
    clippy::option_option,
    reason = "absent, cleared and set are three things"
)]
fn setting<T>(
    option: &str,
    text: Option<&str>,
    parse: impl Fn(&str) -> Result<T, Error>,
) -> Result<Option<Option<T>>, Error> {
    match text.map(str::trim) {
        None => Ok(None),
        Some("") => Ok(Some(None)),
        Some(text) => match parse(text) {
            Ok(value) => Ok(Some(Some(value))),
            Err(error) => Err(format!("--{option}: {error}").into()),
        },
    }
}

pub(super) fn name(text: &str) -> Result<String, Error> {
    match text.trim() {
        "" => Err("--name: a location needs a name".into()),
        text => business::name(text).map_err(|error| format!("--name: {error}").into()),
    }
}

/// What to say about settings that are taken but may not be meant.
pub(super) fn advice(changes: &Changes) -> Option<String> {
    changes.colour.as_ref()?.as_ref()?.advice()
}
