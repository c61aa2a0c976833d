//! A link made for a member on the telephone.

use super::{Resets, sql};
use crate::accounts::{self, AccountError};
use crate::audit::{self, Actor};
use crate::clock::Timestamp;
use crate::email::EmailAddress;
use crate::mailing::{Settings, brand_for};
use crate::store::StoreError;
use crate::token::{self, Jti, Subject};

/// Why no link was made.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The account.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The account is shut out, and a link would not let it in.
    #[error("{0} is suspended; let them in again first with `readmit user reactivate {0}`")]
    Suspended(EmailAddress),
}

impl From<StoreError> for LinkError {
    fn from(error: StoreError) -> Self {
        Self::Account(error.into())
    }
}

impl Resets {
    /// Makes a fresh link for the account, in its location's form. It works like one that was mailed,
    /// and is not held back by how many there are already: an administrator has asked for it.
    pub async fn link_by_hand(
        &self,
        email: EmailAddress,
        settings: &Settings,
        actor: Actor,
        now: Timestamp,
    ) -> Result<String, LinkError> {
        let jti = Jti::new(&self.entropy);
        let expires_at = now.after(settings.reset.ttl);
        let settings = settings.clone();
        let (brand, subject) = self
            .store
            .write(move |tx| {
                let account =
                    accounts::sql::by_email(tx, &email)?.ok_or(AccountError::Unknown(email))?;
                if account.suspended_at.is_some() {
                    return Err(LinkError::Suspended(account.email));
                }
                let business = account.business_id;
                let brand = match (brand_for(tx, business, &settings)?, business) {
                    (Some(brand), _) => brand,
                    (None, Some(id)) => return Err(AccountError::UnknownBusiness(id).into()),
                    (None, None) => settings.plain_brand(),
                };
                let token = sql::NewToken {
                    jti: &jti,
                    account: &account,
                    business: brand.business,
                    message: None,
                    expires_at,
                };
                sql::insert(tx, &token, now)?;
                let entry = audit::Entry {
                    actor,
                    event: "reset.link_by_hand",
                    outcome: audit::Outcome::Ok,
                    account: Some(account.id),
                    business: brand.business,
                    client: None,
                    detail: Some(jti.as_str()),
                };
                audit::record(tx, &entry, now)?;
                let subject = Subject {
                    account: account.id,
                    email: account.email,
                    business: brand.business,
                    jti,
                    issued_at: now,
                    expires_at,
                };
                Ok((brand, subject))
            })
            .await?;
        Ok(brand.reset_link(&self.signer.sign(token::Kind::Reset, &subject)))
    }
}
