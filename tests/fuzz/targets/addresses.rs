//! Email addresses.

#![no_main]

#[path = "../../it/judge/addresses.rs"]
mod addresses;

libfuzzer_sys::fuzz_target!(|text: &str| addresses::judge(text));
