//! Mail as it goes over the wire: to whom, and of what form, whatever anybody typed.

mod addresses;
pub(crate) mod form;
mod names;

use mail_parser::{Message, MessageParser};

use crate::support::app::{Builder, TestApp};
use crate::support::smtp::Mail;

/// A deployment where one account may have as many links as a test wants.
fn unhurried() -> Builder {
    TestApp::builder()
        .set("reset.cooldown", "0s")
        .set("reset.max_pending", 100)
}

fn parse(mail: &Mail) -> Message<'_> {
    MessageParser::default()
        .parse(&mail.raw)
        .expect("a message that can be parsed")
}

/// Name and address of each mailbox in a header.
fn mailboxes(mail: &Mail, header: &str) -> Vec<(Option<String>, String)> {
    let message = parse(mail);
    let value = message.header(header).and_then(|value| value.as_address());
    let value = value.unwrap_or_else(|| panic!("no {header}"));
    value
        .iter()
        .map(|mailbox| {
            let address = mailbox.address().unwrap_or_default().to_owned();
            (mailbox.name().map(str::to_owned), address)
        })
        .collect()
}

/// The names of the headers as they stand on the wire, up to the first empty line.
fn header_names(mail: &Mail) -> Vec<String> {
    let raw = String::from_utf8(mail.raw.clone()).expect("ASCII");
    let (head, _) = raw.split_once("\r\n\r\n").expect("a head and a body");
    head.split("\r\n")
        .filter(|line| !line.starts_with([' ', '\t']))
        .map(|line| {
            line.split_once(':')
                .map_or(line, |(name, _)| name)
                .to_owned()
        })
        .collect()
}
