//! A mail filled in with sample values, to be looked at or sent as a test.

use url::Url;

use super::engine::{Compiled, in_words};
use super::{Filling, Kind, Part, Rendered, Said, Templates};
use crate::business::{self, Brand, BusinessError, BusinessId};
use crate::clock::Timestamp;
use crate::config::Mailbox;
use crate::email::EmailAddress;
use crate::locale::Locale;
use crate::store::StoreError;

/// How the member is called whom nobody knows.
pub const SAMPLE_NAME: &str = "Jane Doe";

/// A whole mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// What it is.
    pub kind: Kind,
    /// Whose it is; that of accounts of no business when absent.
    pub business: Option<BusinessId>,
    /// In which language; the business's own when absent.
    pub locale: Option<Locale>,
}

/// What every sample of a deployment is filled in with.
#[derive(Clone, Copy)]
pub struct Common<'a> {
    /// The sender where a business has none.
    pub from: &'a Mailbox,
    /// Where the server is reached.
    pub public_url: &'a Url,
    /// Whom the mail is to.
    pub to: &'a EmailAddress,
    /// The time that it tells.
    pub now: Timestamp,
}

/// See the module.
pub struct Sample {
    /// Whose mail it is.
    pub brand: Brand,
    /// What it says.
    pub rendered: Rendered,
    /// How many saved templates failed, so that the built-in ones stand in for them.
    pub failed: usize,
}

/// Why there is no sample.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// The business is not there.
    #[error(transparent)]
    Business(#[from] BusinessError),
    /// The draft cannot be filled in.
    #[error("{0}")]
    Draft(String),
    /// The built-in template cannot be filled in.
    #[error(transparent)]
    Template(#[from] minijinja::Error),
}

impl From<StoreError> for SampleError {
    fn from(error: StoreError) -> Self {
        Self::Business(error.into())
    }
}

/// Fills in the templates that are in force for the mail, and in place of one of them a draft, if there is
/// one.
pub fn sample(
    db: &rusqlite::Connection,
    mail: &Mail,
    draft: Option<(Part, &str)>,
    common: Common<'_>,
) -> Result<Sample, SampleError> {
    let brand = match mail.business {
        None => Brand::plain(common.from, common.public_url),
        Some(id) => {
            let business = business::find(db, id)?.ok_or(BusinessError::Unknown(id))?;
            Brand::of(&business, common.from, common.public_url)
        }
    };
    let templates = Templates::default();
    let locale = mail.locale.as_ref().unwrap_or(&brand.locale);
    let chosen = templates.choose(db, mail.kind, mail.business, locale)?;
    let filling = Filling {
        brand: &brand,
        name: SAMPLE_NAME,
        email: common.to,
        language: chosen.language(),
        said: Said::sample(mail.kind, &brand, common.now),
    };
    let mut rendered = templates.render(&chosen, &filling)?;
    if let Some((part, source)) = draft {
        let text = Compiled::new(part, chosen.language(), source.to_owned())
            .map_err(|error| SampleError::Draft(error.to_string()))?
            .render(&filling.values())
            .map_err(|error| SampleError::Draft(in_words(&error)))?;
        *match part {
            Part::Subject => &mut rendered.subject,
            Part::Text => &mut rendered.text,
            Part::Html => &mut rendered.html,
        } = text;
    }
    Ok(Sample {
        failed: templates.take_failures().len(),
        brand,
        rendered,
    })
}
