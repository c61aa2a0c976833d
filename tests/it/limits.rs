//! How much one caller may ask for: by which keys, what is said of it, and what it costs to remember.
//! What each action answers to a client over its limit stands in `http/limits`.

mod crowd;
mod fields;
mod forwarded;
mod keys;
mod memory;
mod record;

use readmit::clock::{Clock, ManualClock};
use readmit::config::{Config, ConfigFile};
use readmit::limits::Limits;
use serde_json::json;

use crate::support::app::{START, TestApp, USERS};
use crate::support::http::{Answer, Request};

/// The limits alone, with these settings over the defaults, and their clock.
fn limits(settings: &[(&str, &str)]) -> (Limits, ManualClock) {
    let variable = |(key, value): &(&str, &str)| {
        let key = format!("READMIT_LIMITS__{}", key.to_ascii_uppercase());
        (key, (*value).to_owned())
    };
    let config = Config::load(ConfigFile::None, settings.iter().map(variable));
    let clock = ManualClock::new(START);
    let limits = config.expect("a valid configuration").limits;
    (Limits::new(&limits, Clock::Manual(clock.clone())), clock)
}

/// A request for a link, from a client behind the proxy that the test is.
fn reset(client: &str, body: &serde_json::Value) -> Request {
    Request::post(&format!("{USERS}/startPasswordReset"))
        .json(body)
        .header("x-forwarded-for", client)
}

fn ask(app: &TestApp, client: &str, address: &str) -> Answer {
    app.send(&reset(client, &json!({ "email": address })))
}
