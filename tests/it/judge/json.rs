//! JSON bodies.

use readmit::http::json::{Malformed, members};
use serde_json::Value;

/// Fails unless the members of the body are those that another reading of it finds, and every one of them.
pub(crate) fn judge(body: &[u8]) {
    let object = match serde_json::from_slice::<Value>(body) {
        Ok(Value::Object(object)) => Some(object),
        _ => None,
    };
    match (members(body), object) {
        (Ok(members), Some(object)) => {
            for (name, value) in &object {
                let last = members.iter().rfind(|(given, _)| given == name);
                assert_eq!(last.map(|(_, value)| value), Some(value));
            }
            assert!(members.iter().all(|(name, _)| object.contains_key(name)));
        }
        (Err(Malformed::Empty), None) => assert!(body.iter().all(u8::is_ascii_whitespace)),
        (Err(Malformed::NoObject | Malformed::Syntax), None) => {}
        (ours, theirs) => panic!("{ours:?}, but elsewhere {theirs:?}"),
    }
}
