//! People from JSON Lines: an object a line, with the keys that an export writes.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::{Given, LineError, Row, Rules};
use crate::accounts::AccountId;
use crate::business::BusinessId;
use crate::locale::Locale;
use crate::password::PasswordHash;
use crate::totp;

const KEYS: [&str; 10] = [
    "id",
    "email",
    "name",
    "business",
    "locale",
    "password_hash",
    "password",
    "totp_secret",
    "must_reset",
    "suspended",
];

/// Lines of blanks are skipped.
pub(super) fn read(file: &[u8], rules: &Rules<'_>) -> Result<Vec<Row>, LineError> {
    let file = file.strip_prefix("\u{feff}".as_bytes()).unwrap_or(file);
    let mut rows = Vec::new();
    for (line, text) in (1..).zip(file.split(|&byte| byte == b'\n')) {
        if !text.trim_ascii().is_empty() {
            rows.push(row(text, line, rules).map_err(|problem| LineError { line, problem })?);
        }
    }
    Ok(rows)
}

fn row(text: &[u8], line: u64, rules: &Rules<'_>) -> Result<Row, String> {
    let mut object = Object::read(text)?;
    let email = super::email(&object.text("email")?.ok_or("an email is required")?)?;
    let name = super::name(&object.text("name")?.ok_or("a name is required")?)?;
    let id = match object.text("id")? {
        Some(id) => Some(AccountId::parse(&id).ok_or("id must be a UUID")?),
        None => None,
    };
    let business_id = match object.take("business") {
        Some(number) => {
            let id = number.as_i64().and_then(BusinessId::new);
            Some(id.ok_or("business must be a number, which is 1 or more")?)
        }
        None => None,
    };
    let locale = match object.text("locale")? {
        Some(tag) => Some(Locale::parse(&tag).map_err(|error| format!("locale: {error}"))?),
        None => None,
    };
    let password = match (object.text("password")?, object.text("password_hash")?) {
        (None, None) => Given::Nothing,
        (Some(password), None) => rules.password(&password, &email, &name, business_id)?,
        (None, Some(hash)) => {
            let hash = PasswordHash::import(&hash);
            Given::Hash(hash.map_err(|error| format!("password_hash: {error}"))?)
        }
        (Some(_), Some(_)) => return Err("give password or password_hash, not both".to_owned()),
    };
    let totp_secret = match object.text("totp_secret")? {
        Some(secret) => {
            let secret = totp::Secret::from_base32(&secret);
            Some(secret.map_err(|error| format!("totp_secret: {error}"))?)
        }
        None => None,
    };
    Ok(Row {
        line,
        id,
        email,
        name,
        business_id,
        locale,
        password,
        must_reset: object.flag("must_reset")?,
        suspended: object.flag("suspended")?,
        totp_secret,
    })
}

/// The pairs of an object, as they stand: a map would keep the last of two that are named alike.
struct Object(Vec<(String, Value)>);

impl Object {
    fn read(text: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(text).map_err(|_| "it is not UTF-8")?;
        // The library's own message can quote a value, and with it a password.
        let object: Self = serde_json::from_str(text).map_err(|error| {
            if error.is_data() {
                "it is not a JSON object"
            } else {
                "it is not JSON"
            }
        })?;
        for (at, (key, _)) in object.0.iter().enumerate() {
            if !KEYS.contains(&key.as_str()) {
                let keys = KEYS.join(", ");
                return Err(format!("there is no key {key:?}; there are {keys}"));
            }
            if object.0[..at].iter().any(|(earlier, _)| earlier == key) {
                return Err(format!("{key} is given twice"));
            }
        }
        Ok(object)
    }

    /// A value; null is none.
    fn take(&mut self, key: &str) -> Option<Value> {
        let at = self.0.iter().position(|(name, _)| name == key)?;
        Some(self.0.swap_remove(at).1).filter(|value| !value.is_null())
    }

    fn text(&mut self, key: &str) -> Result<Option<String>, String> {
        match self.take(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(format!("{key} must be a text")),
        }
    }

    fn flag(&mut self, key: &str) -> Result<bool, String> {
        match self.take(key) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(flag),
            Some(_) => Err(format!("{key} must be true or false")),
        }
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;

        impl<'de> Visitor<'de> for Pairs {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Object(pairs))
            }
        }

        deserializer.deserialize_map(Pairs)
    }
}
