//! What monitoring gets to see.

mod exposition;
mod numbers;

use std::collections::BTreeSet;
use std::net::{SocketAddr, TcpListener};

use serde_json::{Value, json};

use self::exposition::{Family, Scrape};
use crate::support::app::{NEW_PASSWORD, PASSWORD, TestApp};
use crate::support::http::{Answer, Request, send_raw};
use crate::support::process::Site;
use crate::support::smtp::{Action, SmtpServer, Stage};
use crate::support::wait::wait_until;

const JANE: &str = "jane@example.com";

fn scrape(app: &TestApp) -> Scrape {
    exposition::parse(&app.wait(readmit::metrics::render(app.app())))
}

/// Names and types by Prometheus' rules, each family told of once, histograms whole: checked by the
/// parser. Everything that is promised is there from the start.
#[test]
fn the_text_is_well_formed_and_whole() {
    let app = TestApp::with_jane();
    app.sign_in(JANE, PASSWORD);
    let scrape = scrape(&app);
    for family in scrape.families.values() {
        assert!(family.name.starts_with("readmit_"), "{}", family.name);
        assert!(!family.help.is_empty(), "{}", family.name);
    }
    for name in [
        "readmit_build_info",
        "readmit_process_start_time_seconds",
        "readmit_http_requests_total",
        "readmit_http_request_duration_seconds",
        "readmit_http_requests_in_flight",
        "readmit_outbox_begun_total",
        "readmit_outbox_sent_total",
        "readmit_outbox_retried_total",
        "readmit_outbox_dead_total",
        "readmit_outbox_dropped_total",
        "readmit_outbox_delivery_seconds",
        "readmit_outbox_messages",
        "readmit_outbox_due_messages",
        "readmit_outbox_oldest_due_seconds",
        "readmit_relay_up",
        "readmit_writer_group_jobs",
        "readmit_writer_commit_duration_seconds",
        "readmit_writer_failed_commits_total",
        "readmit_writer_refused_jobs_total",
        "readmit_writer_waiting_jobs",
        "readmit_password_pending",
        "readmit_password_wait_seconds",
        "readmit_password_refused_total",
        "readmit_limits_admitted_total",
        "readmit_limits_limited_total",
        "readmit_limits_callers",
        "readmit_limits_forgotten_total",
        "readmit_http_connections",
        "readmit_http_places_taken",
        "readmit_http_shed_requests_total",
        "readmit_http_crowded_connections_total",
        "readmit_http_closed_connections_total",
        "readmit_tokens_issued_total",
        "readmit_sessions_open",
        "readmit_audit_last_entry",
        "readmit_database_up",
        "readmit_database_size_bytes",
    ] {
        assert!(scrape.families.contains_key(name), "{name}");
    }
}

/// Whoever is held back counts, by what the limit counts by.
#[test]
fn limits_say_how_many_they_held_back() {
    let app = TestApp::builder()
        .set("limits.enabled", true)
        .set("limits.reset", "1/1h")
        .start()
        .and_jane();
    app.ask_for_link(JANE);
    app.start_reset(&json!({ "email": JANE })).refusal(429);
    let scrape = scrape(&app);
    for what in ["admitted", "limited"] {
        let sample = format!("readmit_limits_{what}_total{{action=\"reset\",by=\"client\"}}");
        assert!((scrape.value(&sample) - 1.0).abs() < 1e-9, "{sample}");
    }
    assert!(scrape.value("readmit_limits_callers") >= 1.0);
}

/// Each part counts what it did.
#[test]
fn counters_move_with_what_happens() {
    let app = TestApp::with_jane();
    let before = scrape(&app);
    let login = app.login_token(JANE, NEW_PASSWORD);
    app.next_mail();
    assert_eq!(app.exchange(&login, "5").status, 200);
    app.sign_in(JANE, "a wrong password");
    app.ask_for_link("nobody@example.com");
    app.settled_outbox();
    let after = scrape(&app);
    let moved = |sample: &str| after.value(sample) - before.value(sample);
    for (sample, by) in [
        (
            r#"readmit_http_requests_total{route="/api/sys/users/startPasswordReset",method="POST",status="200"}"#,
            2.0,
        ),
        (
            r#"readmit_http_requests_total{route="/api/token",method="POST",status="400"}"#,
            1.0,
        ),
        (
            r#"readmit_http_request_duration_seconds_count{route="/api/sys/users/exchange"}"#,
            1.0,
        ),
        ("readmit_outbox_begun_total", 3.0),
        ("readmit_outbox_sent_total", 2.0),
        ("readmit_outbox_delivery_seconds_count", 2.0),
        (
            r#"readmit_outbox_dropped_total{reason="unknown_address"}"#,
            1.0,
        ),
        (r#"readmit_outbox_dropped_total{reason="other"}"#, 0.0),
        (r#"readmit_tokens_issued_total{type="reset+jwt"}"#, 1.0),
        (r#"readmit_tokens_issued_total{type="login+jwt"}"#, 1.0),
        (r#"readmit_tokens_issued_total{type="at+jwt"}"#, 1.0),
        ("readmit_sessions_open", 1.0),
        // The reset, the exchange, and the refused sign-in.
        ("readmit_audit_last_entry", 3.0),
        ("readmit_password_wait_seconds_count", 2.0),
        ("readmit_writer_failed_commits_total", 0.0),
        ("readmit_http_requests_in_flight", 0.0),
    ] {
        assert!(
            (moved(sample) - by).abs() < 1e-9,
            "{sample}: {}",
            moved(sample)
        );
    }
    assert!(moved("readmit_writer_group_jobs_count") >= 5.0);
    assert!(after.value("readmit_writer_commit_duration_seconds_sum") > 0.0);
    assert!(after.value("readmit_database_size_bytes") > 4096.0);
}

/// What waits is counted, and for how long; what is given up, by its class.
#[test]
fn the_outbox_is_seen_waiting() {
    let app = TestApp::builder().without_worker().start().and_jane();
    app.ask_for_link(JANE);
    app.ask_for_link("nobody@example.com");
    app.advance(std::time::Duration::from_secs(90));
    let waiting = scrape(&app);
    for (sample, value) in [
        (r#"readmit_outbox_messages{state="queued"}"#, 2.0),
        (r#"readmit_outbox_messages{state="sending"}"#, 0.0),
        ("readmit_outbox_due_messages", 2.0),
        ("readmit_outbox_oldest_due_seconds", 90.0),
        (r#"readmit_relay_up{relay="1"}"#, 1.0),
    ] {
        assert!((waiting.value(sample) - value).abs() < 1e-9, "{sample}");
    }
    let smtp = SmtpServer::start();
    smtp.script(Stage::Dot, Action::Reply("554 5.6.0 we do not like it"));
    let app = TestApp::builder().smtp(smtp).start().and_jane();
    app.ask_for_link(JANE);
    app.settled_outbox();
    let dead = &scrape(&app).families["readmit_outbox_dead_total"];
    let total: f64 = dead.samples.iter().map(|sample| sample.value).sum();
    assert!((total - 1.0).abs() < 1e-9, "{dead:?}");
}

/// Whatever strangers send, there are no more series, and nothing of theirs stands in one.
#[test]
fn strangers_make_no_series_and_leave_no_trace() {
    let app = TestApp::with_jane();
    let token = app.reset_token(JANE);
    app.send(&Request::get("/no/such/path"));
    let known = scrape(&app).series();
    for number in 0..20 {
        app.send(&Request::get(&format!(
            "/no/such/path/{number}?email={JANE}"
        )));
        app.send(&Request::get(&format!("/{token}")));
        let method = format!(
            "GET /no/such/path HTTP/1.1\r\nhost: {number}.test\r\nx-forwarded-for: 192.0.2.{number}\r\nconnection: close\r\n\r\n"
        );
        send_raw(app.address, method.as_bytes());
    }
    send_raw(
        app.address,
        b"BREW /coffee HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
    );
    let text = app.wait(readmit::metrics::render(app.app()));
    let fresh: Vec<_> = exposition::parse(&text)
        .series()
        .difference(&known)
        .cloned()
        .collect();
    assert!(
        fresh.iter().all(|it| it.contains(r#"method="other""#)),
        "{fresh:?}"
    );
    for secret in [
        JANE,
        "jane",
        &token[..20],
        "eyJ",
        "127.0.0.1",
        "192.0.2",
        "/no/such",
        "coffee",
    ] {
        assert!(!text.contains(secret), "{secret}");
    }
}

/// A database that does not answer is told of; what does not need it is there.
#[test]
fn without_the_database_the_rest_is_still_told() {
    let app = TestApp::with_jane();
    app.wait(app.app().store.close());
    let scrape = scrape(&app);
    assert!(scrape.value("readmit_database_up").abs() < 1e-9);
    assert!(!scrape.families.contains_key("readmit_sessions_open"));
    assert!(scrape.families.contains_key("readmit_outbox_sent_total"));
}

fn ask(address: SocketAddr, head: &str) -> Answer {
    let request = format!("{head} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    send_raw(address, request.as_bytes())
}

/// On a listener of its own, which is not the API's, and nothing else is there.
#[test]
fn they_are_served_on_a_listener_of_their_own() {
    let site = Site::in_memory("file:mail").set("metrics.listen", "127.0.0.1:0");
    let mut server = site.serve();
    server.send(&Request::get("/healthz"));
    let address = wait_until("the listener is named", || {
        let printed = server.printed();
        let url = printed
            .lines()
            .find_map(|line| line.strip_prefix("metrics are at http://"))?;
        url.strip_suffix("/metrics")?.parse().ok()
    });
    let answer = ask(address, "GET /metrics");
    assert_eq!(answer.status, 200);
    let form = answer.header("content-type");
    assert_eq!(form, Some("text/plain; version=0.0.4; charset=utf-8"));
    let scrape = exposition::parse(answer.text());
    let healthy = r#"readmit_http_requests_total{route="/healthz",method="GET",status="200"}"#;
    assert!((scrape.value(healthy) - 1.0).abs() < 1e-9);
    assert_eq!(ask(address, "POST /metrics").status, 405);
    assert_eq!(ask(address, "GET /healthz").status, 404);
    assert_eq!(server.send(&Request::get("/metrics")).status, 404);
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(0));
}

/// A port that is taken ends the start with a sentence that names the key.
#[test]
fn a_taken_port_is_an_error_that_names_the_key() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address");
    let site = Site::in_memory("file:mail").set("metrics.listen", address);
    let output = site.run(&["serve"]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    let why = format!("cannot listen on {address} (metrics.listen): ");
    assert!(said.contains(&why), "{said}");
}

/// Every name that a query of the dashboard asks for is one that is served, with labels that it has.
#[test]
fn the_dashboard_asks_for_what_there_is() {
    let dashboard: Value =
        serde_json::from_str(include_str!("../../assets/grafana-dashboard.json")).expect("JSON");
    let app = TestApp::with_jane();
    app.sign_in(JANE, PASSWORD);
    let scrape = scrape(&app);
    let mut names = BTreeSet::new();
    for family in scrape.families.values() {
        names.insert(family.name.clone());
        if family.kind == "histogram" {
            names.extend(["_bucket", "_sum", "_count"].map(|it| format!("{}{it}", family.name)));
        }
    }
    let labels: BTreeSet<&str> = scrape
        .families
        .values()
        .flat_map(Family::labels)
        .chain(["job", "instance", "le"])
        .collect();
    let panels = dashboard["panels"].as_array().expect("panels");
    let mut queries = 0;
    for panel in panels {
        for target in panel["targets"].as_array().into_iter().flatten() {
            let query = target["expr"].as_str().expect("a query");
            queries += 1;
            let words = query.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
            for word in words.filter(|word| word.starts_with("readmit_")) {
                assert!(names.contains(word), "{word} in {query}");
            }
            for part in query.split("by (").skip(1) {
                let by = part.split(')').next().expect("an end");
                for label in by.split(',').map(str::trim) {
                    assert!(labels.contains(label), "{label} in {query}");
                }
            }
        }
    }
    assert!(queries >= 15, "{queries}");
    assert_eq!(json!(dashboard["title"]), "readmit");
}
