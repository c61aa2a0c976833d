//! What the tests share.

pub(crate) mod app;
pub(crate) mod http;
pub(crate) mod process;
pub(crate) mod smtp;
pub(crate) mod wait;
