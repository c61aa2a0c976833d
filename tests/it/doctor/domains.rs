//! What the zones of senders say, to a resolver that the test scripts.

use serde_json::Value;

use super::{assert_found, examine, site};
use crate::support::dns::Resolver;
use crate::support::process::Site;

const SPF: (&str, &str) = ("example.com", "v=spf1 ip4:192.0.2.1 -all");
const DMARC: (&str, &str) = ("_dmarc.example.com", "v=DMARC1; p=reject");

fn findings(site: &Site, records: &[(&str, &str)]) -> Vec<Value> {
    let resolver = Resolver::start(records);
    examine(site, &[&resolver.argument()]).0
}

/// The record that the zone has to hold for this selector.
fn new_key(site: &Site, selector: &str) -> String {
    let made = site.ok(&[
        "dkim",
        "new",
        "example.com",
        "--selector",
        selector,
        "--json",
    ]);
    let made: Value = serde_json::from_str(&made).expect("JSON");
    made["record"]["value"].as_str().expect("a text").to_owned()
}

/// Everything is published: nothing to complain of. A location's sender in a subdomain is covered by the
/// key and the policy of the domain above it. Forged answers that come first change nothing, and an
/// answer that does not fit a datagram comes over a connection.
#[test]
fn zones_that_say_the_right_thing_are_in_order() {
    let site = site();
    let record = new_key(&site, "mail2026");
    site.ok(&["dkim", "use", "example.com", "mail2026"]);
    let sender = "--sender-address=hello@news.example.com";
    let portal = "--portal-url=https://canal.example";
    site.ok(&["business", "add", "7", "--name=Canal House", portal, sender]);
    let long = format!("something else {}", "x".repeat(1500));
    let findings = findings(
        &site,
        &[
            ("example.com", &long),
            SPF,
            DMARC,
            ("news.example.com", "v=spf1 include:example.com ~all"),
            ("mail2026._domainkey.example.com", &record),
        ],
    );
    for subject in [
        "SPF of example.com",
        "SPF of news.example.com",
        "DMARC of example.com",
        "DMARC of news.example.com",
        "DKIM key mail2026._domainkey.example.com",
    ] {
        assert_found(&findings, subject, "ok", "");
    }
    assert!(
        !findings
            .iter()
            .any(|it| it["subject"] == "DKIM of example.com"),
        "{findings:#?}"
    );
}

#[test]
fn records_that_are_missing_doubled_or_useless_are_found() {
    let site = site();
    let none = findings(&site, &[]);
    for subject in ["SPF of example.com", "DMARC of example.com"] {
        assert_found(&none, subject, "warning", "there is no record");
    }
    assert_found(&none, "DKIM of example.com", "warning", "no key here signs");

    let doubled = findings(&site, &[SPF, SPF, DMARC, DMARC]);
    for subject in ["SPF of example.com", "DMARC of example.com"] {
        assert_found(&doubled, subject, "error", "2 records, so that none counts");
    }

    let useless = findings(
        &site,
        &[
            ("example.com", "v=spf1 +all"),
            ("_dmarc.example.com", "v=DMARC1; rua=mailto:a@example.com"),
        ],
    );
    assert_found(
        &useless,
        "SPF of example.com",
        "error",
        "lets everybody send",
    );
    assert_found(&useless, "DMARC of example.com", "error", "no policy");

    let broken = findings(&site, &[("example.com", "SERVFAIL"), DMARC]);
    assert_found(
        &broken,
        "SPF of example.com",
        "warning",
        "could not be looked up",
    );
}

#[test]
fn a_key_that_signs_and_is_not_published_is_an_error() {
    let site = site();
    let record = new_key(&site, "one");
    let other = new_key(&site, "two");
    let name = "one._domainkey.example.com";
    let subject = "DKIM key one._domainkey.example.com";
    let waiting = findings(&site, &[SPF, DMARC, (name, &record)]);
    assert_found(&waiting, subject, "warning", "does not sign yet");
    site.ok(&["dkim", "use", "example.com", "one"]);
    for (published, found) in [
        ("v=spf1 -all", "it is not published"),
        (other.as_str(), "another key under this name"),
        ("v=DKIM1; k=rsa; p=", "revoked"),
    ] {
        let findings = findings(&site, &[SPF, DMARC, (name, published)]);
        assert_found(&findings, subject, "error", found);
    }
    // A zone may break the key into pieces with blanks between them.
    let spaced = record.replace("p=MII", "p= MII ");
    let findings = findings(&site, &[SPF, DMARC, (name, &spaced)]);
    assert_found(&findings, subject, "ok", "it signs");
}

#[test]
fn a_sender_without_a_domain_is_told_of() {
    let site = site().set("smtp.from", "no-reply@localhost");
    let findings = findings(&site, &[]);
    let found = "it is no domain of the Internet";
    assert_found(&findings, "sender domain localhost", "warning", found);
}
