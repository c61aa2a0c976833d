//! Signed tokens (JWT, RFC 7519): made for one purpose each, and checked for nothing less.
//!
//! The kinds differ in `typ` and `aud`, so that none serves for another (RFC 8725, 3.11 and 3.12).
//! Whether a one-time token is still unused is not known here: its row says so.

mod keys;
mod ring;
mod seen;

use std::sync::Arc;

use jsonwebtoken::{Algorithm, Header, Validation};
use serde::{Deserialize, Serialize};

pub use self::keys::{KeyState, ListedKey, RetireError, honoured_for};
pub use self::keys::{list as list_keys, retire as retire_key, rotate as rotate_key};
pub use self::ring::KeyRing;
use self::seen::Seen;
use crate::accounts::AccountId;
use crate::business::BusinessId;
use crate::clock::Timestamp;
use crate::email::EmailAddress;
use crate::entropy::Entropy;
pub use crate::key_folder::KeyError;
use crate::meter::Counter;

/// The unique id of a token: 128 random bits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Jti(String);

impl Jti {
    /// A new one.
    pub fn new(entropy: &Entropy) -> Self {
        Self(entropy.token::<16>())
    }

    /// From a column or a verified claim.
    pub(crate) fn from_text(text: String) -> Self {
        Self(text)
    }

    /// The text that stands in `jti`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The link in a reset mail.
    Reset,
    /// Carries a member from one step to the next: exchanged once for a session.
    Login,
    /// Opens the applications (RFC 9068).
    Access,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Reset, Self::Login, Self::Access];

    const fn typ(self) -> &'static str {
        match self {
            Self::Reset => "reset+jwt",
            Self::Login => "login+jwt",
            Self::Access => "at+jwt",
        }
    }
}

/// Whom a token speaks of, and until when.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The account.
    pub account: AccountId,
    /// Its address, for display.
    pub email: EmailAddress,
    /// The location that it was made for.
    pub business: Option<BusinessId>,
    /// The token's id.
    pub jti: Jti,
    /// When it was made.
    pub issued_at: Timestamp,
    /// From when on it is refused.
    pub expires_at: Timestamp,
}

/// What an access token says besides.
#[derive(Clone, Debug)]
pub struct SessionClaims<'a> {
    /// The session's id (`sid`).
    pub session: &'a str,
    /// Who may use it (`client_id`).
    pub client_id: &'a str,
}

/// The claims of a verified token that a caller acts on.
#[derive(Clone, Debug)]
pub struct Verified {
    /// The account.
    pub account: AccountId,
    /// The location that it was made for.
    pub business: Option<BusinessId>,
    /// The token's id.
    pub jti: Jti,
    /// The session of an access token.
    pub session: Option<String>,
    /// The client of an access token.
    pub client_id: Option<String>,
    /// When it was made.
    pub issued_at: Timestamp,
    /// From when on it is refused.
    pub expires_at: Timestamp,
}

/// The token is not one of ours, not of this kind, or over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the token is invalid or has expired")]
pub struct Invalid;

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<&'a str>,
    email: &'a str,
    business_id: Option<BusinessId>,
    jti: &'a Jti,
    iat: i64,
    exp: i64,
}

/// Every field is required and of one JSON type; serde refuses anything else.
#[derive(Deserialize)]
struct ReceivedClaims {
    iss: String,
    aud: String,
    sub: String,
    #[serde(default)]
    client_id: Option<String>,
    #[serde(default)]
    sid: Option<String>,
    #[serde(default)]
    business_id: Option<i64>,
    jti: String,
    iat: i64,
    exp: i64,
}

/// Signs and verifies with the keys of one deployment.
pub struct Signer {
    keys: KeyRing,
    issuer: String,
    seen: Seen,
    issued: [Counter; Kind::ALL.len()],
}

/// What a token says whose signature is good, and which key made that.
struct Authentic {
    key: String,
    verified: Verified,
}

impl Signer {
    /// The longest token that is looked at, in bytes; ours have some 600.
    const MAX_LENGTH: usize = 4096;

    /// `issuer` is the public URL: `iss` of every token, and `aud` of access tokens.
    pub fn new(keys: KeyRing, issuer: &url::Url) -> Self {
        Self {
            keys,
            issuer: issuer.as_str().trim_end_matches('/').to_owned(),
            seen: Seen::default(),
            issued: Default::default(),
        }
    }

    /// How many tokens of each kind were signed since the start, by `typ`.
    pub fn issued(&self) -> [(&'static str, u64); Kind::ALL.len()] {
        Kind::ALL.map(|kind| (kind.typ(), self.issued[kind as usize].get()))
    }

    /// `iss` of every token.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The public keys as a JSON Web Key Set (RFC 7517).
    pub fn jwks(&self) -> serde_json::Value {
        self.keys.jwks()
    }

    fn audience(&self, kind: Kind) -> &str {
        match kind {
            Kind::Reset => "password-reset",
            Kind::Login => "exchange",
            Kind::Access => &self.issuer,
        }
    }

    /// A reset or login token.
    pub fn sign(&self, kind: Kind, subject: &Subject) -> String {
        self.sign_claims(kind, subject, None)
    }

    /// An access token of RFC 9068's shape.
    pub fn sign_access(&self, subject: &Subject, session: &SessionClaims<'_>) -> String {
        self.sign_claims(Kind::Access, subject, Some(session))
    }

    fn sign_claims(
        &self,
        kind: Kind,
        subject: &Subject,
        session: Option<&SessionClaims<'_>>,
    ) -> String {
        self.issued[kind as usize].add();
        let key = self.keys.signing();
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some(kind.typ().to_owned());
        header.kid = Some(key.id().to_owned());
        let claims = Claims {
            iss: &self.issuer,
            aud: self.audience(kind),
            sub: subject.account.to_string(),
            client_id: session.map(|session| session.client_id),
            sid: session.map(|session| session.session),
            email: subject.email.as_str(),
            business_id: subject.business,
            jti: &subject.jti,
            iat: subject.issued_at.seconds(),
            exp: subject.expires_at.seconds(),
        };
        jsonwebtoken::encode(&header, &claims, key.encoding())
            .expect("a loaded key signs any claims that serialise")
    }

    /// Checks signature, key, kind, issuer, audience, claim types and expiry.
    pub fn verify(&self, kind: Kind, token: &str, now: Timestamp) -> Result<Verified, Invalid> {
        if token.len() > Self::MAX_LENGTH {
            return Err(Invalid);
        }
        let check = || self.check(kind, token, now);
        let authentic = match kind {
            Kind::Access => self.seen.or_check(token, check)?,
            // Those that are used once would only take others' places.
            Kind::Reset | Kind::Login => Arc::new(check()?),
        };
        let counts = self.keys.find(&authentic.key, now).is_some();
        if !counts || now >= authentic.verified.expires_at {
            return Err(Invalid);
        }
        Ok(authentic.verified.clone())
    }

    /// Checks everything that time does not change.
    ///
    /// The header may name neither a key of its own (`jwk`, `jku`, `x5u`, `x5c`) nor an extension
    /// that must be understood (`crit`), and its `alg` counts for nothing but equality with the
    /// key's own (RFC 8725, 3.1).
    fn check(&self, kind: Kind, token: &str, now: Timestamp) -> Result<Authentic, Invalid> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| Invalid)?;
        let foreign_key = header.jwk.is_some()
            || header.jku.is_some()
            || header.x5u.is_some()
            || header.x5c.is_some();
        if foreign_key || header.crit.is_some() || header.typ.as_deref() != Some(kind.typ()) {
            return Err(Invalid);
        }
        let key = header
            .kid
            .as_deref()
            .and_then(|kid| self.keys.find(kid, now))
            .ok_or(Invalid)?;

        // Time is ours to check, by the clock that was passed in; audience and issuer are compared
        // below as the single strings that we write, not as RFC 7519's lists.
        let mut validation = Validation::new(Algorithm::ES256);
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        let claims = jsonwebtoken::decode::<ReceivedClaims>(token, key.decoding(), &validation)
            .map_err(|_| Invalid)?
            .claims;

        let business = match claims.business_id {
            None => None,
            Some(number) => Some(BusinessId::new(number).ok_or(Invalid)?),
        };
        // In the form in which we write it, as all the rest.
        let account = AccountId::parse(&claims.sub)
            .filter(|account| account.to_string() == claims.sub)
            .ok_or(Invalid)?;
        let addressed = claims.iss == self.issuer && claims.aud == self.audience(kind);
        if !addressed || claims.iat > claims.exp {
            return Err(Invalid);
        }
        Ok(Authentic {
            key: key.id().to_owned(),
            verified: Verified {
                account,
                business,
                jti: Jti::from_text(claims.jti),
                session: claims.sid,
                client_id: claims.client_id,
                issued_at: Timestamp::from_seconds(claims.iat),
                expires_at: Timestamp::from_seconds(claims.exp),
            },
        })
    }
}
