//! Wrong codes of a device, counted by account.

use super::{DUE, JANE, access, code, enrol};
use crate::support::app::{PASSWORD, TestApp};
use crate::support::http::{Answer, Request};

/// Each network has guesses of its own, so that whoever has many of them has many guesses.
fn sign_in_from(app: &TestApp, network: usize, totp: &str) -> Answer {
    let client = format!("10.{}.{}.1", network / 256, network % 256);
    app.send(
        &Request::post("/api/token")
            .header("x-forwarded-for", &client)
            .form(&[
                ("grant_type", "password"),
                ("username", JANE),
                ("password", PASSWORD),
                ("totp", totp),
            ]),
    )
}

fn behind_a_proxy() -> TestApp {
    TestApp::builder()
        .set("http.trusted_proxies", "127.0.0.1")
        .start()
        .and_jane()
}

fn wrong(app: &TestApp, secret: &str) -> String {
    let right: u32 = code(app, secret).parse().expect("digits");
    format!("{:06}", (right + 500_000) % 1_000_000)
}

/// Assertion 36: a hundred wrong codes, from a hundred places and with a restart in between, and no code
/// of the device is taken. A recovery code is the way back, and starts the count anew.
#[test]
fn a_hundred_wrong_codes_of_a_device_are_enough() {
    let mut app = behind_a_proxy();
    let (secret, recovery) = enrol(&app, &access(&app.sign_in(JANE, PASSWORD)));
    for network in 0..100 {
        if network == 50 {
            app.restart();
        }
        let refused = sign_in_from(&app, network, &wrong(&app, &secret));
        assert_eq!(refused.json()["error"], DUE, "{network}");
    }
    let refused = sign_in_from(&app, 200, &code(&app, &secret));
    assert_eq!(refused.json()["error"], DUE);
    access(&sign_in_from(&app, 200, &recovery[0]));
    access(&sign_in_from(&app, 200, &code(&app, &secret)));
}

/// Assertion 36: only a success ends the count, and that does it.
#[test]
fn a_right_code_forgets_the_wrong_ones_before_it() {
    let app = behind_a_proxy();
    let (secret, _) = enrol(&app, &access(&app.sign_in(JANE, PASSWORD)));
    let failures = || -> i64 { app.query("SELECT failures FROM totp") };
    for network in 0..99 {
        sign_in_from(&app, network, &wrong(&app, &secret));
    }
    assert_eq!(failures(), 99);
    access(&sign_in_from(&app, 200, &code(&app, &secret)));
    assert_eq!(failures(), 0);
}

/// Who does not know the password comes to no code, and so cannot bring the hundred about.
#[test]
fn a_stranger_adds_nothing_to_the_count() {
    let app = behind_a_proxy();
    enrol(&app, &access(&app.sign_in(JANE, PASSWORD)));
    for _ in 0..3 {
        let form = [
            ("grant_type", "password"),
            ("username", JANE),
            ("password", "a wrong guess"),
            ("totp", "000000"),
        ];
        let refused = app.send(&Request::post("/api/token").form(&form));
        assert_eq!(refused.json()["error"], "invalid_grant");
    }
    assert_eq!(app.query::<i64>("SELECT failures FROM totp"), 0);
}
