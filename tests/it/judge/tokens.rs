//! Signed tokens.

use std::time::Duration;

use readmit::business::BusinessId;
use readmit::clock::{Clock, ManualClock, Timestamp};
use readmit::token::{KeyRing, Kind, Signer};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::jwt::SigningKey;

pub(crate) const START: Timestamp = Timestamp::from_seconds(1_800_000_000);
pub(crate) const ISSUER: &str = "https://id.readmit.test";
pub(crate) const KINDS: [Kind; 3] = [Kind::Reset, Kind::Login, Kind::Access];

/// The tokens of one deployment, and its key.
pub(crate) struct Mint {
    pub(crate) signer: Signer,
    pub(crate) key: SigningKey,
    _folder: TempDir,
}

impl Mint {
    pub(crate) fn open() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let clock = Clock::Manual(ManualClock::new(START));
        let keys = folder.path().join("keys");
        let ring = KeyRing::open(&keys, Duration::from_hours(1), clock).expect("keys");
        Self {
            signer: Signer::new(ring, &ISSUER.parse().expect("a URL")),
            key: SigningKey::of(&keys),
            _folder: folder,
        }
    }

    /// Fails if a token with this header and these claims, under a good signature, is taken for what it is not.
    pub(crate) fn judge_signed(&self, header: &str, claims: &str) {
        let token = self.key.sign_text(header, claims);
        for kind in KINDS {
            let Ok(verified) = self.signer.verify(kind, &token, START) else {
                continue;
            };
            let header: Value = serde_json::from_str(header).expect("a header");
            assert_eq!(header["alg"], "ES256", "{header}");
            assert_eq!(header["typ"], typ(kind), "{header}");
            assert_eq!(header["kid"], self.key.id(), "{header}");
            for other in ["jku", "x5u", "x5c", "jwk", "crit"] {
                assert_eq!(header[other], Value::Null, "{header}");
            }
            let claims: Value = serde_json::from_str(claims).expect("claims");
            assert_eq!(claims["iss"], ISSUER, "{claims}");
            assert_eq!(claims["aud"], audience(kind), "{claims}");
            assert_eq!(claims["sub"], verified.account.to_string(), "{claims}");
            assert!(claims["exp"].as_i64() > Some(START.seconds()), "{claims}");
            assert!(
                claims["iat"].is_i64() && claims["jti"].is_string(),
                "{claims}"
            );
            let business = claims["business_id"].as_i64().and_then(BusinessId::new);
            assert_eq!(business, verified.business, "{claims}");
        }
    }
}

pub(crate) const fn typ(kind: Kind) -> &'static str {
    match kind {
        Kind::Reset => "reset+jwt",
        Kind::Login => "login+jwt",
        Kind::Access => "at+jwt",
    }
}

pub(crate) const fn audience(kind: Kind) -> &'static str {
    match kind {
        Kind::Reset => "password-reset",
        Kind::Login => "exchange",
        Kind::Access => ISSUER,
    }
}
