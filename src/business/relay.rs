//! A relay of a business's own.

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Serialize, Serializer};

use super::BusinessId;
use crate::config::{self, RelayUrl};
use crate::vault::Vault;

/// A relay that takes one business's mail. Everything else about sending is as configured for the
/// common relay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OwnRelay {
    /// Who takes the mail.
    #[serde(serialize_with = "as_text")]
    pub url: RelayUrl,
    /// The account there.
    #[serde(flatten)]
    pub login: Option<RelayLogin>,
}

/// An account at a relay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RelayLogin {
    /// Its name.
    pub username: String,
    /// Its password. It opens together with this business, relay and user name only: whoever can write
    /// to the database cannot have it sent somewhere else.
    #[serde(rename = "password", serialize_with = "as_sealed")]
    pub sealed: Vec<u8>,
}

/// Why a relay cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OwnRelayError {
    /// Anybody on the way could read the password.
    #[error(
        "the relay could get the password in the clear; write ?tls=required behind its host, or smtps://"
    )]
    InTheClear,
    /// It was sealed by another deployment, or something around it was changed.
    #[error(
        "the password of the relay does not open: restore seal.key in keys.dir, or set relay and password anew"
    )]
    Sealed,
}

impl OwnRelay {
    /// A relay with an account, whose password is sealed.
    pub fn with_login(
        business: BusinessId,
        url: RelayUrl,
        username: String,
        password: &SecretString,
        vault: &Vault,
    ) -> Result<Self, OwnRelayError> {
        if !url.is_private() {
            return Err(OwnRelayError::InTheClear);
        }
        let context = context(business, &url, &username);
        let sealed = vault.seal(&context, password.expose_secret().as_bytes());
        Ok(Self {
            url,
            login: Some(RelayLogin { username, sealed }),
        })
    }

    /// What the transport is set up with, where the rest is as in `common`.
    pub fn settings(
        &self,
        business: BusinessId,
        common: &config::Smtp,
        vault: &Vault,
    ) -> Result<config::Smtp, OwnRelayError> {
        let (username, password) = match &self.login {
            None => (None, None),
            Some(login) => {
                let context = context(business, &self.url, &login.username);
                let opened = vault
                    .open_sealed(&context, &login.sealed)
                    .ok_or(OwnRelayError::Sealed)?;
                let password = std::str::from_utf8(opened.expose_secret())
                    .map_err(|_| OwnRelayError::Sealed)?;
                (
                    Some(login.username.clone()),
                    Some(SecretString::from(password)),
                )
            }
        };
        Ok(config::Smtp {
            urls: vec![self.url.clone()],
            username,
            password,
            token_file: None,
            ..common.clone()
        })
    }
}

fn context(business: BusinessId, url: &RelayUrl, username: &str) -> String {
    format!("smtp:{business}:{url}:{username}")
}

fn as_text<S: Serializer>(url: &RelayUrl, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(url)
}

/// Nobody needs to see what a seal looks like.
fn as_sealed<S: Serializer>(_: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str("(sealed)")
}
