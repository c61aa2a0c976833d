//! Switching two-factor authentication on.

use std::collections::HashSet;

use readmit::totp::{TwoFactorError, Verdict};

use super::{BY_CODE, CLIENT, JANE, STEP, account, code, confirm, demand, enrol, secret_in, start};
use crate::support::app::{PASSWORD, TestApp};

/// A secret alone changes nothing: who starts and cannot go on is not locked out.
#[test]
fn a_secret_is_asked_for_only_once_it_was_confirmed() {
    let app = TestApp::with_jane();
    let jane = account(&app, JANE);
    assert_eq!(demand(&app, jane, None), Verdict::NotNeeded);
    let secret = secret_in(&start(&app, jane).expect("a secret"));
    let typed = code(&app, &secret, 0);
    assert_eq!(demand(&app, jane, None), Verdict::NotNeeded);
    assert_eq!(demand(&app, jane, Some("whatever")), Verdict::NotNeeded);
    confirm(&app, jane, &typed).expect("recovery codes");
    assert_eq!(demand(&app, jane, None), Verdict::Missing);
    // The code that confirmed is used up with that.
    assert_eq!(demand(&app, jane, Some(&typed)), Verdict::Wrong);
    app.advance(STEP);
    assert_eq!(demand(&app, jane, Some(&code(&app, &secret, 0))), BY_CODE);
}

/// Whoever closed the page before the picture was read starts again. Only the last secret counts then.
#[test]
fn starting_again_replaces_a_secret_that_was_not_confirmed() {
    let app = TestApp::with_jane();
    let jane = account(&app, JANE);
    let first = secret_in(&start(&app, jane).expect("a secret"));
    let second = secret_in(&start(&app, jane).expect("another secret"));
    let refused = confirm(&app, jane, &code(&app, &first, 0));
    assert!(
        matches!(refused, Err(TwoFactorError::WrongCode)),
        "{refused:?}"
    );
    assert_eq!(demand(&app, jane, None), Verdict::NotNeeded);
    confirm(&app, jane, &code(&app, &second, 0)).expect("recovery codes");
}

/// Who holds a stolen session must not be able to put a device of their own in the place of the
/// member's.
#[test]
fn what_is_on_can_be_neither_started_nor_confirmed_again() {
    let app = TestApp::with_jane();
    let jane = account(&app, JANE);
    let nothing_yet = confirm(&app, jane, "123456");
    assert!(matches!(nothing_yet, Err(TwoFactorError::NotStarted)));
    let (secret, recovery) = enrol(&app, jane);
    assert!(matches!(start(&app, jane), Err(TwoFactorError::AlreadyOn)));
    let again = confirm(&app, jane, &code(&app, &secret, 0));
    assert!(matches!(again, Err(TwoFactorError::AlreadyOn)));
    assert_eq!(demand(&app, jane, Some(&code(&app, &secret, 0))), BY_CODE);
    assert!(demand(&app, jane, Some(&recovery[0])).lets_in());
}

/// What confirms is a code of the device, as for a sign-in: of the step or one beside it.
#[test]
fn only_a_code_of_the_device_confirms() {
    let app = TestApp::with_jane();
    let jane = account(&app, JANE);
    let secret = secret_in(&start(&app, jane).expect("a secret"));
    let wrong = [
        code(&app, &secret, 2),
        code(&app, &secret, -2),
        "ab3de-fgh4k".to_owned(),
        String::new(),
    ];
    for wrong in wrong {
        let refused = confirm(&app, jane, &wrong);
        assert!(
            matches!(refused, Err(TwoFactorError::WrongCode)),
            "{wrong}: {refused:?}"
        );
    }
    confirm(&app, jane, &code(&app, &secret, 1)).expect("recovery codes");
}

/// Ten codes of 50 bits, in two groups that can be read to somebody, and no two alike.
#[test]
fn there_are_ten_recovery_codes_of_the_usual_form() {
    let app = TestApp::with_jane();
    let jane = account(&app, JANE);
    let (_, codes) = enrol(&app, jane);
    assert_eq!(codes.iter().collect::<HashSet<_>>().len(), 10);
    for code in &codes {
        let (first, second) = code.split_once('-').expect("two groups");
        assert_eq!((first.len(), second.len()), (5, 5), "{code}");
        let crockford =
            |c: char| c.is_ascii_digit() || (c.is_ascii_lowercase() && !"ilou".contains(c));
        assert!(code.replace('-', "").chars().all(crockford), "{code}");
    }
    // Each of the 32 symbols is as likely as any other: 24 of them at least are among a hundred draws.
    let symbols: HashSet<char> = codes.iter().flat_map(|code| code.chars()).collect();
    assert!(symbols.len() > 24, "{symbols:?}");
}

/// The URI says whose account it is, and at which location, in a form that no name can break out of:
/// it is read back by a parser that knows nothing of us.
#[test]
fn the_uri_names_location_and_member_whatever_characters_they_have() {
    let app = TestApp::start();
    app.add_business(
        7,
        "Caf\u{e9} & Bar: 100% \"Quay\"/?secret=x",
        "https://canal.test",
    );
    for (address, business, issuer) in [
        (
            "jane@example.com",
            Some(7),
            "Caf\u{e9} & Bar  100% \"Quay\"/?secret=x",
        ),
        ("o'neil+a/b%c&d=e?f#g@example.com", None, "readmit"),
    ] {
        let person = app.add_person(address, "Jane", business, Some(PASSWORD));
        let text = start(&app, person).expect("a URI");
        let uri = url::Url::parse(&text).expect("a URI");
        assert_eq!((uri.scheme(), uri.host_str()), ("otpauth", Some("totp")));
        let label = percent_encoding::percent_decode_str(&uri.path()[1..]);
        assert_eq!(
            label.decode_utf8().expect("UTF-8"),
            format!("{issuer}:{address}")
        );
        let pairs: Vec<(String, String)> = uri.query_pairs().into_owned().collect();
        let names: Vec<_> = pairs.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["secret", "issuer", "algorithm", "digits", "period"]);
        let values: Vec<_> = pairs[1..].iter().map(|(_, value)| value.as_str()).collect();
        assert_eq!(values, [issuer, "SHA1", "6", "30"]);
        // 160 bits in base32 without padding.
        assert_eq!(pairs[0].1.len(), 32);
        assert!(!text.contains('+') && uri.fragment().is_none(), "{text}");
    }
}

/// Secrets are as random as the system's generator: no two alike.
#[test]
fn each_secret_is_another() {
    let app = TestApp::with_jane();
    let jane = account(&app, JANE);
    let uris: HashSet<_> = (0..20).map(|_| start(&app, jane).expect("a URI")).collect();
    assert_eq!(uris.len(), 20);
}

/// Assertion 79: what was done and what was refused, from where; never a code.
#[test]
fn every_step_stands_in_the_log() {
    let app = TestApp::with_jane();
    let jane = account(&app, JANE);
    let secret = secret_in(&start(&app, jane).expect("a secret"));
    confirm(&app, jane, &code(&app, &secret, 2)).expect_err("a wrong code");
    confirm(&app, jane, &code(&app, &secret, 0)).expect("recovery codes");
    let sql = app.sql();
    let mut statement = sql
        .prepare(
            "SELECT event, outcome, coalesce(detail, '-'), actor, client, account_id FROM audit \
             WHERE event LIKE 'totp.%' ORDER BY id",
        )
        .expect("a query");
    let rows = statement
        .query_map([], |row| {
            let cells: [String; 6] = [
                row.get(0)?,
                row.get(1)?,
                row.get(2)?,
                row.get(3)?,
                row.get(4)?,
                row.get(5)?,
            ];
            Ok(cells)
        })
        .expect("entries");
    let entries: Vec<[String; 6]> = rows.collect::<Result<_, _>>().expect("entries");
    let jane = jane.to_string();
    let entry = |event, outcome, detail| {
        [event, outcome, detail, "member", CLIENT, &jane].map(str::to_owned)
    };
    assert_eq!(
        entries,
        [
            entry("totp.start", "ok", "-"),
            entry("totp.on", "refused", "the code is wrong"),
            entry("totp.on", "ok", "-"),
        ]
    );
}
