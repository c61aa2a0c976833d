//! Tests through the outside of the program, a module a feature.

mod admin;
mod audit;
mod brand;
mod commands;
mod config;
mod disk;
mod enumeration;
mod exchange;
mod http;
mod jwt;
mod key_rotation;
mod kill;
mod leaks;
mod mail;
mod main_job;
mod migrations;
mod outbox;
mod permissions;
mod reset;
mod schedule;
mod secrets;
mod shutdown;
mod store;
mod support;
mod transport;
mod vault;
