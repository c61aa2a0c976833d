//! What it costs to remember callers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use readmit::limits::{Action, Caller, Limits, network};

use super::limits;

/// One of very many callers: each in a network of its own.
fn stranger(number: u32) -> IpAddr {
    IpAddr::V6(Ipv6Addr::from(
        0x2001_0db8 << 96 | u128::from(number) << 64 | 1,
    ))
}

fn come(limits: &Limits, callers: std::ops::Range<u32>) {
    for number in callers {
        let admitted = limits.admit(Action::SignIn, &Caller::at(stranger(number)));
        assert!(admitted.is_ok(), "{number}: {admitted:?}");
    }
}

/// Assertion 52: a million callers are remembered in as much memory as the documentation says, and two
/// million take no more.
#[test]
fn a_million_callers_take_bounded_memory() {
    const DOCUMENTED: usize = 36 * 1_000_000;
    let (limits, clock) = limits(&[]);
    assert_eq!(limits.snapshot().max_keys, 1_000_000);
    come(&limits, 0..1_000_000);
    let full = limits.snapshot();
    // The parts of the table are never full at the same moment, and make room for an eighth each.
    assert!((850_000..=1_000_000).contains(&full.keys), "{full:?}");
    assert_eq!(full.keys as u64 + full.evicted, 1_000_000);
    assert!(full.bytes <= DOCUMENTED, "{full:?}");
    come(&limits, 1_000_000..1_300_000);
    let over = limits.snapshot();
    assert!(over.keys <= 1_000_000, "{over:?}");
    assert_eq!(over.bytes, full.bytes);
    assert_eq!(over.keys as u64 + over.evicted, 1_300_000);

    clock.advance(Duration::from_mins(1));
    limits.forget_idle();
    let idle = limits.snapshot();
    assert_eq!((idle.keys, idle.bytes), (0, 0));
}

/// A flood of strangers makes room for nobody who is held back: what is forgotten first is whoever is
/// furthest from the limit.
#[test]
fn a_flood_of_callers_lets_nobody_off() {
    let (limits, _clock) = limits(&[("max_keys", "1000"), ("sign_in", "2/1m")]);
    let guesser = Caller::at(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)));
    for _ in 0..2 {
        assert!(limits.admit(Action::SignIn, &guesser).is_ok());
    }
    assert!(limits.admit(Action::SignIn, &guesser).is_err());
    come(&limits, 0..50_000);
    let snapshot = limits.snapshot();
    assert!(snapshot.keys <= 1008, "{snapshot:?}");
    assert!(snapshot.evicted >= 48_000, "{snapshot:?}");
    assert!(limits.admit(Action::SignIn, &guesser).is_err());
}

/// Who is held back stays so when the others are forgotten, and is forgotten when the wait is over.
#[test]
fn only_those_whose_quota_is_full_are_forgotten() {
    let (limits, clock) = limits(&[("sign_in", "2/1m")]);
    come(&limits, 0..100);
    let guesser = Caller::at(stranger(7));
    assert!(limits.admit(Action::SignIn, &guesser).is_ok());
    clock.advance(Duration::from_secs(31));
    limits.forget_idle();
    assert_eq!(limits.snapshot().keys, 1);
    clock.advance(Duration::from_secs(30));
    limits.forget_idle();
    assert_eq!(limits.snapshot().keys, 0);
}

/// Assertion 49: however an address is written, and wherever in its /64, it is one caller.
#[test]
fn an_address_is_one_caller_however_it_is_written() {
    let same = |address: &str| network(address.parse().expect("an address")).to_string();
    for (address, caller) in [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::FFFF:C000:0201", "192.0.2.1"),
        // Where an IPv6-only network sees the IPv4 world (RFC 6052), each has an address of its own.
        ("64:ff9b::192.0.2.1", "192.0.2.1"),
        ("64:ff9b:1::192.0.2.1", "64:ff9b:1::"),
        ("2001:db8:0:1::1", "2001:db8:0:1::"),
        ("2001:DB8:0:1:ffff:ffff:ffff:ffff", "2001:db8:0:1::"),
        ("2001:0db8:0000:0002::", "2001:db8:0:2::"),
        ("::1", "::"),
    ] {
        assert_eq!(same(address), caller, "{address}");
    }
}
