//! Limits, and how much there is to do at once.

use super::text::{Text, Type};
use crate::app::App;

pub(super) fn tell(text: &mut Text, app: &App) {
    limits(text, app);
    let load = app.load.snapshot();
    text.family(
        "readmit_http_connections",
        Type::Gauge,
        "Connections that are open.",
    );
    text.sample(&[], load.connections);
    text.family(
        "readmit_http_places_taken",
        Type::Gauge,
        "Requests that have one of the places that http.max_in_flight sets.",
    );
    text.sample(&[], load.in_flight);
    for (name, help, count) in [
        (
            "readmit_http_shed_requests_total",
            "Requests that were answered with 503 for want of a place.",
            load.shed,
        ),
        (
            "readmit_http_crowded_connections_total",
            "Connections beyond the most, on which only probes are answered.",
            load.crowded,
        ),
        (
            "readmit_http_closed_connections_total",
            "Connections that were closed unanswered, for want of the last seat.",
            load.closed,
        ),
    ] {
        text.family(name, Type::Counter, help);
        text.sample(&[], count);
    }
}

fn limits(text: &mut Text, app: &App) {
    let limits = app.limits.snapshot();
    text.family(
        "readmit_limits_admitted_total",
        Type::Counter,
        "Requests that a limit let pass, by its action and what it counts by.",
    );
    for count in &limits.rules {
        let labels = [
            ("action", count.rule.action.name()),
            ("by", count.rule.by.name()),
        ];
        text.sample(&labels, count.admitted);
    }
    text.family(
        "readmit_limits_limited_total",
        Type::Counter,
        "Requests that a limit held back, by its action and what it counts by.",
    );
    for count in &limits.rules {
        let labels = [
            ("action", count.rule.action.name()),
            ("by", count.rule.by.name()),
        ];
        text.sample(&labels, count.limited);
    }
    text.family(
        "readmit_limits_callers",
        Type::Gauge,
        "Callers that are remembered.",
    );
    text.sample(&[], limits.keys);
    text.family(
        "readmit_limits_forgotten_total",
        Type::Counter,
        "Callers that were forgotten for want of room.",
    );
    text.sample(&[], limits.evicted);
}
