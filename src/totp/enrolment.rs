//! Switching a second factor on and off, by the member.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};

use super::code::{self, DIGITS, Given, PERIOD, RECOVERY_CODES, Secret};
use super::{check, context, disable, is_on, recovery_hash, sql, unseal};
use crate::accounts::{self, Account, AccountId};
use crate::audit::{self, Actor, Outcome};
use crate::business;
use crate::clock::Timestamp;
use crate::entropy::Entropy;
use crate::guesses::{self, Guesser};
use crate::password::{Busy, Hasher, Password};
use crate::store::{Store, StoreError, Tx};
use crate::vault::Vault;

/// Switches a member's second factor on and off.
pub struct TwoFactor {
    /// The database.
    pub store: Store,
    /// New secrets and recovery codes.
    pub entropy: Entropy,
    /// What seals and hashes them.
    pub vault: Arc<Vault>,
    /// Password hashing.
    pub hasher: Hasher,
    /// How the member's device calls the account where it belongs to no business.
    pub issuer: String,
}

/// Why an act was refused.
#[derive(Debug, thiserror::Error)]
pub enum TwoFactorError {
    /// A member who has a second factor must switch it off first.
    #[error("two-factor authentication is on already")]
    AlreadyOn,
    /// There is no secret that could be confirmed.
    #[error("two-factor authentication has not been started")]
    NotStarted,
    /// There is nothing to switch off.
    #[error("two-factor authentication is not on")]
    NotOn,
    /// The code is wrong, over or used.
    #[error("the code is wrong")]
    WrongCode,
    /// The password is wrong.
    #[error("the password is wrong")]
    WrongPassword,
    /// The account is gone.
    #[error("there is no such account")]
    UnknownAccount,
    /// Too many wrong guesses from there; the next one has to wait this long.
    #[error("too many wrong guesses")]
    Wait(Duration),
    /// Too much to hash.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// The database did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl TwoFactor {
    /// Makes a secret for the account, and returns the `otpauth` URI that carries it to a device. It
    /// is asked for only once [`Self::confirm`] has seen a code; until then, starting again makes
    /// another one in its place.
    pub async fn start(
        &self,
        account: AccountId,
        client: String,
        now: Timestamp,
    ) -> Result<SecretString, TwoFactorError> {
        let secret = Secret::new(&self.entropy);
        let sealed = self.vault.seal(&context(account), secret.bytes());
        let issuer = self.issuer.clone();
        self.store
            .write(move |tx| {
                let account =
                    accounts::sql::by_id(tx, account)?.ok_or(TwoFactorError::UnknownAccount)?;
                if !sql::put(tx, account.id, &sealed, None, now)? {
                    return Err(TwoFactorError::AlreadyOn);
                }
                let business = match account.business_id {
                    Some(id) => business::find(tx, id)?,
                    None => None,
                };
                note(tx, "totp.start", account.id, &client, &Ok(None), now)?;
                let issuer = business.map_or(issuer, |business| business.name);
                Ok(uri(&issuer, &account, &secret))
            })
            .await
    }

    /// Switches two-factor authentication on, once the device has shown that it has the secret. The
    /// recovery codes, separated by blanks, stand nowhere else.
    pub async fn confirm(
        &self,
        account: AccountId,
        code: String,
        client: String,
        now: Timestamp,
    ) -> Result<SecretString, TwoFactorError> {
        let codes: Vec<_> = (0..RECOVERY_CODES)
            .map(|_| code::new_recovery_code(&self.entropy))
            .collect();
        let shown: Vec<_> = codes
            .iter()
            .map(|code| code::show_recovery_code(code))
            .collect();
        let shown: Vec<&str> = shown.iter().map(|code| code.as_str()).collect();
        let shown = SecretString::from(shown.join(" "));
        let vault = Arc::clone(&self.vault);
        let outcome = self
            .store
            .write(move |tx| {
                let outcome = confirm(tx, &vault, account, &code, &codes, now)?;
                let noted = match &outcome {
                    Ok(()) => Ok(None),
                    Err(refused) => Err(refused.to_string()),
                };
                note(tx, "totp.on", account, &client, &noted, now)?;
                Ok::<_, TwoFactorError>(outcome)
            })
            .await?;
        outcome.map(|()| shown)
    }

    /// Switches two-factor authentication off, for a member who knows the password and has a code or
    /// a recovery code.
    pub async fn disable(
        &self,
        account: AccountId,
        password: Password,
        code: String,
        client: IpAddr,
        now: Timestamp,
    ) -> Result<(), TwoFactorError> {
        let (found, guesser) = self
            .store
            .read(move |db| {
                let account =
                    accounts::sql::by_id(db, account)?.ok_or(TwoFactorError::UnknownAccount)?;
                let guesser = Guesser::new(&account.email, client);
                guesses::may_guess(db, &guesser, now, TwoFactorError::Wait)?;
                let found = accounts::sql::credentials(db, &account.email)?
                    .ok_or(TwoFactorError::UnknownAccount)?;
                Ok::<_, TwoFactorError>((found, guesser))
            })
            .await?;
        let verdict = self.hasher.verify(password, found.password_hash).await?;
        let knows = verdict.is_right();
        let version = found.account.credential_version;
        let vault = Arc::clone(&self.vault);
        self.store
            .write(move |tx| {
                guesses::may_guess(tx, &guesser, now, TwoFactorError::Wait)?;
                // The password may have been changed while the hash was computed.
                let unchanged = accounts::sql::by_id(tx, account)?
                    .is_some_and(|now| now.credential_version == version);
                let outcome = if !(knows && unchanged) {
                    Err(TwoFactorError::WrongPassword)
                } else if !is_on(tx, account)? {
                    Err(TwoFactorError::NotOn)
                } else {
                    match check(tx, &vault, account, &code, now)? {
                        Some(factor) => disable(tx, account).map(|_| Ok(factor))?,
                        None => Err(TwoFactorError::WrongCode),
                    }
                };
                let noted = match &outcome {
                    Ok(factor) => Ok(Some(factor.as_str())),
                    Err(refused) => Err(refused.to_string()),
                };
                match &outcome {
                    Ok(_) => guesses::forget(tx, &guesser)?,
                    Err(TwoFactorError::WrongPassword | TwoFactorError::WrongCode) => {
                        guesses::count(tx, &guesser, now)?;
                    }
                    Err(_) => {}
                }
                note(tx, "totp.off", account, &client.to_string(), &noted, now)?;
                Ok::<_, TwoFactorError>(outcome)
            })
            .await?
            .map(|_| ())
    }
}

/// The inner result is a refusal, which is to be noted and so must not roll anything back.
fn confirm(
    tx: &Tx<'_>,
    vault: &Vault,
    account: AccountId,
    code: &str,
    codes: &[Zeroizing<String>],
    now: Timestamp,
) -> Result<Result<(), TwoFactorError>, StoreError> {
    let Some(stored) = sql::find(tx, account)? else {
        return Ok(Err(TwoFactorError::NotStarted));
    };
    if stored.confirmed {
        return Ok(Err(TwoFactorError::AlreadyOn));
    }
    let Some(Given::Code(code)) = Given::parse(code) else {
        return Ok(Err(TwoFactorError::WrongCode));
    };
    let secret = unseal(vault, account, &stored);
    let Some(step) = secret.and_then(|it| it.matching_step(&code, None, now)) else {
        return Ok(Err(TwoFactorError::WrongCode));
    };
    if !sql::confirm(tx, account, step, now)? {
        return Ok(Err(TwoFactorError::AlreadyOn));
    }
    for code in codes {
        sql::insert_recovery_code(tx, account, recovery_hash(vault, account, code))?;
    }
    Ok(Ok(()))
}

/// RFC 3986, 2.3: everything but the unreserved characters is encoded.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// <https://github.com/google/google-authenticator/wiki/Key-Uri-Format>
fn uri(issuer: &str, account: &Account, secret: &Secret) -> SecretString {
    // A colon separates the two parts of the label, encoded or not.
    let issuer = issuer.replace(':', " ");
    let issuer = utf8_percent_encode(issuer.trim(), RESERVED);
    let email = utf8_percent_encode(account.email.as_str(), RESERVED);
    let secret = secret.to_base32();
    let secret = secret.expose_secret();
    format!(
        "otpauth://totp/{issuer}:{email}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}\
         &period={PERIOD}"
    )
    .into()
}

/// What else there is to say of a success, or why the act was refused.
fn note(
    tx: &Tx<'_>,
    event: &'static str,
    account: AccountId,
    client: &str,
    outcome: &Result<Option<&str>, String>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let entry = audit::Entry {
        actor: Actor::Member,
        event,
        outcome: match outcome {
            Ok(_) => Outcome::Ok,
            Err(_) => Outcome::Refused,
        },
        account: Some(account),
        business: None,
        client: Some(client),
        detail: match outcome {
            Ok(detail) => *detail,
            Err(reason) => Some(reason),
        },
    };
    audit::record(tx, &entry, now)
}
