//! Templates. The first character says of which kind of mail, and which part of it.

#![no_main]

#[path = "../../it/judge/template_sources.rs"]
mod template_sources;

use readmit::templates::{Kind, Part};

libfuzzer_sys::fuzz_target!(|input: &str| {
    let mut source = input.chars();
    let Some(choice) = source.next() else {
        return;
    };
    let choice = choice as usize;
    let kind = Kind::ALL[choice % Kind::ALL.len()];
    let part = Part::ALL[choice / Kind::ALL.len() % Part::ALL.len()];
    template_sources::judge(kind, part, source.as_str());
});
