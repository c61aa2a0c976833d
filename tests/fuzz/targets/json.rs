//! JSON bodies.

#![no_main]

#[path = "../../it/judge/json.rs"]
mod json;

libfuzzer_sys::fuzz_target!(|body: &[u8]| json::judge(body));
