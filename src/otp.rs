//! One-time codes and magic links by mail.
//!
//! The intake is that of password resets: a request is stored without looking at any account, and
//! the outbox worker finds out whether there is anybody to send to ([`compose`]). The code is an HMAC
//! of its row's random id under a key outside of the database, so that a mail that is sent again
//! carries the same code, and the database holds none. The magic link beside it carries a login token
//! with the same id: whichever is used first ends the other.

mod sql;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use subtle::ConstantTimeEq as _;

use crate::accounts::{self, AccountId};
use crate::audit::{self, Actor};
use crate::business::BusinessId;
use crate::clock::Timestamp;
use crate::config;
use crate::email::EmailAddress;
use crate::entropy::Entropy;
use crate::guesses::{self, Guesser};
use crate::limits::{Action, Limits};
use crate::mailing::{self, Settings, addressee};
use crate::outbox::{self, Claimed, Composed, Content, Kind, Needless, NewMessage};
use crate::session::{self, LOGIN_TTL};
use crate::store::{Store, StoreError, Tx};
use crate::token::{self, Jti, Signer, Subject};
use crate::totp;
use crate::vault::Vault;

/// So many codes of an account live at the same time, so that a flood of requests neither fills the
/// mailbox nor ends a code that is on its way.
const MAX_PENDING: u32 = 3;

/// Consecutive wrong codes of an account, whoever tried them, after which no code is taken until the
/// member has signed in by another way (NIST SP 800-63B-4, 3.2.2).
const MAX_FAILURES: u32 = 100;

/// Sign-in by code.
pub struct Otps {
    /// The database.
    pub store: Store,
    /// Random ids.
    pub entropy: Entropy,
    /// Token signing.
    pub signer: Arc<Signer>,
    /// The key that codes are made with.
    pub vault: Arc<Vault>,
    /// Lifetime, digits, cool-down, attempts.
    pub settings: config::Otp,
    /// The part of a Message-ID behind the `@`.
    pub mail_domain: String,
    /// How much mail one address gets.
    pub limits: Arc<Limits>,
}

/// Why a code was not asked for.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// One was asked for by that address just before; the next one has to wait this long.
    #[error("a code was sent to this address just before")]
    CoolingDown(Duration),
    /// The database did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a code was not taken.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// Wrong, expired, used, tried too often, or of nobody. Which, is not said.
    #[error("this code is wrong or has expired")]
    WrongCode,
    /// Too many wrong guesses from there; the next one has to wait this long.
    #[error("too many wrong guesses")]
    Wait(Duration),
    /// The database did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Otps {
    /// Stores the request; the answer depends on nothing but the address and the time. One that is over the
    /// limit of its address is stored as dropped.
    pub async fn request(
        &self,
        email: EmailAddress,
        business: BusinessId,
        client: IpAddr,
        now: Timestamp,
    ) -> Result<(), RequestError> {
        let message = NewMessage {
            kind: Kind::Otp,
            recipient: email,
            account: None,
            business: Some(business),
            client: Some(client.to_string()),
            message_id: outbox::message_id(&self.mail_domain, &self.entropy),
        };
        let cooldown = self.settings.cooldown;
        let limits = Arc::clone(&self.limits);
        self.store
            .write(move |tx| {
                if let Some(wait) = sql::note_request(tx, &message.recipient, cooldown, now)? {
                    return Err(RequestError::CoolingDown(wait));
                }
                if limits.may_mail(Action::Otp, &message.recipient) {
                    outbox::enqueue(tx, &message, now)?;
                } else {
                    outbox::enqueue_dropped(tx, &message, outbox::TOO_OFTEN, now)?;
                }
                Ok(())
            })
            .await
    }

    /// Takes a code, once, and returns a login token for `exchange`.
    ///
    /// The try is on disk before the code is compared, so that neither a crash nor a race makes room
    /// for further ones.
    pub async fn verify(
        &self,
        email: EmailAddress,
        business: BusinessId,
        code: &str,
        client: IpAddr,
        now: Timestamp,
    ) -> Result<String, VerifyError> {
        let guesser = Guesser::new(&email, client);
        let (counting, max_attempts) = (guesser.clone(), self.settings.max_attempts);
        let candidates = self
            .store
            .write(move |tx| {
                guesses::may_guess(tx, &counting, now, VerifyError::Wait)?;
                guesses::count(tx, &counting, now)?;
                let account = accounts::sql::by_email(tx, &email)?;
                let found = account.map(|account| account.id);
                let candidates =
                    sql::count_try(tx, found, business, max_attempts, MAX_FAILURES, now)?;
                Ok::<_, VerifyError>((found, candidates))
            })
            .await?;
        let (account, candidates) = candidates;
        let given = code.trim();
        let hit = candidates.into_iter().find(|id| {
            let wanted = self.code(id);
            wanted.as_bytes().ct_eq(given.as_bytes()).into()
        });
        let jti = Jti::new(&self.entropy);
        let subject: Result<Option<Subject>, StoreError> = self
            .store
            .write(move |tx| {
                let subject = match (account, hit) {
                    (Some(account), Some(id)) => take(tx, account, business, &id, jti, now)?,
                    _ => None,
                };
                if let Some(subject) = &subject
                    && !totp::is_on(tx, subject.account)?
                {
                    // With a second factor they are forgotten once that is right, too: who reads the
                    // member's mail must not get new guesses at it with each code.
                    guesses::forget(tx, &guesser)?;
                }
                note_outcome(tx, account, business, client, subject.is_some(), now)?;
                Ok(subject)
            })
            .await;
        let subject = subject?.ok_or(VerifyError::WrongCode)?;
        Ok(self.signer.sign(token::Kind::Login, &subject))
    }

    fn code(&self, id: &Jti) -> String {
        code(&self.vault, id, self.settings.digits)
    }
}

/// The code that belongs to an id: uniform over all numbers of so many digits, zeros in front kept.
fn code(vault: &Vault, id: &Jti, digits: u32) -> String {
    let mac = vault.mac("one-time code", id.as_str().as_bytes());
    let mut number = [0; 16];
    number.copy_from_slice(&mac[..16]);
    // 128 bits against at most 34: the remainder's bias is far below anything that can be measured.
    let number = u128::from_be_bytes(number) % 10_u128.pow(digits);
    format!("{number:0width$}", width = digits as usize)
}

/// Uses the code up and gives a login token for it; none when somebody else was first.
fn take(
    tx: &Tx<'_>,
    account: AccountId,
    business: BusinessId,
    id: &Jti,
    jti: Jti,
    now: Timestamp,
) -> Result<Option<Subject>, StoreError> {
    if !sql::redeem(tx, id, now)? {
        return Ok(None);
    }
    session::revoke_login_token(tx, id, now)?;
    forget_failures(tx, account)?;
    let Some(account) = accounts::sql::by_id(tx, account)? else {
        return Ok(None);
    };
    session::issue_login_token(tx, &account, Some(business), jti, LOGIN_TTL, now).map(Some)
}

fn note_outcome(
    tx: &Tx<'_>,
    account: Option<AccountId>,
    business: BusinessId,
    client: IpAddr,
    taken: bool,
    now: Timestamp,
) -> Result<(), StoreError> {
    let client = client.to_string();
    let entry = audit::Entry {
        actor: if taken {
            Actor::Member
        } else {
            Actor::Anonymous
        },
        event: "otp.verify",
        outcome: if taken {
            audit::Outcome::Ok
        } else {
            audit::Outcome::Refused
        },
        account,
        business: Some(business),
        client: Some(&client),
        detail: (!taken).then_some("wrong code"),
    };
    audit::record(tx, &entry, now)
}

/// Ends the code of a magic link that was exchanged. A login token of another kind has none.
pub(crate) fn use_up(tx: &Tx<'_>, id: &Jti, now: Timestamp) -> Result<(), StoreError> {
    sql::use_up(tx, id, now).map(|_| ())
}

/// Ends the code and the magic link of a message that is sent anew or not at all.
pub(crate) fn renounce(tx: &Tx<'_>, message: i64, now: Timestamp) -> Result<(), StoreError> {
    match sql::renounce(tx, message, now)? {
        Some(id) => session::revoke_login_token(tx, &id, now),
        None => Ok(()),
    }
}

/// Forgets the wrong codes of an account whose member has just come in.
pub(crate) fn forget_failures(tx: &Tx<'_>, account: AccountId) -> Result<(), StoreError> {
    sql::forget_failures(tx, account)
}

/// Ends every code that somebody could still use. How many there were.
pub fn end_every(tx: &Tx<'_>, now: Timestamp) -> Result<usize, StoreError> {
    sql::end_every(tx, now)
}

/// Removes requests whose cool-down is long over.
pub fn purge(tx: &Tx<'_>, now: Timestamp) -> Result<usize, StoreError> {
    sql::purge_requests(tx, now)
}

/// Finds out what is to be sent for a code that was asked for.
pub fn compose(
    tx: &Tx<'_>,
    message: &Claimed,
    settings: &Settings,
    now: Timestamp,
) -> Result<Composed, StoreError> {
    let drop = |why| Ok(Composed::Drop(why));
    let (account, brand) = match addressee(tx, message, settings)? {
        Ok(found) => found,
        Err(why) => return drop(why),
    };
    if account.must_reset_password {
        return drop(Needless::MustReset);
    }
    let expires_at = now.after(settings.otp.ttl);
    let id = match sql::of_message(tx, message.id)? {
        Some(earlier)
            if earlier.unused && earlier.credential_version == account.credential_version =>
        {
            sql::renew(tx, &earlier.id, now, expires_at)?;
            earlier.id
        }
        Some(_) => return drop(Needless::CodeOver),
        None => {
            if sql::pending(tx, account.id, settings.otp.max_attempts, now)? >= MAX_PENDING {
                return drop(Needless::TooManyCodes);
            }
            let id = Jti::new(&settings.entropy);
            sql::insert(tx, &id, &account, message, expires_at, now)?;
            id
        }
    };
    let link = session::issue_login_token(
        tx,
        &account,
        brand.business,
        id.clone(),
        settings.otp.ttl,
        now,
    )?;
    let content = Content::Code {
        code: code(&settings.vault, &id, settings.otp.digits),
        link,
    };
    mailing::draft(tx, message.kind, account, brand, content, settings)
}
