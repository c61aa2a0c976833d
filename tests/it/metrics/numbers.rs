//! What single numbers mean.

use std::time::Duration;

use readmit::meter::Histogram;

use super::{JANE, Scrape, scrape};
use crate::support::app::{TestApp, USERS};
use crate::support::http::Request;
use crate::support::smtp::{Action, SmtpServer, Stage};
use crate::support::wait::wait_until;

fn assert_value(scrape: &Scrape, sample: &str, value: f64) {
    let found = scrape.value(sample);
    assert!((found - value).abs() < 1e-9, "{sample}: {found}");
}

/// Prometheus calls a bound `le`: a value that is just as large counts below it. What is beyond the last
/// bound counts in the whole.
#[test]
fn a_bound_is_part_of_its_bucket() {
    let histogram = Histogram::new(&[10, 20]);
    for value in [9, 10, 11, 20, 21] {
        histogram.observe(value);
    }
    let spread = histogram.spread();
    assert_eq!(spread.up_to, [(10, 2), (20, 4)]);
    assert_eq!((spread.count, spread.sum), (5, 71));
}

/// Answers are counted by the very status that was sent, which tells a refusal from a mistake.
#[test]
fn answers_are_counted_by_their_exact_status() {
    let app = TestApp::start();
    let sessions = format!("{USERS}/sessions");
    assert_eq!(app.send(&Request::get("/no/such/path")).status, 404);
    assert_eq!(app.send(&Request::get(&sessions)).status, 401);
    let scrape = scrape(&app);
    let sample = |route: &str, status: u16| {
        format!(
            "readmit_http_requests_total{{route=\"{route}\",method=\"GET\",status=\"{status}\"}}"
        )
    };
    assert_value(&scrape, &sample("other", 404), 1.0);
    assert_value(&scrape, &sample(&sessions, 401), 1.0);
    assert_value(&scrape, &sample(&sessions, 400), 0.0);
}

/// The time from the intake to the relay is shown in seconds, as every duration.
#[test]
fn a_delivery_is_timed_in_seconds() {
    let mut app = TestApp::builder().without_worker().start().and_jane();
    app.ask_for_link(JANE);
    app.advance(Duration::from_secs(90));
    app.restart_with_worker();
    app.settled_outbox();
    let scrape = scrape(&app);
    assert_value(&scrape, "readmit_outbox_delivery_seconds_sum", 90.0);
    for (bound, count) in [("60", 0.0), ("300", 1.0), ("+Inf", 1.0)] {
        let sample = format!("readmit_outbox_delivery_seconds_bucket{{le=\"{bound}\"}}");
        assert_value(&scrape, &sample, count);
    }
}

/// A mail that has to be tried again is counted, and is not one that was sent.
#[test]
fn attempts_that_failed_are_counted() {
    let smtp = SmtpServer::start();
    smtp.script(Stage::Dot, Action::Reply("451 4.7.1 not yet"));
    let app = TestApp::builder().smtp(smtp).start().and_jane();
    app.ask_for_link(JANE);
    wait_until("the attempt has failed", || {
        (scrape(&app).value("readmit_outbox_retried_total") > 0.0).then_some(())
    });
    let scrape = scrape(&app);
    assert_value(&scrape, "readmit_outbox_retried_total", 1.0);
    assert_value(&scrape, "readmit_outbox_sent_total", 0.0);
    assert_value(&scrape, r#"readmit_relay_up{relay="1"}"#, 1.0);
}

/// A relay that takes no connection is seen to be down, which is what an alarm asks for.
#[test]
fn a_relay_that_is_down_is_told_of() {
    let smtp = SmtpServer::start();
    smtp.always(Stage::Connect, Action::Close);
    let app = TestApp::builder()
        .smtp(smtp)
        .set("reset.cooldown", "0s")
        .set("reset.max_pending", 100)
        .start()
        .and_jane();
    for _ in 0..8 {
        app.ask_for_link(JANE);
    }
    wait_until("the relay counts as down", || {
        (scrape(&app).value(r#"readmit_relay_up{relay="1"}"#) < 0.5).then_some(())
    });
}
