//! What a new password must meet, and that whoever chooses one is told everything that it misses.

mod breaches;
mod names;

use readmit::config::{Config, ConfigFile};
use readmit::password::{Context, Policy};
use serde_json::json;

use crate::support::app::{NEW_PASSWORD, PASSWORD, TestApp, USERS, email};
use crate::support::http::{Answer, Request};
use crate::support::process::Site;

const LENGTH: &str = "A password must have at least 12 characters.";
const NUL: &str = "A password cannot contain a NUL character.";
const COMMON: &str = "This password is one of the commonest.";
const NAMES: &str =
    "A password cannot be made of your name, your email address or the name of the location.";
const BREACHED: &str = "This password has appeared in a data breach, and attackers know it.";
const GUESSABLE: &str =
    "This password is too easy to guess. Add words that do not belong together.";

/// A policy with these settings over the defaults.
fn policy(settings: &[(&str, &str)]) -> Policy {
    let env = settings.iter().map(|(key, value)| {
        let variable = format!("READMIT_PASSWORD__{}", key.to_ascii_uppercase());
        (variable, (*value).to_owned())
    });
    let config = Config::load(ConfigFile::None, env).expect("a valid configuration");
    Policy::open(&config.password).expect("the policy opens")
}

/// The rules that a password of nobody in particular misses.
fn missed(policy: &Policy, password: &str) -> Vec<String> {
    let accepted = policy.accept(password, &Context::default());
    accepted
        .err()
        .map(|missed| missed.sentences())
        .unwrap_or_default()
}

/// What `Errors` says of one property.
fn messages(answer: &Answer, property: &str) -> Vec<String> {
    let envelope = answer.envelope(400);
    let errors = envelope["Errors"].as_array().expect("errors");
    let message = |error: &serde_json::Value| {
        assert_eq!(error["PropertyName"], property, "{error}");
        assert!(error["AttemptedValue"].is_null(), "{error}");
        error["Message"].as_str().expect("a message").to_owned()
    };
    errors.iter().map(message).collect()
}

/// Assertion 9. One rule after the other would make somebody choose six times; the link is still good
/// when they have read them all (assertion 28).
#[test]
fn every_missed_rule_is_reported_at_once_and_the_link_stays_good() {
    let app = TestApp::with_jane();
    let token = app.reset_token("jane@example.com");
    let answer = app.complete(&token, "jane1234");
    assert_eq!(messages(&answer, "Password"), [LENGTH, NAMES, GUESSABLE]);
    let answer = app.complete(&token, "pass\0word");
    let expected = [LENGTH, NUL, COMMON, GUESSABLE];
    assert_eq!(messages(&answer, "Password"), expected);
    let refused: i64 = app.query("SELECT refused_passwords FROM reset_tokens");
    assert_eq!(refused, 2);
    app.complete(&token, NEW_PASSWORD).envelope(200);
}

/// A member who changes the password while signed in meets the same rules.
#[test]
fn a_signed_in_member_meets_the_same_rules() {
    let app = TestApp::with_jane();
    let session = app.sign_in("jane@example.com", PASSWORD).json();
    let token = session["access_token"].as_str().expect("a token");
    let change = |new: &str| {
        let body = json!({ "CurrentPassword": PASSWORD, "NewPassword": new });
        let request = Request::post(&format!("{USERS}/changePassword")).json(&body);
        app.send(&request.header("authorization", &format!("Bearer {token}")))
    };
    // The location's name, and the member's.
    for weak in ["Canal House 7!", "jane doe jane"] {
        let expected = [NAMES, GUESSABLE];
        assert_eq!(messages(&change(weak), "NewPassword"), expected, "{weak}");
    }
    change(NEW_PASSWORD).envelope(200);
}

/// And so does an administrator who sets one by command, for somebody old or new.
#[test]
fn an_administrator_meets_the_same_rules() {
    let site = Site::new("smtp://127.0.0.1:1");
    site.add_jane(PASSWORD);
    let set = [
        "user",
        "set-password",
        "jane@example.com",
        "--password-stdin",
    ];
    let sam = "sam@example.com";
    let add = [
        "user",
        "add",
        sam,
        "--name=Sam Oldenburg",
        "--business=7",
        "--password-stdin",
    ];
    for (arguments, password) in [
        (&set[..], "canalhouse-canalhouse"),
        (&set[..], "Jane-Jane-Jane!"),
        (&add[..], "canalhouse-canalhouse"),
        (&add[..], "oldenburg oldenburg"),
    ] {
        let output = site.run_with_input(arguments, password);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(said, format!("readmit: {NAMES}\n"), "{password}");
    }
}

/// Assertion 9: what everybody thinks of is refused whatever is done to it, and however little is asked
/// for otherwise.
#[test]
fn what_everybody_thinks_of_is_refused_in_every_disguise() {
    let lax = policy(&[("min_score", "0"), ("min_length", "8")]);
    for common in [
        "password",
        "PassWord",
        "P@ssw0rd",
        "p4$$w0rd",
        "Password1",
        "Password2024!",
        "pass word 1234567",
        "Welcome1!",
        "summer2024",
        "1q2w3e4r5t6y",
        "qwertyuiop",
        "123456789012",
        "123456789012!!",
        "l3tm31n!!",
        "iloveyou12345",
        "i love you forever",
        "correct horse battery staple",
        "CorrectHorseBatteryStaple",
        "Correct-Horse-Battery-Staple-42!",
        "wachtwoord01",
        "Contraseña123",
        "mot de passe",
        "Benvenuto2025",
    ] {
        assert_eq!(missed(&lax, common), [COMMON], "{common}");
    }
    for other in [
        PASSWORD,
        NEW_PASSWORD,
        "passwords are a nuisance",
        "welcome to the barge",
        "horse battery otter",
        "correct horses battle staples",
        "a summer of 2024 herons",
    ] {
        assert_eq!(missed(&lax, other), [""; 0], "{other}");
    }
}

/// Assertion 9: there is no rule of composition. What decides is how hard it is to guess.
#[test]
fn a_password_is_judged_by_how_hard_it_is_to_guess_and_not_by_its_characters() {
    let usual = policy(&[]);
    for good in [
        PASSWORD,
        NEW_PASSWORD,
        "quayside otters hum",
        "XKQZ VMRT WPLB",
        "\u{43e}\u{441}\u{435}\u{43d}\u{44c} \u{434}\u{438}\u{432}\u{43d}\u{44b}\u{439} \u{43a}\u{43e}\u{442}",
        "\u{96e8}\u{306e}\u{6708}\u{66dc}\u{65e5}\u{306b}\u{732b}\u{304c}\u{9759}\u{304b}\u{306b}\u{6b4c}\u{3046}",
    ] {
        assert_eq!(missed(&usual, good), [""; 0], "{good}");
    }
    for weak in [
        "aaaaaaaaaaaaaaaa",
        "abcabcabcabcabc",
        "Aa1!Aa1!Aa1!",
        "9876543210123456789",
        "poiuytrewqlkjhg",
        "Amsterdam#1Amsterdam#1",
    ] {
        assert_eq!(missed(&usual, weak), [GUESSABLE], "{weak}");
    }
    let between = "tugboat 1962";
    assert_eq!(missed(&policy(&[("min_score", "3")]), between), [""; 0]);
    assert_eq!(missed(&policy(&[("min_score", "4")]), between), [GUESSABLE]);
    assert_eq!(
        missed(&policy(&[("min_score", "0")]), "kjkjkjkjkjkj"),
        [""; 0]
    );
}

/// What somebody knows of the member counts for less, even where it is not most of the password.
#[test]
fn names_count_for_little_when_a_password_is_judged() {
    let usual = policy(&[]);
    let jane = Context {
        email: Some(email("jane@example.com")),
        name: Some("Jane Oldenburg".to_owned()),
        business: None,
        min_length: None,
    };
    let password = "oldenburg 2 xq";
    assert_eq!(missed(&usual, password), [""; 0]);
    let accepted = usual.accept(password, &jane);
    let missed = accepted.expect_err("her own name").sentences();
    assert_eq!(missed, [NAMES, GUESSABLE]);
}

/// Assertion 8 has it that long passwords are welcome, and they must not be a way to keep the server
/// busy. The estimator takes a second for one that is made for it, unless it is kept from it. What a
/// password of random letters takes is the measure, so that a busy machine does not matter.
#[test]
fn a_password_made_to_be_slow_is_judged_about_as_fast_as_another() {
    let usual = policy(&[]);
    let quickest = |password: &str| {
        let once = |()| {
            #[expect(
                clippy::disallowed_methods,
                reason = "measures, and decides nothing else"
            )]
            let start = std::time::Instant::now();
            let _ = usual.accept(password, &Context::default());
            start.elapsed()
        };
        [(); 5].map(once).into_iter().min().expect("five times")
    };
    let letters: Vec<char> = "wkqzjxvbmtrplhgfdnsc".chars().collect();
    let random: String = (0..1024_usize)
        .map(|i| letters[(i * i + 7 * i) % 20])
        .collect();
    let slow = "4@8({[<369!1|05$7+2%".repeat(51);
    assert_eq!(slow.len(), 1020);
    let (measure, slow) = (quickest(&random), quickest(&slow));
    assert!(slow < 40 * measure, "{slow:?} against {measure:?}");
}
