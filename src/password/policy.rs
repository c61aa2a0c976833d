//! What a new password must meet.

use std::sync::Arc;

use super::breaches::{BreachFile, BreachFileError};
use super::{Password, common, strength};
use crate::config;
use crate::email::EmailAddress;

/// What a new password must meet. There are no rules of composition, by NIST's advice (SP 800-63B-4,
/// 3.1.1.2). Clones share the file of breached passwords.
#[derive(Clone, Debug)]
pub struct Policy {
    min_length: usize,
    min_score: u8,
    breaches: Option<Arc<BreachFile>>,
}

/// Whose password it is going to be: what an attacker would try first.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// The member's address.
    pub email: Option<EmailAddress>,
    /// The member's name.
    pub name: Option<String>,
    /// The name of the location.
    pub business: Option<String>,
    /// The fewest characters that the location asks for.
    pub min_length: Option<u32>,
}

/// A rule that a new password can miss. Its words are English; who speaks another language matches on
/// the rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rule {
    /// It has more than [`Password::MAX_BYTES`].
    #[error("A password may have at most {} bytes.", Password::MAX_BYTES)]
    TooLong,
    /// It has fewer than so many characters.
    #[error("A password must have at least {0} characters.")]
    TooShort(usize),
    /// It has a NUL character in it.
    #[error("A password cannot contain a NUL character.")]
    Nul,
    /// Everybody thinks of it.
    #[error("This password is one of the commonest.")]
    Common,
    /// It is made of what is known of its owner.
    #[error(
        "A password cannot be made of your name, your email address or the name of the location."
    )]
    Names,
    /// It stands in the file of breached passwords.
    #[error("This password has appeared in a data breach, and attackers know it.")]
    Breached,
    /// The estimator finds it too easy.
    #[error("This password is too easy to guess. Add words that do not belong together.")]
    Guessable,
}

/// The rules that a refused password misses: one or more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missed(Vec<Rule>);

impl Missed {
    /// The rules.
    pub fn rules(&self) -> &[Rule] {
        &self.0
    }

    /// Each rule as an English sentence.
    pub fn sentences(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }
}

impl std::fmt::Display for Missed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.sentences().join(" "))
    }
}

/// What the policy thinks of a password that nobody has chosen yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// From 0 (too guessable) to 4 (very unguessable).
    pub score: u8,
    /// The rules that it misses.
    pub missed: Vec<Rule>,
}

impl Policy {
    /// The configured policy. The file of breached passwords is opened and looked at.
    pub fn open(config: &config::Password) -> Result<Self, BreachFileError> {
        let breaches = match &config.breach_file {
            Some(path) => Some(Arc::new(BreachFile::open(path)?)),
            None => None,
        };
        Ok(Self {
            min_length: config.min_length,
            min_score: config.min_score,
            breaches,
        })
    }

    /// Reads a new password, or says every rule that it misses.
    ///
    /// This takes some milliseconds, and reads a file: keep it off the threads that serve requests, as
    /// [`super::Hasher::hash_new`] does.
    pub fn accept(&self, text: &str, context: &Context) -> Result<Password, Missed> {
        self.weigh(text, context).0
    }

    /// What [`Self::accept`] would say, and how hard the password is to guess.
    pub fn judge(&self, text: &str, context: &Context) -> Judgement {
        let (accepted, score) = self.weigh(text, context);
        Judgement {
            score,
            missed: accepted.err().map(|missed| missed.0).unwrap_or_default(),
        }
    }

    fn weigh(&self, text: &str, context: &Context) -> (Result<Password, Missed>, u8) {
        let Some(password) = Password::new(text) else {
            return (Err(Missed(vec![Rule::TooLong])), 0);
        };
        let score = strength::score(password.text(), &context.words());
        let min_length = self.min_length(context);
        let missed: Vec<Rule> = [
            (
                password.text().chars().count() < min_length,
                Rule::TooShort(min_length),
            ),
            (password.text().contains('\0'), Rule::Nul),
            (common::is_common(password.text()), Rule::Common),
            (context.makes_up(password.text()), Rule::Names),
            (self.is_breached(&password), Rule::Breached),
            (score < self.min_score, Rule::Guessable),
        ]
        .into_iter()
        .filter_map(|(misses, rule)| misses.then_some(rule))
        .collect();
        if missed.is_empty() {
            (Ok(password), score)
        } else {
            (Err(Missed(missed)), score)
        }
    }

    /// The fewest characters: as many as configured, or more where the location asks for more.
    pub fn min_length(&self, context: &Context) -> usize {
        let asked = context
            .min_length
            .and_then(|asked| usize::try_from(asked).ok());
        self.min_length.max(asked.unwrap_or_default())
    }

    /// The file of breached passwords, if there is one: its path and how many bytes it has.
    pub fn breach_file(&self) -> Option<(&std::path::Path, u64)> {
        self.breaches
            .as_ref()
            .map(|file| (file.path(), file.length()))
    }

    /// A file that fails while the server runs is no reason to keep everybody from a new password: the
    /// other rules stand.
    fn is_breached(&self, password: &Password) -> bool {
        let Some(file) = &self.breaches else {
            return false;
        };
        file.holds(password.bytes()).unwrap_or_else(|error| {
            let path = file.path().display();
            tracing::error!(%path, %error, "password.breach_file cannot be searched");
            false
        })
    }
}

impl Context {
    /// What stands in the names and the address: each whole, and each part by itself.
    fn words(&self) -> Vec<&str> {
        let texts = [
            self.email.as_ref().map(EmailAddress::as_str),
            self.email.as_ref().map(EmailAddress::local),
            self.email.as_ref().map(EmailAddress::domain),
            self.name.as_deref(),
            self.business.as_deref(),
        ];
        let mut words = Vec::new();
        for text in texts.into_iter().flatten() {
            words.push(text);
            let parts = text.split(|c: char| !c.is_alphanumeric());
            words.extend(parts.filter(|part| !part.is_empty() && *part != text));
        }
        words
    }

    /// Whether these words make up the password, or would without what stands behind them.
    fn makes_up(&self, password: &str) -> bool {
        common::readings(password)
            .iter()
            .any(|reading| self.covers(reading))
    }

    /// Whether these words, less those that are too short to say anything, cover more than half of the
    /// password, however it is spelt.
    fn covers(&self, password: &str) -> bool {
        const SHORTEST: usize = 4;
        let plain = |text: &str| -> Vec<char> { common::plain(text).chars().collect() };
        let password = plain(password);
        let mut covered = vec![false; password.len()];
        for word in self.words() {
            let word = plain(word);
            if word.len() < SHORTEST {
                continue;
            }
            for (start, window) in password.windows(word.len()).enumerate() {
                if window == word {
                    covered[start..start + word.len()].fill(true);
                }
            }
        }
        let covered = covered.into_iter().filter(|&is| is).count();
        covered * 2 > password.len()
    }
}
