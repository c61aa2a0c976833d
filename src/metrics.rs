//! What monitoring asks: the counters of every part in the text format of Prometheus.
//!
//! Names follow Prometheus' rules: `readmit_`, a unit of SI behind, `_total` behind what only grows. Labels
//! have few values, which are known when the program is built: routes by their templates, relays by their
//! places. No address, name or token stands in any.
//!
//! The parts keep their own counters ([`crate::meter`]), which is why there is no registry and no library
//! for one: a scrape reads them, and asks the database once.

mod load;
pub mod serve;
mod text;

use std::time::Duration;

use self::text::{Text, Type, Unit};
use crate::app::App;
use crate::audit;
use crate::clock::Timestamp;
use crate::outbox::{self, Waiting};
use crate::session;
use crate::store::{self, StoreError};

/// What only the database knows.
struct Found {
    size: u64,
    waiting: Waiting,
    sessions: u32,
    last_entry: i64,
}

/// Everything there is to know now.
pub async fn render(app: &App) -> String {
    let now = app.clock.now();
    let mut text = Text::default();
    process(&mut text, app);
    requests(&mut text, app);
    outbox(&mut text, app);
    writer(&mut text, app);
    passwords(&mut text, app);
    load::tell(&mut text, app);
    text.family(
        "readmit_tokens_issued_total",
        Type::Counter,
        "Signed tokens by their type.",
    );
    for (kind, count) in app.signer.issued() {
        text.sample(&[("type", kind)], count);
    }
    let found = look(app, now).await;
    text.family(
        "readmit_database_up",
        Type::Gauge,
        "Whether the database answered this scrape; without it, what only it knows is missing.",
    );
    text.sample(&[], u8::from(found.is_ok()));
    if let Ok(found) = found {
        database(&mut text, &found, now);
    }
    text.into_string()
}

async fn look(app: &App, now: Timestamp) -> Result<Found, StoreError> {
    app.store
        .read(move |db| {
            Ok(Found {
                size: store::size(db)?,
                waiting: outbox::waiting(db, now)?,
                sessions: session::open_count(db, now)?,
                last_entry: audit::head(db)?.map_or(0, |head| head.id),
            })
        })
        .await
}

fn process(text: &mut Text, app: &App) {
    text.family(
        "readmit_build_info",
        Type::Gauge,
        "Which program this is; always 1.",
    );
    text.sample(&[("version", env!("CARGO_PKG_VERSION"))], 1);
    text.family(
        "readmit_process_start_time_seconds",
        Type::Gauge,
        "When the server was started, since the Unix epoch.",
    );
    let started = u64::try_from(app.started.millis()).unwrap_or(0);
    text.sample(&[], Duration::from_millis(started).as_secs_f64());
}

fn requests(text: &mut Text, app: &App) {
    text.family(
        "readmit_http_requests_total",
        Type::Counter,
        "Answered requests by the template of their route, method and status.",
    );
    for (answered, count) in app.requests.counts() {
        let status = answered.status.to_string();
        let labels = [
            ("route", &*answered.route),
            ("method", answered.method),
            ("status", &status),
        ];
        text.sample(&labels, count);
    }
    text.family(
        "readmit_http_request_duration_seconds",
        Type::Histogram,
        "How long requests took, from their headers to the answer.",
    );
    for (route, spread) in app.requests.durations() {
        text.histogram(&[("route", &route)], &spread, Unit::Micros);
    }
    text.family(
        "readmit_http_requests_in_flight",
        Type::Gauge,
        "Requests that are being answered.",
    );
    text.sample(&[], app.requests.under_way());
}

fn outbox(text: &mut Text, app: &App) {
    let meter = app.worker.meter().snapshot();
    for (name, help, count) in [
        (
            "readmit_outbox_begun_total",
            "Messages taken up for the first time.",
            meter.begun,
        ),
        (
            "readmit_outbox_sent_total",
            "Messages that a relay took.",
            meter.delays.count,
        ),
        (
            "readmit_outbox_retried_total",
            "Failed attempts after which the message waits for another.",
            meter.retried,
        ),
    ] {
        text.family(name, Type::Counter, help);
        text.sample(&[], count);
    }
    text.family(
        "readmit_outbox_dead_total",
        Type::Counter,
        "Messages given up, by the class of the cause.",
    );
    for (class, count) in meter.dead {
        text.sample(&[("class", class)], count);
    }
    text.family(
        "readmit_outbox_dropped_total",
        Type::Counter,
        "Messages for which there was nothing to send, by reason.",
    );
    for (reason, count) in meter.dropped_by {
        text.sample(&[("reason", reason)], count);
    }
    text.family(
        "readmit_outbox_delivery_seconds",
        Type::Histogram,
        "Sent messages by the time from their intake to the relay's consent.",
    );
    text.histogram(&[], &meter.delays, Unit::Millis);
    text.family(
        "readmit_relay_up",
        Type::Gauge,
        "Whether a relay works as far as is known, by its place in smtp.url.",
    );
    for relay in app.worker.relays() {
        let place = (relay.place + 1).to_string();
        text.sample(&[("relay", &place)], u8::from(relay.down_since.is_none()));
    }
}

fn writer(text: &mut Text, app: &App) {
    let meter = app.store.meter();
    text.family(
        "readmit_writer_group_jobs",
        Type::Histogram,
        "How many jobs shared a commit.",
    );
    text.histogram(&[], &meter.groups.spread(), Unit::One);
    text.family(
        "readmit_writer_commit_duration_seconds",
        Type::Histogram,
        "How long a group of jobs took, its sync to disk included.",
    );
    text.histogram(&[], &meter.commits.spread(), Unit::Micros);
    text.family(
        "readmit_writer_failed_commits_total",
        Type::Counter,
        "Groups that the disk, or another process with the lock, did not let through.",
    );
    text.sample(&[], meter.failed.get());
    text.family(
        "readmit_writer_refused_jobs_total",
        Type::Counter,
        "Jobs that were refused because too many waited.",
    );
    text.sample(&[], meter.refused.get());
    text.family(
        "readmit_writer_waiting_jobs",
        Type::Gauge,
        "Jobs that wait for the writer.",
    );
    text.sample(&[], app.store.waiting());
}

fn passwords(text: &mut Text, app: &App) {
    let hasher = &app.sessions.hasher;
    text.family(
        "readmit_password_pending",
        Type::Gauge,
        "Passwords that are being hashed or judged, or wait for it.",
    );
    text.sample(&[], hasher.pending());
    text.family(
        "readmit_password_wait_seconds",
        Type::Histogram,
        "How long passwords waited for a thread.",
    );
    text.histogram(&[], &hasher.meter().waits.spread(), Unit::Micros);
    text.family(
        "readmit_password_refused_total",
        Type::Counter,
        "Passwords turned away because too many waited.",
    );
    text.sample(&[], hasher.meter().refused.get());
}

fn database(text: &mut Text, found: &Found, now: Timestamp) {
    text.family(
        "readmit_database_size_bytes",
        Type::Gauge,
        "The size of the database without its write-ahead log.",
    );
    text.sample(&[], found.size);
    text.family(
        "readmit_outbox_messages",
        Type::Gauge,
        "Messages that have not come to their end, by state.",
    );
    text.sample(&[("state", "queued")], found.waiting.queued);
    text.sample(&[("state", "sending")], found.waiting.sending);
    text.family(
        "readmit_outbox_due_messages",
        Type::Gauge,
        "Queued messages whose time has come.",
    );
    text.sample(&[], found.waiting.due);
    text.family(
        "readmit_outbox_oldest_due_seconds",
        Type::Gauge,
        "For how long the oldest queued message has been due; 0 when none is.",
    );
    let waits = found.waiting.oldest_due.map(|due| now.since(due));
    text.sample(&[], waits.unwrap_or_default().as_secs_f64());
    text.family("readmit_sessions_open", Type::Gauge, "Open sessions.");
    text.sample(&[], found.sessions);
    text.family(
        "readmit_audit_last_entry",
        Type::Gauge,
        "The number of the newest entry of the audit log. It never falls, unless somebody cut the log off.",
    );
    text.sample(&[], found.last_entry);
}
