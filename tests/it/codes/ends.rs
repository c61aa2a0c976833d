//! What ends a code and its magic link.

use readmit::outbox::State;
use readmit::password::Password;
use serde_json::json;

use super::{JANE, WRONG, ask_for, code, login_token, mailed, verify};
use crate::support::app::{NEW_PASSWORD, PASSWORD, TestApp, USERS, email};
use crate::support::http::Request;
use crate::support::parallel::all_at_once;
use crate::support::smtp::Mail;

/// What happens to an account.
type Change = fn(&TestApp);

/// Both are dead, and the answer is the one for any wrong code.
fn assert_dead(app: &TestApp, mail: &Mail, why: &str) {
    let refused = verify(app, JANE, &code(mail)).comparable();
    assert_eq!(refused.refusal(400), WRONG, "{why}");
    let unknown = verify(app, "nobody@example.com", "000000").comparable();
    assert_eq!(refused, unknown, "{why}");
    app.exchange(&mail.token(), "60").refusal(401);
}

fn change_password(app: &TestApp) {
    let signed_in = app.sign_in(JANE, PASSWORD).json();
    let access = signed_in["access_token"].as_str().expect("a token");
    let body = json!({ "CurrentPassword": PASSWORD, "NewPassword": NEW_PASSWORD });
    let request = Request::post(&format!("{USERS}/changePassword"))
        .header("authorization", &format!("Bearer {access}"))
        .json(&body);
    app.send(&request).envelope(200);
}

fn suspend_and_reactivate(app: &TestApp) {
    app.suspend(JANE);
    app.wait(app.admin().reactivate(email(JANE), app.now()))
        .expect("it is reactivated");
}

fn set_password(app: &TestApp) {
    let password = Password::new(NEW_PASSWORD).expect("a password");
    app.wait(app.admin().set_password(email(JANE), password, app.now()))
        .expect("it is set");
}

fn require_reset(app: &TestApp) {
    app.wait(app.admin().require_reset(email(JANE), app.now()))
        .expect("a reset is required");
}

/// Assertions 30, 38 and 46: whatever changes the credentials, or whether the member may come in at all,
/// ends what was sent before; that the member may come in again later brings nothing back.
#[test]
fn every_change_of_the_credentials_ends_code_and_link() {
    let changes: [(&str, Change); 5] = [
        ("suspension", |app| app.suspend(JANE)),
        ("suspension for a while", suspend_and_reactivate),
        ("change by the member", change_password),
        ("change by an administrator", set_password),
        ("required reset", require_reset),
    ];
    for (why, change) in changes {
        let app = TestApp::with_jane();
        let mail = mailed(&app);
        change(&app);
        assert_dead(&app, &mail, why);
    }
}

/// A code whose mail has not got through when the account changes is not sent any more.
#[test]
fn a_code_that_waits_for_its_mail_is_dropped_with_the_suspension() {
    let mut app = TestApp::builder().without_worker().start().and_jane();
    ask_for(&app, JANE).envelope(200);
    app.suspend(JANE);
    app.restart_with_worker();
    let settled = app.settled_outbox();
    assert_eq!(settled[0].state, State::Dropped);
    assert_eq!(
        settled[0].reason.as_deref(),
        Some("the account is suspended")
    );
}

/// Assertions 30 and 38: the try is on disk before the code is compared, and the password can be changed
/// between the two. The login token would be made under the new credentials, and outlive the change.
#[test]
fn a_password_change_between_try_and_answer_ends_the_code() {
    for change in [
        "credential_version = credential_version + 1",
        "suspended_at = 1",
    ] {
        let app = TestApp::with_jane();
        let mail = mailed(&app);
        // Whatever happens right after the try was counted.
        app.sql()
            .execute_batch(&format!(
                "CREATE TRIGGER meanwhile AFTER UPDATE OF attempts ON otp_codes \
                 BEGIN UPDATE accounts SET {change}; END"
            ))
            .expect("a trigger");
        assert_eq!(verify(&app, JANE, &code(&mail)).refusal(400), WRONG);
    }
}

/// Assertions 34 and 44: code and link race for one session; ten of each, and one gets in.
#[test]
fn code_and_link_at_the_same_moment_open_one_session() {
    let app = TestApp::with_jane();
    let mail = mailed(&app);
    let (code, link) = (code(&mail), mail.token());
    let tries: Vec<u32> = (0..20).collect();
    let sessions = all_at_once(&tries, |n| {
        let token = if n % 2 == 0 {
            link.clone()
        } else {
            let answer = verify(&app, JANE, &code);
            if answer.status != 200 {
                return 0;
            }
            login_token(&answer)
        };
        usize::from(app.exchange(&token, "60").status == 200)
    });
    assert_eq!(sessions.into_iter().sum::<usize>(), 1);
    assert_eq!(app.query::<i64>("SELECT count(*) FROM sessions"), 1);
}

/// Assertion 33: mail scanners open every link, and some try HEAD before.
#[test]
fn looking_consumes_neither_code_nor_link() {
    let app = TestApp::with_jane();
    let mail = mailed(&app);
    let (code, token) = (code(&mail), mail.token());
    for method in ["GET", "HEAD", "OPTIONS"] {
        for target in [
            format!("{USERS}/exchange?token={token}&validForInMinutes=60"),
            format!("{USERS}/verifyOtp?Email={JANE}&Otp={code}&BusinessId=7"),
        ] {
            let answer = app.send(&Request::new(method, &target));
            assert!(
                answer.status == 405 || method == "OPTIONS",
                "{method} {target}: {}",
                answer.status
            );
        }
    }
    assert_eq!(app.query::<i64>("SELECT count(*) FROM sessions"), 0);
    login_token(&verify(&app, JANE, &code));
}

/// Assertions 38 and 43: the link of a code is a login token and nothing else; what completes a reset, and
/// what a code is answered with, verifies no code.
#[test]
fn no_token_serves_as_a_code() {
    let app = TestApp::with_jane();
    let mail = mailed(&app);
    assert_eq!(verify(&app, JANE, &mail.token()).refusal(400), WRONG);
    let login = login_token(&verify(&app, JANE, &code(&mail)));
    assert_eq!(verify(&app, JANE, &login).refusal(400), WRONG);
    app.complete(&login, NEW_PASSWORD).refusal(400);
    assert_eq!(app.exchange(&login, "60").status, 200);
}
