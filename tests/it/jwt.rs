//! Signed tokens: which are taken for what, and which for nothing.

mod claims;
mod keys;
mod seen;

use serde_json::json;

use crate::support::app::{NEW_PASSWORD, PASSWORD, TestApp};
use crate::support::http::Answer;
use crate::support::jwt::{Parts, SigningKey};

const JANE: &str = "jane@example.com";
const RESET_REFUSED: &str = "This link is invalid or has expired. Please ask for a new one.";
const LOGIN_REFUSED: &str = "The token is invalid, has expired or was used before.";

/// A deployment with its key, a reset token that is good, and a login token that is.
struct Tokens {
    app: TestApp,
    key: SigningKey,
    reset: String,
    login: String,
}

impl Tokens {
    fn new() -> Self {
        let app = TestApp::with_jane();
        app.add_person("bob@example.com", "Bob", Some(7), Some(PASSWORD));
        let login = app.login_token("bob@example.com", PASSWORD);
        app.next_mail();
        let reset = app.reset_token(JANE);
        let key = SigningKey::of(&app.folder().join("keys"));
        Self {
            app,
            key,
            reset,
            login,
        }
    }

    fn parts(&self) -> [Parts; 2] {
        [Parts::of(&self.reset), Parts::of(&self.login)]
    }

    /// Fails if either endpoint takes what `forge` makes of its token.
    fn refuse(&self, what: &str, forge: impl Fn(Parts) -> String) {
        let [reset, login] = self.parts().map(forge);
        let answer = self.app.complete(&reset, NEW_PASSWORD);
        assert_eq!(answer.refusal(400), RESET_REFUSED, "{what}");
        assert_eq!(
            self.app.exchange(&login, "60").refusal(401),
            LOGIN_REFUSED,
            "{what}"
        );
    }

    /// Fails unless what `forge` makes of the tokens is as good as they are. It uses them up.
    fn accept(&self, forge: impl Fn(Parts) -> String) -> [Answer; 2] {
        let [reset, login] = self.parts().map(forge);
        let answers = [
            self.app.complete(&reset, NEW_PASSWORD),
            self.app.exchange(&login, "60"),
        ];
        assert_eq!(answers.each_ref().map(|answer| answer.status), [200, 200]);
        answers
    }
}

/// The forgeries of these tests are refused for what they change: signed again without a change,
/// both tokens are taken.
#[test]
fn a_token_that_is_signed_again_unchanged_is_taken() {
    let tokens = Tokens::new();
    tokens.accept(|parts| tokens.key.sign(&parts));
}

/// Assertion 43: every kind at every endpoint that takes one, as it was issued.
#[test]
fn no_kind_of_token_serves_for_another() {
    let tokens = Tokens::new();
    let app = &tokens.app;
    let access = app.sign_in(JANE, PASSWORD).json();
    let access = access["access_token"].as_str().expect("a token");
    for token in [tokens.login.as_str(), access] {
        assert_eq!(
            app.complete(token, NEW_PASSWORD).refusal(400),
            RESET_REFUSED
        );
    }
    for token in [tokens.reset.as_str(), access] {
        assert_eq!(app.exchange(token, "60").refusal(401), LOGIN_REFUSED);
    }
    tokens.accept(|parts| tokens.key.sign(&parts));
}

/// Assertion 43: both marks of the kind count, and a token with the marks of one kind and the id of
/// another finds no row.
#[test]
fn type_and_audience_must_both_be_those_of_the_kind() {
    let tokens = Tokens::new();
    let sign = |parts: &Parts| tokens.key.sign(parts);
    for typ in [
        "JWT",
        "jwt",
        "at+jwt",
        "RESET+JWT",
        "reset+jwt ",
        "application/reset+jwt",
        "application/login+jwt",
        "",
    ] {
        tokens.refuse(typ, |parts| sign(&parts.header("typ", json!(typ))));
    }
    tokens.refuse("no typ", |parts| sign(&parts.header("typ", json!(null))));
    for aud in ["https://id.readmit.test", "Exchange", "password-reset ", ""] {
        tokens.refuse(aud, |parts| sign(&parts.claim("aud", json!(aud))));
    }
    let [reset, login] = tokens.parts();
    let as_login = Parts {
        header: login.header,
        ..reset.clone()
    };
    assert_eq!(tokens.app.exchange(&sign(&as_login), "60").status, 401);
    let as_login = as_login.claim("aud", json!("exchange"));
    assert_eq!(tokens.app.exchange(&sign(&as_login), "60").status, 401);
    tokens.accept(|parts| sign(&parts));
}
