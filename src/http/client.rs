//! Who is asking: the client's address, seen past the proxies that are trusted.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use poem::http::{HeaderMap, header};
use poem::{Addr, FromRequest, Request, RequestBody};

use super::error::Failure;
use super::limited::Told;
use crate::app::App;
use crate::business::BusinessId;
use crate::config::{self, ForwardingHeader};
use crate::email::EmailAddress;
use crate::limits::{Action, Caller, Limits};

/// The client's address, which the limits count by.
#[derive(Clone)]
pub(super) struct Client(pub(super) IpAddr, Told);

impl Client {
    /// Admits the request by the limits of `action`; a refusal says when to come again.
    pub(super) fn admit(&self, limits: &Limits, action: Action) -> Result<(), Failure> {
        self.1.admit(limits, action, &Caller::at(self.0))
    }

    /// Like [`Self::admit`], for a request that is about an address or a location.
    pub(super) fn admit_about(
        &self,
        limits: &Limits,
        action: Action,
        email: Option<&EmailAddress>,
        business: Option<BusinessId>,
    ) -> Result<(), Failure> {
        let caller = Caller {
            email,
            business,
            ..Caller::at(self.0)
        };
        self.1.admit(limits, action, &caller)
    }
}

impl<'a> FromRequest<'a> for Client {
    async fn from_request(request: &'a Request, _body: &mut RequestBody) -> poem::Result<Self> {
        let app = request.data::<Arc<App>>().ok_or(Failure::Internal)?;
        let address = of(request, &app.config.http)?;
        Ok(Self(address, Told::of(request)))
    }
}

/// The address of the client that a request comes from.
pub(super) fn of(request: &Request, config: &config::Http) -> Result<IpAddr, Failure> {
    let Addr::SocketAddr(peer) = &request.remote_addr().0 else {
        return Err(Failure::Internal);
    };
    Ok(client(peer.ip(), request.headers(), config))
}

/// The rightmost address of the forwarding header that is no trusted proxy's.
///
/// What stands further left was written by whoever stands there, and is not believed. Neither is the
/// header that the proxies do not write, since they may pass on what a client put there; and without a
/// trusted peer no header is looked at. From what cannot be read on, the last proxy that was reached
/// counts as the client.
fn client(peer: IpAddr, headers: &HeaderMap, config: &config::Http) -> IpAddr {
    let is_trusted = |address: &IpAddr| {
        config
            .trusted_proxies
            .iter()
            .any(|net| net.contains(address))
    };
    let mut nearest = peer.to_canonical();
    if !is_trusted(&nearest) {
        return nearest;
    }
    let hops = match config.forwarding_header {
        ForwardingHeader::XForwardedFor => x_forwarded_for(headers),
        ForwardingHeader::Forwarded => forwarded(headers),
    };
    for hop in hops.into_iter().rev() {
        let Some(address) = hop else {
            return nearest;
        };
        nearest = address;
        if !is_trusted(&address) {
            break;
        }
    }
    nearest
}

/// Each hop, from left to right; none for one that cannot be read.
type Hops = Vec<Option<IpAddr>>;

fn x_forwarded_for(headers: &HeaderMap) -> Hops {
    headers
        .get_all("x-forwarded-for")
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .map(|hop| parse(std::str::from_utf8(hop).ok()?.trim()))
        .collect()
}

/// The `for` of each element (RFC 7239, 4). In a line with a quotation mark that is not closed nothing
/// can be told apart, so it is one hop that cannot be read.
fn forwarded(headers: &HeaderMap) -> Hops {
    let line = |value: &[u8]| {
        let elements = split(std::str::from_utf8(value).ok()?, ',')?;
        Some(elements.into_iter().map(forwarded_for).collect::<Hops>())
    };
    headers
        .get_all(header::FORWARDED)
        .iter()
        .flat_map(|value| line(value.as_bytes()).unwrap_or_else(|| vec![None]))
        .collect()
}

/// The address of an element; none when it has no `for`, or two, or a name instead of an address.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let mut values = split(element, ';')?
        .into_iter()
        .filter_map(|pair| pair.split_once('='))
        .filter(|(name, _)| name.trim().eq_ignore_ascii_case("for"))
        .map(|(_, value)| value.trim());
    let value = values.next().filter(|_| values.next().is_none())?;
    let quoted = value.strip_prefix('"').and_then(|v| v.strip_suffix('"'));
    parse(quoted.unwrap_or(value))
}

/// The parts between separators that stand in no quoted text; none when a quotation mark is not closed.
fn split(text: &str, separator: char) -> Option<Vec<&str>> {
    let (mut parts, mut start) = (Vec::new(), 0);
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if c == separator && !quoted => {
                parts.push(&text[start..at]);
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    (!quoted).then_some(parts)
}

/// An address as proxies write it: plain, with a port, or in brackets.
fn parse(hop: &str) -> Option<IpAddr> {
    let plain = hop.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
    plain
        .unwrap_or(hop)
        .parse()
        .or_else(|_| hop.parse().map(|address: SocketAddr| address.ip()))
        .ok()
        .map(|address: IpAddr| address.to_canonical())
}
