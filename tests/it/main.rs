//! Tests through the outside of the program, a module a feature.

mod config;
mod support;
mod transport;
