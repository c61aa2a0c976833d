//! Tests through the outside of the program, a module a feature.

mod admin;
mod audit;
mod brand;
mod commands;
mod config;
mod enumeration;
mod exchange;
mod foreign_hashes;
mod http;
mod import_export;
mod jwt;
mod key_rotation;
mod kill;
mod mail;
mod main_job;
mod migrations;
mod outbox;
mod password_policy;
mod reset;
mod schedule;
mod secrets;
mod store;
mod support;
mod transport;
mod vault;
