//! The three cookies of the pages, none of which a script can read.
//!
//! | name | what it holds |
//! | --- | --- |
//! | `browser` | random bytes that forms are bound to |
//! | `member-7` | the refresh token of the member's session, sealed for business 7 |
//! | `flow-7` | what one page must remember for the next, sealed for business 7 |
//!
//! Over https their names begin with `__Host-`, so that no other host can set them. What is sealed was
//! made here and opens at that business only.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use poem::http::{HeaderMap, HeaderValue, header};
use serde::{Deserialize, Serialize};

use crate::business::BusinessId;
use crate::vault::Vault;

/// How long a browser remembers what it was about to do.
const FLOW_TTL: Duration = Duration::from_hours(1);

/// What one page remembers for the next.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Flow {
    /// The address that was typed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) email: Option<String>,
    /// The login token of somebody who owes a second factor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) login: Option<String>,
    /// Whether the password was changed on the way.
    #[serde(default)]
    pub(super) changed: bool,
    /// Where the member came from, and goes after signing in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) return_to: Option<String>,
}

#[derive(Clone, Copy)]
enum Kind {
    Browser,
    Member(BusinessId),
    Flow(BusinessId),
}

/// Reads and writes cookies.
pub(super) struct Cookies<'a> {
    pub(super) vault: &'a Vault,
    pub(super) business: BusinessId,
    /// Whether the world reaches us over https.
    pub(super) secure: bool,
}

impl Cookies<'_> {
    fn name(&self, kind: Kind) -> String {
        let prefix = if self.secure { "__Host-" } else { "" };
        match kind {
            Kind::Browser => format!("{prefix}browser"),
            Kind::Member(business) => format!("{prefix}member-{business}"),
            Kind::Flow(business) => format!("{prefix}flow-{business}"),
        }
    }

    fn context(&self, what: &str) -> String {
        format!("page {what}:{}", self.business)
    }

    fn open(&self, what: &str, value: &str) -> Option<String> {
        use secrecy::ExposeSecret as _;
        let sealed = URL_SAFE_NO_PAD.decode(value).ok()?;
        let plain = self.vault.open_sealed(&self.context(what), &sealed)?;
        String::from_utf8(plain.expose_secret().to_vec()).ok()
    }

    fn seal(&self, what: &str, plain: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.vault.seal(&self.context(what), plain.as_bytes()))
    }

    /// What the browser is known by, if it is what we would have given it.
    pub(super) fn browser(&self, headers: &HeaderMap) -> Option<String> {
        let value = find(headers, &self.name(Kind::Browser))?;
        let known = URL_SAFE_NO_PAD.decode(value).is_ok_and(|id| id.len() == 16);
        known.then(|| value.to_owned())
    }

    /// The refresh token of the member's session.
    pub(super) fn session(&self, headers: &HeaderMap) -> Option<String> {
        let value = find(headers, &self.name(Kind::Member(self.business)))?;
        self.open("member", value)
    }

    pub(super) fn flow(&self, headers: &HeaderMap) -> Flow {
        find(headers, &self.name(Kind::Flow(self.business)))
            .and_then(|value| self.open("flow", value))
            .and_then(|json| serde_json::from_str(&json).ok())
            .unwrap_or_default()
    }

    pub(super) fn set_browser(&self, id: &str) -> Option<HeaderValue> {
        self.set(Kind::Browser, id, None)
    }

    pub(super) fn set_session(&self, token: &str, ttl: Duration) -> Option<HeaderValue> {
        let value = self.seal("member", token);
        self.set(Kind::Member(self.business), &value, Some(ttl))
    }

    pub(super) fn drop_session(&self) -> Option<HeaderValue> {
        self.set(Kind::Member(self.business), "", Some(Duration::ZERO))
    }

    pub(super) fn set_flow(&self, flow: &Flow) -> Option<HeaderValue> {
        if *flow == Flow::default() {
            return self.set(Kind::Flow(self.business), "", Some(Duration::ZERO));
        }
        let value = self.seal("flow", &serde_json::to_string(flow).ok()?);
        self.set(Kind::Flow(self.business), &value, Some(FLOW_TTL))
    }

    /// A browser sends these to us alone. `Lax` rather than `Strict`: who comes by a link in a mail is to be
    /// the same browser, and such a request can change nothing.
    fn set(&self, kind: Kind, value: &str, ttl: Option<Duration>) -> Option<HeaderValue> {
        let name = self.name(kind);
        let secure = if self.secure { "; Secure" } else { "" };
        let ttl = ttl.map_or_else(String::new, |ttl| format!("; Max-Age={}", ttl.as_secs()));
        let cookie = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{ttl}");
        HeaderValue::from_str(&cookie).ok()
    }
}

/// The value of a cookie, as it was sent.
fn find<'a>(headers: &'a HeaderMap, wanted: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == wanted)
        .map(|(_, value)| value)
}
