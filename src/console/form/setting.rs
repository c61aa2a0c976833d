//! The settings of a location: how each is written, and what it may be.

use crate::business::{
    self, Business, Changes, Colour, Lifetime, LinkPattern, Origins, PortalUrl, Rules,
};
use crate::email::EmailAddress;
use crate::locale::{Locale, Zone};

/// A setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Setting {
    Name,
    PortalUrl,
    SenderName,
    SenderAddress,
    ReplyTo,
    Colour,
    LogoUrl,
    ResetLink,
    MagicLink,
    Locale,
    TimeZone,
    PasswordLength,
    AccessTtl,
    RefreshTtl,
    Origins,
    Relay,
    RelayUser,
    RelayPassword,
}

impl Setting {
    pub(super) const ALL: [Self; 18] = [
        Self::Name,
        Self::PortalUrl,
        Self::SenderName,
        Self::SenderAddress,
        Self::ReplyTo,
        Self::Colour,
        Self::LogoUrl,
        Self::ResetLink,
        Self::MagicLink,
        Self::Locale,
        Self::TimeZone,
        Self::PasswordLength,
        Self::AccessTtl,
        Self::RefreshTtl,
        Self::Origins,
        Self::Relay,
        Self::RelayUser,
        Self::RelayPassword,
    ];

    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::PortalUrl => "portal URL",
            Self::SenderName => "sender name",
            Self::SenderAddress => "sender address",
            Self::ReplyTo => "reply to",
            Self::Colour => "colour",
            Self::LogoUrl => "logo URL",
            Self::ResetLink => "reset link",
            Self::MagicLink => "magic link",
            Self::Locale => "locale",
            Self::TimeZone => "time zone",
            Self::PasswordLength => "password min.",
            Self::AccessTtl => "access token",
            Self::RefreshTtl => "session",
            Self::Origins => "origins",
            Self::Relay => "own relay",
            Self::RelayUser => "relay user",
            Self::RelayPassword => "relay password",
        }
    }

    /// What an empty one means, where that is not clear.
    pub(super) const fn hint(self) -> &'static str {
        match self {
            Self::PortalUrl => "the pages that readmit serves",
            Self::SenderName => "the location's name",
            Self::SenderAddress => "smtp.from",
            Self::ResetLink | Self::MagicLink => "the usual one, else an address with {token}",
            Self::Locale => "en",
            Self::TimeZone => "UTC, else like Europe/Madrid",
            Self::PasswordLength => "characters; as configured",
            Self::AccessTtl => "lives as configured, else like 30m",
            Self::RefreshTtl => "lives as configured, else like 15d",
            Self::Origins => "none besides the portal's",
            Self::Relay => "the common one, else like smtp://mail.example.com",
            Self::RelayUser => "none",
            Self::Name | Self::ReplyTo | Self::Colour | Self::LogoUrl | Self::RelayPassword => "",
        }
    }

    pub(super) fn text(self, business: &Business) -> String {
        fn text(value: Option<&impl ToString>) -> String {
            value.map(ToString::to_string).unwrap_or_default()
        }
        match self {
            Self::Name => business.name.clone(),
            Self::PortalUrl => text(business.portal_url.as_ref().map(PortalUrl::as_str).as_ref()),
            Self::SenderName => text(business.sender_name.as_ref()),
            Self::SenderAddress => text(business.sender_address.as_ref()),
            Self::ReplyTo => text(business.reply_to.as_ref()),
            Self::Colour => text(business.colour.as_ref()),
            Self::LogoUrl => text(business.logo_url.as_ref()),
            Self::ResetLink => text(
                business
                    .reset_link
                    .as_ref()
                    .map(LinkPattern::as_str)
                    .as_ref(),
            ),
            Self::MagicLink => text(
                business
                    .magic_link
                    .as_ref()
                    .map(LinkPattern::as_str)
                    .as_ref(),
            ),
            Self::Locale => text(business.locale.as_ref()),
            Self::TimeZone => text(business.time_zone.as_ref()),
            Self::PasswordLength => text(business.password_min_length.as_ref()),
            Self::AccessTtl => text(business.access_ttl.as_ref()),
            Self::RefreshTtl => text(business.refresh_ttl.as_ref()),
            Self::Origins => business.allowed_origins.to_string(),
            Self::Relay => text(business.smtp.as_ref().map(|relay| &relay.url)),
            Self::RelayUser => {
                let login = business
                    .smtp
                    .as_ref()
                    .and_then(|relay| relay.login.as_ref());
                text(login.map(|login| &login.username))
            }
            // It is sealed; nobody needs to see it.
            Self::RelayPassword => String::new(),
        }
    }

    /// Puts what was typed into the changes, or says what is wrong with it. An empty text clears a setting.
    pub(super) fn put(self, text: &str, rules: Rules, changes: &mut Changes) -> Result<(), String> {
        #[expect(clippy::option_option, reason = "a setting that is cleared is none")]
        fn maybe<T, E: ToString>(
            text: &str,
            parse: impl FnOnce(&str) -> Result<T, E>,
        ) -> Result<Option<Option<T>>, String> {
            if text.is_empty() {
                return Ok(Some(None));
            }
            parse(text)
                .map(|value| Some(Some(value)))
                .map_err(|error| error.to_string())
        }
        match self {
            Self::Name if text.is_empty() => return Err("a location needs a name".to_owned()),
            Self::Name => changes.name = Some(business::name(text).map_err(|why| why.to_string())?),
            Self::PortalUrl => changes.portal_url = maybe(text, PortalUrl::parse)?,
            Self::SenderName => changes.sender_name = maybe(text, business::name)?,
            Self::SenderAddress => changes.sender_address = maybe(text, EmailAddress::parse)?,
            Self::ReplyTo => changes.reply_to = maybe(text, EmailAddress::parse)?,
            Self::Colour => changes.colour = maybe(text, Colour::parse)?,
            Self::LogoUrl => changes.logo_url = maybe(text, business::web_address)?,
            Self::ResetLink => changes.reset_link = maybe(text, LinkPattern::parse)?,
            Self::MagicLink => changes.magic_link = maybe(text, LinkPattern::parse)?,
            Self::Locale => changes.locale = maybe(text, str::parse::<Locale>)?,
            Self::TimeZone => changes.time_zone = maybe(text, Zone::parse)?,
            Self::PasswordLength => {
                changes.password_min_length = maybe(text, |text| rules.password_length(text))?;
            }
            Self::AccessTtl => changes.access_ttl = maybe(text, |text| rules.access_ttl(text))?,
            Self::RefreshTtl => changes.refresh_ttl = maybe(text, str::parse::<Lifetime>)?,
            Self::Origins => {
                let origins = text.parse::<Origins>();
                changes.allowed_origins = Some(origins.map_err(|why| why.to_string())?);
            }
            // The three belong together: see `Form::relay`.
            Self::Relay | Self::RelayUser | Self::RelayPassword => {}
        }
        Ok(())
    }
}
