//! What all mail has in common: whose brand it wears. And the notices, which nobody asked for.

use std::sync::Arc;

use crate::accounts::{self, Account};
use crate::business::{self, Brand, BusinessId};
use crate::config::{self, Mailbox};
use crate::email::EmailAddress;
use crate::entropy::Entropy;
use crate::outbox::{self, Claimed, Composed, Content, Draft, Kind, Needless, suppression};
use crate::store::{StoreError, Tx};
use crate::templates::Templates;
use crate::vault::Vault;

/// What composing a mail needs to know besides the database.
#[derive(Clone)]
pub struct Settings {
    /// Lifetime, cool-down and the most pending links.
    pub reset: config::Reset,
    /// Lifetime and digits of codes.
    pub otp: config::Otp,
    /// What mail is made from.
    pub templates: Arc<Templates>,
    /// The key that codes are made with.
    pub vault: Arc<Vault>,
    /// The sender where a business has none.
    pub from: Mailbox,
    /// Where links lead for accounts of no business.
    pub public_url: url::Url,
    /// Token ids.
    pub entropy: Entropy,
}

impl Settings {
    /// The brand for accounts of no location.
    pub(crate) fn plain_brand(&self) -> Brand {
        Brand::plain(&self.from, &self.public_url)
    }
}

/// Finds out what is to be sent for a notice.
pub fn compose(
    tx: &Tx<'_>,
    message: &Claimed,
    settings: &Settings,
) -> Result<Composed, StoreError> {
    let account = match message.account {
        Some(id) => accounts::sql::by_id(tx, id)?,
        None => None,
    };
    let Some(account) = account else {
        return Ok(Composed::Drop(Needless::Removed));
    };
    if let Some(why) = suppressed(tx, &message.recipient)? {
        return Ok(Composed::Drop(why));
    }
    let brand = match brand_for(tx, message.business, settings)? {
        Some(brand) => brand,
        // The location is gone; its member is told all the same.
        None => settings.plain_brand(),
    };
    let content = match &message.client {
        Some(client) if message.kind == Kind::SignIn => Content::SignedIn {
            at: message.created_at,
            client: client.clone(),
        },
        _ => Content::PasswordChanged(message.created_at),
    };
    // A notice about an address goes to that address, also when the account has another by now.
    let account = Account {
        email: message.recipient.clone(),
        ..account
    };
    draft(tx, message.kind, account, brand, content, settings)
}

/// The mail for that account, in its language, from the templates that are in force.
pub(crate) fn draft(
    tx: &Tx<'_>,
    kind: Kind,
    account: Account,
    brand: Brand,
    content: Content,
    settings: &Settings,
) -> Result<Composed, StoreError> {
    let locale = account.locale.as_ref().unwrap_or(&brand.locale);
    let templates = settings
        .templates
        .choose(tx, kind, brand.business, locale)?;
    Ok(Composed::Send(Box::new(Draft {
        recipient: account.email,
        name: account.name,
        templates,
        brand,
        content,
    })))
}

/// Whom a request is for, and whose mail answers it; or why nothing is to be sent.
pub(crate) fn addressee(
    tx: &Tx<'_>,
    message: &Claimed,
    settings: &Settings,
) -> Result<Result<(Account, Brand), Needless>, StoreError> {
    let Some(account) = accounts::sql::by_email(tx, &message.recipient)? else {
        return Ok(Err(Needless::UnknownAddress));
    };
    outbox::sql::set_account(tx, message.id, account.id)?;
    if account.suspended_at.is_some() {
        return Ok(Err(Needless::Suspended));
    }
    if let Some(why) = suppressed(tx, &account.email)? {
        return Ok(Err(why));
    }
    let business = message.business.or(account.business_id);
    let brand = brand_for(tx, business, settings)?;
    match brand {
        Some(brand) => Ok(Ok((account, brand))),
        None => Ok(Err(Needless::UnknownBusiness)),
    }
}

/// Why nothing is sent to the address any more; none if mail is.
fn suppressed(tx: &Tx<'_>, address: &EmailAddress) -> Result<Option<Needless>, StoreError> {
    let found = suppression::find(tx, address)?;
    Ok(found.map(|suppression| Needless::Suppressed {
        since: suppression.at,
        reason: suppression.reason,
    }))
}

/// None when the business is not there. Another's brand never stands in for it.
pub(crate) fn brand_for(
    tx: &Tx<'_>,
    business: Option<BusinessId>,
    settings: &Settings,
) -> Result<Option<Brand>, StoreError> {
    match business {
        None => Ok(Some(settings.plain_brand())),
        Some(id) => Ok(business::sql::find(tx, id)?
            .map(|business| Brand::of(&business, &settings.from, &settings.public_url))),
    }
}
