//! Switching two-factor authentication off, carrying it over, and what leaves it as it is.

use std::sync::Arc;

use readmit::accounts::AccountId;
use readmit::password::Password;
use readmit::store::StoreError;
use readmit::totp::{self, NotASecret, Secret, TwoFactorError, Verdict};
use secrecy::ExposeSecret as _;

use super::{
    BOB, BY_CODE, CLIENT, JANE, STEP, account, code, confirm, demand, enrol, secret_in, start,
};
use crate::support::app::{NEW_PASSWORD, PASSWORD, TestApp, email};
use crate::support::process::Site;

fn disable(
    app: &TestApp,
    account: AccountId,
    password: &str,
    code: &str,
) -> Result<(), TwoFactorError> {
    let password = Password::new(password).expect("a password");
    let client = CLIENT.parse().expect("an address");
    let code = code.to_owned();
    let two_factor = &app.app().two_factor;
    app.wait(two_factor.disable(account, password, code, client, app.now()))
}

fn export(app: &TestApp, account: AccountId) -> Option<String> {
    let vault = Arc::clone(&app.app().vault);
    let read = app
        .app()
        .store
        .read(move |db| totp::export_secret(db, &vault, account));
    let secret: Result<_, StoreError> = app.wait(read);
    let secret = secret.expect("the database can be read")?;
    Some(secret.to_base32().expose_secret().to_owned())
}

fn import(app: &TestApp, account: AccountId, secret: &Secret) -> bool {
    let (vault, secret, now) = (Arc::clone(&app.app().vault), secret.clone(), app.now());
    let write = app
        .app()
        .store
        .write(move |tx| totp::import_secret(tx, &vault, account, &secret, now));
    let taken: Result<_, StoreError> = app.wait(write);
    taken.expect("the database takes it")
}

fn rows(app: &TestApp) -> i64 {
    app.query("SELECT (SELECT count(*) FROM totp) + (SELECT count(*) FROM recovery_codes)")
}

/// Assertion 32. A reset proves that somebody reads the member's mail, and nothing about the device.
#[test]
fn a_reset_leaves_the_second_factor_on() {
    let app = TestApp::with_jane();
    let jane = account(&app, JANE);
    let (secret, recovery) = enrol(&app, jane);
    let before = rows(&app);
    app.login_token(JANE, NEW_PASSWORD);
    assert_eq!(rows(&app), before);
    assert_eq!(demand(&app, jane, None), Verdict::Missing);
    assert_eq!(demand(&app, jane, Some(&code(&app, &secret, 0))), BY_CODE);
    assert!(demand(&app, jane, Some(&recovery[0])).lets_in());
    let admin = app.admin();
    let password = Password::new(PASSWORD).expect("a password");
    let set = admin.set_password(email(JANE), password, app.now());
    app.wait(set).expect("a password is set");
    app.suspend(JANE);
    app.wait(app.admin().reactivate(email(JANE), app.now()))
        .expect("it is reactivated");
    assert_eq!(demand(&app, jane, None), Verdict::Missing);
}

/// A stolen session is not enough to switch it off, nor is the password, nor a code.
#[test]
fn switching_off_takes_the_password_and_a_code() {
    let app = TestApp::with_jane();
    let jane = account(&app, JANE);
    let not_on = disable(&app, jane, PASSWORD, "123456");
    assert!(matches!(not_on, Err(TwoFactorError::NotOn)), "{not_on:?}");
    let (secret, recovery) = enrol(&app, jane);
    let right = code(&app, &secret, 0);
    let refused = disable(&app, jane, "not the password", &right);
    assert!(
        matches!(refused, Err(TwoFactorError::WrongPassword)),
        "{refused:?}"
    );
    let refused = disable(&app, jane, PASSWORD, "000000");
    assert!(
        matches!(refused, Err(TwoFactorError::WrongCode)),
        "{refused:?}"
    );
    assert_eq!(rows(&app), 11);
    disable(&app, jane, PASSWORD, &right).expect("it is off");
    assert_eq!(demand(&app, jane, None), Verdict::NotNeeded);
    assert_eq!(rows(&app), 0);
    let log: String = app.query(
        "SELECT group_concat(outcome || ' ' || detail, ', ' ORDER BY id) FROM audit WHERE event = 'totp.off'",
    );
    let expected = "refused two-factor authentication is not on, refused the password is wrong, \
                    refused the code is wrong, ok totp";
    assert_eq!(log, expected);
    // Set up anew, with a secret and codes of its own; the old recovery codes are worth nothing.
    let (secret, _) = enrol(&app, jane);
    assert_eq!(demand(&app, jane, Some(&recovery[0])), Verdict::Wrong);
    assert_eq!(demand(&app, jane, Some(&code(&app, &secret, 0))), BY_CODE);
}

/// The device is lost: a recovery code stands in for it here, too.
#[test]
fn a_recovery_code_switches_off_as_well() {
    let app = TestApp::with_jane();
    let jane = account(&app, JANE);
    let (_, recovery) = enrol(&app, jane);
    disable(&app, jane, PASSWORD, &recovery[9]).expect("it is off");
    assert_eq!(demand(&app, jane, None), Verdict::NotNeeded);
}

/// The help desk switches it off for one person, which ends up in the log; for somebody who has none, it
/// says so.
#[test]
fn an_administrator_switches_it_off_for_one_member() {
    let app = TestApp::with_jane();
    let bob = app.add_person(BOB, "Bob", Some(7), Some(PASSWORD));
    let jane = account(&app, JANE);
    enrol(&app, jane);
    enrol(&app, bob);
    let off = |address: &str| app.wait(app.admin().totp_off(email(address), app.now()));
    assert!(off("JANE@example.com").expect("an account"));
    assert!(!off(JANE).expect("an account"));
    assert!(off("eve@example.com").is_err());
    assert_eq!(demand(&app, jane, None), Verdict::NotNeeded);
    assert_eq!(demand(&app, bob, None), Verdict::Missing);
    let log: String = app.query(
        "SELECT group_concat(actor || ' ' || account_id) FROM audit WHERE event = 'account.totp_off'",
    );
    assert_eq!(log, format!("admin:test {jane}"));
}

/// Nothing of a removed account stays behind.
#[test]
fn a_removed_account_takes_its_second_factor_along() {
    let app = TestApp::with_jane();
    let bob = app.add_person(BOB, "Bob", Some(7), Some(PASSWORD));
    enrol(&app, account(&app, JANE));
    enrol(&app, bob);
    assert_eq!(rows(&app), 22);
    app.wait(app.admin().remove_account(email(JANE), app.now()))
        .expect("it is removed");
    assert_eq!(rows(&app), 11);
    assert_eq!(demand(&app, bob, None), Verdict::Missing);
}

/// A member who moves here from another system keeps the device as it is, and can take it elsewhere.
#[test]
fn a_secret_is_carried_over_from_another_system_and_back() {
    let app = TestApp::with_jane();
    let jane = account(&app, JANE);
    assert_eq!(export(&app, jane), None);
    start(&app, jane).expect("a secret");
    assert_eq!(
        export(&app, jane),
        None,
        "not confirmed, so not the member's"
    );

    let foreign = Secret::from_base32("jbsw y3dp ehpk 3pxp").expect("a secret");
    assert!(import(&app, jane, &foreign));
    assert_eq!(export(&app, jane).as_deref(), Some("JBSWY3DPEHPK3PXP"));
    assert_eq!(demand(&app, jane, None), Verdict::Missing);
    assert_eq!(demand(&app, jane, Some(&code(&app, &foreign, 0))), BY_CODE);
    let other = Secret::from_base32("AAAAAAAAAAAAAAAA").expect("a secret");
    assert!(!import(&app, jane, &other), "what is on stays");
    assert_eq!(export(&app, jane).as_deref(), Some("JBSWY3DPEHPK3PXP"));

    let bob = app.add_person(BOB, "Bob", Some(7), Some(PASSWORD));
    let (own, _) = enrol(&app, bob);
    let exported = export(&app, bob).expect("a secret");
    assert_eq!(exported, own.to_base32().expose_secret());
}

/// The forms in which other systems write a secret; what is no secret, or too short for one, is refused
/// without being repeated.
#[test]
fn secrets_of_other_systems_are_read_in_every_usual_form() {
    let plain = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";
    for text in [
        plain,
        "jbswy3dpehpk3pxpjbswy3dpehpk3pxp",
        "JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP",
        "jbsw-y3dp-ehpk-3pxp-jbsw-y3dp-ehpk-3pxp",
    ] {
        let secret = Secret::from_base32(text).expect(text);
        assert_eq!(secret.to_base32().expose_secret(), plain, "{text}");
    }
    let padded = Secret::from_base32("GEZDGNBVGY3TQOJQGEZDGNA=").expect("a padded one");
    assert_eq!(
        padded.to_base32().expose_secret(),
        "GEZDGNBVGY3TQOJQGEZDGNA"
    );
    let long = "A".repeat(112);
    for text in [
        "",
        "JBSWY3DPEHPK3P",
        "JBSWY3DPEHPK3PX1",
        "0BSWY3DPEHPK3PXP",
        "\u{e9}",
        "=",
        &long,
    ] {
        assert_eq!(Secret::from_base32(text).err(), Some(NotASecret), "{text}");
    }
    assert!(!NotASecret.to_string().contains("JBSW"));
}

/// `readmit user totp-off` and what `user show` says before and after.
#[test]
fn the_help_desk_sees_whether_it_is_on_and_switches_it_off() {
    let site = Site::new("file:mail");
    site.add_jane(PASSWORD);
    let show = || -> serde_json::Value {
        serde_json::from_str(&site.ok(&["user", "show", JANE, "--json"])).expect("JSON")
    };
    let line = || {
        let page = site.ok(&["user", "show", JANE]);
        let line = page.lines().find(|line| line.starts_with("two-factor"));
        line.expect("a line")
            .replace("two-factor", "")
            .trim()
            .to_owned()
    };
    assert_eq!(line(), "off");
    assert!(show()["two_factor_since"].is_null());
    assert!(show()["recovery_codes_left"].is_null());
    let off = ["user", "totp-off", JANE, "--yes"];
    let not_on = site.run(&off);
    assert_eq!(not_on.status.code(), Some(1));
    let said = String::from_utf8_lossy(&not_on.stderr).into_owned();
    assert_eq!(
        said,
        format!("readmit: two-factor authentication is not on for {JANE}\n")
    );

    site.sql()
        .execute_batch(
            "INSERT INTO totp (account_id, secret, created_at, confirmed_at) \
             SELECT id, X'00', 0, 1800000000000 FROM accounts; \
             INSERT INTO recovery_codes SELECT id, X'00', NULL FROM accounts; \
             INSERT INTO recovery_codes SELECT id, X'01', NULL FROM accounts; \
             INSERT INTO recovery_codes SELECT id, X'02', 7 FROM accounts;",
        )
        .expect("a second factor");
    assert_eq!(
        line(),
        "on since 2027-01-15T08:00:00Z, 2 recovery codes left"
    );
    assert_eq!(show()["two_factor_since"], "2027-01-15T08:00:00Z");
    assert_eq!(show()["recovery_codes_left"], 2);
    let unsure = site.run(&["user", "totp-off", JANE]);
    assert_eq!(unsure.status.code(), Some(1));
    let said = String::from_utf8_lossy(&unsure.stderr).into_owned();
    assert!(
        said.contains("cannot be undone; add --yes to do it"),
        "{said}"
    );
    assert!(line().starts_with("on since"));
    let printed = site.ok(&off);
    let expected = format!("{JANE} signs in without a second factor now; it can be set up anew\n");
    assert_eq!(printed, expected);
    assert_eq!(line(), "off");
    let unknown = site.run(&["user", "totp-off", "eve@example.com", "--yes"]);
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("eve@example.com has no account"));
}

/// A secret that was started before an administrator switched everything off is not left half way: it
/// goes as well.
#[test]
fn switching_off_forgets_a_secret_that_was_not_confirmed() {
    let app = TestApp::with_jane();
    let jane = account(&app, JANE);
    let secret = secret_in(&start(&app, jane).expect("a secret"));
    let was_on = app.wait(app.admin().totp_off(email(JANE), app.now()));
    assert!(!was_on.expect("an account"));
    app.advance(STEP);
    let gone = confirm(&app, jane, &code(&app, &secret, 0));
    assert!(matches!(gone, Err(TwoFactorError::NotStarted)), "{gone:?}");
}
