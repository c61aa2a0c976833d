//! What may be shown and kept of a relay's words.

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// The most characters that are kept of a text.
const MAX_CHARS: usize = 500;
/// The most characters that are looked through: enough to fill [`MAX_CHARS`], and little enough
/// that a relay cannot make the search expensive.
const MAX_SEARCHED: usize = 2000;
const HIDDEN: &str = "***";

/// One line without control characters, cut to [`MAX_CHARS`].
pub(super) fn one_line(text: &str) -> String {
    let mut line = String::new();
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        if !line.is_empty() && !word.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    cut(&line, MAX_CHARS).to_owned()
}

/// The text without what it quotes of the credentials, as typed or in the base64 of AUTH.
pub(super) fn without_credentials(text: &str, username: &str, password: &str) -> String {
    if password.is_empty() {
        return text.to_owned();
    }
    let encoded = [
        STANDARD.encode(format!("\0{username}\0{password}")),
        STANDARD.encode(password),
    ];
    hide(&text.replace(password, HIDDEN), |word| {
        word.len() >= 4 && encoded.iter().any(|secret| secret.contains(word))
    })
}

/// The text without what it quotes of the letter's body: spam filters like to name the link that
/// they disliked, and our links open doors.
///
/// Only words that could be a token or a code are hidden, six characters or more with a digit among
/// them, or very long ones. The other words are what makes the reply useful.
pub(super) fn without_letter(text: &str, letter: &[u8]) -> String {
    let text = cut(text, MAX_SEARCHED);
    let body_at = letter
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .unwrap_or(0);
    let raw = String::from_utf8_lossy(&letter[body_at..]);
    // Of a word's characters, quoted-printable changes none; it only breaks lines within it. A decoder
    // would stumble over the headers of the parts.
    let joined = raw.replace("=\r\n", "");
    hide(text, |word| {
        let secretive =
            word.len() >= 20 || word.len() >= 6 && word.bytes().any(|byte| byte.is_ascii_digit());
        secretive && (joined.contains(word) || raw.contains(word))
    })
}

/// Replaces the words that `is_secret` recognises. A word is a run of the characters that base64 (but
/// for its padding), base64url and numbers are written in.
fn hide(text: &str, is_secret: impl Fn(&str) -> bool) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let (word, behind) = rest.split_at(end);
        shown.push_str(if is_secret(word) { HIDDEN } else { word });
        let next = behind.find(is_word).unwrap_or(behind.len());
        let (gap, behind) = behind.split_at(next);
        shown.push_str(gap);
        rest = behind;
    }
    shown
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || "+/-_".contains(c)
}

fn cut(text: &str, chars: usize) -> &str {
    text.char_indices()
        .nth(chars)
        .map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_becomes_one_short_line() {
        assert_eq!(one_line("a\r\nb\t c\u{1b}[2J\u{0}d\u{85}"), "a b c [2J d");
        assert_eq!(one_line(&"ö".repeat(600)).chars().count(), 500);
    }

    #[test]
    fn what_a_relay_quotes_of_the_credentials_is_hidden() {
        let said = "535 `AUTH PLAIN AGphbmUAc3dvcmRmaXNo`, c3dvcmRmaXNo or swordfish, jane";
        assert_eq!(
            without_credentials(said, "jane", "swordfish"),
            "535 `AUTH PLAIN ***`, *** or ***, jane"
        );
        assert_eq!(without_credentials("535 no", "jane", ""), "535 no");
    }

    #[test]
    fn what_a_relay_quotes_of_the_body_is_hidden() {
        let letter = b"Message-ID: <m1234567@x>\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
            https://x.example/?token=3DeyJ0e=\r\nXAi.eyJqdGk5.c2lnbmF0dXJl, code 012345\r\n--b--";
        assert_eq!(
            without_letter(
                "554 5.7.1 <m1234567@x> https://x.example/?token=eyJ0eXAi.eyJqdGk5.c2lnbmF0dXJl 012345 012346",
                letter
            ),
            "554 5.7.1 <m1234567@x> https://x.example/?token=***.***.*** *** 012346"
        );
        // As it stood in the letter, with its encoding.
        assert_eq!(
            without_letter("554 token=3DeyJ0eXAi.eyJqdGk5.c2lnbmF0dXJl", letter),
            "554 token=***.***.***"
        );
    }
}
