//! The text format of Prometheus, version 0.0.4
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/>).

use std::fmt::{Display, Write as _};
use std::time::Duration;

use crate::meter::Spread;

/// What the value of a family means.
#[derive(Clone, Copy)]
pub(super) enum Type {
    /// Only grows, but for a restart.
    Counter,
    /// Rises and falls.
    Gauge,
    /// How values are spread.
    Histogram,
}

/// What a histogram counts in; durations are shown in seconds.
#[derive(Clone, Copy)]
pub(super) enum Unit {
    One,
    Micros,
    Millis,
}

impl Unit {
    fn show(self, value: u64) -> String {
        match self {
            Self::One => value.to_string(),
            Self::Micros => Duration::from_micros(value).as_secs_f64().to_string(),
            Self::Millis => Duration::from_millis(value).as_secs_f64().to_string(),
        }
    }
}

/// The text so far, and the family that samples belong to.
#[derive(Default)]
pub(super) struct Text {
    out: String,
    family: &'static str,
}

impl Text {
    /// Begins a family; its samples follow.
    pub(super) fn family(&mut self, name: &'static str, kind: Type, help: &str) {
        let kind = match kind {
            Type::Counter => "counter",
            Type::Gauge => "gauge",
            Type::Histogram => "histogram",
        };
        self.family = name;
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(self.out, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    pub(super) fn sample(&mut self, labels: &[(&str, &str)], value: impl Display) {
        self.line("", labels, None, &value);
    }

    pub(super) fn histogram(&mut self, labels: &[(&str, &str)], spread: &Spread, unit: Unit) {
        for (bound, count) in &spread.up_to {
            self.line("_bucket", labels, Some(&unit.show(*bound)), count);
        }
        self.line("_bucket", labels, Some("+Inf"), &spread.count);
        self.line("_sum", labels, None, &unit.show(spread.sum));
        self.line("_count", labels, None, &spread.count);
    }

    fn line(
        &mut self,
        suffix: &str,
        labels: &[(&str, &str)],
        bound: Option<&str>,
        value: &impl Display,
    ) {
        let _ = write!(self.out, "{}{suffix}", self.family);
        let bound = bound.map(|bound| ("le", bound));
        let mut open = '{';
        for (name, value) in labels.iter().copied().chain(bound) {
            let value = value
                .replace('\\', "\\\\")
                .replace('"', "\\\"")
                .replace('\n', "\\n");
            let _ = write!(self.out, "{open}{name}=\"{value}\"");
            open = ',';
        }
        let end = if open == ',' { "}" } else { "" };
        let _ = writeln!(self.out, "{end} {value}");
    }

    pub(super) fn into_string(self) -> String {
        self.out
    }
}
