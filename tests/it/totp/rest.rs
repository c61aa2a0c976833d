//! What lies on the disk, and what it is worth to a thief.

use std::fs;

use readmit::totp::{Secret, Verdict};
use secrecy::ExposeSecret as _;

use super::{BOB, BY_CODE, BY_RECOVERY, JANE, account, code, demand, enrol, secret_in, start};
use crate::support::app::{PASSWORD, TestApp};

/// The bytes of the database and of what stands beside it.
fn at_rest(app: &TestApp) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in fs::read_dir(app.folder()).expect("the folder") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            bytes.extend(fs::read(path).expect("the file"));
        }
    }
    bytes
}

fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|part| part == needle)
}

/// Assertion 20. Neither secrets nor recovery codes can be read from a stolen database, before the
/// confirmation, after it, and once they are gone; that other columns are found shows that the search
/// would find them.
#[test]
fn the_database_holds_neither_secrets_nor_recovery_codes() {
    let mut app = TestApp::with_jane();
    let bob = app.add_person(BOB, "Bob", Some(7), Some(PASSWORD));
    let jane = account(&app, JANE);
    let pending = secret_in(&start(&app, bob).expect("a secret"));
    let (secret, recovery) = enrol(&app, jane);
    let used = code(&app, &secret, 0);
    assert_eq!(demand(&app, jane, Some(&used)), BY_CODE);
    assert_eq!(demand(&app, jane, Some(&recovery[0])), BY_RECOVERY);
    let mut needles: Vec<Vec<u8>> = Vec::new();
    for secret in [pending, secret] {
        let text = secret.to_base32();
        let raw = data_encoding::BASE32_NOPAD.decode(text.expose_secret().as_bytes());
        needles.push(raw.expect("base32"));
        needles.push(text.expose_secret().to_ascii_lowercase().into_bytes());
        needles.push(text.expose_secret().as_bytes().to_vec());
    }
    for code in recovery {
        needles.push(code.replace('-', "").into_bytes());
        needles.push(code.into_bytes());
    }
    for stopped in [false, true] {
        if stopped {
            app.stop();
        }
        let bytes = at_rest(&app);
        assert!(contains(&bytes, b"totp.on") && contains(&bytes, JANE.as_bytes()));
        for needle in &needles {
            assert!(
                !contains(&bytes, needle),
                "{}",
                String::from_utf8_lossy(needle)
            );
        }
    }
}

/// Whoever can write to the database, but has not the keys, cannot give a member's account a secret
/// that they know: neither their own account's sealed one, nor one in the clear, nor a recovery code.
#[test]
fn a_sealed_secret_is_worth_nothing_in_another_row() {
    let app = TestApp::with_jane();
    let bob = app.add_person(BOB, "Bob", Some(7), Some(PASSWORD));
    let jane = account(&app, JANE);
    enrol(&app, jane);
    let (bobs, bobs_recovery) = enrol(&app, bob);
    let written = app.sql().execute_batch(
        "UPDATE totp SET last_step = 0, secret = \
         (SELECT t.secret FROM totp t JOIN accounts a ON a.id = t.account_id WHERE a.email LIKE 'bob%'); \
         UPDATE recovery_codes SET account_id = \
         (SELECT id FROM accounts WHERE email LIKE 'jane%') WHERE account_id <> \
         (SELECT id FROM accounts WHERE email LIKE 'jane%');",
    );
    written.expect("the database is written to");
    let code = code(&app, &bobs, 0);
    assert_eq!(demand(&app, jane, Some(&code)), Verdict::Wrong);
    for code in &bobs_recovery {
        assert_eq!(demand(&app, jane, Some(code)), Verdict::Wrong);
    }
    assert_eq!(demand(&app, bob, Some(&code)), BY_CODE);
    for forged in ["X'00'", "X''", "zeroblob(49)"] {
        let sql = format!("UPDATE totp SET secret = {forged}");
        app.sql().execute(&sql, []).expect("it is written");
        let secret = Secret::from_base32("AAAAAAAAAAAAAAAA").expect("a secret");
        let code = super::code(&app, &secret, 0);
        assert_eq!(demand(&app, jane, Some(&code)), Verdict::Wrong, "{forged}");
    }
}

/// A database that was restored without its keys lets nobody past a second factor, rather than
/// everybody.
#[test]
fn without_the_keys_no_code_is_taken() {
    let mut app = TestApp::with_jane();
    let jane = account(&app, JANE);
    let (secret, recovery) = enrol(&app, jane);
    app.stop();
    for name in ["seal.key", "mac.key"] {
        fs::remove_file(app.folder().join("keys").join(name)).expect("a key");
    }
    app.start_again();
    assert_eq!(demand(&app, jane, None), Verdict::Missing);
    let code = code(&app, &secret, 0);
    assert_eq!(demand(&app, jane, Some(&code)), Verdict::Wrong);
    assert_eq!(demand(&app, jane, Some(&recovery[0])), Verdict::Wrong);
}

/// Assertion 80, for what ends up in a log by `{:?}`.
#[test]
fn a_secret_shows_nothing_of_itself() {
    let secret = Secret::from_base32("JBSWY3DPEHPK3PXP").expect("a secret");
    let shown = format!("{secret:?} {:?}", secret.to_base32());
    assert!(shown.contains("REDACTED"), "{shown}");
    assert!(
        !shown.contains("JBSWY3DP") && !shown.contains("72, 101, 108"),
        "{shown}"
    );
}
