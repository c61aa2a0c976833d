//! JSON objects, read so that nothing in them is lost: of members of the same name, all.

use serde::Deserialize;
use serde::de::{self, MapAccess, Visitor};
use serde_json::Value;

/// What is wrong with a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// Nothing stands in it, or blanks.
    Empty,
    /// It holds something else than an object.
    NoObject,
    /// It is no JSON (RFC 8259).
    Syntax,
}

/// The members of an object in the order in which they stand, doubles included.
pub fn members(body: &[u8]) -> Result<Vec<(String, Value)>, Malformed> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(Malformed::Empty);
    }
    match serde_json::from_slice::<Pairs>(body) {
        Ok(Pairs(Some(members))) => Ok(members),
        Ok(Pairs(None)) => Err(Malformed::NoObject),
        Err(_) => Err(Malformed::Syntax),
    }
}

/// None for JSON that is no object.
struct Pairs(Option<Vec<(String, Value)>>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Pairs;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Pairs(Some(members)))
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Pairs, A::Error> {
                while seq.next_element::<de::IgnoredAny>()?.is_some() {}
                Ok(Pairs(None))
            }

            fn visit_unit<E>(self) -> Result<Pairs, E> {
                Ok(Pairs(None))
            }

            fn visit_bool<E>(self, _: bool) -> Result<Pairs, E> {
                Ok(Pairs(None))
            }

            fn visit_i64<E>(self, _: i64) -> Result<Pairs, E> {
                Ok(Pairs(None))
            }

            fn visit_u64<E>(self, _: u64) -> Result<Pairs, E> {
                Ok(Pairs(None))
            }

            fn visit_f64<E>(self, _: f64) -> Result<Pairs, E> {
                Ok(Pairs(None))
            }

            fn visit_str<E>(self, _: &str) -> Result<Pairs, E> {
                Ok(Pairs(None))
            }
        }

        deserializer.deserialize_any(Members)
    }
}
