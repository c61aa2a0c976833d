//! How hard a password is to guess, by zxcvbn (Wheeler, "zxcvbn: Low-Budget Password Strength
//! Estimation", USENIX Security 2016).

/// The most characters that are judged. Every character more costs more than the one before, and a
/// password whose first hundred are easy to guess is no good.
const MOST: usize = 100;

/// However many readings there are, so many characters are judged: as many make the best score.
const LEAST: usize = 16;

/// Readings times the square of the characters. The estimator spells a password out in every way in
/// which its digits and marks can stand for letters: some hundred, and a second, for a password that
/// is made for it. What people write has a few.
const WORK: usize = 8 * MOST * MOST;

/// The marks that can stand for one and the same letter.
const STAND_FOR_A_LETTER: [&str; 7] = ["4@", "({[<", "69", "1!|", "1|7", "$5", "+7"];

/// From 0 (too guessable) to 4 (very unguessable). `words` are what an attacker would try first.
pub(super) fn score(password: &str, words: &[&str]) -> u8 {
    let most = affordable(password);
    let judged = match password.char_indices().nth(most) {
        Some((end, _)) => &password[..end],
        None => password,
    };
    u8::from(zxcvbn::zxcvbn(judged, words).score())
}

/// How many characters can be judged in a few milliseconds.
fn affordable(password: &str) -> usize {
    let readings: usize = STAND_FOR_A_LETTER
        .iter()
        .map(|marks| {
            let present = |&mark: &char| password.chars().take(MOST).any(|c| c == mark);
            marks.chars().filter(present).count().max(1)
        })
        .product();
    (WORK / readings).isqrt().clamp(LEAST, MOST)
}
