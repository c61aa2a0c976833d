//! Passwords that everybody thinks of.

use std::collections::HashSet;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization as _;

/// With commas or ends of lines between them; lines that begin with `#` are comments.
const LIST: &str = include_str!("../../assets/passwords/common.txt");

static COMMON: LazyLock<HashSet<String>> = LazyLock::new(|| {
    LIST.lines()
        .filter(|line| !line.starts_with('#'))
        .flat_map(|line| line.split(','))
        .map(plain)
        .filter(|word| !word.is_empty())
        .collect()
});

/// Whether the password is one of the list, in whatever case, with or without blanks, with digits and
/// marks for letters, and with more of them behind it: `P@ssw0rd 2024!`.
pub(super) fn is_common(password: &str) -> bool {
    readings(password)
        .iter()
        .any(|reading| COMMON.contains(&plain(reading)))
}

/// A password as it is, without the marks at its end, and without the digits there either.
pub(super) fn readings(password: &str) -> [&str; 3] {
    let is_mark = |c: char| !c.is_alphanumeric();
    [
        password,
        password.trim_end_matches(is_mark),
        password.trim_end_matches(|c| is_mark(c) || c.is_numeric()),
    ]
}

/// The letters of a text in lower case and without accents. Digits and marks that are written for
/// letters become these; those that look alike become one. Whatever else is neither letter nor digit is
/// dropped.
pub(super) fn plain(text: &str) -> String {
    // The form in which an accent is a character of its own, and so is dropped.
    text.nfkd()
        .flat_map(char::to_lowercase)
        .map(|c| match c {
            '0' => 'o',
            '1' | '!' | '|' | 'i' => 'l',
            '2' => 'z',
            '3' => 'e',
            '4' | '@' => 'a',
            '5' | '$' => 's',
            '7' | '+' => 't',
            '8' => 'b',
            '9' => 'g',
            other => other,
        })
        .filter(|c| c.is_alphanumeric())
        .collect()
}
