//! Who is asking: the client's address, seen past the proxies that are trusted.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use ipnet::IpNet;
use poem::http::HeaderMap;
use poem::{Addr, FromRequest, Request, RequestBody};

use super::error::Failure;
use crate::app::App;

/// The client's address.
#[derive(Clone, Copy)]
pub(super) struct Client(pub(super) IpAddr);

impl<'a> FromRequest<'a> for Client {
    async fn from_request(request: &'a Request, _body: &mut RequestBody) -> poem::Result<Self> {
        let app = request.data::<Arc<App>>().ok_or(Failure::Internal)?;
        let Addr::SocketAddr(peer) = &request.remote_addr().0 else {
            return Err(Failure::Internal.into());
        };
        let trusted = &app.config.http.trusted_proxies;
        Ok(Self(client(peer.ip(), request.headers(), trusted)))
    }
}

/// The rightmost address of `X-Forwarded-For` that is no trusted proxy's.
///
/// What stands further left was written by whoever stands there, and is not believed. Without a
/// trusted peer the header is not looked at.
fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let peer = peer.to_canonical();
    let is_trusted = |address: &IpAddr| trusted.iter().any(|net| net.contains(address));
    let mut nearest = peer;
    if !is_trusted(&peer) {
        return nearest;
    }
    let hops: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    for hop in hops.into_iter().rev() {
        let Some(address) = parse(hop.trim()) else {
            return nearest;
        };
        nearest = address;
        if !is_trusted(&address) {
            break;
        }
    }
    nearest
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
