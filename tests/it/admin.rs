//! What an administrator does to an account, as the member meets it.

use readmit::accounts::AccountError;
use readmit::admin::{ActError, Person};
use readmit::business::{BusinessError, BusinessId};
use readmit::password::Password;

use crate::support::app::{NEW_PASSWORD, PASSWORD, TestApp, email};
use crate::support::hashing::{two_places, while_hashing};
use crate::support::parallel::all_at_once;

const JANE: &str = "jane@example.com";
const BOB: &str = "bob@example.com";

fn open_sessions(app: &TestApp) -> i64 {
    app.query("SELECT count(*) FROM sessions WHERE revoked_at IS NULL")
}

fn refresh_tokens(app: &TestApp) -> i64 {
    app.query("SELECT count(*) FROM refresh_tokens")
}

/// Jane and Bob, both signed in twice.
fn signed_in() -> TestApp {
    let app = TestApp::with_jane();
    app.add_person(BOB, "Bob", Some(7), Some(PASSWORD));
    for address in [JANE, JANE, BOB, BOB] {
        assert_eq!(app.sign_in(address, PASSWORD).status, 200);
    }
    app
}

/// Assertion 46, for sign-in: a suspension shuts out at once, and ends only the account's own.
#[test]
fn a_suspension_ends_sessions_and_holds_until_it_is_lifted() {
    let app = signed_in();
    app.suspend(JANE);
    assert_eq!((open_sessions(&app), refresh_tokens(&app)), (2, 2));
    assert_eq!(app.sign_in(JANE, PASSWORD).json()["error"], "invalid_grant");
    assert_eq!(app.sign_in(BOB, PASSWORD).status, 200);
    app.wait(app.admin().reactivate(email(JANE), app.now()))
        .expect("the account is reactivated");
    assert_eq!(app.sign_in(JANE, PASSWORD).status, 200);
}

/// A required reset ends what is open, and sign-in says so to who has the right password.
#[test]
fn a_required_reset_ends_sessions_and_is_asked_for_at_sign_in() {
    let app = signed_in();
    app.wait(app.admin().require_reset(email(JANE), app.now()))
        .expect("a reset is required");
    assert_eq!((open_sessions(&app), refresh_tokens(&app)), (2, 2));
    let refused = app.sign_in(JANE, PASSWORD);
    assert_eq!(refused.status, 400);
    assert_eq!(refused.json()["error"], "must_reset_password");
    app.login_token(JANE, NEW_PASSWORD);
    assert_eq!(app.sign_in(JANE, NEW_PASSWORD).status, 200);
}

/// A password that an administrator sets replaces the old one for good.
#[test]
fn a_set_password_replaces_the_old_one_and_ends_sessions() {
    let app = signed_in();
    let password = Password::new(NEW_PASSWORD).expect("a password");
    app.wait(app.admin().set_password(email(JANE), password, app.now()))
        .expect("the password is set");
    assert_eq!((open_sessions(&app), refresh_tokens(&app)), (2, 2));
    assert_eq!(app.sign_in(JANE, PASSWORD).status, 400);
    assert_eq!(app.sign_in(JANE, NEW_PASSWORD).status, 200);
}

/// A sign-in whose password was right when it was read opens no session once it is replaced, though
/// the hash that it is compared with is still the old one.
#[test]
fn a_sign_in_that_began_before_the_change_is_refused() {
    let app = two_places(TestApp::builder()).start().and_jane();
    let answer = while_hashing(
        &app,
        || app.sign_in(JANE, PASSWORD),
        || {
            let password = Password::new(NEW_PASSWORD).expect("a password");
            app.wait(app.admin().set_password(email(JANE), password, app.now()))
                .expect("the password is set");
        },
    );
    assert_eq!(answer.status, 400);
    assert_eq!(answer.json()["error"], "invalid_grant");
    assert_eq!(open_sessions(&app), 0);
    assert_eq!(app.sign_in(JANE, NEW_PASSWORD).status, 200);
}

/// Nothing of a removed account stays behind but the log.
#[test]
fn a_removed_account_takes_its_rows_along() {
    let app = signed_in();
    app.reset_token(JANE);
    app.settled_outbox();
    app.wait(app.admin().remove_account(email(JANE), app.now()))
        .expect("the account is removed");
    let left: i64 = app.query(
        "SELECT (SELECT count(*) FROM accounts) + (SELECT count(*) FROM sessions) \
         + (SELECT count(*) FROM refresh_tokens) + (SELECT count(*) FROM reset_tokens)",
    );
    assert_eq!(left, 1 + 2 + 2);
    let named: i64 = app.query("SELECT count(*) FROM outbox WHERE account_id IS NOT NULL");
    assert_eq!(named, 0);
    assert_eq!(app.sign_in(JANE, PASSWORD).json()["error"], "invalid_grant");
    assert_eq!(app.sign_in(BOB, PASSWORD).status, 200);
}

/// Every act on an address that nobody has is refused in words that say so, and changes nothing.
#[test]
fn acts_on_nobody_are_refused() {
    let app = TestApp::with_jane();
    let (admin, now) = (app.admin(), app.now());
    let who = || email("nobody@example.com");
    let password = || Password::new(PASSWORD).expect("a password");
    let before: String = app.query("SELECT group_concat(updated_at) FROM accounts");
    for outcome in [
        app.wait(admin.suspend(who(), now)),
        app.wait(admin.reactivate(who(), now)),
        app.wait(admin.require_reset(who(), now)),
        app.wait(admin.remove_account(who(), now)),
    ] {
        let refusal = outcome.expect_err("nobody has that address");
        assert!(matches!(refusal, AccountError::Unknown(_)));
        assert!(
            refusal
                .to_string()
                .starts_with("nobody@example.com has no account")
        );
    }
    let refusal = app
        .wait(admin.set_password(who(), password(), now))
        .expect_err("nobody has that address");
    assert!(matches!(
        refusal,
        ActError::Account(AccountError::Unknown(_))
    ));
    let after: String = app.query("SELECT group_concat(updated_at) FROM accounts");
    assert_eq!(after, before);
}

/// An address is one account's, whatever the case of its letters, and whoever is first.
#[test]
fn an_address_is_taken_once() {
    let app = TestApp::with_jane();
    let add = |address: &str| {
        let person = Person {
            email: email(address),
            name: "Jane".to_owned(),
            business: BusinessId::new(7),
            locale: None,
            password: None,
            welcome: None,
        };
        app.wait(app.admin().add_account(person, app.now()))
    };
    let refusal = add("JANE@Example.COM").expect_err("the address is taken");
    assert!(matches!(
        refusal,
        ActError::Account(AccountError::Exists(_))
    ));
    let added = all_at_once(&["ann@example.com"; 20], |address| add(address).is_ok());
    assert_eq!(added.iter().filter(|added| **added).count(), 1);
}

/// A business that people belong to is not removed under them.
#[test]
fn a_business_with_members_is_not_removed() {
    let app = TestApp::with_jane();
    let seven = BusinessId::new(7).expect("a number");
    let remove = || app.wait(app.admin().remove_business(seven, app.now()));
    let refusal = remove().expect_err("Jane belongs to it");
    assert!(matches!(
        refusal,
        BusinessError::HasAccounts { accounts: 1, .. }
    ));
    app.wait(app.admin().remove_account(email(JANE), app.now()))
        .expect("the account is removed");
    remove().expect("nobody belongs to it");
    assert!(matches!(remove(), Err(BusinessError::Unknown(_))));
}
