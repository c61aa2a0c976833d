//! How often a code may be tried.

use std::time::Duration;

use readmit::outbox::State;
use serde_json::json;

use super::{JANE, WRONG, another, ask_for, code, login_token, mailed, verify};
use crate::support::app::{NEW_PASSWORD, PASSWORD, TestApp, USERS};
use crate::support::http::{Answer, Request};
use crate::support::parallel::all_at_once;
use crate::support::process::Site;
use crate::support::smtp::{Action, SmtpServer, Stage};

fn attempt(client: &str, code: &str) -> Request {
    let body = json!({ "Email": JANE, "Otp": code, "BusinessId": 7 });
    Request::post(&format!("{USERS}/verifyOtp"))
        .json(&body)
        .header("x-forwarded-for", client)
}

/// The n-th of many clients in networks of their own.
fn client(n: usize) -> String {
    format!("2001:db8:{n:x}::1")
}

/// A deployment where a test may speak for many clients.
fn behind_a_proxy() -> TestApp {
    TestApp::builder()
        .set("http.trusted_proxies", "127.0.0.1")
        .start()
        .and_jane()
}

fn verify_from(app: &TestApp, client: &str, code: &str) -> Answer {
    app.send(&attempt(client, code))
}

/// Assertion 34: fifty right answers from fifty places open one session.
#[test]
fn of_fifty_right_answers_from_everywhere_one_gets_in() {
    let app = behind_a_proxy();
    let code = code(&mailed(&app));
    let clients: Vec<String> = (0..50).map(client).collect();
    let answers = all_at_once(&clients, |client| verify_from(&app, client, &code));
    let (taken, refused): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| answer.status == 200);
    assert_eq!(taken.len(), 1);
    for answer in refused {
        assert_eq!(answer.refusal(400), WRONG);
    }
    assert_eq!(app.exchange(&login_token(taken[0]), "60").status, 200);
}

/// Assertion 35: the fifth try counts, and the sixth does not, however many places they come from.
#[test]
fn the_fifth_try_may_be_right_and_the_sixth_is_too_late() {
    for (wrong, dead) in [(4, false), (5, true)] {
        let app = behind_a_proxy();
        let code = code(&mailed(&app));
        for n in 0..wrong {
            let refused = verify_from(&app, &client(n), &another(&code));
            assert_eq!(refused.refusal(400), WRONG);
        }
        let answer = verify_from(&app, &client(99), &code);
        assert_eq!(
            answer.status == 400,
            dead,
            "after {wrong}: {}",
            answer.text()
        );
    }
}

/// Assertion 35: tries at the same moment are counted like those one after the other.
#[test]
fn tries_at_the_same_moment_all_count() {
    let app = behind_a_proxy();
    let code = code(&mailed(&app));
    let clients: Vec<String> = (0..20).map(client).collect();
    let wrong = another(&code);
    for answer in all_at_once(&clients, |client| verify_from(&app, client, &wrong)) {
        assert_eq!(answer.refusal(400), WRONG);
    }
    assert_eq!(verify_from(&app, &client(99), &code).refusal(400), WRONG);
    let failures: i64 = app.query("SELECT max(otp_failures) FROM accounts");
    assert_eq!(failures, 21);
}

/// Assertion 35: the try is committed before the comparison. When what follows cannot be written, the
/// answer is lost and the try is not given back.
#[test]
fn a_try_whose_answer_fails_is_not_given_back() {
    let app = behind_a_proxy();
    let code = code(&mailed(&app));
    let sql = app.sql();
    sql.execute_batch(
        "CREATE TRIGGER broken BEFORE INSERT ON audit WHEN NEW.event = 'otp.verify' \
         BEGIN SELECT RAISE(ABORT, 'broken'); END",
    )
    .expect("a trigger");
    for n in 0..5 {
        let failed = verify_from(&app, &client(n), &another(&code));
        assert!(failed.status >= 500, "{}", failed.text());
    }
    sql.execute_batch("DROP TRIGGER broken")
        .expect("it is gone");
    assert_eq!(verify_from(&app, &client(99), &code).refusal(400), WRONG);
}

/// Assertion 35: the same code in a second copy has no new tries.
#[test]
fn a_second_copy_of_the_mail_gives_no_new_tries() {
    let app = behind_a_proxy();
    app.smtp.script(Stage::Dot, Action::Close);
    ask_for(&app, JANE).envelope(200);
    let first = code(&app.smtp.next_mail());
    app.wait_for_state(1, State::Queued);
    for n in 0..5 {
        verify_from(&app, &client(n), &another(&first)).refusal(400);
    }
    app.advance(Duration::from_mins(1));
    let second = code(&app.next_mail());
    assert_eq!(first, second);
    assert_eq!(verify_from(&app, &client(99), &second).refusal(400), WRONG);
}

/// Assertion 35: another code has tries of its own, and gives the first one none.
#[test]
fn another_code_revives_no_dead_one() {
    let app = behind_a_proxy();
    let dead = code(&mailed(&app));
    for n in 0..5 {
        verify_from(&app, &client(n), &another(&dead)).refusal(400);
    }
    app.advance(Duration::from_mins(1));
    let fresh = code(&mailed(&app));
    assert_ne!(fresh, dead);
    assert_eq!(verify_from(&app, &client(98), &dead).refusal(400), WRONG);
    login_token(&verify_from(&app, &client(99), &fresh));
}

/// Assertion 54: killed right after each answer, the server has forgotten neither a try at the code nor a
/// guess from that place.
#[test]
fn a_kill_gives_no_try_back() {
    let relay = SmtpServer::start();
    let site = Site::in_memory(&relay.url()).set("http.trusted_proxies", "127.0.0.1");
    site.add_jane(PASSWORD);
    let mut server = site.serve();
    let ask = format!("{USERS}/sendOtp?email={JANE}&businessId=7");
    server.send(&Request::get(&ask)).envelope(200);
    let code = code(&relay.next_mail());
    for _ in 0..5 {
        let refused = server.send(&attempt("192.0.2.1", &another(&code)));
        assert_eq!(refused.refusal(400), WRONG);
        server.kill();
        server = site.serve();
    }
    let counted: (i64, i64, i64) = site
        .sql()
        .query_row(
            "SELECT (SELECT max(attempts) FROM otp_codes), (SELECT max(failures) FROM guesses), \
             (SELECT max(otp_failures) FROM accounts)",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .expect("the counters");
    assert_eq!(counted, (5, 5, 5));
    let refused = server.send(&attempt("192.0.2.2", &code));
    assert_eq!(refused.refusal(400), WRONG);
}

/// Assertion 36: a hundred wrong codes, across codes and places, with a restart in between, and no code of
/// the account is taken any more; not even asking for another one, or a wrong password, changes that.
#[test]
fn a_hundred_failures_add_up_across_codes_and_places() {
    let mut app = behind_a_proxy();
    let mut places = 0..;
    let mut fail = |app: &TestApp, code: &str, times: usize| {
        for n in places.by_ref().take(times) {
            let refused = verify_from(app, &client(n), code);
            assert_eq!(refused.refusal(400), WRONG);
        }
    };
    let first = code(&mailed(&app));
    fail(&app, &another(&first), 60);
    app.advance(Duration::from_mins(11));
    app.restart();
    // The last that may be right.
    let second = code(&mailed(&app));
    fail(&app, &another(&second), 4);
    fail(&app, "no code", 35);
    app.advance(Duration::from_mins(11));
    let third = code(&mailed(&app));
    login_token(&verify_from(&app, &client(9000), &third));

    fail(&app, "000", 100);
    app.advance(Duration::from_mins(11));
    let fourth = code(&mailed(&app));
    assert_eq!(
        verify_from(&app, &client(9001), &fourth).refusal(400),
        WRONG
    );
    assert_eq!(app.sign_in(JANE, "a wrong guess").status, 400);
    app.advance(Duration::from_mins(11));
    let fifth = code(&mailed(&app));
    assert_eq!(verify_from(&app, &client(9002), &fifth).refusal(400), WRONG);
    assert_eq!(app.sign_in(JANE, PASSWORD).status, 200);
    login_token(&verify_from(&app, &client(9003), &fifth));
}

/// Assertion 36: any other way in resets the count: the link beside a code, which shows that its reader is
/// the member, or a new password.
#[test]
fn a_magic_link_and_a_reset_bring_codes_back() {
    let ways: [fn(&TestApp) -> String; 2] = [
        |app| mailed(app).token(),
        |app| {
            let token = app.login_token(JANE, NEW_PASSWORD);
            app.next_mail();
            token
        },
    ];
    for way in ways {
        let app = behind_a_proxy();
        for n in 0..101 {
            verify_from(&app, &client(n), "000").refusal(400);
        }
        let token = way(&app);
        let failures = "SELECT max(otp_failures) FROM accounts";
        assert_eq!(app.query::<i64>(failures), 101);
        assert_eq!(app.exchange(&token, "60").status, 200);
        app.advance(Duration::from_mins(1));
        let fresh = code(&mailed(&app));
        login_token(&verify(&app, JANE, &fresh));
    }
}

/// Whoever tries a member's codes to death must not keep the next one from them: three dead ones take
/// none of the three places.
#[test]
fn codes_that_were_tried_to_death_leave_room_for_another() {
    let app = behind_a_proxy();
    for round in 0..3 {
        let dead = code(&mailed(&app));
        for n in 0..5 {
            verify_from(&app, &client(10 * round + n), &another(&dead)).refusal(400);
        }
        app.advance(Duration::from_mins(1));
    }
    let fourth = code(&mailed(&app));
    login_token(&verify_from(&app, &client(9000), &fourth));
}
