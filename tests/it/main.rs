//! Tests through the outside of the program, a module a feature.

mod admin;
mod audit;
mod brand;
mod commands;
mod config;
mod enumeration;
mod exchange;
mod http;
mod jwt;
mod key_rotation;
mod kill;
mod mail;
mod main_job;
mod migrations;
mod outbox;
mod reset;
mod schedule;
mod secrets;
mod store;
mod support;
mod totp;
mod transport;
mod vault;
