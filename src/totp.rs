//! Two-factor authentication: time-based one-time passwords (RFC 6238) and recovery codes.
//!
//! A secret is stored sealed and a recovery code hashed, under keys outside the database. A code is
//! used once: its step is noted by a conditional UPDATE, and neither it nor an earlier one works again.

mod code;
mod enrolment;
mod sql;

use secrecy::zeroize::Zeroizing;

use self::code::Given;
pub use self::code::{NotASecret, Secret, step};
pub use self::enrolment::{TwoFactor, TwoFactorError};
use crate::accounts::AccountId;
use crate::clock::Timestamp;
use crate::store::{StoreError, Tx};
use crate::vault::Vault;

/// Consecutive wrong codes of an account, from wherever they came, after which no code of the device is
/// taken (NIST SP 800-63B-4, 3.2.2). Whoever guesses has shown a password or a link before, so that
/// no stranger can bring this about.
const MAX_FAILURES: u32 = 100;

/// How an account's second factor stands, while it is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// Since when.
    pub since: Timestamp,
    /// How many recovery codes are unused.
    pub recovery_codes: u32,
}

/// What was accepted as a second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Factor {
    /// A code of the member's device.
    Totp,
    /// A recovery code, which is used up now.
    RecoveryCode,
}

impl Factor {
    /// For the audit log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::RecoveryCode => "recovery code",
        }
    }
}

/// Whether somebody who has shown a first factor comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The account has no second factor.
    NotNeeded,
    /// The code was right, and is used up.
    Passed(Factor),
    /// The account has a second factor, and no code was given.
    Missing,
    /// The code is wrong, over or used.
    Wrong,
}

impl Verdict {
    /// Whether they come in.
    pub const fn lets_in(self) -> bool {
        matches!(self, Self::NotNeeded | Self::Passed(_))
    }
}

/// Uses up, for everybody, every code that could be taken at this time; the next one that is taken comes
/// within a minute.
pub fn use_up_to(tx: &Tx<'_>, now: Timestamp) -> Result<(), StoreError> {
    sql::use_steps_to(tx, step(now) + 1)
}

/// Whether the account's second factor is satisfied, in the transaction that opens the session: when
/// that is rolled back, the code is not used up.
pub fn demand(
    tx: &Tx<'_>,
    vault: &Vault,
    account: AccountId,
    code: Option<&str>,
    now: Timestamp,
) -> Result<Verdict, StoreError> {
    if !is_on(tx, account)? {
        return Ok(Verdict::NotNeeded);
    }
    let Some(code) = code else {
        return Ok(Verdict::Missing);
    };
    let passed = check(tx, vault, account, code, now)?;
    Ok(passed.map_or(Verdict::Wrong, Verdict::Passed))
}

/// Whether the account has a second factor.
pub fn is_on(db: &rusqlite::Connection, account: AccountId) -> Result<bool, StoreError> {
    Ok(sql::find(db, account)?.is_some_and(|stored| stored.confirmed))
}

/// How the account's second factor stands; none while it is off.
pub fn status(db: &rusqlite::Connection, account: AccountId) -> Result<Option<Status>, StoreError> {
    sql::status(db, account)
}

/// Uses a code of the device or a recovery code up; none when it is wrong, over or used, or when the
/// account has no second factor.
///
/// After a hundred wrong ones in a row no code of the device is taken, the right one neither. A
/// recovery code still is: a hundred guesses come nowhere near one.
pub fn check(
    tx: &Tx<'_>,
    vault: &Vault,
    account: AccountId,
    code: &str,
    now: Timestamp,
) -> Result<Option<Factor>, StoreError> {
    let Some(stored) = sql::find(tx, account)?.filter(|stored| stored.confirmed) else {
        return Ok(None);
    };
    let factor = match Given::parse(code) {
        Some(Given::Code(code)) if stored.failures < MAX_FAILURES => {
            let secret = unseal(vault, account, &stored);
            let step = secret.and_then(|it| it.matching_step(&code, stored.last_step, now));
            let used = match step {
                Some(step) => sql::use_step(tx, account, step)?,
                None => false,
            };
            used.then_some(Factor::Totp)
        }
        Some(Given::Recovery(code)) => {
            // What the index compares is an HMAC: how far it gets tells nothing about any code.
            let hash = recovery_hash(vault, account, &code);
            let used = sql::use_recovery_code(tx, account, hash, now)?;
            used.then_some(Factor::RecoveryCode)
        }
        Some(Given::Code(_)) | None => None,
    };
    let failures = match factor {
        Some(_) => 0,
        None => stored.failures.saturating_add(1),
    };
    if failures != stored.failures {
        sql::set_failures(tx, account, failures)?;
    }
    Ok(factor)
}

/// Switches the account's second factor off; recovery codes go with the secret. Whether it was on.
pub fn disable(tx: &Tx<'_>, account: AccountId) -> Result<bool, StoreError> {
    sql::remove(tx, account)
}

/// Gives the account the secret that it had in another system. It is asked for from now on; there are
/// no recovery codes. False when the account has a second factor already.
pub fn import_secret(
    tx: &Tx<'_>,
    vault: &Vault,
    account: AccountId,
    secret: &Secret,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sealed = vault.seal(&context(account), secret.bytes());
    sql::put(tx, account, &sealed, Some(now), now)
}

/// The account's secret, for another system; none while two-factor authentication is off.
pub fn export_secret(
    db: &rusqlite::Connection,
    vault: &Vault,
    account: AccountId,
) -> Result<Option<Secret>, StoreError> {
    let stored = sql::find(db, account)?.filter(|stored| stored.confirmed);
    Ok(stored.and_then(|stored| unseal(vault, account, &stored)))
}

/// Somebody whose second factor is on, if there is anybody.
pub fn any_on(db: &rusqlite::Connection) -> Result<Option<AccountId>, StoreError> {
    sql::any_confirmed(db)
}

/// What a secret is sealed for.
fn context(account: AccountId) -> String {
    format!("totp:{account}")
}

fn unseal(vault: &Vault, account: AccountId, stored: &sql::Stored) -> Option<Secret> {
    let secret = vault.open_sealed(&context(account), &stored.secret);
    if secret.is_none() {
        tracing::error!(
            %account,
            "a TOTP secret was sealed under another key: restore seal.key in keys.dir, or switch the \
             account's two-factor authentication off"
        );
    }
    secret.map(Secret::from_bytes)
}

fn recovery_hash(vault: &Vault, account: AccountId, code: &str) -> [u8; 32] {
    let message = Zeroizing::new(format!("{account}:{code}"));
    vault.mac("recovery-code", message.as_bytes())
}
