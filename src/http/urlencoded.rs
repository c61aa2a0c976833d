//! `application/x-www-form-urlencoded`, read strictly.

use std::collections::HashMap;

use percent_encoding::percent_decode;

/// The content type of a form.
pub(super) const FORM: &str = "application/x-www-form-urlencoded";

/// What is wrong with a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// It is not UTF-8, or holds a NUL character.
    Text,
    /// A name stands in it more than once.
    Twice,
}

/// The values by their names, each given once.
pub fn parse(bytes: &[u8]) -> Result<HashMap<String, String>, Malformed> {
    let mut given = HashMap::new();
    for pair in bytes.split(|byte| *byte == b'&').filter(|p| !p.is_empty()) {
        let (name, value) = match pair.iter().position(|byte| *byte == b'=') {
            Some(at) => (&pair[..at], &pair[at + 1..]),
            None => (pair, &b""[..]),
        };
        let name = decode(name).ok_or(Malformed::Text)?;
        let value = decode(value).ok_or(Malformed::Text)?;
        if given.insert(name, value).is_some() {
            return Err(Malformed::Twice);
        }
    }
    Ok(given)
}

/// Strict where the usual decoders put replacement characters, which would make one password of many.
pub(super) fn decode(text: &[u8]) -> Option<String> {
    let spaced: Vec<u8> = text
        .iter()
        .map(|byte| if *byte == b'+' { b' ' } else { *byte })
        .collect();
    let decoded = percent_decode(&spaced).decode_utf8().ok()?;
    (!decoded.contains('\0')).then(|| decoded.into_owned())
}
