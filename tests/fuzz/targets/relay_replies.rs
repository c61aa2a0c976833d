//! What relays say.

#![no_main]

#[path = "../../it/judge/relay_replies.rs"]
mod relay_replies;

use std::sync::LazyLock;

use relay_replies::{Relay, TOKEN, judge};

static RELAY: LazyLock<Relay> = LazyLock::new(Relay::new);

libfuzzer_sys::fuzz_target!(|replies: &str| {
    // Relays like to quote what they were sent.
    let replies = replies.replace("TOKEN", TOKEN);
    let (outcome, told) = RELAY.answer("none", replies.as_bytes());
    judge(&outcome, &told);
});
