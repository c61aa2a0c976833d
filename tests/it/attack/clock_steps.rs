//! A clock that is stepped: forward as after a long sleep, back as by a time server that was wrong before.

use std::time::Duration;

use serde_json::json;

use crate::support::app::{NEW_PASSWORD, PASSWORD, TestApp, USERS};
use crate::support::http::Request;
use crate::support::smtp::{Action, SmtpServer, Stage};
use crate::support::wait::wait_until;

const JANE: &str = "jane@example.com";
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);
const YEAR: Duration = Duration::from_hours(24 * 365);

fn ask_for_code(app: &TestApp) -> u16 {
    let target = format!("{USERS}/sendOtp?email={JANE}&businessId=7");
    app.send(&Request::get(&target)).status
}

/// Everything that was given before a day went by at once is over, and everything that is asked for behind it
/// works.
#[test]
fn a_day_that_passes_at_once_ends_what_was_given_and_holds_nothing_up() {
    let app = TestApp::with_jane();
    let link = app.reset_token(JANE);
    let (access, refresh) = app.tokens(JANE, PASSWORD);
    app.advance(DAY);
    app.complete(&link, NEW_PASSWORD).refusal(400);
    let looked_in = app.send(&Request::get("/api/userinfo").bearer(&access));
    assert_eq!(looked_in.status, 401);
    // A session lasts for 15 days.
    let form = [("grant_type", "refresh_token"), ("refresh_token", &refresh)];
    assert_eq!(
        app.send(&Request::post("/api/token").form(&form)).status,
        200
    );
    let link = app.reset_token(JANE);
    app.complete(&link, NEW_PASSWORD).envelope(200);
    app.next_mail();
    assert_eq!(ask_for_code(&app), 200);
    app.next_mail();
    assert_eq!(app.settled_outbox().len(), 4);
    assert_eq!(app.smtp.mails().len(), 4);
}

/// Assertion 23: nothing that was used works again because the clock shows an earlier time, and whoever was
/// sent something just before can have another without waiting for the earlier clock.
#[test]
fn a_clock_that_is_stepped_back_revives_nothing_and_keeps_nobody_waiting() {
    for step in [Duration::from_secs(2), HOUR, YEAR] {
        let app = TestApp::with_jane();
        let link = app.reset_token(JANE);
        let confirmed = app.complete(&link, NEW_PASSWORD).envelope(200);
        let login = confirmed["Value"].as_str().expect("a token").to_owned();
        app.next_mail();
        assert_eq!(app.exchange(&login, "60").status, 200);
        let (_, refresh) = app.tokens(JANE, NEW_PASSWORD);
        let form = [("grant_type", "refresh_token"), ("refresh_token", &refresh)];
        let next = |form: &[(&str, &str)]| app.send(&Request::post("/api/token").form(form));
        assert_eq!(next(&form).status, 200);
        assert_eq!(ask_for_code(&app), 200);
        let code = crate::codes::code(&app.next_mail());
        let verify = json!({ "Email": JANE, "Otp": code, "BusinessId": 7 });
        let verify = Request::post(&format!("{USERS}/verifyOtp")).json(&verify);
        app.send(&verify).envelope(200);
        let unused = app.reset_token(JANE);

        app.clock.step_back(step);
        app.complete(&link, PASSWORD).refusal(400);
        assert_eq!(app.exchange(&login, "60").status, 401);
        app.send(&verify).refusal(400);
        // Whether the use lies within the grace period cannot be known, so it does not.
        assert_eq!(next(&form).status, 400);
        assert_eq!(app.sign_in(JANE, NEW_PASSWORD).status, 200);
        assert_eq!(ask_for_code(&app), 200);
        app.next_mail();
        let another = app.reset_token(JANE);
        assert_ne!(another, unused);
        app.complete(&another, PASSWORD).envelope(200);
        app.complete(&unused, PASSWORD).refusal(400);
    }
}

/// What waits in the outbox when the clock is stepped back does not wait for the earlier clock to come round
/// again, and nothing is sent twice for it: what was queued, what was deferred, and what is under way.
#[test]
fn mail_that_waits_when_the_clock_is_stepped_back_leaves_soon_and_once() {
    for step in [HOUR, YEAR] {
        let relay = SmtpServer::start();
        relay.script(Stage::Rcpt, Action::Reply("451 4.3.0 later"));
        let app = TestApp::builder()
            .smtp(relay)
            .set("outbox.max_retry", "1m")
            .start()
            .and_jane();
        app.ask_for_link(JANE);
        wait_until("the first attempt is over", || {
            let waits = "SELECT state = 'queued' AND attempts = 1 FROM outbox";
            app.query::<bool>(waits).then_some(())
        });
        app.clock.step_back(step);
        // Any request wakes the worker, as its polling does by a clock that runs.
        app.ask_for_link("nobody@example.com");
        let token = app.next_mail().token();
        app.settled_outbox();
        app.complete(&token, NEW_PASSWORD).envelope(200);
        app.next_mail();
        assert_eq!(app.smtp.mails().len(), 2);
    }
}

/// A server that starts by a clock that goes right, on what one left behind whose clock was a year ahead.
#[test]
fn mail_of_a_clock_that_was_ahead_leaves_at_the_next_start() {
    let mut app = TestApp::builder().without_worker().start().and_jane();
    app.advance(YEAR);
    app.ask_for_link(JANE);
    app.clock.step_back(YEAR);
    app.restart_with_worker();
    app.complete(&app.next_mail().token(), NEW_PASSWORD)
        .envelope(200);
    app.next_mail();
    assert_eq!(app.smtp.mails().len(), 2);
}

/// A lease that was taken by a clock that was ahead ends when one of today would: the message of a server
/// that was killed is not out of reach for a year.
#[test]
fn a_lease_of_a_clock_that_was_ahead_ends_in_time() {
    let mut app = TestApp::builder().without_worker().start().and_jane();
    app.ask_for_link(JANE);
    let ahead = app.now().after(YEAR).millis();
    let lease = "UPDATE outbox SET state = 'sending', attempts = 1, lease_owner = 'gone', \
                 next_attempt_at = ?1";
    app.sql().execute(lease, [ahead]).expect("a lease");
    app.restart_with_worker();
    wait_until("the lease is shortened", || {
        let until: i64 = app.query("SELECT next_attempt_at FROM outbox");
        (until < ahead).then_some(())
    });
    assert_eq!(app.smtp.mails().len(), 0);
    app.advance(Duration::from_mins(1));
    app.complete(&app.next_mail().token(), NEW_PASSWORD)
        .envelope(200);
    app.next_mail();
}
