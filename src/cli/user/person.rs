//! A person who is added or changed.

use crate::admin::{Admin, Person};
use crate::business;
use crate::cli::setup::CLOCK;
use crate::cli::{Error, Output, input};
use crate::config::Config;
use crate::email::EmailAddress;
use crate::locale::Locale;
use crate::outbox;
use crate::password::{Context, Policy};
use crate::store::StoreError;

/// Adds the person.
pub(super) async fn add(
    out: &Output,
    admin: &Admin,
    config: &Config,
    mut person: Person,
    password_stdin: bool,
) -> Result<(), Error> {
    if password_stdin {
        let context = admin.store.read({
            let person = person.clone();
            move |db| new_member(db, person)
        });
        let policy = Policy::open(&config.password)?;
        person.password = Some(input::password(&policy, &context.await?)?);
    }
    let note = match (&person.password, &person.welcome) {
        (Some(_), _) => "",
        (None, None) => "; they must reset their password first",
        (None, Some(_)) => "; the mail with their link is on its way",
    };
    let added = person.email.to_string();
    admin.add_account(person, CLOCK.now()).await?;
    out.line(format!("{added} added{note}"))
}

/// The Message-ID of a mail to somebody.
pub(super) fn message_id(admin: &Admin, config: &Config) -> String {
    outbox::message_id(config.smtp.from.address.domain(), &admin.entropy)
}

/// Changes what is given; an empty language clears it.
pub(super) async fn set(
    admin: &Admin,
    email: EmailAddress,
    text: Option<&str>,
    locale: Option<&str>,
) -> Result<(), Error> {
    let locale = match locale.map(str::trim) {
        None => None,
        Some("") => Some(None),
        Some(tag) => {
            let parsed = Locale::parse(tag);
            Some(Some(parsed.map_err(|error| format!("--locale: {error}"))?))
        }
    };
    if text.is_none() && locale.is_none() {
        return Err("there is nothing to change; give --name or --locale".into());
    }
    let text = text.map(name).transpose()?;
    admin.set_person(email, text, locale, CLOCK.now()).await?;
    Ok(())
}

/// How somebody is called.
pub(super) fn name(text: &str) -> Result<String, Error> {
    let name = text.trim();
    if name.is_empty() || name.chars().any(char::is_control) {
        return Err("--name: a name is required, without control characters".into());
    }
    Ok(name.to_owned())
}

/// What the password of somebody who is being added must not be made of.
fn new_member(db: &rusqlite::Connection, person: Person) -> Result<Context, StoreError> {
    let business = match person.business {
        Some(id) => business::find(db, id)?,
        None => None,
    };
    Ok(Context {
        email: Some(person.email),
        name: Some(person.name),
        min_length: business
            .as_ref()
            .and_then(|business| business.password_min_length),
        business: business.map(|business| business.name),
    })
}
