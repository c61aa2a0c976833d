//! `changePassword`.

use std::time::Duration;

use serde_json::{Value, json};

use super::{JANE, carry, sessions, userinfo};
use crate::support::app::{NEW_PASSWORD, PASSWORD, TestApp, USERS};
use crate::support::http::{Answer, Request};
use crate::support::parallel::all_at_once;

const ANOTHER: &str = "a third of these sentences";

fn change_with(app: &TestApp, access: &str, body: &Value) -> Answer {
    app.send(
        &Request::post(&format!("{USERS}/changePassword"))
            .bearer(access)
            .json(body),
    )
}

fn change(app: &TestApp, access: &str, current: &str, new: &str) -> Answer {
    let body = json!({ "CurrentPassword": current, "NewPassword": new });
    change_with(app, access, &body)
}

fn refresh(app: &TestApp, token: &str) -> Answer {
    let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
    app.send(&Request::post("/api/token").form(&form))
}

/// The properties that are wrong, in the order of `Errors`. What was sent is never repeated: it is a
/// password.
fn wrong(answer: &Answer) -> Vec<String> {
    let envelope = answer.envelope(400);
    let errors = envelope["Errors"].as_array().expect("a list").iter();
    errors
        .map(|error| {
            assert_eq!(error["AttemptedValue"], Value::Null);
            assert!(error["Message"].is_string());
            error["PropertyName"].as_str().expect("a name").to_owned()
        })
        .collect()
}

/// Assertion 46: a member changes the password because somebody may know it, so everything that was
/// opened with it ends: other sessions, links, codes and one-time tokens. The session that changed it
/// goes on, and the account's address is told.
#[test]
fn a_changed_password_ends_everything_but_the_session_that_changed_it() {
    let app = TestApp::with_jane();
    let link = app.reset_token(JANE);
    let (mine, own_refresh) = app.tokens(JANE, PASSWORD);
    let (other, other_refresh) = app.tokens(JANE, PASSWORD);
    let carried = carry(&app, &mine);
    change(&app, &mine, PASSWORD, NEW_PASSWORD).envelope(200);

    let notice = app.next_mail();
    assert_eq!(notice.recipients, [JANE]);
    assert!(notice.text().contains("was changed"), "{}", notice.text());
    userinfo(&app, &other).refusal(401);
    assert_eq!(
        refresh(&app, &other_refresh).json()["error"],
        "invalid_grant"
    );
    app.complete(&link, ANOTHER).refusal(400);
    app.exchange(&carried, "5").refusal(401);
    assert_eq!(app.sign_in(JANE, PASSWORD).status, 400);

    assert_eq!(sessions(&app, &mine).len(), 1);
    refresh(&app, &own_refresh).text_of("access_token");
    assert_eq!(app.sign_in(JANE, NEW_PASSWORD).status, 200);
    let audited: i64 = app.query(
        "SELECT count(*) FROM audit WHERE event = 'password.change' AND actor = 'member' \
         AND outcome = 'ok' AND client = '127.0.0.1'",
    );
    assert_eq!(audited, 1);
}

/// An access token alone, found on an unlocked device, must not be enough to take the account over;
/// and what is refused changes nothing and tells nobody by mail.
#[test]
fn a_refused_change_changes_nothing() {
    let app = TestApp::with_jane();
    let (mine, _) = app.tokens(JANE, PASSWORD);
    let (other, _) = app.tokens(JANE, PASSWORD);
    let link = app.reset_token(JANE);
    assert_eq!(
        wrong(&change(&app, &mine, "not the password", NEW_PASSWORD)),
        ["CurrentPassword"]
    );
    assert_eq!(
        wrong(&change(&app, &mine, &format!("{PASSWORD} "), NEW_PASSWORD)),
        ["CurrentPassword"]
    );
    for weak in ["short", &"x".repeat(1025), "a sentence with a \0 in it"] {
        let named = wrong(&change(&app, &mine, PASSWORD, weak));
        assert!(!named.is_empty() && named.iter().all(|name| name == "NewPassword"));
    }
    for body in [
        json!({}),
        json!({ "CurrentPassword": "", "NewPassword": null }),
    ] {
        assert_eq!(
            wrong(&change_with(&app, &mine, &body)),
            ["CurrentPassword", "NewPassword"]
        );
    }
    let twice = format!(
        r#"{{"CurrentPassword":"{PASSWORD}","NewPassword":"{NEW_PASSWORD}","newpassword":"x"}}"#
    );
    let request = Request::post(&format!("{USERS}/changePassword")).bearer(&mine);
    app.send(&request.body("application/json", twice))
        .refusal(400);

    assert_eq!(userinfo(&app, &other).status, 200);
    assert_eq!(app.settled_outbox().len(), 1, "the link's alone");
    app.complete(&link, ANOTHER).envelope(200);
}

/// Guesses of the current password are counted like those at sign-in: with an access token in hand
/// nobody can try passwords as fast as they like.
#[test]
fn wrong_current_passwords_make_the_next_try_wait() {
    let app = TestApp::with_jane();
    let (mine, _) = app.tokens(JANE, PASSWORD);
    let mut tries = 0;
    let refused = loop {
        let answer = change(&app, &mine, "not the password", NEW_PASSWORD);
        if answer.status == 429 {
            break answer;
        }
        tries += 1;
        assert!(tries < 20, "guesses without end");
    };
    assert!(refused.header("retry-after").is_some());
    change(&app, &mine, PASSWORD, NEW_PASSWORD).refusal(429);
    app.advance(Duration::from_mins(30));
    change(&app, &mine, PASSWORD, NEW_PASSWORD).envelope(200);
}

/// Of two who change it at the same time from the same password one comes first, and then the other
/// one's current password is wrong.
#[test]
fn of_many_changes_at_the_same_time_one_succeeds() {
    let app = TestApp::with_jane();
    let (mine, _) = app.tokens(JANE, PASSWORD);
    let new: Vec<String> = (0..6).map(|n| format!("new sentence number {n}")).collect();
    let answers = all_at_once(&new, |new| change(&app, &mine, PASSWORD, new));
    let mut winners = Vec::new();
    for (answer, new) in answers.iter().zip(&new) {
        match answer.status {
            200 => winners.push(new),
            _ => assert_eq!(wrong(answer), ["CurrentPassword"]),
        }
    }
    assert_eq!(winners.len(), 1);
    assert_eq!(app.sign_in(JANE, winners[0]).status, 200);
}
