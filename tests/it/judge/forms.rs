//! Form bodies.

use std::collections::HashMap;

use readmit::http::urlencoded;

/// What a reader that somebody else wrote makes of the form; nothing if the form is ambiguous, or holds
/// what is no text.
pub(crate) fn read_by_another(body: &[u8]) -> Option<HashMap<String, String>> {
    let mut given = HashMap::new();
    for (name, value) in url::form_urlencoded::parse(body) {
        // It puts this where others would have to guess.
        let garbled = |text: &str| text.contains(['\u{fffd}', '\0']);
        if garbled(&name) || garbled(&value) {
            return None;
        }
        if given
            .insert(name.into_owned(), value.into_owned())
            .is_some()
        {
            return None;
        }
    }
    Some(given)
}

/// Fails unless a form is read as another library reads it, or refused where that would have to guess.
pub(crate) fn judge(body: &[u8]) {
    match (urlencoded::parse(body), read_by_another(body)) {
        (Ok(ours), Some(theirs)) => assert_eq!(ours, theirs),
        // What stands in the other's answer where it would have to guess may have been typed, too.
        (Ok(ours), None) => assert!(
            ours.iter()
                .any(|(name, value)| name.contains('\u{fffd}') || value.contains('\u{fffd}')),
            "{ours:?}"
        ),
        (Err(_), None) => {}
        (Err(why), Some(theirs)) => panic!("{why:?}, but elsewhere {theirs:?}"),
    }
}
