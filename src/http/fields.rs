//! Properties of a request: found whatever their case, refused when given twice, and every problem
//! collected before the first is reported.

use serde_json::Value;

use super::envelope::FieldError;
use super::error::Failure;
use super::json::{self, Malformed};
use crate::business::BusinessId;
use crate::email::EmailAddress;

/// How much of a wrong value is sent back.
const ATTEMPTED_CHARACTERS: usize = 128;

/// Where properties come from. In a query everything is text; in JSON a number must be a number.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Json,
    Query,
}

/// The properties of one request, and what is wrong with those that were read so far.
pub(super) struct Fields {
    source: Source,
    given: Vec<(String, Value)>,
    errors: Vec<FieldError>,
}

impl Fields {
    /// The properties of a JSON object. The words for a malformed one are ours, not the parser's.
    pub(super) fn from_json(body: &[u8]) -> Result<Self, Failure> {
        let given = json::members(body).map_err(|malformed| {
            Failure::BadRequest(match malformed {
                Malformed::Empty => "The request body is empty.",
                Malformed::NoObject => "The request body must be a JSON object.",
                Malformed::Syntax => "The request body is not valid JSON.",
            })
        })?;
        Ok(Self {
            source: Source::Json,
            given,
            errors: Vec::new(),
        })
    }

    /// The parameters of a query string.
    pub(super) fn from_query(query: &str) -> Self {
        let given = url::form_urlencoded::parse(query.as_bytes())
            .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
            .collect();
        Self {
            source: Source::Query,
            given,
            errors: Vec::new(),
        }
    }

    /// The value of a property; null counts as absent.
    fn take(&mut self, name: &'static str) -> Result<Option<Value>, ()> {
        let mut found = self
            .given
            .iter()
            .filter(|(given, _)| given.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.clone());
        let first = found.next();
        let twice = found.next().is_some();
        drop(found);
        if twice {
            self.refuse(name, format!("{name} is given more than once."), None);
            return Err(());
        }
        Ok(first.filter(|value| !value.is_null()))
    }

    fn refuse(&mut self, name: &'static str, message: String, attempted: Option<&Value>) {
        self.errors.push(FieldError {
            property_name: name.to_owned(),
            message,
            attempted_value: attempted.map(attempted_text),
        });
    }

    /// A required text that is shown to nobody: a password or a token.
    pub(super) fn secret(&mut self, name: &'static str) -> Option<String> {
        match self.take(name).ok()? {
            Some(Value::String(text)) if !text.is_empty() => return Some(text),
            Some(Value::String(_)) | None => {
                self.refuse(name, format!("{name} is required."), None);
            }
            Some(_) => self.refuse(name, format!("{name} must be a string."), None),
        }
        None
    }

    /// An optional text that is shown to nobody: the outer option is none when it is given and wrong.
    #[expect(clippy::option_option, reason = "wrong and absent are two things")]
    pub(super) fn optional_secret(&mut self, name: &'static str) -> Option<Option<String>> {
        match self.take(name).ok()? {
            Some(Value::String(text)) => Some(Some(text).filter(|text| !text.is_empty())),
            None => Some(None),
            Some(_) => {
                self.refuse(name, format!("{name} must be a string."), None);
                None
            }
        }
    }

    /// A required email address.
    pub(super) fn email(&mut self, name: &'static str) -> Option<EmailAddress> {
        match self.take(name).ok()? {
            Some(Value::String(text)) => match EmailAddress::parse(&text) {
                Ok(address) => return Some(address),
                Err(error) => self.refuse(name, error.to_string(), Some(&Value::String(text))),
            },
            None => self.refuse(name, format!("{name} is required."), None),
            Some(other) => self.refuse(name, format!("{name} must be a string."), Some(&other)),
        }
        None
    }

    /// An optional business: the outer option is none when it is given and wrong.
    #[expect(clippy::option_option, reason = "wrong and absent are two things")]
    pub(super) fn business(&mut self, name: &'static str) -> Option<Option<BusinessId>> {
        let Some(value) = self.take(name).ok()? else {
            return Some(None);
        };
        if let Some(id) = self.integer(&value).and_then(BusinessId::new) {
            return Some(Some(id));
        }
        let message = format!("{name} must be a positive whole number.");
        self.refuse(name, message, Some(&value));
        None
    }

    /// A required business.
    pub(super) fn required_business(&mut self, name: &'static str) -> Option<BusinessId> {
        let problems = self.errors.len();
        let business = self.business(name)?;
        if business.is_none() && self.errors.len() == problems {
            self.refuse(name, format!("{name} is required."), None);
        }
        business
    }

    /// A required whole number within `range`.
    pub(super) fn whole_number(
        &mut self,
        name: &'static str,
        range: std::ops::RangeInclusive<i64>,
    ) -> Option<i64> {
        let Some(value) = self.take(name).ok()? else {
            self.refuse(name, format!("{name} is required."), None);
            return None;
        };
        if let Some(number) = self.integer(&value).filter(|number| range.contains(number)) {
            return Some(number);
        }
        let message = format!(
            "{name} must be a whole number from {} to {}.",
            range.start(),
            range.end()
        );
        self.refuse(name, message, Some(&value));
        None
    }

    fn integer(&self, value: &Value) -> Option<i64> {
        match (self.source, value) {
            (Source::Json, Value::Number(number)) => number.as_i64(),
            (Source::Query, Value::String(text)) if text.bytes().all(|b| b.is_ascii_digit()) => {
                text.parse().ok()
            }
            _ => None,
        }
    }

    /// The whole request, or every problem that was found in it.
    pub(super) fn finish<T>(self, request: Option<T>) -> Result<T, Failure> {
        match request {
            Some(request) if self.errors.is_empty() => Ok(request),
            _ => Err(Failure::Invalid(self.errors)),
        }
    }
}

fn attempted_text(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    text.chars().take(ATTEMPTED_CHARACTERS).collect()
}
