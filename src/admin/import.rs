//! Many people at once, from a file: all of them or none.

mod csv;
mod json_lines;

use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use std::path::Path;

use super::{Admin, note_account};
use crate::accounts::{self, AccountError, AccountId, NewAccount};
use crate::business::{Business, BusinessId};
use crate::clock::Timestamp;
use crate::email::EmailAddress;
use crate::key_folder::KeyError;
use crate::locale::Locale;
use crate::password::{Busy, Context, Password, PasswordHash, Policy};
use crate::store::StoreError;
use crate::totp;
use crate::vault::Vault;

/// How the people stand in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `email,name,business,password`, a header line first.
    Csv,
    /// An object a line, as an export writes them.
    JsonLines,
}

/// What a row is held against while it is read.
pub struct Rules<'a> {
    /// What a password in clear must meet.
    pub policy: &'a Policy,
    /// The locations.
    pub businesses: &'a BTreeMap<BusinessId, Business>,
}

/// A person read from a file, before the password is hashed.
#[derive(Clone, Debug)]
pub struct Row {
    /// The line in the file, from 1.
    pub line: u64,
    /// The identity it had; a new one if the file names none.
    pub id: Option<AccountId>,
    /// The address.
    pub email: EmailAddress,
    /// How the person is called.
    pub name: String,
    /// The location.
    pub business_id: Option<BusinessId>,
    /// The language.
    pub locale: Option<Locale>,
    /// What the person signs in with.
    pub password: Given,
    /// Whether they must choose a new password first, although they have one.
    pub must_reset: bool,
    /// Whether they are shut out.
    pub suspended: bool,
    /// The second factor.
    pub totp_secret: Option<totp::Secret>,
}

/// What a file says of a password.
#[derive(Clone, Debug)]
pub enum Given {
    /// Nothing: the account must reset first.
    Nothing,
    /// The password itself.
    Password(Password),
    /// What another system made of it.
    Hash(PasswordHash),
}

/// What is wrong with a line. Nothing is imported then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}; nothing was imported")]
pub struct LineError {
    /// The line in the file, from 1.
    pub line: u64,
    /// What is wrong. It never shows a password, a hash or a secret.
    pub problem: String,
}

/// Why an import failed. Nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A line cannot be taken.
    #[error("line {line}: {problem}; nothing was imported")]
    Line {
        /// The line in the file, from 1.
        line: u64,
        /// What is wrong.
        problem: AccountError,
    },
    /// A password could not be hashed.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// A second factor could not be sealed.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The database did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads every row, or names the first bad one.
pub fn read(
    mut source: impl Read,
    format: Format,
    rules: &Rules<'_>,
) -> Result<Vec<Row>, LineError> {
    let mut file = Vec::new();
    source.read_to_end(&mut file).map_err(|error| LineError {
        line: 1,
        problem: format!("the file cannot be read: {error}"),
    })?;
    let rows = match format {
        Format::Csv => csv::read(&file, rules)?,
        Format::JsonLines => json_lines::read(&file, rules)?,
    };
    let mut seen = HashMap::new();
    for row in &rows {
        if let Some(first) = seen.insert(row.email.key(), row.line) {
            let problem = format!("{} stands on line {first} already", row.email);
            return Err(LineError {
                line: row.line,
                problem,
            });
        }
    }
    Ok(rows)
}

fn email(text: &str) -> Result<EmailAddress, String> {
    EmailAddress::parse(text).map_err(|error| format!("{text:?}: {error}"))
}

fn name(text: &str) -> Result<String, String> {
    let name = text.trim();
    if name.is_empty() || name.chars().any(char::is_control) {
        return Err("a name is required, without control characters".to_owned());
    }
    Ok(name.to_owned())
}

impl Rules<'_> {
    fn password(
        &self,
        text: &str,
        email: &EmailAddress,
        name: &str,
        business: Option<BusinessId>,
    ) -> Result<Given, String> {
        let business = business.and_then(|id| self.businesses.get(&id));
        let context = Context {
            email: Some(email.clone()),
            name: Some(name.to_owned()),
            business: business.map(|business| business.name.clone()),
            min_length: business.and_then(|business| business.password_min_length),
        };
        let password = self.policy.accept(text, &context);
        password
            .map(Given::Password)
            .map_err(|missed| missed.to_string())
    }
}

impl Admin {
    /// Adds all the people or none. `keys` is where the key stands under which second factors are
    /// sealed; `progress` is told how many passwords are hashed.
    pub async fn import(
        &self,
        rows: Vec<Row>,
        keys: &Path,
        now: Timestamp,
        mut progress: impl FnMut(usize),
    ) -> Result<usize, ImportError> {
        let vault = if rows.iter().any(|row| row.totp_secret.is_some()) {
            Some(Vault::open(keys, &self.entropy)?)
        } else {
            None
        };
        let mut people = Vec::with_capacity(rows.len());
        let mut hashed = 0;
        for row in rows {
            let password_hash = match row.password {
                Given::Nothing => None,
                Given::Hash(hash) => Some(hash),
                Given::Password(password) => {
                    let hash = self.hasher.hash(password).await?;
                    hashed += 1;
                    progress(hashed);
                    Some(hash)
                }
            };
            let person = NewAccount {
                id: row
                    .id
                    .unwrap_or_else(|| AccountId::new(self.entropy.uuid())),
                email: row.email,
                name: row.name,
                business_id: row.business_id,
                locale: row.locale,
                must_reset_password: row.must_reset || password_hash.is_none(),
                password_hash,
                suspended_at: row.suspended.then_some(now),
            };
            people.push((row.line, person, row.totp_secret));
        }
        let actor = self.actor.clone();
        self.store
            .write(move |tx| {
                for (line, person, secret) in &people {
                    accounts::sql::insert(tx, person, now).map_err(|problem| match problem {
                        AccountError::Store(error) => ImportError::Store(error),
                        problem => ImportError::Line {
                            line: *line,
                            problem,
                        },
                    })?;
                    if let (Some(vault), Some(secret)) = (&vault, secret) {
                        totp::import_secret(tx, vault, person.id, secret, now)?;
                    }
                    note_account(tx, actor.clone(), "account.import", person.id, None, now)?;
                }
                Ok(people.len())
            })
            .await
    }
}
