//! What a line may hold.

use serde_json::json;

use super::{BCRYPT, SECRET};
use crate::support::app::{PASSWORD, TestApp};

/// What tools write: a mark of the byte order, CRLF, blanks, empty lines, nulls for what is absent.
#[test]
fn lines_of_other_tools_are_read() {
    let app = TestApp::start();
    app.add_business(7, "Canal House", "https://canal.test");
    let lines = format!(
        "\u{feff}{{\"email\": \" jane@example.com \", \"name\": \" Jane \", \"business\": 7}}\r\n\r\n  \t\n\
         {{\"name\":\"Sam\",\"email\":\"sam@example.com\",\"business\":null,\"password\":null,\
         \"password_hash\":\"{BCRYPT}\",\"totp_secret\":null,\"must_reset\":null,\"suspended\":false,\"id\":null}}"
    );
    assert_eq!(app.import(&lines), Ok(2));
    let jane: String = app.query(
        "SELECT concat_ws('|', email, name, business_id) FROM accounts WHERE business_id = 7",
    );
    assert_eq!(jane, "jane@example.com|Jane|7");
    let audited: i64 = app.query("SELECT count(*) FROM audit WHERE event = 'account.import'");
    assert_eq!(audited, 2);
}

/// A deployment to import into, and what it says of a line that stands behind a good one. The line is
/// named by its number, nothing is imported, and no secret is repeated.
fn assert_refused(cases: &[(String, &str)]) {
    let app = TestApp::start();
    app.add_business(7, "Canal House", "https://canal.test");
    for (line, problem) in cases {
        let lines = format!("\n{JANE}\n\n{line}\n");
        let refused = app.import(&lines).expect_err(line);
        let expected = format!("line 4: {problem}; nothing was imported");
        assert_eq!(refused, expected, "{line}");
        assert!(!refused.contains("hunter2"), "{refused}");
        assert_eq!(app.query::<i64>("SELECT count(*) FROM accounts"), 0);
    }
}

const JANE: &str = r#"{"email":"jane@example.com","name":"Jane"}"#;

/// A line of Sam's with this in it.
fn sam(rest: &str) -> String {
    format!(r#"{{"email":"sam@example.com","name":"Sam",{rest}}}"#)
}

/// One line that is no person, or the same person once more, and nothing is imported.
#[test]
fn a_line_that_is_no_person_is_named_and_nothing_is_imported() {
    let name = "a name is required, without control characters";
    let keys = "there are id, email, name, business, locale, password_hash, password, totp_secret, must_reset, \
                suspended";
    let (typo, case) = (
        format!("there is no key \"pasword\"; {keys}"),
        format!("there is no key \"Password\"; {keys}"),
    );
    assert_refused(&[
        ("hunter2".to_owned(), "it is not JSON"),
        (r#"{"email":"hunter2""#.to_owned(), "it is not JSON"),
        (format!("{JANE} {JANE}"), "it is not JSON"),
        ("\"hunter2\"".to_owned(), "it is not a JSON object"),
        ("[\"hunter2\"]".to_owned(), "it is not a JSON object"),
        ("{}".to_owned(), "an email is required"),
        (
            r#"{"email":"sam@example.com"}"#.to_owned(),
            "a name is required",
        ),
        (r#"{"email":"sam@example.com","name":" "}"#.to_owned(), name),
        (
            r#"{"email":"sam@example.com","name":"S\nm"}"#.to_owned(),
            name,
        ),
        (
            r#"{"email":7,"name":"Sam"}"#.to_owned(),
            "email must be a text",
        ),
        (
            r#"{"email":"sam example","name":"Sam"}"#.to_owned(),
            "\"sam example\": This is not a valid email address.",
        ),
        (sam(r#""pasword":"hunter2""#), &typo),
        (sam(r#""Password":"hunter2""#), &case),
        (sam(r#""name":"Sam""#), "name is given twice"),
        (sam(r#""n\u0061me":"Sam""#), "name is given twice"),
        (JANE.to_owned(), "jane@example.com stands on line 2 already"),
        (
            JANE.replace("jane", "JANE"),
            "JANE@example.com stands on line 2 already",
        ),
    ]);
}

/// One value that cannot be taken, and nothing is imported.
#[test]
fn a_value_that_cannot_be_taken_is_named_and_nothing_is_imported() {
    let number = "business must be a number, which is 1 or more";
    let base32 = "totp_secret: a TOTP secret is written in base32 and has 80 to 512 bits";
    let weak = "A password must have at least 12 characters. This password is too easy to guess. Add \
                words that do not belong together.";
    let both = format!(r#""password":"{PASSWORD}","password_hash":"{BCRYPT}""#);
    assert_refused(&[
        (sam(r#""business":"7""#), number),
        (sam(r#""business":0"#), number),
        (sam(r#""business":7.5"#), number),
        (
            sam(r#""business":8"#),
            "there is no business 8; add it with `readmit business add 8`",
        ),
        (
            sam(r#""must_reset":"yes""#),
            "must_reset must be true or false",
        ),
        (sam(r#""suspended":1"#), "suspended must be true or false"),
        (sam(r#""id":"7""#), "id must be a UUID"),
        (sam(r#""password":12345"#), "password must be a text"),
        (sam(r#""password":"hunter2sam""#), weak),
        (
            sam(r#""password_hash":["hunter2"]"#),
            "password_hash must be a text",
        ),
        (sam(&both), "give password or password_hash, not both"),
        (sam(r#""totp_secret":"hunter2""#), base32),
        (sam(r#""totp_secret":"JBSWY3DP""#), base32),
    ]);
}

/// The rules for passwords know the name of the location that stands in the file as a number.
#[test]
fn a_password_in_clear_meets_the_policy() {
    let app = TestApp::start();
    app.add_business(7, "Canal House", "https://canal.test");
    let jane = |password: &str| json!({ "email": "jane@example.com", "name": "Jane", "business": 7, "password": password });
    let refused = app.import(&jane("canal house canal house").to_string());
    let refused = refused.expect_err("the location's name");
    assert!(refused.contains("the name of the location"), "{refused}");
    assert_eq!(app.import(&jane(PASSWORD).to_string()), Ok(1));
    assert_eq!(app.sign_in("jane@example.com", PASSWORD).status, 200);
}

/// An identity belongs to one account; an import neither takes it over nor makes a second one.
#[test]
fn an_identity_that_is_taken_is_refused() {
    let app = TestApp::start();
    let id = "0b6f5fd1-6c9d-4f6c-9d3e-0d8f6f0a1b2c";
    let person = |email: &str| json!({ "email": email, "name": "Somebody", "id": id }).to_string();
    assert_eq!(app.import(&person("jane@example.com")), Ok(1));
    let refused = app.import(&person("sam@example.com"));
    let expected =
        format!("line 1: the id {id} is that of another account already; nothing was imported");
    assert_eq!(refused, Err(expected));
    let two = format!(
        "{}\n{}",
        person("sam@example.com"),
        person("kim@example.com")
    );
    assert!(app.import(&two).is_err());
    let stored: String = app.query("SELECT concat_ws('|', id, email) FROM accounts");
    assert_eq!(stored, format!("{id}|jane@example.com"));
}

/// A second factor is asked for from the first sign-in on, and lies sealed in the database.
#[test]
fn an_imported_second_factor_is_sealed() {
    let app = TestApp::start();
    let tom = format!(r#"{{"email":"tom@example.com","name":"Tom","totp_secret":"{SECRET}"}}"#);
    assert_eq!(app.import(&tom), Ok(1));
    let sealed: Vec<u8> = app.query("SELECT secret FROM totp WHERE confirmed_at IS NOT NULL");
    let plain = data_encoding::BASE32_NOPAD
        .decode(SECRET.as_bytes())
        .expect("base32");
    assert!(!sealed.windows(plain.len()).any(|part| part == plain));
    assert!(
        !sealed
            .windows(SECRET.len())
            .any(|part| part == SECRET.as_bytes())
    );
}
