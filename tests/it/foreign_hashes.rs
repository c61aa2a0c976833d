//! Hashes that other systems made: verified as those did, and replaced at the first sign-in.

mod forms;
mod races;
mod refusals;

use serde_json::json;

use crate::support::app::{NEW_PASSWORD, PASSWORD, TestApp, email};

const JANE: &str = "jane@example.com";

/// How the hashes of a deployment inside a test begin.
const CURRENT: &str = "$argon2id$v=19$m=64,t=1,p=1$";

/// `seven herons on the quay` by bcrypt.
const BCRYPT: &str = "$2b$04$g.Po0ycmlIEALdU9ruxhaef2hi4pRibXti77AYXAvgnZoa9y.StYe";

/// Adds Jane with a hash.
fn import_jane(app: &TestApp, hash: &str) {
    let jane = json!({ "email": JANE, "name": "Jane Doe", "password_hash": hash });
    assert_eq!(app.import(&jane.to_string()), Ok(1), "{hash}");
}

fn with_imported_jane(hash: &str) -> TestApp {
    let app = TestApp::start();
    import_jane(&app, hash);
    app
}

fn stored(app: &TestApp) -> String {
    app.query("SELECT password_hash FROM accounts")
}

#[track_caller]
fn assert_signs_in(app: &TestApp, password: &str) {
    let answer = app.sign_in(JANE, password);
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[track_caller]
fn assert_refused(app: &TestApp, password: &str) {
    let answer = app.sign_in(JANE, password);
    assert_eq!(answer.status, 400, "{}", answer.text());
    assert_eq!(answer.json()["error"], "invalid_grant");
}

/// Only who knows the password can make the new hash: a wrong one leaves the old hash as it is, and the
/// right one replaces it by one at the current cost, which is as good from then on.
#[test]
fn a_foreign_hash_is_replaced_at_the_first_right_password_and_no_sooner() {
    let app = with_imported_jane(BCRYPT);
    assert_refused(&app, PASSWORD);
    assert_refused(&app, BCRYPT);
    assert_eq!(stored(&app), BCRYPT);
    assert_signs_in(&app, NEW_PASSWORD);
    let renewed = stored(&app);
    assert!(renewed.starts_with(CURRENT), "{renewed}");
    assert_signs_in(&app, NEW_PASSWORD);
    assert_eq!(stored(&app), renewed, "once is enough");
    assert_refused(&app, PASSWORD);
}

/// A deployment that raises the cost has its members' hashes follow, one by one.
#[test]
fn a_hash_of_our_own_is_replaced_when_the_cost_has_changed() {
    let mut app = TestApp::with_jane();
    let old = stored(&app);
    assert_signs_in(&app, PASSWORD);
    assert_eq!(stored(&app), old, "its cost is the current one");
    for (key, value, begin) in [
        (
            "password.argon2_iterations",
            2,
            "$argon2id$v=19$m=64,t=2,p=1$",
        ),
        (
            "password.argon2_memory_kib",
            128,
            "$argon2id$v=19$m=128,t=2,p=1$",
        ),
        (
            "password.argon2_parallelism",
            2,
            "$argon2id$v=19$m=128,t=2,p=2$",
        ),
        // And down again, when it was too much for the machine.
        (
            "password.argon2_memory_kib",
            16,
            "$argon2id$v=19$m=16,t=2,p=2$",
        ),
    ] {
        app.set(key, value);
        app.restart();
        assert_refused(&app, NEW_PASSWORD);
        assert!(!stored(&app).starts_with(begin));
        assert_signs_in(&app, PASSWORD);
        assert!(stored(&app).starts_with(begin), "{}", stored(&app));
        assert_signs_in(&app, PASSWORD);
    }
}

/// It is still the same password: nothing ends that was made under it, and nobody is told that it
/// changed.
#[test]
fn replacing_a_hash_ends_nothing() {
    let mut app = TestApp::with_jane();
    let token = app.reset_token(JANE);
    let session = app.sign_in(JANE, PASSWORD).json();
    let before: i64 = app.query("SELECT credential_version FROM accounts");
    let old = stored(&app);
    app.set("password.argon2_iterations", 2);
    app.restart();
    assert_signs_in(&app, PASSWORD);
    assert_ne!(stored(&app), old);
    let after: i64 = app.query("SELECT credential_version FROM accounts");
    assert_eq!(after, before);
    let open: i64 = app.query("SELECT count(*) FROM sessions WHERE revoked_at IS NULL");
    assert_eq!(open, 2);
    let refresh = session["refresh_token"].as_str().expect("a token");
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    let request = crate::support::http::Request::post("/api/token").form(&form);
    assert_eq!(app.send(&request.header("client_id", JANE)).status, 200);
    assert_eq!(app.settled_outbox().len(), 1, "no notice");
    app.complete(&token, NEW_PASSWORD).envelope(200);
}

/// Who is not let in replaces nothing: the right password is not enough while the account is suspended,
/// has to choose a new one, or is asked for a second factor.
#[test]
fn a_hash_is_replaced_only_with_the_session_that_it_opens() {
    let app = with_imported_jane(BCRYPT);
    app.suspend(JANE);
    assert_refused(&app, NEW_PASSWORD);
    app.wait(app.admin().reactivate(email(JANE), app.now()))
        .expect("she is back");
    app.wait(app.admin().require_reset(email(JANE), app.now()))
        .expect("she must reset");
    let answer = app.sign_in(JANE, NEW_PASSWORD);
    assert_eq!(answer.json()["error"], "must_reset_password");
    assert_eq!(stored(&app), BCRYPT);

    let app = TestApp::start();
    let secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";
    let jane = json!({
        "email": JANE, "name": "Jane", "password_hash": BCRYPT, "totp_secret": secret,
    });
    assert_eq!(app.import(&jane.to_string()), Ok(1));
    let answer = app.sign_in(JANE, NEW_PASSWORD);
    assert_eq!(answer.json()["error"], "two_factor_auth_check");
    assert_eq!(stored(&app), BCRYPT);
}

/// The other doors that take a password take one with a foreign hash too.
#[test]
fn a_member_with_a_foreign_hash_can_change_the_password() {
    let app = with_imported_jane(BCRYPT);
    // A login token opens a session without the password, and so leaves the hash as it is.
    let account: String = app.query("SELECT id FROM accounts");
    let session = app.sign_in(JANE, NEW_PASSWORD).json();
    app.sql()
        .execute(
            "UPDATE accounts SET password_hash = ?1 WHERE id = ?2",
            [BCRYPT, &account],
        )
        .expect("the old hash again");
    let token = session["access_token"].as_str().expect("a token");
    let change = |current: &str| {
        let body = json!({ "CurrentPassword": current, "NewPassword": PASSWORD });
        let path = format!("{}/changePassword", crate::support::app::USERS);
        let request = crate::support::http::Request::post(&path).json(&body);
        app.send(&request.header("authorization", &format!("Bearer {token}")))
    };
    assert_eq!(change("seven herons on a quay").status, 400);
    change(NEW_PASSWORD).envelope(200);
    assert_signs_in(&app, PASSWORD);
}
