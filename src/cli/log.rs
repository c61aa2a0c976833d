//! The log: to standard error, for people or for machines.

use tracing_subscriber::EnvFilter;

use crate::config::{Log, LogFormat};

/// Logs what the configuration asks for.
pub(super) fn start(config: &Log) {
    init(EnvFilter::new(&config.level), config.format);
}

/// Logs warnings and errors, for commands whose output is something else.
pub(super) fn problems_only(format: LogFormat) {
    init(EnvFilter::new("warn"), format);
}

fn init(filter: EnvFilter, format: LogFormat) {
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    // A logger that is set already stays: a process has one.
    let _ = match format {
        LogFormat::Pretty => subscriber.with_ansi(stderr_is_terminal()).try_init(),
        LogFormat::Json => subscriber.json().try_init(),
    };
}

fn stderr_is_terminal() -> bool {
    use std::io::IsTerminal as _;
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}
