//! Form bodies.

#![no_main]

#[path = "../../it/judge/forms.rs"]
mod forms;

libfuzzer_sys::fuzz_target!(|body: &[u8]| forms::judge(body));
