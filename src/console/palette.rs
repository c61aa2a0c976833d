//! Finding a command by a few letters of its description.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::keys::{Binding, available};
use super::model::Model;

/// The commands that have a meaning here and whose description has these letters in this order, the best
/// hit first; all when nothing was typed.
pub(super) fn find(model: &Model, typed: &str) -> Vec<&'static Binding> {
    let pattern = Pattern::parse(typed, CaseMatching::Ignore, Normalization::Smart);
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut characters = Vec::new();
    let mut hits: Vec<_> = available(model)
        .filter_map(|binding| {
            let label = Utf32Str::new(binding.label, &mut characters);
            Some((pattern.score(label, &mut matcher)?, binding))
        })
        .collect();
    hits.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    hits.into_iter().map(|(_, binding)| binding).collect()
}
