//! Secrets that must not get out: by the log, by the help, by a message, or by being the same everywhere.

mod log;
mod messages;
