//! Tests through the outside of the program, a module a feature.

mod config;
mod main_job;
mod support;
mod transport;
