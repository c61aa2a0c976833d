//! Asking for a code: what is refused, what it tells, and how often.

use std::time::Duration;

use super::{JANE, ask, ask_for, code, verify};
use crate::support::app::{PASSWORD, TestApp, USERS, email};
use crate::support::http::{Answer, Request};

fn ask_from(app: &TestApp, client: &str, address: &str) -> Answer {
    let target = format!("{USERS}/sendOtp?email={address}&businessId=7");
    app.send(&Request::get(&target).header("x-forwarded-for", client))
}

/// The names of the parameters that an answer complains about.
fn complained_about(answer: &Answer) -> Vec<String> {
    let body = answer.envelope(400);
    let errors = body["Errors"].as_array().expect("a list");
    let name = |error: &serde_json::Value| error["PropertyName"].as_str().map(str::to_owned);
    errors.iter().filter_map(name).collect()
}

/// Contract, section 5. A caller learns everything that is wrong at once, and nothing of it gets as far
/// as the outbox.
#[test]
fn each_problem_names_its_parameter_and_queues_nothing() {
    let app = TestApp::builder().without_worker().start().and_jane();
    for (query, wrong) in [
        ("", &["email", "businessId"][..]),
        ("email=&businessId=", &["email", "businessId"]),
        ("email=%20&businessId=7", &["email"]),
        ("email=jane&businessId=seven", &["email", "businessId"]),
        ("email=jane%40example.com", &["businessId"]),
        ("businessId=7", &["email"]),
        (
            "email=jane%40example.com%2Cbob%40example.com&businessId=7",
            &["email"],
        ),
        (
            "email=jane%40example.com%0D%0ABcc:x%40y.test&businessId=7",
            &["email"],
        ),
        (
            "email=jane%40example.com&email=bob%40example.com&businessId=7",
            &["email"],
        ),
        (
            "email=jane%40example.com&businessId=7&BUSINESSID=8",
            &["businessId"],
        ),
        ("email=jane%40example.com&businessId=-7", &["businessId"]),
        (
            "email=jane%40example.com&businessId=9223372036854775808",
            &["businessId"],
        ),
        ("email=jane%40example.com&businessId=null", &["businessId"]),
    ] {
        let complaints: Vec<_> = complained_about(&ask(&app, query))
            .iter()
            .map(|name| name.to_ascii_lowercase())
            .collect();
        let wrong: Vec<_> = wrong.iter().map(|name| name.to_ascii_lowercase()).collect();
        assert_eq!(complaints, wrong, "{query}");
    }
    assert!(app.outbox().is_empty());
    ask(&app, "eMail=jane%40example.com&BusinessID=7").envelope(200);
    assert_eq!(app.outbox().len(), 1);
}

/// Assertions 13 and 14: no kind of account can be told from another, nor from none, at the first request
/// and at the ones after it.
#[test]
fn every_kind_of_address_is_answered_alike_each_time() {
    let app = TestApp::with_jane();
    app.add_business(8, "Harbour Loft", "https://loft.test");
    app.add_person("sam@example.com", "Sam", Some(7), Some(PASSWORD));
    app.suspend("sam@example.com");
    app.add_person("bob@example.com", "Bob", Some(8), Some(PASSWORD));
    app.add_person("nina@example.com", "Nina", Some(7), None);
    app.add_person("ruth@example.com", "Ruth", Some(7), Some(PASSWORD));
    app.wait(
        app.admin()
            .require_reset(email("ruth@example.com"), app.now()),
    )
    .expect("a reset is required");
    let addresses = [JANE, "nobody", "sam", "bob", "nina", "ruth"]
        .map(|name| format!("{}@example.com", name.trim_end_matches("@example.com")));
    for round in 0..9 {
        let expected = ask_for(&app, JANE).comparable();
        for address in &addresses[1..] {
            let answer = ask_for(&app, address).comparable();
            assert_eq!(answer, expected, "{address} in round {round}");
        }
        // Twice in a minute, and at last more often than there may be codes.
        let admitted = round % 2 == 0;
        assert_eq!(expected.status, if admitted { 200 } else { 429 });
        app.settled_outbox();
        app.advance(Duration::from_secs(30));
    }
    // A location that is not there is no different from one that is.
    app.advance(Duration::from_mins(1));
    let there = ask(&app, "email=x@example.com&businessId=8").comparable();
    let not_there = ask(&app, "email=y@example.com&businessId=4711").comparable();
    assert_eq!(there, not_there);
}

/// Contract, section 5: the wait is told in whole seconds, rounded up, and is over when it says. A request
/// that came too early does not make it longer.
#[test]
fn the_cool_down_counts_from_the_last_code_that_was_asked_for() {
    let app = TestApp::builder().without_worker().start();
    ask_for(&app, JANE).envelope(200);
    for (pass, left) in [(10_500, "50"), (48_500, "1"), (999, "1")] {
        app.advance(Duration::from_millis(pass));
        let refused = ask_for(&app, JANE);
        assert_eq!(refused.header("retry-after"), Some(left));
        refused.refusal(429);
    }
    app.advance(Duration::from_millis(1));
    ask_for(&app, JANE).envelope(200);
    assert_eq!(app.outbox().len(), 2);
}

/// The cool-down belongs to the address and not to whoever asks: a stranger with many addresses must not
/// fill a mailbox.
#[test]
fn the_cool_down_is_the_same_from_everywhere() {
    let app = TestApp::builder()
        .set("http.trusted_proxies", "127.0.0.1")
        .without_worker()
        .start();
    ask_from(&app, "192.0.2.1", JANE).envelope(200);
    ask_from(&app, "192.0.2.2", JANE).refusal(429);
    ask_from(&app, "2001:db8::1", "JANE@EXAMPLE.COM").refusal(429);
    ask_from(&app, "192.0.2.1", "bob@example.com").envelope(200);
}

/// Assertions 39, 55 and 56: ASCII case is folded, and the mail goes to the address on file; an address
/// that merely looks alike is another one, which shares neither the cool-down nor the tries.
#[test]
fn only_ascii_case_is_folded() {
    let app = TestApp::with_jane();
    app.add_person("kim@example.com", "Kim", Some(7), Some(PASSWORD));
    for alike in [
        "\u{212a}im@example.com",
        "k\u{131}m@example.com",
        "K\u{130}M@example.com",
        "\u{ff4b}im@example.com",
    ] {
        let encoded: String = url::form_urlencoded::byte_serialize(alike.as_bytes()).collect();
        assert_ne!(ask_for(&app, &encoded).status, 429, "{alike}");
        assert_eq!(verify(&app, alike, "000000").status, 400, "{alike}");
    }
    app.settled_outbox();
    assert!(app.smtp.mails().is_empty());
    let tries: i64 = app.query("SELECT sum(otp_failures) FROM accounts");
    assert_eq!(tries, 0);
    ask_for(&app, "KIM@Example.COM").envelope(200);
    let mail = app.next_mail();
    assert_eq!(mail.recipients, ["kim@example.com"]);
    let taken = verify(&app, "kIm@eXample.com", &code(&mail));
    taken.envelope(200);
}

/// The limits per caller, each for itself, whatever address is asked for or tried.
#[test]
fn a_caller_has_a_quota_for_codes_and_one_for_tries() {
    let app = TestApp::builder()
        .set("http.trusted_proxies", "127.0.0.1")
        .set("limits.enabled", "true")
        .set("limits.otp", "2/10s")
        .set("limits.verify", "2/10s")
        .without_worker()
        .start();
    let try_from = |client: &str, address: &str| {
        let body = serde_json::json!({ "Email": address, "Otp": "000000", "BusinessId": 7 });
        let request = Request::post(&format!("{USERS}/verifyOtp")).json(&body);
        app.send(&request.header("x-forwarded-for", client))
    };
    for name in ["a", "b"] {
        ask_from(&app, "192.0.2.1", &format!("{name}@example.com")).envelope(200);
        try_from("192.0.2.1", &format!("{name}@example.com")).refusal(400);
    }
    for refused in [
        ask_from(&app, "192.0.2.1", "c@example.com"),
        try_from("192.0.2.1", "c@example.com"),
    ] {
        assert_eq!(refused.header("retry-after"), Some("5"));
        refused.refusal(429);
    }
    // What was refused has started no cool-down.
    ask_from(&app, "192.0.2.2", "c@example.com").envelope(200);
    try_from("192.0.2.2", "c@example.com").refusal(400);
    app.advance(Duration::from_secs(5));
    ask_from(&app, "192.0.2.1", "d@example.com").envelope(200);
    try_from("192.0.2.1", "d@example.com").refusal(400);
}

/// Assertions 12 and 14: a database that takes no write refuses everybody in the same way, and has then
/// accepted nothing.
#[test]
fn a_locked_database_refuses_everybody_alike() {
    let app = TestApp::builder()
        .set("storage.busy_timeout", "1ms")
        .without_worker()
        .start()
        .and_jane();
    let lock = app.sql();
    lock.execute_batch("BEGIN IMMEDIATE").expect("a lock");
    let answers = [JANE, "nobody@example.com"].map(|address| {
        (
            ask_for(&app, address).comparable(),
            verify(&app, address, "000000").comparable(),
        )
    });
    assert_eq!(answers[0], answers[1]);
    answers[0].0.refusal(503);
    answers[0].1.refusal(503);
    lock.execute_batch("ROLLBACK").expect("the lock goes");
    ask_for(&app, JANE).envelope(200);
    assert_eq!(app.outbox().len(), 1);
}
