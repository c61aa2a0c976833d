//! Two-factor authentication: codes, recovery codes, and how they are switched on and off.

mod enrolment;
mod rest;
mod switching;

use std::sync::Arc;
use std::time::Duration;

use readmit::accounts::AccountId;
use readmit::store::StoreError;
use readmit::totp::{self, Factor, Secret, TwoFactorError, Verdict};
use secrecy::ExposeSecret as _;

use crate::support::app::{PASSWORD, TestApp, email};
use crate::support::parallel::all_at_once;

const JANE: &str = "jane@example.com";
const BOB: &str = "bob@example.com";

/// The client's address in the log.
const CLIENT: &str = "192.0.2.7";

/// How long a code is shown.
const STEP: Duration = Duration::from_secs(30);

fn account(app: &TestApp, address: &str) -> AccountId {
    let address = email(address);
    let find = app
        .app()
        .store
        .read(move |db| readmit::accounts::find(db, &address));
    let found: Result<_, StoreError> = app.wait(find);
    found
        .expect("the accounts can be read")
        .expect("an account")
        .id
}

fn start(app: &TestApp, account: AccountId) -> Result<String, TwoFactorError> {
    let started = app
        .app()
        .two_factor
        .start(account, CLIENT.to_owned(), app.now());
    app.wait(started).map(|uri| uri.expose_secret().to_owned())
}

fn confirm(app: &TestApp, account: AccountId, code: &str) -> Result<Vec<String>, TwoFactorError> {
    let (code, client) = (code.to_owned(), CLIENT.to_owned());
    let confirmed = app
        .app()
        .two_factor
        .confirm(account, code, client, app.now());
    let codes = app.wait(confirmed)?;
    Ok(codes
        .expose_secret()
        .split(' ')
        .map(str::to_owned)
        .collect())
}

/// The secret in an `otpauth` URI.
fn secret_in(uri: &str) -> Secret {
    let uri = url::Url::parse(uri).expect("a URI");
    let secret = uri.query_pairs().find(|(name, _)| name == "secret");
    Secret::from_base32(&secret.expect("a secret").1).expect("base32")
}

/// The code of the step that lies so many steps from the present one.
fn code(app: &TestApp, secret: &Secret, steps: i64) -> String {
    secret.code(totp::step(app.now()) + steps)
}

/// Switches two-factor authentication on, and goes on to a step of which no code is used up.
fn enrol(app: &TestApp, account: AccountId) -> (Secret, Vec<String>) {
    let secret = secret_in(&start(app, account).expect("a secret"));
    let codes = confirm(app, account, &code(app, &secret, 0)).expect("recovery codes");
    app.advance(2 * STEP);
    (secret, codes)
}

/// What the transaction that opens a session gets to know about this code.
fn demand(app: &TestApp, account: AccountId, code: Option<&str>) -> Verdict {
    let (vault, now) = (Arc::clone(&app.app().vault), app.now());
    let code = code.map(str::to_owned);
    let write = app
        .app()
        .store
        .write(move |tx| totp::demand(tx, &vault, account, code.as_deref(), now));
    let verdict: Result<_, StoreError> = app.wait(write);
    verdict.expect("the database takes it")
}

const BY_CODE: Verdict = Verdict::Passed(Factor::Totp);
const BY_RECOVERY: Verdict = Verdict::Passed(Factor::RecoveryCode);

/// RFC 6238, appendix B, for SHA-1: the last six of its eight digits.
#[test]
fn codes_are_those_of_the_standard() {
    let secret = data_encoding::BASE32.encode(b"12345678901234567890");
    let secret = Secret::from_base32(&secret).expect("a secret");
    for (seconds, expected) in [
        (59, "287082"),
        (1_111_111_109, "081804"),
        (1_111_111_111, "050471"),
        (1_234_567_890, "005924"),
        (2_000_000_000, "279037"),
        (20_000_000_000, "353130"),
    ] {
        let step = totp::step(readmit::clock::Timestamp::from_seconds(seconds));
        assert_eq!(secret.code(step), expected, "{seconds}");
    }
}

/// Devices are off by some seconds, and people type slowly: the codes of the steps beside the present
/// one are taken, those of two steps away are not.
#[test]
fn a_code_of_one_step_beside_is_taken_and_of_two_is_not() {
    for (steps, expected) in [
        (-2, Verdict::Wrong),
        (-1, BY_CODE),
        (0, BY_CODE),
        (1, BY_CODE),
        (2, Verdict::Wrong),
    ] {
        let app = TestApp::with_jane();
        let jane = account(&app, JANE);
        let (secret, _) = enrol(&app, jane);
        app.advance(STEP);
        let typed = code(&app, &secret, steps);
        assert_eq!(demand(&app, jane, Some(&typed)), expected, "{steps}");
    }
}

/// A code counts until the last moment of its step and one more step, in either direction.
#[test]
fn a_code_is_taken_for_ninety_seconds() {
    let app = TestApp::with_jane();
    let jane = account(&app, JANE);
    let (secret, _) = enrol(&app, jane);
    let ahead = code(&app, &secret, 2);
    app.advance(STEP.saturating_sub(Duration::from_millis(1)));
    assert_eq!(demand(&app, jane, Some(&ahead)), Verdict::Wrong);
    app.advance(Duration::from_millis(1));
    let early = code(&app, &secret, 0);
    app.advance((2 * STEP).saturating_sub(Duration::from_millis(1)));
    assert_eq!(demand(&app, jane, Some(&early)), BY_CODE);
    app.advance(Duration::from_millis(1));
    assert_eq!(demand(&app, jane, Some(&ahead)), BY_CODE);
}

/// RFC 6238, 5.2: who has looked over the member's shoulder comes too late, with this code and with the
/// one before it, after a restart as well, and under a clock that was stepped back.
#[test]
fn a_step_is_used_once_and_none_before_it_after_that() {
    let mut app = TestApp::with_jane();
    let jane = account(&app, JANE);
    let (secret, _) = enrol(&app, jane);
    let earlier = code(&app, &secret, -1);
    let present = code(&app, &secret, 0);
    let next = code(&app, &secret, 1);
    assert_eq!(demand(&app, jane, Some(&present)), BY_CODE);
    for _ in 0..2 {
        assert_eq!(demand(&app, jane, Some(&present)), Verdict::Wrong);
        assert_eq!(demand(&app, jane, Some(&earlier)), Verdict::Wrong);
        app.restart();
    }
    app.clock.step_back(STEP);
    assert_eq!(demand(&app, jane, Some(&present)), Verdict::Wrong);
    app.advance(STEP);
    assert_eq!(demand(&app, jane, Some(&next)), BY_CODE);
}

/// The same code from fifty places at the same moment lets one of them in; so does a recovery code.
#[test]
fn of_many_who_use_one_code_at_the_same_moment_one_comes_in() {
    let app = TestApp::with_jane();
    let jane = account(&app, JANE);
    let (secret, recovery) = enrol(&app, jane);
    for (code, expected) in [
        (code(&app, &secret, 0), BY_CODE),
        (recovery[3].clone(), BY_RECOVERY),
    ] {
        let verdicts = all_at_once(&[(); 50], |()| demand(&app, jane, Some(&code)));
        let came_in = verdicts.iter().filter(|verdict| verdict.lets_in());
        assert_eq!(came_in.collect::<Vec<_>>(), [&expected]);
    }
}

/// Each recovery code works once, in whatever way it is typed, and leaves the others as they are.
#[test]
fn a_recovery_code_works_once_however_it_is_typed() {
    let app = TestApp::with_jane();
    let jane = account(&app, JANE);
    let (_, recovery) = enrol(&app, jane);
    let typed: [fn(&str) -> String; 4] = [
        str::to_owned,
        str::to_uppercase,
        |code| code.replace('-', ""),
        |code| format!("  {}\n", code.replace('-', " ")),
    ];
    for (typed, code) in typed.iter().zip(&recovery) {
        let typed = typed(code);
        assert_eq!(demand(&app, jane, Some(&typed)), BY_RECOVERY, "{typed}");
        assert_eq!(demand(&app, jane, Some(&typed)), Verdict::Wrong, "{typed}");
        assert_eq!(demand(&app, jane, Some(code)), Verdict::Wrong, "{code}");
    }
    for code in &recovery[typed.len()..] {
        assert_eq!(demand(&app, jane, Some(code)), BY_RECOVERY);
    }
}

/// A code that was written down by hand: one and zero are read for what they look like, too.
#[test]
fn look_alikes_in_a_recovery_code_are_taken_for_what_they_mean() {
    let app = TestApp::with_jane();
    let jane = account(&app, JANE);
    let typed: [fn(&str) -> String; 3] = [
        |code| code.replace('1', "l").replace('0', "o"),
        |code| code.replace('1', "I").replace('0', "O"),
        |code| code.replace('1', "L").replace('0', "O"),
    ];
    for typed in typed {
        // Half of all enrolments have a code with both digits.
        let code = (0..64).find_map(|_| {
            let off = app.wait(app.admin().totp_off(email(JANE), app.now()));
            off.expect("an account");
            let (_, recovery) = enrol(&app, jane);
            let both = |code: &String| code.contains('1') && code.contains('0');
            recovery.into_iter().find(both)
        });
        let typed = typed(&code.expect("a code with both digits"));
        assert_eq!(demand(&app, jane, Some(&typed)), BY_RECOVERY, "{typed}");
    }
}

/// A code is six digits or a recovery code, for this account; anything else is wrong, at no cost to the
/// right one.
#[test]
fn anything_else_is_wrong_and_uses_nothing_up() {
    let app = TestApp::with_jane();
    let bob = app.add_person(BOB, "Bob", Some(7), Some(PASSWORD));
    let jane = account(&app, JANE);
    let (secret, recovery) = enrol(&app, jane);
    let (bobs, bobs_recovery) = enrol(&app, bob);
    let right = code(&app, &secret, 0);
    let (head, tail) = recovery[0].split_at(3);
    let wrong = [
        String::new(),
        " ".to_owned(),
        right[..5].to_owned(),
        format!("{right}0"),
        format!("0{right}"),
        right
            .chars()
            .map(|digit| char::from_u32(u32::from(digit) - 0x30 + 0x660).expect("a digit"))
            .collect(),
        "null".to_owned(),
        "' OR 1=1 --".to_owned(),
        "0".repeat(100_000),
        code(&app, &bobs, 0),
        bobs_recovery[0].clone(),
        recovery[0][..10].to_owned(),
        format!("{head}u{}", &tail[1..]),
        format!("{}{}", recovery[0], recovery[1]),
        format!("{head}\u{e9}{}", &tail[1..]),
    ];
    for wrong in &wrong {
        assert_eq!(
            demand(&app, jane, Some(wrong)),
            Verdict::Wrong,
            "{wrong:.40}"
        );
    }
    assert_eq!(demand(&app, jane, None), Verdict::Missing);
    let spaced = format!(" {} {}", &right[..3], &right[3..]);
    assert_eq!(demand(&app, jane, Some(&spaced)), BY_CODE);
    assert_eq!(demand(&app, jane, Some(&recovery[0])), BY_RECOVERY);
}

/// A code is used up with the session that it opens, in one transaction: when that cannot be opened, the
/// member need not wait for the next code.
#[test]
fn a_code_is_not_used_up_by_a_session_that_is_not_opened() {
    let app = TestApp::with_jane();
    let jane = account(&app, JANE);
    let (secret, recovery) = enrol(&app, jane);
    for code in [code(&app, &secret, 0), recovery[0].clone()] {
        let (vault, now) = (Arc::clone(&app.app().vault), app.now());
        let typed = code.clone();
        let failed: Result<(), StoreError> = app.wait(app.app().store.write(move |tx| {
            let verdict = totp::demand(tx, &vault, jane, Some(&typed), now)?;
            assert!(verdict.lets_in());
            Err(StoreError::Full)
        }));
        assert!(matches!(failed, Err(StoreError::Full)));
        assert!(demand(&app, jane, Some(&code)).lets_in());
    }
}
