//! Everybody with their credentials, in the form that an import takes.

use std::path::PathBuf;

use secrecy::ExposeSecret as _;
use serde::Serialize;

use super::{Admin, note};
use crate::accounts::{self, AccountId, Credentials};
use crate::business::BusinessId;
use crate::clock::Timestamp;
use crate::email::EmailAddress;
use crate::key_folder::KeyError;
use crate::locale::Locale;
use crate::store::StoreError;
use crate::totp;
use crate::vault::Vault;

/// A person with all that an import needs to make the same account again. Recovery codes are not
/// part of it: they are hashed under a key of this deployment.
#[derive(Serialize)]
pub struct Exported {
    id: AccountId,
    email: EmailAddress,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    business: Option<BusinessId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    locale: Option<Locale>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    totp_secret: Option<String>,
    must_reset: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    suspended: bool,
}

/// Why nothing was exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// A second factor would be lost.
    #[error(
        "the second factor of {0} is sealed under another key: restore seal.key in keys.dir, or switch it \
         off with `readmit user totp-off {0}`; nothing was exported"
    )]
    Sealed(EmailAddress),
    /// The keys.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The database did not answer, or not take the audit entry.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Admin {
    /// Everybody, by address. That it was done is on disk before anybody gets to see it.
    pub async fn export(
        &self,
        keys: PathBuf,
        now: Timestamp,
    ) -> Result<Vec<Exported>, ExportError> {
        let entropy = self.entropy.clone();
        let people = self
            .store
            .read(move |db| {
                let mut vault = None;
                let mut people = Vec::new();
                for found in accounts::sql::all_credentials(db)? {
                    let secret = if totp::is_on(db, found.account.id)? {
                        if vault.is_none() {
                            vault = Some(Vault::open(&keys, &entropy)?);
                        }
                        match &vault {
                            Some(vault) => totp::export_secret(db, vault, found.account.id)?,
                            None => None,
                        }
                        .map(Some)
                        .ok_or_else(|| ExportError::Sealed(found.account.email.clone()))?
                    } else {
                        None
                    };
                    people.push(exported(found, secret));
                }
                Ok::<_, ExportError>(people)
            })
            .await?;
        let actor = self.actor.clone();
        let detail = format!("{} people, with their credentials", people.len());
        self.store
            .write(move |tx| {
                note(
                    tx,
                    actor,
                    "account.export",
                    (None, None),
                    Some(&detail),
                    now,
                )
            })
            .await?;
        Ok(people)
    }
}

fn exported(found: Credentials, secret: Option<totp::Secret>) -> Exported {
    let account = found.account;
    Exported {
        id: account.id,
        email: account.email,
        name: account.name,
        business: account.business_id,
        locale: account.locale,
        password_hash: found.password_hash.map(|hash| hash.as_stored().to_owned()),
        totp_secret: secret.map(|secret| secret.to_base32().expose_secret().to_owned()),
        must_reset: account.must_reset_password,
        suspended: account.suspended_at.is_some(),
    }
}
