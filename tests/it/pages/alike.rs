//! Nothing that a page answers tells who has an account.

use std::time::Duration;

use super::JANE;
use crate::support::app::{PASSWORD, TestApp};
use crate::support::http::Answer;
use crate::support::visitor::Visitor;

/// Somebody with an account, and others who have none that could be used.
fn addresses(app: &TestApp) -> [&'static str; 5] {
    app.add_person("sue@example.com", "Sue", Some(7), Some(PASSWORD));
    app.suspend("sue@example.com");
    app.add_hosted_business(8, "Harbour Loft");
    app.add_person("omar@example.com", "Omar", Some(8), Some(PASSWORD));
    app.add_person("kim@example.com", "Kim", Some(7), None);
    [
        JANE,
        "nobody@example.com",
        "sue@example.com",
        "omar@example.com",
        "kim@example.com",
    ]
}

/// The answer without what is random by design and without the address itself.
fn plain(answer: Answer, email: &str) -> (u16, Vec<(String, String)>, String) {
    let text = answer.text().replace(email, "ADDRESS");
    let answer = answer.comparable();
    let cookie = |value: String| {
        let name = value.split('=').next().unwrap_or_default().to_owned();
        let attributes = value.split_once(';').unwrap_or_default().1.to_owned();
        name + &attributes
    };
    let headers = answer
        .headers
        .into_iter()
        .filter(|(name, _)| name != "content-length");
    let headers = headers.map(|(name, value)| match name.as_str() {
        "set-cookie" => (name, cookie(value)),
        _ => (name, value),
    });
    let csrf = text
        .split("name=\"csrf\" value=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next());
    let text = csrf.fold(text.clone(), |text, csrf| text.replace(csrf, "CSRF"));
    (answer.status, headers.collect(), text)
}

/// What is in a form besides the address.
type Fields = &'static [(&'static str, &'static str)];

/// Assertions 11, 13, 14 and 17: at each form the answer is the same whoever it is for, the first time
/// and the next, and the page that it leads to as well.
#[test]
fn forms_answer_alike_whoever_they_are_for() {
    let app = TestApp::builder().without_worker().start().and_hosted();
    let addresses = addresses(&app);
    let forms: [(&str, &str, Fields); 3] = [
        ("forgot", "sent", &[]),
        ("sign-in", "code", &[("by", "code")]),
        (
            "sign-in",
            "sign-in",
            &[("by", "password"), ("password", "wrong wrong wrong")],
        ),
    ];
    for (page, next, fields) in forms {
        let mut seen = Vec::new();
        for email in addresses {
            let visitor = Visitor::at(&app, 7);
            let fields: Vec<(&str, &str)> = [("email", email)]
                .into_iter()
                .chain(fields.iter().copied())
                .collect();
            let mut answers = Vec::new();
            for _ in 0..3 {
                answers.push(plain(visitor.send(page, &fields), email));
                answers.push(plain(visitor.open(next), email));
            }
            seen.push(answers);
        }
        for answers in &seen {
            assert_eq!(answers, &seen[0], "{page}");
        }
        app.advance(Duration::from_hours(1));
    }
    // A try at a code looks the same, too.
    let mut seen = Vec::new();
    for email in addresses {
        let visitor = Visitor::at(&app, 7);
        visitor.sent("sign-in", &[("email", email), ("by", "code")]);
        seen.push(plain(visitor.send("code", &[("code", "123456")]), email));
    }
    for answer in &seen {
        assert_eq!(answer, &seen[0]);
    }
}

/// The same work: one row in the outbox for each, made of the request alone.
#[test]
fn the_forgot_form_writes_the_same_for_everybody() {
    let app = TestApp::builder().without_worker().start().and_hosted();
    for email in addresses(&app) {
        Visitor::at(&app, 7).sent("forgot", &[("email", email)]);
    }
    let rows: i64 = app.query(
        "SELECT count(*) FROM outbox WHERE kind = 'reset' AND account_id IS NULL AND business_id = 7",
    );
    assert_eq!(rows, 5);
    // It needs no table but that one.
    app.sql()
        .execute_batch("PRAGMA foreign_keys = OFF; ALTER TABLE accounts RENAME TO elsewhere")
        .expect("the accounts are away");
    Visitor::at(&app, 7).sent("forgot", &[("email", JANE)]);
}
