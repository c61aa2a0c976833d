//! Passwords are taken byte for byte, both when one is set and when somebody signs in with it.

use super::{complaints, problems};
use crate::support::app::{PASSWORD, TestApp};

/// A deployment where Jane may ask for one link after the other, and any password is strong enough.
fn unhurried() -> TestApp {
    TestApp::builder()
        .set("reset.cooldown", "0s")
        .set("password.min_score", 0)
        .start()
        .and_jane()
}

/// Sets Jane's password with a link of its own.
fn set(app: &TestApp, password: &str) {
    let token = app.reset_token("jane@example.com");
    app.complete(&token, password).envelope(200);
    // The notice.
    app.smtp.next_mail();
}

fn signs_in(app: &TestApp, password: &str) -> bool {
    app.sign_in("jane@example.com", password).status == 200
}

/// Assertion 8: bcrypt's 72 bytes are no border here, and no byte on the edge is dropped.
#[test]
fn every_byte_of_a_password_counts() {
    let app = unhurried();
    let long = "0123456789".repeat(7);
    let cases = [
        (
            format!("{long}123"),
            vec![long.clone(), format!("{long}12"), format!("{long}124")],
        ),
        (
            "  spaces around me  ".to_owned(),
            vec![
                "spaces around me".to_owned(),
                "  spaces around me".to_owned(),
            ],
        ),
        (
            "\ttab and newline\n".to_owned(),
            vec!["tab and newline".to_owned(), "\ttab and newline".to_owned()],
        ),
        (
            "a+b%20c&d=e;f#g?h".to_owned(),
            vec!["a b%20c&d=e;f#g?h".to_owned(), "a+b c&d=e;f#g?h".to_owned()],
        ),
        (
            "Nine Otters In The Mill".to_owned(),
            vec!["nine otters in the mill".to_owned()],
        ),
    ];
    for (password, others) in cases {
        set(&app, &password);
        assert!(signs_in(&app, &password), "{password:?}");
        for other in others {
            assert!(!signs_in(&app, &other), "{other:?} for {password:?}");
        }
    }
}

/// Assertion 8: keyboards differ in how they compose an accent. What merely looks alike stays apart.
#[test]
fn a_composed_and_a_decomposed_accent_are_the_same() {
    let app = unhurried();
    let composed = "un caf\u{e9} cr\u{e8}me";
    let decomposed = "un cafe\u{301} cre\u{300}me";
    for (password, same) in [
        (composed, decomposed),
        (decomposed, composed),
        ("\u{212b}ngstr\u{f6}m unit", "A\u{30a}ngstro\u{308}m unit"),
    ] {
        set(&app, password);
        assert!(signs_in(&app, password), "{password}");
        assert!(signs_in(&app, same), "{same}");
    }
    set(&app, "\u{fb01}ne old password");
    assert!(!signs_in(&app, "fine old password"));
    assert!(!signs_in(&app, "un cafe creme"));
}

/// Assertion 8: long pass phrases are welcome, up to a bound that is said.
#[test]
fn a_password_may_have_1024_bytes_and_no_more() {
    let app = unhurried();
    let longest = "\u{e9}".repeat(512);
    for password in ["p".repeat(64), "p".repeat(1024), longest.clone()] {
        set(&app, &password);
        assert!(signs_in(&app, &password));
        assert!(!signs_in(&app, &password[..password.len() - 2]));
    }
    // Decomposed it has 1,536 bytes; the form that counts has 1,024.
    assert!(signs_in(&app, &"e\u{301}".repeat(512)));

    let token = app.reset_token("jane@example.com");
    for password in [format!("{longest}x"), "p".repeat(1025), "p".repeat(8000)] {
        let refused = app.complete(&token, &password);
        let found = problems(&refused);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].property, "Password");
        assert_eq!(found[0].message, "A password may have at most 1024 bytes.");
        assert_eq!(found[0].attempted, None);
        let refused = app.sign_in("jane@example.com", &password);
        assert_eq!(super::oauth_error(&refused, 400), "invalid_grant");
    }
    assert!(signs_in(&app, &longest), "nothing was cut to fit");
    app.complete(&token, PASSWORD).envelope(200);
}

/// The form of a sign-in cannot carry NUL, so that such a password would be one for good.
#[test]
fn a_password_with_nul_is_refused_in_words() {
    let app = unhurried();
    let token = app.reset_token("jane@example.com");
    let refused = app.complete(&token, "before\u{0}and after");
    assert_eq!(complaints(&refused), ["Password"]);
    let words = "A password cannot contain a NUL character.";
    assert_eq!(problems(&refused)[0].message, words);
    assert!(signs_in(&app, PASSWORD));
}
