//! A location as commands show it.

use crate::business::Business;
use crate::cli::{Error, Output};

pub(super) fn show(out: &Output, business: &Business, json: bool) -> Result<(), Error> {
    if json {
        return out.json(business);
    }
    out.pairs(&[
        ("id", Some(business.id.to_string())),
        ("name", Some(business.name.clone())),
        (
            "portal",
            business
                .portal_url
                .as_ref()
                .map(|url| url.as_str().to_owned()),
        ),
        ("sender name", business.sender_name.clone()),
        (
            "sender address",
            business.sender_address.as_ref().map(ToString::to_string),
        ),
        (
            "reply to",
            business.reply_to.as_ref().map(ToString::to_string),
        ),
        ("colour", business.colour.as_ref().map(ToString::to_string)),
        ("logo", business.logo_url.clone()),
        (
            "reset link",
            business
                .reset_link
                .as_ref()
                .map(|link| link.as_str().to_owned()),
        ),
        (
            "magic link",
            business
                .magic_link
                .as_ref()
                .map(|link| link.as_str().to_owned()),
        ),
        ("locale", business.locale.as_ref().map(ToString::to_string)),
        (
            "time zone",
            business.time_zone.as_ref().map(ToString::to_string),
        ),
        (
            "password minimum",
            business
                .password_min_length
                .map(|length| length.to_string()),
        ),
        (
            "access tokens live",
            business.access_ttl.map(|life| life.to_string()),
        ),
        (
            "sessions last",
            business.refresh_ttl.map(|life| life.to_string()),
        ),
        (
            "allowed origins",
            Some(business.allowed_origins.to_string()).filter(|all| !all.is_empty()),
        ),
        (
            "relay",
            business.smtp.as_ref().map(|relay| match &relay.login {
                Some(login) => format!("{}, as {}", relay.url, login.username),
                None => relay.url.to_string(),
            }),
        ),
        ("added", Some(business.created_at.to_string())),
        ("changed", Some(business.updated_at.to_string())),
    ])
}
