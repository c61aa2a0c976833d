//! What a business's mail looks like, and the form of its links.

use serde::Serialize;
use url::Url;

use super::{Business, BusinessId, Colour, OwnRelay};
use crate::config::Mailbox;
use crate::email::EmailAddress;
use crate::locale::{Locale, Zone};

/// Why a setting of a brand is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BrandError {
    /// The portal's address.
    #[error(
        "a portal URL is an absolute http or https address without query, fragment or user name, like https://portal.example.com"
    )]
    PortalUrl,
    /// An address of a picture.
    #[error("this must be an absolute http or https address")]
    WebAddress,
    /// The colour.
    #[error("a colour is written as # and six hexadecimal digits, like #1f6feb")]
    Colour,
    /// The link pattern has not exactly one place for the token.
    #[error(
        "a link must contain {{token}} exactly once, like {{portal_url}}/reset-password?token={{token}}"
    )]
    LinkToken,
    /// The link pattern is no web address, or the token would be part of its host.
    #[error(
        "a link must be an http or https address with {{token}} in its path, query or fragment; it may use {{portal_url}} and {{business_id}}"
    )]
    LinkUrl,
}

fn web_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.host_str().is_some()
        && url.username().is_empty()
        && url.password().is_none();
    plain.then_some(url)
}

/// An absolute http(s) address, such as a logo's.
pub fn web_address(text: &str) -> Result<String, BrandError> {
    web_url(text.trim())
        .map(String::from)
        .ok_or(BrandError::WebAddress)
}

/// The address of a members' portal, without a slash at its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct PortalUrl(String);

impl PortalUrl {
    /// Accepts an absolute http(s) address without query, fragment and user name.
    pub fn parse(text: &str) -> Result<Self, BrandError> {
        let url = web_url(text.trim()).ok_or(BrandError::PortalUrl)?;
        if url.query().is_some() || url.fragment().is_some() {
            return Err(BrandError::PortalUrl);
        }
        Ok(Self(url.as_str().trim_end_matches('/').to_owned()))
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Scheme, host and port, as a browser sends them in `Origin`.
    pub fn origin(&self) -> String {
        Url::parse(&self.0).map_or_else(|_| String::new(), |url| url.origin().ascii_serialization())
    }
}

impl std::str::FromStr for PortalUrl {
    type Err = BrandError;

    fn from_str(text: &str) -> Result<Self, BrandError> {
        Self::parse(text)
    }
}

/// The form of a link with a place for its token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct LinkPattern(String);

impl LinkPattern {
    /// Checks the pattern with sample values in its places.
    pub fn parse(text: &str) -> Result<Self, BrandError> {
        const SAMPLE: &str = "sample-token";
        let pattern = Self(text.trim().to_owned());
        if pattern.0.matches("{token}").count() != 1 {
            return Err(BrandError::LinkToken);
        }
        let sample = pattern.fill("https://portal.example", None, SAMPLE);
        let url = web_url(&sample).ok_or(BrandError::LinkUrl)?;
        let token_in_host = url.host_str().is_some_and(|host| host.contains(SAMPLE));
        if token_in_host || sample.contains(['{', '}', ' ']) {
            return Err(BrandError::LinkUrl);
        }
        Ok(pattern)
    }

    fn fill(&self, portal: &str, business: Option<BusinessId>, token: &str) -> String {
        let business = business.map(|id| id.to_string()).unwrap_or_default();
        self.0
            .replace("{portal_url}", portal)
            .replace("{business_id}", &business)
            .replace("{token}", token)
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for LinkPattern {
    type Err = BrandError;

    fn from_str(text: &str) -> Result<Self, BrandError> {
        Self::parse(text)
    }
}

/// Everything that makes one mail a business's own, with the configuration's values where the
/// business has none.
#[derive(Clone, Debug)]
pub struct Brand {
    /// The business; none for the configuration's own brand.
    pub business: Option<BusinessId>,
    /// The name in heading and text.
    pub name: String,
    /// Who the mail comes from.
    pub sender: Mailbox,
    /// Where answers go.
    pub reply_to: Option<EmailAddress>,
    /// Heading and button.
    pub colour: Colour,
    /// A picture above the heading.
    pub logo_url: Option<String>,
    /// The language of members who have none of their own.
    pub locale: Locale,
    /// Whose clocks dates are read off.
    pub zone: Zone,
    /// The relay that takes the mail; the configured one when absent.
    pub relay: Option<OwnRelay>,
    portal: String,
    reset_link: LinkPattern,
    magic_link: LinkPattern,
}

/// The links' forms where a business sets none: those of its portal.
const PORTAL_LINKS: [&str; 2] = [
    "{portal_url}/reset-password?token={token}",
    "{portal_url}/login?token={token}",
];

/// The links' forms where it has no portal: those of the pages that readmit serves for it.
const HOSTED_LINKS: [&str; 2] = [
    "{portal_url}/reset?token={token}",
    "{portal_url}/sign-in?token={token}",
];

impl Brand {
    /// The brand of `business`; `from` is the sender where it has none of its own. Without a portal
    /// its links lead to the pages that are served for it under `public_url`.
    pub fn of(business: &Business, from: &Mailbox, public_url: &Url) -> Self {
        let sender_name = business.sender_name.as_ref().unwrap_or(&business.name);
        let (portal, [reset_link, magic_link]) = match &business.portal_url {
            Some(portal) => (portal.as_str().to_owned(), PORTAL_LINKS),
            None => (hosted_pages(public_url, business.id), HOSTED_LINKS),
        };
        let pattern = |own: &Option<LinkPattern>, usual: &str| {
            own.clone().unwrap_or_else(|| LinkPattern(usual.to_owned()))
        };
        Self {
            business: Some(business.id),
            name: business.name.clone(),
            sender: Mailbox {
                name: Some(sender_name.clone()),
                address: business
                    .sender_address
                    .clone()
                    .unwrap_or_else(|| from.address.clone()),
            },
            reply_to: business.reply_to.clone(),
            colour: business.colour.clone().unwrap_or_default(),
            logo_url: business.logo_url.clone(),
            locale: business.locale.clone().unwrap_or_default(),
            zone: business.time_zone.clone().unwrap_or_default(),
            relay: business.smtp.clone(),
            portal,
            reset_link: pattern(&business.reset_link, reset_link),
            magic_link: pattern(&business.magic_link, magic_link),
        }
    }

    /// The brand for accounts of no business: the configured sender, and links to `public_url`.
    pub fn plain(from: &Mailbox, public_url: &Url) -> Self {
        let [reset_link, magic_link] = PORTAL_LINKS;
        Self {
            business: None,
            name: from
                .name
                .clone()
                .unwrap_or_else(|| from.address.domain().to_owned()),
            sender: from.clone(),
            reply_to: None,
            colour: Colour::default(),
            logo_url: None,
            locale: Locale::default(),
            zone: Zone::default(),
            relay: None,
            portal: public_url.as_str().trim_end_matches('/').to_owned(),
            reset_link: LinkPattern(reset_link.to_owned()),
            magic_link: LinkPattern(magic_link.to_owned()),
        }
    }

    /// The link that carries a login token.
    pub fn magic_link(&self, token: &str) -> String {
        self.magic_link.fill(&self.portal, self.business, token)
    }

    /// The link that carries `token`, a JWT, whose characters need no escaping in a URL.
    pub fn reset_link(&self, token: &str) -> String {
        self.reset_link.fill(&self.portal, self.business, token)
    }
}

/// Where the pages stand that are served for a business: `{public_url}/p/{id}`.
pub fn hosted_pages(public_url: &Url, business: BusinessId) -> String {
    format!("{}/p/{business}", public_url.as_str().trim_end_matches('/'))
}
