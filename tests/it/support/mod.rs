//! What the tests share.

pub(crate) mod app;
pub(crate) mod browser;
pub(crate) mod connection;
pub(crate) mod contract;
pub(crate) mod dns;
pub(crate) mod faults;
pub(crate) mod hashing;
pub(crate) mod http;
pub(crate) mod https;
pub(crate) mod installed;
pub(crate) mod jwt;
pub(crate) mod parallel;
pub(crate) mod process;
pub(crate) mod smtp;
pub(crate) mod stores;
pub(crate) mod visitor;
pub(crate) mod wait;
