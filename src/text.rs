//! Texts of strangers, made safe to show.

use std::fmt::Write as _;

/// Whether a terminal or a mail program could take the character for something other than text:
/// controls of both sets (ESC among them), line and paragraph separators, and the marks that turn
/// the direction of writing.
pub(crate) fn is_active(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{2028}' | '\u{2029}' | '\u{061c}' | '\u{200e}' | '\u{200f}'
        )
        || ('\u{202a}'..='\u{202e}').contains(&c)
        || ('\u{2066}'..='\u{2069}').contains(&c)
}

/// The text on one line, with blanks where characters stood that could act.
pub fn inert(text: &str) -> String {
    text.split(|c: char| is_active(c) || c.is_whitespace())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// The text with a blank in place of each character that could act: what stands in columns stays there.
pub fn inert_line(text: &str) -> String {
    let blank = |c: char| if is_active(c) { ' ' } else { c };
    text.chars().map(blank).collect()
}

/// JSON in which those characters stand escaped. A serialiser escapes the lower controls only; the
/// others can stand nowhere but within strings.
pub fn escape_active(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        if is_active(c) && !c.is_ascii_whitespace() {
            // Writing to a string cannot fail.
            let _ = write!(escaped, "\\u{:04x}", u32::from(c));
        } else {
            escaped.push(c);
        }
    }
    escaped
}
