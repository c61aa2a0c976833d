//! Tokens: header and claims on a line each, which are signed here, or a whole token in one line. KEY stands for the id of
//! the key.

#![no_main]

#[path = "../../it/support"]
mod support {
    #[expect(dead_code, reason = "the tests make more of it")]
    pub(crate) mod jwt;
}

#[path = "../../it/judge/tokens.rs"]
mod tokens;

use std::sync::LazyLock;

use tokens::{KINDS, Mint, START};

static MINT: LazyLock<Mint> = LazyLock::new(Mint::open);

libfuzzer_sys::fuzz_target!(|input: &str| {
    let input = input.replace("KEY", &MINT.key.id());
    match input.split_once('\n') {
        Some((header, claims)) => MINT.judge_signed(header, claims),
        None => assert!(
            KINDS
                .iter()
                .all(|kind| MINT.signer.verify(*kind, &input, START).is_err())
        ),
    }
});
