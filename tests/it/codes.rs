//! One-time codes and magic links.

mod asking;
mod ends;
mod mails;
mod tries;

use std::time::Duration;

use readmit::business::{Changes, LinkPattern};
use readmit::outbox::State;
use serde_json::json;

use crate::support::app::{NEW_PASSWORD, PASSWORD, TestApp, USERS};
use crate::support::http::{Answer, Request};
use crate::support::parallel::all_at_once;
use crate::support::smtp::{Action, Mail, Stage};

const JANE: &str = "jane@example.com";
const WRONG: &str = "This code is wrong or has expired.";

fn ask(app: &TestApp, query: &str) -> Answer {
    app.send(&Request::get(&format!("{USERS}/sendOtp?{query}")))
}

fn ask_for(app: &TestApp, email: &str) -> Answer {
    ask(app, &format!("email={email}&businessId=7"))
}

fn verify(app: &TestApp, email: &str, code: &str) -> Answer {
    let body = json!({ "Email": email, "Otp": code, "BusinessId": 7 });
    app.send(&Request::post(&format!("{USERS}/verifyOtp")).json(&body))
}

/// The digits in a mail: in subject, text and HTML alike.
pub(crate) fn code(mail: &Mail) -> String {
    let subject = mail.header("Subject").expect("a subject");
    let code = subject.split(' ').next().expect("a code").to_owned();
    assert!(
        code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()),
        "{subject}"
    );
    assert!(mail.text().contains(&code) && mail.html().contains(&code));
    code
}

/// Asks for a code and returns the mail that brings it.
fn mailed(app: &TestApp) -> Mail {
    ask_for(app, JANE).envelope(200);
    app.next_mail()
}

fn another(code: &str) -> String {
    let number: u32 = code.parse().expect("digits");
    format!("{:06}", (number + 1) % 1_000_000)
}

fn login_token(answer: &Answer) -> String {
    answer.envelope(200)["Value"]
        .as_str()
        .expect("a token")
        .to_owned()
}

/// Contract, section 5, from the request to a session.
#[test]
fn a_code_signs_a_member_in() {
    let app = TestApp::with_jane();
    let mail = mailed(&app);
    assert_eq!(mail.recipients, [JANE]);
    assert!(mail.link().starts_with("https://canal.test/login?token="));
    let token = login_token(&verify(&app, "Jane@Example.COM", &code(&mail)));
    assert_eq!(app.exchange(&token, "60").status, 200);
    assert_eq!(app.exchange(&token, "60").status, 401);
}

/// Assertions 13 and 14: the answer is the same for everybody, and the cool-down goes by the address
/// alone, whatever its case; it outlives a restart, and a clock that is stepped back.
#[test]
fn asking_tells_nothing_about_accounts() {
    let mut app = TestApp::with_jane();
    app.add_person("sam@example.com", "Sam", Some(7), Some(PASSWORD));
    app.suspend("sam@example.com");
    let first = ask_for(&app, JANE).comparable();
    first.envelope(200);
    for other in ["who@example.com", "sam@example.com"] {
        assert_eq!(ask_for(&app, other).comparable(), first);
    }
    let again = ask_for(&app, JANE).comparable();
    assert_eq!(
        (again.status, again.header("retry-after")),
        (429, Some("60"))
    );
    for other in ["WHO@example.com", "sam@EXAMPLE.com"] {
        assert_eq!(ask_for(&app, other).comparable(), again);
    }
    app.next_mail();
    app.settled_outbox();
    app.restart();
    assert_eq!(ask_for(&app, JANE).status, 429);
    app.advance(Duration::from_mins(1));
    ask_for(&app, JANE).envelope(200);
    app.next_mail();
    app.clock.step_back(Duration::from_hours(5));
    ask_for(&app, "who@example.com").envelope(200);
}

/// Assertions 14 and 17: the intake looks at no account.
#[test]
fn asking_needs_no_account_table() {
    let app = TestApp::builder().without_worker().start().and_jane();
    app.sql()
        .execute_batch("ALTER TABLE accounts RENAME TO away")
        .expect("renamed");
    ask_for(&app, JANE).envelope(200);
    ask_for(&app, "who@example.com").envelope(200);
}

/// What is missing or malformed is listed, and names may be in any case.
#[test]
fn every_problem_of_a_question_is_listed() {
    let app = TestApp::with_jane();
    let both = ask(&app, "email=jane&businessId=0").envelope(400);
    assert_eq!(both["Errors"].as_array().map(Vec::len), Some(2));
    for query in [
        "",
        "email=a@b.test",
        "businessId=7",
        "email=a@b.test&businessId=1.5",
        "email=a@b.test&EMAIL=a@b.test&businessId=7",
    ] {
        ask(&app, query).refusal(400);
    }
    ask(&app, "Email=a@b.test&BUSINESSID=7").envelope(200);
}

/// Assertions 34 and 37: a mail that is sent again carries the same code and link, and neither is at
/// rest anywhere.
#[test]
fn a_retry_carries_the_same_code_which_is_stored_nowhere() {
    let app = TestApp::with_jane();
    app.smtp.script(Stage::Dot, Action::Close);
    ask_for(&app, JANE).envelope(200);
    let first = app.smtp.next_mail();
    app.wait_for_state(1, State::Queued);
    app.advance(Duration::from_mins(1));
    let second = app.next_mail();
    assert_eq!(code(&first), code(&second));
    assert_eq!(first.header("Message-ID"), second.header("Message-ID"));
    for file in ["readmit.db", "readmit.db-wal"] {
        let bytes = std::fs::read(app.folder().join(file)).expect("the file is there");
        let code = code(&first);
        assert!(
            !bytes.windows(6).any(|window| window == code.as_bytes()),
            "{file}"
        );
    }
    login_token(&verify(&app, JANE, &code(&first)));
}

/// Assertion 34: a code works once, and of fifty right answers one gets in.
#[test]
fn of_many_right_answers_one_gets_in() {
    let app = TestApp::with_jane();
    let code = code(&mailed(&app));
    let tries: Vec<u32> = (0..20).collect();
    let answers = all_at_once(&tries, |_| verify(&app, JANE, &code));
    let taken = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(taken, 1);
    app.advance(Duration::from_mins(5));
    assert_eq!(verify(&app, JANE, &code).refusal(400), WRONG);
}

/// Assertions 35 and 54: the sixth try is not even compared, and a restart gives none back.
#[test]
fn a_code_is_dead_after_five_tries() {
    let mut app = TestApp::with_jane();
    let code = code(&mailed(&app));
    for round in 0..5 {
        app.advance(Duration::from_secs(2));
        assert_eq!(verify(&app, JANE, &another(&code)).refusal(400), WRONG);
        if round == 2 {
            app.restart();
        }
    }
    app.advance(Duration::from_secs(2));
    assert_eq!(verify(&app, JANE, &code).refusal(400), WRONG);
}

/// Assertion 34: ten minutes are all.
#[test]
fn a_code_is_over_after_ten_minutes() {
    let app = TestApp::with_jane();
    let mail = mailed(&app);
    app.advance(Duration::from_mins(10));
    assert_eq!(verify(&app, JANE, &code(&mail)).refusal(400), WRONG);
    app.exchange(&mail.token(), "60").refusal(401);
}

/// One answer for every wrong code, of an account or of none, here or at another location.
#[test]
fn every_wrong_code_has_the_same_answer() {
    let app = TestApp::with_jane();
    app.add_business(8, "Harbour Loft", "https://loft.test");
    let code = code(&mailed(&app));
    let wrong = verify(&app, JANE, &another(&code)).comparable();
    assert_eq!(wrong.refusal(400), WRONG);
    assert_eq!(
        verify(&app, "who@example.com", "000000").comparable(),
        wrong
    );
    assert_eq!(verify(&app, JANE, "no code").comparable(), wrong);
    let elsewhere = json!({ "Email": JANE, "Otp": code, "BusinessId": 8 });
    let elsewhere = app.send(&Request::post(&format!("{USERS}/verifyOtp")).json(&elsewhere));
    assert_eq!(elsewhere.comparable(), wrong);
    login_token(&verify(&app, JANE, &code));
}

/// Assertion 36: after a hundred consecutive wrong codes, whoever tried them, no code of the account is
/// taken until the member has come in by another way.
#[test]
fn a_hundred_wrong_codes_end_codes_until_the_member_comes_in_otherwise() {
    let app = TestApp::with_jane();
    app.sql()
        .execute_batch("UPDATE accounts SET otp_failures = 99")
        .expect("counted");
    let first = code(&mailed(&app));
    assert_eq!(verify(&app, JANE, &another(&first)).refusal(400), WRONG);
    assert_eq!(verify(&app, JANE, &first).refusal(400), WRONG);
    assert_eq!(app.sign_in(JANE, PASSWORD).status, 200);
    login_token(&verify(&app, JANE, &first));
}

/// The code and the link of a mail are one: whichever is used first ends the other.
#[test]
fn a_code_ends_its_magic_link_and_the_other_way_round() {
    let app = TestApp::with_jane();
    let mail = mailed(&app);
    login_token(&verify(&app, JANE, &code(&mail)));
    app.exchange(&mail.token(), "60").refusal(401);

    app.advance(Duration::from_mins(1));
    let mail = mailed(&app);
    assert_eq!(app.exchange(&mail.token(), "60").status, 200);
    assert_eq!(verify(&app, JANE, &code(&mail)).refusal(400), WRONG);
}

/// Assertions 30 and 38: a password change ends codes and links, and neither opens a reset.
#[test]
fn a_code_is_no_reset_token_and_dies_with_the_password() {
    let app = TestApp::with_jane();
    let mail = mailed(&app);
    app.complete(&mail.token(), NEW_PASSWORD).refusal(400);
    app.complete(&code(&mail), NEW_PASSWORD).refusal(400);
    let reset = app.reset_token(JANE);
    assert_eq!(verify(&app, JANE, &reset).refusal(400), WRONG);
    app.complete(&reset, NEW_PASSWORD).envelope(200);
    assert_eq!(verify(&app, JANE, &code(&mail)).refusal(400), WRONG);
    app.exchange(&mail.token(), "60").refusal(401);
}

/// A flood of requests neither fills the mailbox nor ends a code that is on its way.
#[test]
fn three_codes_live_at_most_and_a_flood_ends_none() {
    let app = TestApp::with_jane();
    let first = mailed(&app);
    for _ in 0..2 {
        app.advance(Duration::from_mins(1));
        mailed(&app);
    }
    for _ in 0..3 {
        app.advance(Duration::from_mins(1));
        ask_for(&app, JANE).envelope(200);
    }
    let dropped = app.settled_outbox();
    let dropped: Vec<_> = dropped
        .iter()
        .filter(|message| message.state == State::Dropped)
        .collect();
    assert_eq!(dropped.len(), 3);
    assert_eq!(
        dropped[0].reason.as_deref(),
        Some("the account has as many unused codes as it may")
    );
    login_token(&verify(&app, JANE, &code(&first)));
}

/// The magic link has the form that its location wants.
#[test]
fn a_magic_link_follows_the_pattern_of_its_business() {
    let app = TestApp::with_jane();
    let pattern =
        LinkPattern::parse("{portal_url}/in/{business_id}#token={token}").expect("a pattern");
    let changes = Changes {
        magic_link: Some(Some(pattern)),
        ..Changes::default()
    };
    app.change_business(7, changes);
    let link = mailed(&app).link();
    assert!(
        link.starts_with("https://canal.test/in/7#token=ey"),
        "{link}"
    );
}
